"""Tables that offices send, CSV or XLSX: read safely, told by row and column, given back to mend.

Owns: templates, parsers for what clerks write, limits. Knows no service, no database and no web.
"""
