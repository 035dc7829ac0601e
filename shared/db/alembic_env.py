"""What every service's three-line ``env.py`` runs; the configuration is built in code by ``shared.db.migrate``."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import text


def _ours(name: str | None, kind: str, parents: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


def run_migrations() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        include_name=_ours,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()
