"""What is on record about a reference, as the detectors want it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.calendar import days_of
from services.budget_audit.domain.detectors import beyond_spd
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.detectors import goods_differ_from_sp2d as goods
from services.budget_audit.domain.detectors import over_ceiling as over
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from services.budget_audit.domain.detectors.finding import Finding
from services.budget_audit.domain.references import PantiMonth, panti_month
from services.budget_audit.store import line_key, spd
from shared.db.session import AnySession
from shared.kernel.month import Month

SP2D = """SELECT s.id, s.number, s.date, r.line_id, r.programme, sum(r.amount)::bigint AS amount, l.account, l.panti
            FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id JOIN budget_line l ON l.id = r.line_id
           WHERE s.reference = :reference GROUP BY s.id, r.line_id, r.programme, l.id ORDER BY s.date, s.number"""


async def findings(session: AnySession, code: str, reference: str) -> list[Finding] | None:
    """Compare what is on record; None where there is nothing to compare yet."""
    if code == settled.CODE:
        return await _settled(session, reference)
    if code == food.CODE:
        named = panti_month(reference)
        return await _food(session, named) if named else None
    if code == beyond_spd.CODE:
        line_id = over.line_of(reference)
        return await _beyond_spd(session, line_id) if line_id else None
    if code in over.CODES:
        line_id = over.line_of(reference)
        return await _line(session, code, line_id) if line_id else None
    return await _goods(session, reference)


async def _settled(session: AnySession, reference: str) -> list[Finding] | None:
    batch = (await session.execute(text("SELECT * FROM batch WHERE code = :code"), {"code": reference})).one_or_none()
    sp2d = (await session.execute(text(SP2D), {"reference": reference})).all()
    if batch is None or batch.state == "new":
        return None
    returns = (
        await session.execute(text("SELECT * FROM treasury_return WHERE reference = :r ORDER BY date, number"), {"r": reference})
    ).all()
    money = (await session.execute(text("SELECT * FROM batch_money WHERE batch_id = :id"), {"id": batch.id})).all()
    if not sp2d and not any(m.from_holding for m in money):
        return None
    by_programme = {m.programme: m for m in money}
    programmes = sorted({r.programme for r in sp2d} | by_programme.keys())
    compared = [
        settled.ProgrammeMoney(
            programme,
            sum(r.amount for r in sp2d if r.programme == programme),
            by_programme[programme].credited if programme in by_programme else 0,
            sum(r.amount for r in returns if r.programme == programme),
            by_programme[programme].not_credited if programme in by_programme else 0,
            by_programme[programme].from_holding if programme in by_programme else 0,
            by_programme[programme].paid_on if programme in by_programme else 0,
        )
        for programme in programmes
    ]
    evidence = [f"batch/{batch.id}", *_documents("sp2d", sp2d), *_documents("sts", returns)]
    if batch.result_no:
        evidence.append(f"settled/{reference}/{batch.result_no}")
    return settled.detect(reference, batch.month, compared, evidence)


def _documents(kind: str, rows: Sequence[object]) -> list[str]:
    return list(dict.fromkeys(f"{kind}/{row.number}" for row in rows))  # type: ignore[attr-defined]


async def food_facts(session: AnySession, named: PantiMonth) -> tuple[food.FoodFacts, list[str]]:
    """Counts, prices and SP2D of one panti and month; also the numbers of the SP2D."""
    days = days_of(named.month)
    bounds = {"panti": named.panti, "first": days[0], "last": days[-1]}
    counts = await session.execute(  # a book goes before any file: nobody types a total beside it
        text("""SELECT DISTINCT ON (day) day, residents FROM census_count WHERE panti = :panti AND day BETWEEN :first AND :last
                 ORDER BY day, source = 'book' DESC, version DESC"""),
        bounds,
    )
    contracts = (
        await session.execute(
            text("SELECT * FROM contract WHERE panti = :panti AND from_day <= :last AND to_day >= :first ORDER BY from_day"), bounds
        )
    ).all()
    ceilings = (await session.execute(text("SELECT * FROM food_ceiling WHERE from_day <= :last AND to_day >= :first"), bounds)).all()
    accounts = {
        row.code: row
        for row in await session.execute(text("SELECT * FROM food_account WHERE from_day <= :last AND to_day >= :first"), bounds)
    }
    paid = [
        row
        for row in (await session.execute(text(SP2D), {"reference": named.reference})).all()
        if row.account in accounts and row.panti in ("", named.panti)
    ]
    numbers = _documents("sp2d", paid)
    evidence = [*numbers, f"sensus/{named.reference}", *(f"kontrak/{named.panti}/{row.from_day}" for row in contracts)]
    unverified = sorted({row.account for row in paid if not accounts[row.account].verified})
    facts = food.FoodFacts(
        named.panti, named.month, {row.day: row.residents for row in counts}, _prices(days, contracts), _prices(days, ceilings),
        sum(row.amount for row in paid), unverified, evidence,
    )  # fmt: skip
    return facts, numbers


async def counted_by(session: AnySession, named: PantiMonth) -> dict[date, str]:
    """Whether each counted day of the month is counted by the panti's book or by a file."""
    days = days_of(named.month)
    rows = await session.execute(
        text("""SELECT DISTINCT ON (day) day, source FROM census_count WHERE panti = :panti AND day BETWEEN :first AND :last
                 ORDER BY day, source = 'book' DESC, version DESC"""),
        {"panti": named.panti, "first": days[0], "last": days[-1]},
    )
    return {row.day: row.source for row in rows}


