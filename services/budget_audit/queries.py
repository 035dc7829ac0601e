"""SQL to schemas; every answer from one snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit import schemas
from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.mismatch import open_amount
from services.budget_audit.domain.references import PantiMonth
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.store import line_key
from services.budget_audit.store.facts import food_facts
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month


async def lines(session: AnySession, year: int | None) -> schemas.Lines:
    found = await session.execute(
        text("""SELECT l.*, coalesce((SELECT sum(planned) FROM cash_plan c WHERE c.line_id = l.id), 0)::bigint AS planned
                  FROM budget_line l WHERE CAST(:year AS integer) IS NULL OR year = :year
                 ORDER BY year, programme, panti, sub_skpd, sub_activity, account"""),
        {"year": year},
    )
    items = [
        schemas.Line(
            **{name: getattr(row, name) for name in schemas.Line.model_fields if name not in ("key", "available")},
            key=line_key(row),
            available=row.ceiling - row.reserved - row.realised + row.returned,
        )
        for row in found
    ]
    return schemas.Lines(items=items)


async def outlook(session: AnySession, first: Month, last: Month) -> schemas.Outlook:
    """The lines of cash aid for every year from ``first`` to ``last``, each with its whole cash plan."""
    found = await session.execute(
        text("""SELECT l.programme, l.year, l.ceiling, l.reserved, l.realised, l.returned,
                       l.ceiling - l.reserved - l.realised + l.returned AS available,
                       coalesce((SELECT json_agg(json_build_object('month', c.month, 'planned', c.planned) ORDER BY c.month)
                                   FROM cash_plan c WHERE c.line_id = l.id), '[]') AS plan
                  FROM budget_line l
                 WHERE l.programme <> '' AND l.account = :account AND l.year BETWEEN :first AND :last ORDER BY l.programme, l.year"""),
        {"account": CASH_AID_ACCOUNT, "first": int(first[:4]), "last": int(last[:4])},
    )
    return schemas.Outlook(lines=[schemas.AheadLine(**row) for row in found.mappings()])


async def reservations(session: AnySession, batch_id: UUID | None, today: date) -> schemas.Reservations:
    rows = (
        await session.execute(
            text("SELECT * FROM reservation WHERE CAST(:id AS uuid) IS NULL OR batch_id = :id ORDER BY at DESC, list_hash LIMIT 500"),
            {"id": batch_id},
        )
    ).mappings()
    found = list(rows)
    lines_of: dict[tuple[UUID, str], list[schemas.ReservationLine]] = {}
    for line in await session.execute(
        text("SELECT * FROM reservation_line WHERE batch_id = ANY(:ids) ORDER BY programme"), {"ids": [row["batch_id"] for row in found]}
    ):
        shown = schemas.ReservationLine(line_id=line.line_id, programme=line.programme, amount=line.amount, remaining=line.remaining)
        lines_of.setdefault((line.batch_id, line.list_hash), []).append(shown)
    items = [
        schemas.Reservation(
            **row,
            overdue=row["state"] == "made" and row["expires_on"] < today,
            lines=lines_of.get((row["batch_id"], row["list_hash"]), []),
        )
        for row in found
    ]
    return schemas.Reservations(items=items)


async def month_money(session: AnySession, month: Month) -> schemas.MonthMoney:
    """Of the month's batches that have an SP2D or were paid from the holding account: a list without money has nothing in holding."""
    found = await session.execute(
        text("""
            WITH batches AS (SELECT b.id, b.code FROM batch b
                              WHERE b.month = :month AND (EXISTS (SELECT FROM sp2d s WHERE s.reference = b.code)
                                     OR EXISTS (SELECT FROM batch_money m WHERE m.batch_id = b.id AND m.from_holding > 0))),
                 paid AS (SELECT b.id, r.programme, sum(r.amount) AS sp2d FROM batches b JOIN sp2d s ON s.reference = b.code
                            JOIN sp2d_row r ON r.sp2d_id = s.id GROUP BY 1, 2),
                 settled AS (SELECT b.id, m.programme, m.credited, m.not_credited, m.from_holding, m.paid_on
                              FROM batches b JOIN batch_money m ON m.batch_id = b.id),
                 back AS (SELECT b.id, t.programme, sum(t.amount) AS returned FROM batches b
                            JOIN treasury_return t ON t.reference = b.code GROUP BY 1, 2)
            SELECT programme, coalesce(sum(sp2d), 0)::bigint AS sp2d, coalesce(sum(from_holding), 0)::bigint AS from_holding,
                   coalesce(sum(credited), 0)::bigint AS credited, coalesce(sum(returned), 0)::bigint AS returned,
                   coalesce(sum(paid_on), 0)::bigint AS paid_on,
                   sum(greatest(coalesce(not_credited, 0) - coalesce(returned, 0) - coalesce(paid_on, 0), 0))::bigint AS holding
              FROM paid FULL JOIN settled USING (id, programme) FULL JOIN back USING (id, programme)
             GROUP BY programme ORDER BY programme"""),
        {"month": month},
    )
    by_programme = {row.programme: _money(*(getattr(row, key) for key in _KEYS)) for row in found}
    every = by_programme.values()
    total = _money(*(sum(getattr(m, key) for m in every) for key in _KEYS))
    balanced = all(m.balanced for m in every)
    return schemas.MonthMoney(**total.model_dump() | {"balanced": balanced}, month=month, by_programme=by_programme)


