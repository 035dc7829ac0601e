"""Entry point of alembic for this service."""

from shared.db.alembic_env import run_migrations

run_migrations()
