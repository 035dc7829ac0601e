"""Batches of events, each translated into one command; detectors run here and in the job, never in a request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.commands import ask, audit_year, detect, reserve, settle
from services.budget_audit.domain.detectors import beyond_spd
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.domain.detectors import goods_differ_from_sp2d as goods
from services.budget_audit.domain.detectors import over_ceiling as over
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from services.budget_audit.domain.references import panti_month
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from shared.contracts.assistive_devices import StockReceived
from shared.contracts.beneficiary import PantiDayCounted
from shared.contracts.budget_audit import (
    BudgetRevised,
    DetectorSettingChanged,
    EvidenceRecorded,
    Sp2dCorrected,
    Sp2dRecorded,
    TreasuryReturnRecorded,
    YearAuditAsked,
)
from shared.contracts.disbursement import BatchApproved, BatchSent, BatchSettled, BatchWithdrawn
from shared.db.session import WriteSession
from shared.holidays import follow_holidays
from shared.messaging.reactions import Context, Received, caused_by, reacts_to


def codes_of(reference: str) -> tuple[str, ...]:
    """The detectors that may have something to say about a reference, by its shape."""
    return (food.CODE,) if panti_month(reference) else (settled.CODE, goods.CODE)


@reacts_to(BatchApproved, BatchWithdrawn, BatchSent, BatchSettled)
async def batches(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Reserve and free budget, take the batches' figures, and compare them with the treasury's."""
    approvals = [event.data for event in events if isinstance(event.data, BatchApproved)]
    watched = await _watched(session, [event.data.batch_id for event in events], approvals)
    codes = {e.data.code for e in events if isinstance(e.data, (BatchApproved, BatchSettled))}
    await store.lock_references(session, codes | {reference for found in watched.values() for _, reference in found})
    at, today = context.clock.now(), context.clock.today()
    for event in events:
        with caused_by(event):
            data = event.data
            if isinstance(data, BatchWithdrawn):
                await reserve.withdraw(session, data.batch_id, data.list_hash)
            elif isinstance(data, BatchSent):
                await settle.sent(session, data)
            elif isinstance(data, BatchApproved):
                await reserve.approve(session, data, at=at, today=today)
                await detect.evaluate(session, settled.CODE, data.code, cause=event.id, at=at, today=today)
            elif await settle.settle(session, data, event_id=event.id, at=at):
                await detect.evaluate(session, settled.CODE, data.code, cause=event.id, at=at, today=today)
            for code, reference in watched.get(data.batch_id, ()):
                await detect.evaluate(session, code, reference, cause=event.id, at=at, today=today)


