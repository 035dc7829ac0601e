"""Row-level security and grants as migrations write them.

The caller's areas stand in ``app.areas`` as LIKE patterns ('31.71.%,31.73.%'), set for one transaction. After that
transaction the setting is the empty string, not null: ``nullif`` keeps an empty setting from matching everything.
The scalar subquery makes PostgreSQL read the setting once a statement, not once a row.
"""

from __future__ import annotations

from collections.abc import Callable

Execute = Callable[[str], None]

_PATTERNS = "(SELECT string_to_array(nullif(current_setting('app.areas', true), ''), ','))"

_WHOLE_AGENCY = "(SELECT current_setting('app.areas', true) = '31.%')"


def area_policy(execute: Execute, service: str, table: str, column: str = "area") -> None:
    """Only rows whose present area lies in one of the caller's areas exist for the api role, in both directions."""
    _fence(execute, service, table, f"({column} || '.') LIKE ANY ({_PATTERNS}::text[])")


def whole_agency_first(execute: Execute, table: str, column: str = "area") -> None:
    """For large tables: as ``area_policy``, which made the policy, but whoever has the whole agency is asked once a statement.

    A text and a pattern match for each of a million rows cost as much as reading them, and the planner took a twentieth of the
    rows for granted, which made it loop.
    """
    condition = f"{_WHOLE_AGENCY} OR ({column} || '.') LIKE ANY ({_PATTERNS}::text[])"
    execute(f"ALTER POLICY area ON {table} USING ({condition}) WITH CHECK ({condition})")


def areas_policy(execute: Execute, service: str, table: str, column: str = "areas") -> None:
    """As ``area_policy``, for rows that belong to several areas: only whoever has all of them has the row."""
    inside = f"coalesce((one.area || '.') LIKE ANY ({_PATTERNS}::text[]), false)"
    _fence(execute, service, table, f"NOT EXISTS (SELECT FROM unnest({column}) AS one(area) WHERE NOT {inside})")


def _fence(execute: Execute, service: str, table: str, condition: str) -> None:
    execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    execute(f"CREATE POLICY area ON {table} TO {service}_api USING ({condition}) WITH CHECK ({condition})")
    # FORCE binds the owner too, or a view or function of the owner would open a way around the policy.
    execute(f"CREATE POLICY migrations ON {table} TO {service}_owner USING (true) WITH CHECK (true)")


def grant(execute: Execute, service: str, table: str, what: str, roles: tuple[str, ...] = ("api", "worker")) -> None:
    """UPDATE and DELETE exist only where a migration grants them: ``grant(op.execute, "disbursement", "gap", "UPDATE")``."""
    names = ", ".join(f"{service}_{role}" for role in roles)
    execute(f"GRANT {what} ON {table} TO {names}")
