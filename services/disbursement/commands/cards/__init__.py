"""Accounts and cards of new recipients."""
