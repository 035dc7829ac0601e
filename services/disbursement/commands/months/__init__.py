"""Months of the ledger: opened, brought along, stopped, closed."""
