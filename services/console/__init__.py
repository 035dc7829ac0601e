"""console: the pages of the office, in Bahasa Indonesia, on a phone as on the wall of the meeting room.

Owns: nothing. Words for codes, and how a number, a date and an equation look.
Publishes: nothing.
Consumes: the doors of the four services over HTTP, each time with the token of the person who looks.
Never: keeps data; decides (whoever may do something is known by the service that is asked); talks to a database or a bus;
shows a name, a NIK or an account; puts a number on a page without the list behind it and the date of its data.
"""
