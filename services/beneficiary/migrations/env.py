"""Alembic's entry; the configuration is built in code by ``shared.db.migrate``."""

from shared.db.alembic_env import run_migrations

run_migrations()
