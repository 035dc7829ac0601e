"""The one statement that moves person-months: heads by the transition table, and an entry for each (CORE.md section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import text

from services.disbursement.domain.entitlement import Action, sources, target
from shared.db.session import WriteSession


async def move(
    session: WriteSession,
    action: Action,
    select: str,
    params: Mapping[str, Any] | None = None,
    *,
    at: datetime,
    author: str,
    cause: str,
    extra_guard: str = "",
) -> int:
    """Move every head that ``select`` names and that stands where ``action`` may start; returns how many moved.

    ``select`` yields ``month, programme, person_id, reason, evidence`` (each head once; never aggregate inside: repeatable).
    Heads in other outcomes are left alone: a caller that must not miss one compares the number, and asks ``after`` for the
    refusal. ``author`` is a person, or the reaction's name; ``cause`` the event's id, batch code or file id.
    ``extra_guard``: SQL on the locked head ``h`` and the named row ``w``, read again when a rival committed first.
    """
    result = await session.execute(
        text(f"""
            WITH moved AS (
                UPDATE entitlement_month AS h
                   SET outcome = :move_to, reason = w.reason, version = h.version + 1, changed_at = :move_at
                  FROM ({select}) AS w(month, programme, person_id, reason, evidence)
                 WHERE h.month = w.month AND h.programme = w.programme AND h.person_id = w.person_id
                   AND h.outcome = ANY(CAST(:move_from AS text[])) {extra_guard}
                RETURNING h.month, h.programme, h.person_id, h.version, OLD.outcome AS from_outcome, h.outcome, h.reason,
                          h.amount, h.area, w.evidence)
            INSERT INTO entitlement_entry
                   (month, programme, person_id, version, from_outcome, outcome, reason, amount, area, at, author, cause, evidence)
            SELECT month, programme, person_id, version, from_outcome, outcome, reason, amount, area, :move_at, :move_author,
                   :move_cause, evidence
              FROM moved"""),
        {
            **(params or {}), "move_to": target(action).value, "move_from": sources(action), "move_at": at,
            "move_author": author, "move_cause": cause,
        },
    )  # fmt: skip
    return cast("int", result.rowcount)  # type: ignore[attr-defined]


async def lock_programmes(session: WriteSession, programmes: Collection[str], *, exclusive: bool = False) -> None:
    """Until the transaction ends: whoever makes heads (opening, carry-in) alone, whoever follows enrolment events together.

    Either the event's row is seen when the heads are made, or the heads are seen when the event arrives: nothing falls
    between (CORE.md section 7, "every reaction that needs two facts is run by whichever comes second"). Sorted, so that two
    callers never wait for one another. Statements after this one see what was committed before it was granted.
    """
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    for programme in sorted(programmes):
        await session.execute(text(f"SELECT {function}(hashtext('programme/' || :programme))"), {"programme": programme})
