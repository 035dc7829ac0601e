"""What the holding account holds, by the postings: for whom, since when, and what has no name."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.domain.posting import AGES, OLDEST, age_of
from services.disbursement.store import HELD, POSTED_BY, balance
from shared.db.session import AnySession
from shared.kernel.errors import InvalidInput

_AGES: Final = (*(name for _, name in AGES), OLDEST)

_AGE: Final = f"CASE {' '.join(f'WHEN CAST(:on AS date) - since <= {days} THEN {name!r}' for days, name in AGES)} ELSE {OLDEST!r} END"


async def balances(session: AnySession, on: date) -> dict[str, Any]:
    """The holding account at the end of a day in rupiah, by where the money stands and by age; and what nobody is named for."""
    accounts = await session.execute(
        text(f"""SELECT account, sum(amount)::bigint AS amount FROM (
                    SELECT o.debit AS account, o.amount FROM posting o WHERE {POSTED_BY}
                    UNION ALL SELECT o.credit, -o.amount FROM posting o WHERE {POSTED_BY}) AS m
                 WHERE account IN ('holding', 'bank', 'sts_due') GROUP BY account"""),
        {"on": on},
    )
    by_account = {row.account: int(row.amount) for row in accounts}
    aged = await session.execute(
        text(f"""SELECT standing, {_AGE} AS age, count(*) AS people, sum(amount)::bigint AS amount
                   FROM ({HELD}) AS held GROUP BY 1, 2"""),
        {"on": on},
    )
    found = {(row.standing, row.age): row for row in aged}
    by_age = []
    for age in _AGES:
        named, with_bank = found.get(("held", age)), found.get(("with_bank", age))
        by_age.append(
            {
                "age": age, "people": (named.people if named else 0) + (with_bank.people if with_bank else 0),
                "held": named.amount if named else 0, "with_bank": with_bank.amount if with_bank else 0,
            }
        )  # fmt: skip
    return {
        "on": on, "holding": sum(by_account.values()),
        "by_account": {key: by_account.get(key, 0) for key in ("holding", "bank", "sts_due")}, "by_age": by_age,
        "unnamed": await unnamed(session, on), "sts_due": await sts_due(session, on),
    }  # fmt: skip


async def unnamed(session: AnySession, on: date) -> list[dict[str, Any]]:
    """Rupiah of a batch that no person is named for: ``not_sent`` by that day, or more (less, where negative) by SP2D than the list."""
    rows = await session.execute(
        text(f"""
            SELECT o.batch, o.programme,
                   {balance("holding")}::bigint AS amount,
                   min(o.day) AS since, coalesce(b.state, '') AS state,
                   NOT coalesce(bool_or(o.kind = 'release'), false) AS not_sent
              FROM posting o LEFT JOIN batch b ON b.code = o.batch
             WHERE o.payment_id IS NULL AND {POSTED_BY} GROUP BY o.batch, o.programme, b.state
            HAVING {balance("holding")} <> 0
             ORDER BY o.batch, o.programme"""),
        {"on": on},
    )
    return [{**row, "age": age_of(row["since"], on)} for row in rows.mappings()]


async def sts_due(session: AnySession, on: date) -> list[dict[str, Any]]:
    """Named for an STS that has not come (positive), or an STS that nobody is named for (negative)."""
    rows = await session.execute(
        text(f"""
            SELECT batch, programme,
                   {balance("sts_due")}::bigint AS amount
              FROM posting o WHERE o.day <= :on GROUP BY batch, programme
            HAVING {balance("sts_due")} <> 0
             ORDER BY batch, programme"""),
        {"on": on},
    )
    return [dict(row) for row in rows.mappings()]


async def people(session: AnySession, on: date, *, age: str, batch: str, after: UUID | None, limit: int) -> dict[str, Any]:
    """Balances by person, a payment each, of the caller's areas: held since the bank could not credit, or still with the bank."""
    if age not in ("", *_AGES):
        raise InvalidInput("there is no such age", ages=list(_AGES))
    rows = await session.execute(
        text(f"""
            SELECT held.payment_id, p.person_id, p.reference, held.batch, held.programme, held.amount, held.standing, held.since,
                   {_AGE} AS age, p.outcome, p.reason,
                   (SELECT json_agg(a.month ORDER BY a.month) FROM payment_month a WHERE a.payment_id = p.id) AS months,
                   (SELECT q.reference FROM payment_month a JOIN payment_month n ON n.person_id = a.person_id
                       AND n.programme = a.programme AND n.month = a.month AND n.live AND n.payment_id <> a.payment_id
                      JOIN payment q ON q.id = n.payment_id WHERE a.payment_id = p.id LIMIT 1) AS paid_again_by,
                   d.way, d.document, coalesce(d.state, '') AS disposal
              FROM ({HELD}) AS held JOIN payment p ON p.id = held.payment_id
              LEFT JOIN LATERAL (SELECT way, document, state FROM holding_disposal d
                                  WHERE d.payment_id = p.id AND d.state <> 'refused' ORDER BY d.year DESC LIMIT 1) AS d ON true
             WHERE :batch IN ('', held.batch) AND (:age = '' OR {_AGE} = :age)
               AND held.payment_id > coalesce(CAST(:after AS uuid), '00000000-0000-0000-0000-000000000000')
             ORDER BY held.payment_id LIMIT :limit"""),
        {"on": on, "age": age, "batch": batch, "after": after, "limit": limit},
    )
    items = [dict(row) for row in rows.mappings()]
    return {"items": items, "next": str(items[-1]["payment_id"]) if len(items) == limit else None}


async def year(session: AnySession, of: int, on: date) -> dict[str, Any]:
    """A budget year's end: what stays, what became of it by which document, and what nobody has decided yet."""
    closed = (await session.execute(text("SELECT * FROM closed_year WHERE year = :year"), {"year": of})).mappings().one_or_none()
    disposals = await session.execute(
        text("""SELECT d.document, d.way, d.state, count(*) AS items, sum(d.amount)::bigint AS amount, min(d.asked_by) AS asked_by,
                       min(d.decided_by) AS decided_by
                  FROM holding_disposal d WHERE d.year = :year GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""),
        {"year": of},
    )
    undecided = (
        await session.execute(
            text(f"""SELECT count(*) AS payments, coalesce(sum(held.amount), 0)::bigint AS amount FROM ({HELD}) AS held
                      WHERE NOT EXISTS (SELECT FROM holding_disposal d WHERE d.payment_id = held.payment_id AND d.year = :year
                                           AND d.state = 'confirmed')"""),
            {"on": on, "year": of},
        )
    ).one()
    return {
        "year": of, "on": on, "state": "closed" if closed else "open", "closed": dict(closed) if closed else None,
        "holding": (await balances(session, on))["holding"], "undecided": {"payments": undecided.payments, "amount": undecided.amount},
        "unnamed": await unnamed(session, on), "sts_due": await sts_due(session, on),
        "disposals": [dict(row) for row in disposals.mappings()],
    }  # fmt: skip
