"""A month as it was known at the end of a day: from the entries by instant, whatever became of it later."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.entitlement import OUTCOMES
from shared.db.session import AnySession, ReadSession
from shared.kernel.clock import JAKARTA
from shared.kernel.errors import InvalidInput, NotFound
from shared.kernel.month import Month

# The last entry of each person-month before an instant. Entries are append-only: this cannot change any more.
_KNOWN: Final = """
    SELECT DISTINCT ON (e.programme, e.person_id) e.programme, e.person_id, e.outcome, e.reason, e.amount, e.area, e.version, e.at
      FROM entitlement_entry e
     WHERE e.month = :month AND e.at < :until AND (:programme = '' OR e.programme = :programme)
       AND (e.programme, e.person_id) > (:last_programme, CAST(:last_person AS uuid))
     ORDER BY e.programme, e.person_id, e.version DESC"""

FIRST_PERSON: Final = "00000000-0000-0000-0000-000000000000"


def end_of(day: date, today: date) -> datetime:
    """The instant at which a day ends in Jakarta. Raise InvalidInput for a day that has not come."""
    if day > today:
        raise InvalidInput("nobody knows a day that has not come", as_of=day.isoformat())
    return datetime.combine(day + timedelta(days=1), time(), JAKARTA)


async def people(
    session: AnySession, month: Month, until: datetime, *, limit: int, after: tuple[str, str], outcome: str = "", reason: str = "",
    programme: str = "", area: str = "",
) -> dict[str, Any]:  # fmt: skip
    """One page of person-months by programme and person, each as its last entry before ``until`` says."""
    rows = await session.execute(
        text(f"""SELECT k.person_id, k.programme, k.outcome, k.reason, k.area, k.amount, k.version, k.at AS since
                   FROM ({_KNOWN}) AS k
                  WHERE (:outcome = '' OR k.outcome = :outcome) AND (:reason = '' OR k.reason = :reason)
                    AND (:area = '' OR k.area = :area OR k.area LIKE :area || '.%')
                  ORDER BY k.programme, k.person_id LIMIT :limit"""),
        {
            "month": month, "until": until, "programme": programme, "outcome": outcome, "reason": reason, "area": area,
            "last_programme": after[0], "last_person": after[1], "limit": limit,
        },
    )  # fmt: skip
    items = [dict(row) for row in rows.mappings()]
    following = f"{items[-1]['programme']}.{items[-1]['person_id']}" if len(items) == limit else None
    return {"items": items, "next": following}


async def equation(session: ReadSession, month: Month, until: datetime, *, whole_agency: bool) -> dict[str, Any]:
    """The equation of the month as it was known then; NotFound where nothing of it was opened or carried in by then.

    ``entitled`` comes from the seal that was opened by then (months from before Ritme: from the entries that made the heads),
    the outcomes from the last entries: two ways, so ``holds`` can fail.
    """
    sealed = await session.execute(
        text("""SELECT pm.programme, CASE WHEN pm.state <> 'carried_in' THEN s.count ELSE (
                           SELECT count(*) FROM entitlement_entry e WHERE e.month = pm.month AND e.programme = pm.programme
                              AND e.from_outcome = '' AND e.at < :until) END AS entitled
                  FROM programme_month pm
                  LEFT JOIN LATERAL (
                       SELECT s.count FROM seal s
                        WHERE s.programme = pm.programme AND s.month = pm.month AND s.opened_at < :until
                        ORDER BY s.seal_no DESC LIMIT 1) AS s ON true
                 WHERE pm.month = :month AND pm.opened_at < :until ORDER BY pm.programme"""),
        {"month": month, "until": until},
    )
    entitled = {row.programme: row.entitled for row in sealed}
    if not entitled:
        raise NotFound(f"nothing of {month} was opened by then", month=month)
    cells = (
        await session.execute(
            text(f"""SELECT k.programme, k.outcome, k.reason, count(*) AS people, sum(k.amount)::bigint AS amount
                       FROM ({_KNOWN}) AS k GROUP BY 1, 2, 3"""),
            {"month": month, "until": until, "programme": "", "last_programme": "", "last_person": FIRST_PERSON},
        )
    ).all()
    by_programme: dict[str, dict[str, Any]] = {}
    for name, count in entitled.items():
        own = {outcome.value: sum(c.people for c in cells if (c.programme, c.outcome) == (name, outcome)) for outcome in OUTCOMES}
        there = sum(own.values())
        known = count if whole_agency and count is not None else there
        by_programme[name] = {"entitled": known, **own, "holds": known == there}
    totals = {key: sum(one[key] for one in by_programme.values()) for key in ("entitled", *(outcome.value for outcome in OUTCOMES))}
    unpaid: dict[str, int] = {}
    for cell in sorted(cells, key=lambda c: (c.reason, c.outcome)):
        if cell.outcome != "paid":
            unpaid[cell.reason or cell.outcome] = unpaid.get(cell.reason or cell.outcome, 0) + cell.people
    return {
        "month": month, **totals, "holds": all(one["holds"] for one in by_programme.values()), "by_programme": by_programme,
        "paid_amount_month": sum(cell.amount for cell in cells if cell.outcome == "paid"), "unpaid_by_reason": unpaid,
        "whole_agency": whole_agency, "known_until": until,
    }  # fmt: skip