@reacts_to(Sp2dRecorded, Sp2dCorrected, TreasuryReturnRecorded)
async def treasury(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Our own documents, compared away from the request that recorded them."""
    references = {e.id: await _reference(session, e) for e in events}
    watched = await _watched(session, [event.key for event in events])
    await store.lock_references(session, set(references.values()) | {reference for found in watched.values() for _, reference in found})
    at, today = context.clock.now(), context.clock.today()
    for event in events:
        await session.execute(
            text("INSERT INTO document_event VALUES (:document, :event) ON CONFLICT DO NOTHING"), {"document": event.key, "event": event.id}
        )
        with caused_by(event):
            for code in codes_of(references[event.id]):
                await detect.evaluate(session, code, references[event.id], cause=event.id, at=at, today=today)
            for code, reference in watched.get(event.key, ()):
                await detect.evaluate(session, code, reference, cause=event.id, at=at, today=today)
            await ask.after_money(session, event.key, references[event.id], cause=event.id, at=at)


@reacts_to(BudgetRevised)
async def revisions(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """Lines that a revision left below what is used, dropped with spending, or covered again."""
    at, today = context.clock.now(), context.clock.today()
    for event in events:
        found = (
            await session.execute(
                text("""SELECT c.code, 'pos/' || l.id AS reference FROM budget_line l, unnest(CAST(:codes AS text[])) AS c(code)
                         WHERE l.year = :year
                           AND (l.uncovered > 0 OR EXISTS (SELECT FROM mismatch m WHERE m.code = c.code AND m.reference = 'pos/' || l.id))
                         ORDER BY l.id, c.code"""),
                {"codes": list(over.CODES), "year": event.data.year},
            )
        ).all()
        await store.lock_references(session, {one.reference for one in found})
        with caused_by(event):
            for one in found:
                await detect.evaluate(session, one.code, one.reference, cause=event.id, at=at, today=today)
            await ask.after_file(session, "cash-plan", event.key, event.data.year, cause=event.id, at=at)


async def _provided(session: WriteSession, import_ids: Sequence[UUID]) -> dict[str, UUID]:
    """References of the lines that these files' SPD are for, each with its file."""
    found = await session.execute(
        text("SELECT DISTINCT ON (line_id) line_id, import_id FROM spd WHERE import_id = ANY(:ids) ORDER BY line_id, at DESC"),
        {"ids": list(import_ids)},
    )
    return {over.reference(row.line_id): row.import_id for row in found}


async def _watched(
    session: WriteSession, subjects: Sequence[UUID], approvals: Sequence[BatchApproved] = ()
) -> dict[UUID, list[tuple[str, str]]]:
    """By batch, SP2D or STS: findings about its lines, which what happens to it may make larger, smaller or right.

    Lines with an SPD are always looked at; an approval takes its programmes' lines of cash aid.
    """
    wanted = [(event, total.programme) for event in approvals for total in event.totals]
    rows = await session.execute(
        text("""WITH touched AS (
                    SELECT batch_id AS id, line_id FROM reservation_line WHERE batch_id = ANY(:ids)
                    UNION SELECT sp2d_id, line_id FROM sp2d_row WHERE sp2d_id = ANY(:ids)
                    UNION SELECT id, line_id FROM treasury_return WHERE id = ANY(:ids)
                    UNION SELECT a.batch_id, l.id
                            FROM unnest(CAST(:approved AS uuid[]), CAST(:years AS integer[]), CAST(:programmes AS text[]))
                            AS a(batch_id, year, programme)
                            JOIN budget_line l ON l.year = a.year AND l.programme = a.programme AND l.account = :account)
                SELECT t.id, m.code, m.reference FROM touched t
                  JOIN mismatch m ON m.code = ANY(:codes) AND m.reference = 'pos/' || t.line_id
                UNION SELECT t.id, :spd, 'pos/' || t.line_id FROM touched t WHERE EXISTS (SELECT FROM spd WHERE spd.line_id = t.line_id)
                ORDER BY 1, 3, 2"""),
        {
            "ids": list(subjects),
            "codes": list(over.CODES),
            "spd": beyond_spd.CODE,
            "account": CASH_AID_ACCOUNT,
            "approved": [batch.batch_id for batch, _ in wanted],
            "years": [int(batch.month[:4]) for batch, _ in wanted],
            "programmes": [programme for _, programme in wanted],
        },
    )
    found: dict[UUID, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.id, []).append((row.code, row.reference))
    return found


async def _reference(session: WriteSession, event: Received[Any]) -> str:
    if isinstance(event.data, (Sp2dRecorded, Sp2dCorrected)):
        return str(event.data.reference)
    # An STS event names its batch by id; our own document also has what was written on it.
    return str(await session.scalar(text("SELECT reference FROM treasury_return WHERE id = :id"), {"id": event.key}))


@reacts_to(StockReceived)
async def stock(events: Sequence[Received[StockReceived]], session: WriteSession, context: Context) -> None:
    """Goods that arrived, compared with what was paid for the same delivery."""
    await store.lock_references(session, {e.data.contract for e in events})
    at, today = context.clock.now(), context.clock.today()
    for event in events:
        data = event.data
        await session.execute(
            text("""INSERT INTO goods_received VALUES (:id, :version, :reference, :kind, :place, :units, :price, :event, :at)
                    ON CONFLICT DO NOTHING"""),
            {
                "id": event.key, "version": event.version, "reference": data.contract, "kind": data.kind, "place": data.place,
                "units": data.units, "price": data.unit_price, "event": event.id, "at": at,
            },
        )  # fmt: skip
        with caused_by(event):
            await detect.evaluate(session, goods.CODE, data.contract, cause=event.id, at=at, today=today)


@reacts_to(PantiDayCounted)
async def resident_days(events: Sequence[Received[PantiDayCounted]], session: WriteSession, context: Context) -> None:
    """Days that a panti's book counted: the month's food is compared anew, once a month and panti."""
    at, today = context.clock.now(), context.clock.today()
    asked = {f"{e.data.panti}/{e.data.day[:7]}": e for e in events}  # the last event of a month is what made it equal or not
    await store.lock_references(session, {*asked, *(e.data.panti for e in events)})
    for event in events:
        await session.execute(
            text("""INSERT INTO census_count (panti, day, version, residents, import_id, at, source, count_no)
                    SELECT :panti, CAST(:day AS date), coalesce(max(version), 0) + 1, :residents, NULL, :at, 'book', :no
                      FROM census_count WHERE panti = :panti AND day = CAST(:day AS date)
                    HAVING coalesce(max(count_no), 0) < :no"""),
            {"panti": event.data.panti, "day": event.data.day, "residents": event.data.residents, "no": event.data.count_no, "at": at},
        )
    for reference, event in sorted(asked.items()):
        with caused_by(event):
            await detect.evaluate(session, food.CODE, reference, cause=event.id, at=at, today=today)
            await ask.after_counts(session, reference, cause=event.id, at=at)


@reacts_to(EvidenceRecorded)
async def evidence(events: Sequence[Received[EvidenceRecorded]], session: WriteSession, context: Context) -> None:
    """Papers and counts of panti: what they may change is compared by the job, however many rows ask for the same."""
    provided = await _provided(session, [event.key for event in events if event.data.kind == "spd"])
    await store.lock_references(session, provided.keys())
    at, today = context.clock.now(), context.clock.today()
    for reference, import_id in provided.items():
        cause = next(event for event in events if event.key == import_id)
        with caused_by(cause):
            await detect.evaluate(session, beyond_spd.CODE, reference, cause=cause.id, at=at, today=today)
    for event in events:
        await ask.after_file(session, event.data.kind, event.key, event.data.year, cause=event.id, at=context.clock.now())


@reacts_to(DetectorSettingChanged, YearAuditAsked)
async def whole_years(events: Sequence[Received[Any]], session: WriteSession, context: Context) -> None:
    """A year that somebody asked for, or the years that a changed threshold concerns."""
    at, today = context.clock.now(), context.clock.today()
    for event in events:
        with caused_by(event):
            if isinstance(event.data, YearAuditAsked):
                result = await audit_year.audit(session, event.data.year, cause=event.id, at=at, today=today)
                await session.execute(
                    text("UPDATE year_audit SET done_at = :at, result = CAST(:result AS jsonb) WHERE id = :id"),
                    {"at": at, "result": json.dumps(result), "id": event.key},
                )
            else:
                for year in range(int(event.data.from_day[:4]), today.year + 1):
                    await audit_year.audit(session, year, cause=event.id, at=at, today=today)


reactions = (batches, treasury, revisions, stock, resident_days, evidence, whole_years, follow_holidays)
