"""What stays in the holding account at the end of a year, as a finding with owner and date. It is counted, not kept: paid again,
sent back or carried by a document, it is gone by itself."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.posting import AGES, OLDEST, age_of
from services.disbursement.domain.year_end import OWNER, counts_from, due_on, raised_on, year_in_question
from services.disbursement.queries.holding import unnamed
from services.disbursement.store import HELD, confirmed_holidays
from shared.db.session import AnySession

_UNDECIDED: Final = """NOT EXISTS (SELECT FROM holding_disposal d WHERE d.year = :year AND d.state = 'confirmed' AND {same})"""

_BY_DAY: Final = f"""
    SELECT held.since, count(DISTINCT p.person_id) AS people, count(*) AS payments, sum(held.amount)::bigint AS amount
      FROM ({HELD}) AS held JOIN payment p ON p.id = held.payment_id
     WHERE held.since <= :since AND held.amount > 0 AND {_UNDECIDED.format(same="d.payment_id = held.payment_id")}
     GROUP BY held.since"""

_CARRIED: Final = """
    SELECT batch, programme, sum(amount)::bigint AS amount FROM holding_disposal
     WHERE year = :year AND state = 'confirmed' AND payment_id IS NULL GROUP BY 1, 2"""


async def holding_findings(session: AnySession, today: date) -> dict[str, Any]:
    """At most one: the balances of the year in question, by age, and rupiah that nobody is named for. Older years are in it."""
    year = year_in_question(today)
    since = counts_from(year, today)
    ages: dict[str, dict[str, Any]] = {
        name: {"age": name, "people": 0, "payments": 0, "amount": 0} for name in (*(name for _, name in AGES), OLDEST)
    }
    for row in await session.execute(text(_BY_DAY), {"on": today, "since": since, "year": year}):
        cell = ages[age_of(row.since, today)]
        for key in ("people", "payments", "amount"):
            cell[key] += int(getattr(row, key))
    carried = {(row.batch, row.programme): row.amount for row in await session.execute(text(_CARRIED), {"year": year})}
    without_name = sum(
        max(one["amount"] - carried.get((one["batch"], one["programme"]), 0), 0)
        for one in await unnamed(session, today)
        if one["since"] <= since
    )
    amount = sum(one["amount"] for one in ages.values()) + without_name
    if not amount:
        return {"on": today, "items": []}
    due = due_on(year, await confirmed_holidays(session))
    finding = {
        "year": year, "raised_on": raised_on(year), "due_on": due, "overdue": today > due, "owner": OWNER, "amount": amount,
        "payments": sum(one["payments"] for one in ages.values()), "by_age": [one for one in ages.values() if one["payments"]],
        "unnamed": without_name, "since": since,
    }  # fmt: skip
    return {"on": today, "items": [finding]}
