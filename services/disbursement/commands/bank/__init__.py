"""The bank's files, messages, answers and settings."""