def _prices(days: Sequence[date], dated: Sequence[object]) -> dict[date, int]:
    return {day: row.price for row in dated for day in days if row.from_day <= day <= row.to_day}  # type: ignore[attr-defined]


async def _food(session: AnySession, named: PantiMonth) -> list[Finding] | None:
    facts, numbers = await food_facts(session, named)
    return food.detect(facts) or None if numbers else None


async def _beyond_spd(session: AnySession, line_id: UUID) -> list[Finding] | None:
    line = (await session.execute(text("SELECT * FROM budget_line WHERE id = :id"), {"id": line_id})).one_or_none()
    if line is None:
        return None
    found = (await spd.periods(session, [line_id])).get(line_id, [])
    return beyond_spd.detect(line_key(line), found, [f"pos/{line_id}"])


async def _line(session: AnySession, code: str, line_id: UUID) -> list[Finding] | None:
    line = (
        await session.execute(
            text("""SELECT l.*, (SELECT max(budget_version) FROM ceiling_version v WHERE v.line_id = l.id) AS budget_version
                      FROM budget_line l WHERE l.id = :id"""),
            {"id": line_id},
        )
    ).one_or_none()
    if line is None:
        return None
    spent = await session.scalars(
        text("""SELECT s.number FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id WHERE r.line_id = :id AND r.version = 1
                 ORDER BY s.date DESC, s.number DESC LIMIT 20"""),
        {"id": line_id},
    )
    evidence = [f"dpa/{line.year}/{line.budget_version}", f"pos/{line_id}", *(f"sp2d/{number}" for number in spent)]
    facts = over.LineFacts(
        line_key(line), line.year, line.ceiling, line.reserved, line.realised, line.returned, line.dropped, line.budget_version, evidence
    )
    return [finding for finding in over.detect(facts) if finding.code == code]


async def _goods(session: AnySession, reference: str) -> list[Finding] | None:
    received = (
        await session.execute(text("SELECT * FROM goods_received WHERE reference = :r ORDER BY delivery_id, version"), {"r": reference})
    ).all()
    sp2d = (await session.execute(text(SP2D), {"reference": reference})).all()
    if not received or not sp2d:
        return None
    month = Month(sp2d[0].date.isoformat()[:7])
    by_price: dict[tuple[str, int], int] = {}
    for row in received:
        by_price[row.kind, row.unit_price] = by_price.get((row.kind, row.unit_price), 0) + row.units
    units = [goods.Goods(kind, count, price) for (kind, price), count in sorted(by_price.items())]
    evidence = [*_documents("sp2d", sp2d), *dict.fromkeys(f"delivery/{row.delivery_id}" for row in received)]
    return goods.detect(reference, month, units, sum(row.amount for row in sp2d), evidence)
