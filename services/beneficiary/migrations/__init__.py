"""Revisions of the database of beneficiary."""
