"""One lifecycle for every file that an office sends: check first, mend what is wrong, a second person commits, undo.

A service declares an ``ImportKind`` per template; the doors, the problems by row and column, the rejected rows and the
four-eyes rule are the same for all.
"""
