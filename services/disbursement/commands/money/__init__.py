"""The money around the lists: postings, statements, days that close, what nobody could place."""
