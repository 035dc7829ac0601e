"""The calendar, and who is told of a step."""
