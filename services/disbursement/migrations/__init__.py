"""Alembic folder of disbursement."""
