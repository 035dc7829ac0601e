"""Freeze a figure, and count it again: from the entries of the ledger as they were known at its instant."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.figure import Definition, FigureExists, fingerprint, numbers_of
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month

# Entries are append-only, and a head's cohort never changes: the same count comes out whenever it is asked for.
_COUNT: Final = """
    SELECT k.outcome, k.reason, count(*) AS people, sum(k.amount)::bigint AS rupiah
      FROM (SELECT DISTINCT ON (e.programme, e.person_id) e.programme, e.person_id, e.outcome, e.reason, e.amount, e.area
              FROM entitlement_entry e
             WHERE e.month = :month AND e.at < :until
               AND (cardinality(CAST(:programmes AS text[])) = 0 OR e.programme = ANY(CAST(:programmes AS text[])))
             ORDER BY e.programme, e.person_id, e.version DESC) AS k
      JOIN entitlement_month h ON h.month = :month AND h.programme = k.programme AND h.person_id = k.person_id
     WHERE (:cohort = '' OR h.cohort = :cohort) AND (:area = '' OR k.area = :area OR k.area LIKE :area || '.%')
     GROUP BY k.outcome, k.reason"""


async def count(session: AnySession, month: str, definition: Definition, until: datetime) -> dict[str, Any]:
    """The figure's numbers. Raise NotFound where nothing of the month was known by then."""
    known = await session.scalar(
        text("SELECT EXISTS (SELECT FROM entitlement_entry WHERE month = :month AND at < :until)"), {"month": month, "until": until}
    )
    if not known:
        raise NotFound(f"nothing of {month} was known by then", month=month)
    rows = await session.execute(text(_COUNT), {"month": month, "until": until, **definition.as_json()})
    return numbers_of([(row.outcome, row.reason, row.people, row.rupiah) for row in rows])


async def freeze(
    session: WriteSession, name: str, month: Month, definition: Definition, *, until: datetime, note: str, by: str, at: datetime
) -> None:
    """Keep the numbers under this name for good. Raise FigureExists, NotFound."""
    numbers = await count(session, month, definition, until)
    made = await session.execute(
        text("""INSERT INTO figure (name, month, definition, known_until, numbers, sha256, note, frozen_by, frozen_at)
                VALUES (:name, :month, CAST(:definition AS jsonb), :until, CAST(:numbers AS jsonb), :sha256, :note, :by, :at)
                ON CONFLICT (name) DO NOTHING"""),
        {
            "name": name, "month": month, "definition": json.dumps(definition.as_json()), "until": until, "numbers": json.dumps(numbers),
            "sha256": fingerprint(month, definition, until.isoformat(), numbers), "note": note, "by": by, "at": at,
        },
    )  # fmt: skip
    if not made.rowcount:  # type: ignore[attr-defined]
        raise FigureExists(f"a figure called '{name}' was frozen already", name=name)


async def figure(session: AnySession, name: str) -> dict[str, Any]:
    """Raise NotFound."""
    found = (await session.execute(text("SELECT * FROM figure WHERE name = :name"), {"name": name})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no figure of this name", name=name)
    return dict(found)


async def figures(session: AnySession, month: str) -> list[dict[str, Any]]:
    """Newest first, of a month or all."""
    rows = await session.execute(
        text("SELECT * FROM figure WHERE :month = '' OR month = :month ORDER BY frozen_at DESC, name LIMIT 500"), {"month": month}
    )
    return [dict(row) for row in rows.mappings()]


async def check(session: AnySession, name: str) -> dict[str, Any]:
    """Count it again from the ledger; ``same`` says whether what was published can still be shown to be true."""
    kept = await figure(session, name)
    definition = Definition(tuple(kept["definition"]["programmes"]), kept["definition"]["area"], kept["definition"]["cohort"])
    now = await count(session, kept["month"], definition, kept["known_until"])
    return {"name": name, "same": now == kept["numbers"], "frozen": kept["numbers"], "counted": now}