_KEYS: Final = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding")


def _money(sp2d: int, from_holding: int, credited: int, returned: int, paid_on: int, holding: int) -> schemas.Money:
    balanced = sp2d + from_holding == credited + returned + paid_on + holding
    return schemas.Money(
        sp2d=sp2d, from_holding=from_holding, credited=credited, returned=returned, paid_on=paid_on, holding=holding, balanced=balanced
    )


async def mismatches(session: AnySession, *, year: int | None, state: str, code: str, today: date) -> schemas.Mismatches:
    """The worst first: open ones by rupiah."""
    found = (
        await session.execute(
            text("""SELECT * FROM mismatch WHERE (CAST(:year AS text) IS NULL OR left(period, 4) = :year)
                       AND :state IN ('', state) AND :code IN ('', code)
                     ORDER BY state = 'closed', abs(difference) - explained DESC, id LIMIT 1000"""),
            {"year": None if year is None else str(year), "state": state, "code": code},
        )
    ).all()
    return schemas.Mismatches(items=await _with_history(session, found, today))


async def mismatch(session: AnySession, mismatch_id: UUID, today: date) -> schemas.Mismatch:
    found = (await session.execute(text("SELECT * FROM mismatch WHERE id = :id"), {"id": mismatch_id})).all()
    if not found:
        raise NotFound("there is no such mismatch")
    return (await _with_history(session, found, today))[0]


async def _with_history(session: AnySession, found: Any, today: date) -> list[schemas.Mismatch]:
    steps: dict[UUID, list[schemas.HistoryStep]] = {}
    for step in await session.execute(
        text("SELECT * FROM mismatch_step WHERE mismatch_id = ANY(:ids) ORDER BY id"), {"ids": [row.id for row in found]}
    ):
        fields = {name: getattr(step, name) for name in schemas.HistoryStep.model_fields}
        steps.setdefault(step.mismatch_id, []).append(schemas.HistoryStep(**fields))
    return [_mismatch(row, steps.get(row.id, []), today) for row in found]


def _mismatch(row: Row[Any], history: list[schemas.HistoryStep], today: date) -> schemas.Mismatch:
    computed = {
        "open": open_amount(row.difference, row.explained),
        "overdue": row.state != "closed" and row.due_on < today,
        "history": history,
    }
    stored = {name: getattr(row, name) for name in schemas.Mismatch.model_fields if name not in computed}
    return schemas.Mismatch(**stored, **computed)


async def panti(session: AnySession) -> schemas.PantiList:
    """The one with the most unexplained rupiah first (USERS.md, auditor, step 1)."""
    found = await session.execute(
        text("""SELECT p.code, p.name, p.target, p.capacity, count(m.id) AS mismatches,
                       coalesce(sum(abs(m.difference) - m.explained), 0)::bigint AS unexplained
                  FROM panti p LEFT JOIN mismatch m ON m.code = :food AND m.subject = p.code AND m.state <> 'closed'
                 GROUP BY p.code ORDER BY unexplained DESC, p.name"""),
        {"food": food.CODE},
    )
    return schemas.PantiList(items=[schemas.Panti(**row) for row in found.mappings()])


async def panti_month(session: AnySession, code: str, month: Month) -> schemas.PantiMonthView:
    """One panti's month: counts, contract prices, food due, SP2D, and the mismatch where there is one."""
    row = (await session.execute(text("SELECT * FROM panti WHERE code = :code"), {"code": code})).one_or_none()
    if row is None:
        raise NotFound(f"there is no panti '{code}'")
    named = PantiMonth(code, month)
    facts, _ = await food_facts(session, named)
    due = food.food_due(facts)
    days = [schemas.PantiDay(day=day, residents=facts.residents.get(day), price=facts.prices.get(day)) for day in days_of(month)]
    prices = {day.price for day in days}
    mismatch_id = await session.scalar(
        text("SELECT id FROM mismatch WHERE code = :code AND reference = :reference"), {"code": food.CODE, "reference": named.reference}
    )
    returned = await session.scalar(
        text("SELECT coalesce(sum(amount), 0)::bigint FROM treasury_return WHERE reference = :reference"), {"reference": named.reference}
    )
    return schemas.PantiMonthView(
        panti=code, name=row.name, month=month, capacity=row.capacity, residents=days, resident_days=sum(facts.residents.values()),
        price=prices.pop() if len(prices) == 1 else None, food_due=due, sp2d=facts.sp2d, returned=returned or 0,
        difference=None if due is None else facts.sp2d - due, mismatch_id=mismatch_id,
    )  # fmt: skip
