"""Who stands where in a month: counted by reason, area or cohort, page by page, and as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession, ReadSession, copy_out
from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month

By = Literal["reason", "area", "cohort"]
Level = Literal["city", "kecamatan", "kelurahan"]

AREA_LENGTH: Final[dict[Level, int]] = {"city": 5, "kecamatan": 8, "kelurahan": 13}
"""Of the area code: 31.71, 31.71.01, 31.71.01.1001."""

_FILTER: Final = """h.month = :month AND (:outcome = '' OR h.outcome = :outcome) AND (:reason = '' OR h.reason = :reason)
    AND (:programme = '' OR h.programme = :programme) AND (:area = '' OR h.area = :area OR h.area LIKE :area || '.%')"""


def _filters(month: Month, outcome: str, reason: str, programme: str, area: str = "") -> dict[str, Any]:
    return {"month": month, "outcome": outcome, "reason": reason, "programme": programme, "area": area}


async def breakdown(
    session: ReadSession, month: Month, *, by: By, level: Level, outcome: str = "", reason: str = "", programme: str = ""
) -> dict[str, Any]:
    """Persons and rupiah by outcome and reason, area or cohort (``reinstated`` counts as one). Areas are present ones."""
    group = {
        "reason": "''",
        "area": f"left(h.area, {AREA_LENGTH[level]})",
        "cohort": "CASE WHEN h.standing <> '' THEN h.standing ELSE h.cohort END",
    }[by]
    rows = await session.execute(
        text(f"""SELECT h.outcome, h.reason, {group} AS part, count(*) AS people, sum(h.amount)::bigint AS amount
                   FROM entitlement_month h WHERE {_FILTER} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""),
        _filters(month, outcome, reason, programme),
    )
    return {
        "items": [
            {
                "outcome": r.outcome, "reason": r.reason, "area": r.part if by == "area" else "",
                "cohort": r.part if by == "cohort" else "", "count": r.people, "sum": r.amount,
            }
            for r in rows
        ]
    }  # fmt: skip


async def people(
    session: AnySession, month: Month, *, limit: int, after: str = "", outcome: str = "", reason: str = "", programme: str = "",
    area: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One page of person-months by programme and person; ``after`` is the ``next`` of the page before."""
    last_programme, last_person = cursor(after)
    found = await session.execute(
        text(f"""SELECT h.person_id, h.programme, h.outcome, h.reason, h.area, h.amount, h.version, h.cohort, h.standing
                   FROM entitlement_month h
                  WHERE {_FILTER} AND (h.programme, h.person_id) > (:last_programme, CAST(:last_person AS uuid))
                  ORDER BY h.programme, h.person_id LIMIT :limit"""),
        {
            **_filters(month, outcome, reason, programme, area), "last_programme": last_programme, "last_person": last_person,
            "limit": limit,
        },
    )  # fmt: skip
    items = [dict(row) for row in found.mappings()]
    following = f"{items[-1]['programme']}.{items[-1]['person_id']}" if len(items) == limit else None
    return {"items": items, "next": following}


def cursor(after: str) -> tuple[str, str]:
    """Programme and person after which a page begins. Raise InvalidInput."""
    if not after:
        return "", str(UUID(int=0))
    programme, _, person = after.partition(".")
    try:
        return programme, str(UUID(person))
    except ValueError:
        raise InvalidInput("'after' is the 'next' of the page before") from None


async def counted(session: AnySession, month: Month) -> int:
    """Person-months of the month in the caller's areas."""
    return int(await session.scalar(text("SELECT count(*) FROM entitlement_month WHERE month = :month"), {"month": month}) or 0)


LEDGER_HEADER: Final = "person_id;programme;month;outcome;reason;amount;settled_on;payment_reference\n"


async def ledger_csv(session: ReadSession, month: Month) -> AsyncIterator[bytes]:
    """The month's heads by person and programme, with the payment that carries each now; ids and codes only."""
    yield LEDGER_HEADER.encode()
    # None of these texts holds a tab, a backslash or a semicolon, so COPY's text format is the CSV.
    query = """
        SELECT concat(h.person_id, ';', h.programme, ';', h.month, ';', h.outcome, ';', h.reason, ';', h.amount, ';',
                      p.settled_on, ';', p.reference)
          FROM entitlement_month h
          LEFT JOIN payment_month a
            ON a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month AND a.live AND h.outcome <> 'due'
          LEFT JOIN payment p ON p.id = a.payment_id
         WHERE h.month = %(month)s ORDER BY h.person_id, h.programme"""
    async for block in copy_out(session, query, {"month": month}):
        yield block
