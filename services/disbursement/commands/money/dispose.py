"""What stays in the holding account: back to Kas Daerah by an STS, or carried over by a document; by two people, by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.commands.lists.repayment import lock_holding
from services.disbursement.commands.money.post import post
from services.disbursement.store import HELD, POSTED_BY, balance
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, Refusal

_MOST_AT_ONCE: Final = 50


_USED: Final = """(
    EXISTS (SELECT FROM repayment r JOIN payment n ON n.id = r.payment_id AND n.outcome = 'prepared'
             WHERE r.source_id = {payment} AND r.live)
    OR EXISTS (SELECT FROM posting d WHERE d.payment_id = {payment} AND d.kind = 'drawn' AND d.day > :on))"""
"""A retry from the holding account lives on this payment's rupiah: on a list now, or gone since the day ``on``."""


class NothingToDispose(InvalidInput):
    """None of this is in the holding account undecided; what the bank has not answered for can only be carried."""

    code = "nothing-to-dispose"


class YearNotClosable(Refusal):
    """Rupiah without a decision, without a name, or on their way to an STS that has not come."""

    code = "year-not-closable"


async def propose(
    session: WriteSession, year: int, way: str, document: str, *, payments: Sequence[UUID] | None, batch: str, by: str, at: datetime
) -> int:
    """Propose what becomes of these payments' rupiah, of all undecided ones of a batch, or of all; returns how many.

    ``sts``: only what the bank could not credit or sent back, and rupiah that no person is named for. ``carried``: also what
    it has not answered for. What a retry from the holding account uses does not go back: it left since, or is on a list that
    has not gone out. Raise NothingToDispose, IllegalTransition for a year that is closed.
    """
    await _refuse_closed(session, year)
    await lock_holding(session)
    rows = await session.execute(
        text(f"""
            INSERT INTO holding_disposal (year, batch, programme, payment_id, amount, way, document, state, asked_by, asked_at)
            SELECT :year, h.batch, h.programme, h.payment_id, h.amount, :way, :document, 'proposed', :by, :at FROM (
                {HELD}
                UNION ALL
                SELECT NULL, o.batch, o.programme, 'held',
                       {balance('holding')}::bigint,
                       min(o.day)
                  FROM posting o JOIN batch b ON b.code = o.batch AND b.released_at IS NOT NULL
                 WHERE o.payment_id IS NULL AND {POSTED_BY} GROUP BY o.batch, o.programme) AS h
             WHERE h.amount > 0 AND (h.standing = 'held' OR :way = 'carried') AND :batch IN ('', h.batch)
               AND (:whole OR h.payment_id = ANY(CAST(:payments AS uuid[])))
               AND (:way = 'carried' OR NOT {_USED.format(payment="h.payment_id")})
               AND NOT EXISTS (SELECT FROM holding_disposal d WHERE d.year = :year AND d.state <> 'refused' AND d.batch = h.batch
                                  AND d.programme = h.programme AND d.payment_id IS NOT DISTINCT FROM h.payment_id)
             ORDER BY h.batch, h.programme, h.payment_id"""),
        {
            "year": year, "way": way, "document": document, "by": by, "at": at, "batch": batch, "whole": payments is None,
            "payments": list(payments or ()), "on": _last_day(year, at),
        },
    )  # fmt: skip
    if not rows.rowcount:  # type: ignore[attr-defined]
        raise NothingToDispose("none of this is in the holding account without a decision", year=year)
    return int(rows.rowcount)  # type: ignore[attr-defined]


async def decide(session: WriteSession, year: int, document: str, *, agreed: bool, by: str, at: datetime) -> int:
    """The second person decides everything that was proposed with this document; what goes back is posted by name.

    Raise FourEyes, IllegalTransition where nothing is proposed with it.
    """
    await _refuse_closed(session, year)
    await lock_holding(session)
    asked = (
        await session.execute(
            text("""SELECT array_agg(DISTINCT asked_by) AS people FROM holding_disposal
                     WHERE year = :year AND document = :document AND state = 'proposed'"""),
            {"year": year, "document": document},
        )
    ).one()
    if asked.people is None:
        raise IllegalTransition("not_proposed", "decide")
    if by in asked.people:
        raise FourEyes("another person must decide this: you have proposed it", asked_by=by)
    which = {"year": year, "document": document}
    if agreed:
        await _still_there(session, year, document)
        await post(
            session,
            """SELECT 'named_for_sts', NULL::date, batch, programme, payment_id, amount, document FROM holding_disposal
                WHERE year = :year AND document = :document AND state = 'proposed' AND way = 'sts'""",
            which, at=at, by=by,
        )  # fmt: skip
    decided = await session.execute(
        text("""UPDATE holding_disposal SET state = :state, decided_by = :by, decided_at = :at
                 WHERE year = :year AND document = :document AND state = 'proposed'"""),
        {**which, "state": "confirmed" if agreed else "refused", "by": by, "at": at},
    )
    return int(decided.rowcount)  # type: ignore[attr-defined]


async def _still_there(session: WriteSession, year: int, document: str) -> None:
    """Between the two people a payment may have been answered for, or sent back: then the proposal is out of date."""
    gone = await session.scalars(
        text(f"""SELECT d.payment_id FROM holding_disposal d LEFT JOIN ({HELD}) AS h ON h.payment_id = d.payment_id
                  WHERE d.year = :year AND d.document = :document AND d.state = 'proposed' AND d.payment_id IS NOT NULL
                    AND d.amount IS DISTINCT FROM h.amount LIMIT {_MOST_AT_ONCE}"""),
        {"year": year, "document": document, "on": date(year, 12, 31)},
    )
    if changed := [str(one) for one in gone]:
        raise NothingToDispose("some of these rupiah are no longer where they were; refuse this and propose again", payments=changed)


async def close_year(session: WriteSession, year: int, document: str, *, by: str, at: datetime) -> None:
    """Close the holding account's year: no rupiah without a decision, a name or its STS. Raise YearNotClosable with all three."""
    await _refuse_closed(session, year)
    await lock_holding(session)
    last = date(year, 12, 31)
    if last >= jakarta_day(at):
        raise YearNotClosable(f"{year} is not over yet", year=year)
    left = (
        await session.execute(
            text(f"""
                SELECT (SELECT count(*) FROM ({HELD}) AS h WHERE NOT EXISTS (
                           SELECT FROM holding_disposal d WHERE d.payment_id = h.payment_id AND d.year = :year AND d.state = 'confirmed')
                       ) AS undecided,
                       (SELECT count(*) FROM (
                           SELECT o.batch, o.programme,
                                  {balance("holding")} AS amount
                             FROM posting o WHERE o.payment_id IS NULL AND {POSTED_BY} GROUP BY o.batch, o.programme) AS u
                         WHERE u.amount <> 0 AND NOT EXISTS (
                           SELECT FROM holding_disposal d WHERE d.payment_id IS NULL AND d.batch = u.batch AND d.programme = u.programme
                              AND d.year = :year AND d.state = 'confirmed' AND d.way = 'carried' AND d.amount = u.amount)) AS unnamed,
                       (SELECT count(*) FROM (
                           SELECT o.batch, o.programme,
                                  {balance("sts_due")} AS amount
                             FROM posting o GROUP BY o.batch, o.programme) AS s WHERE s.amount <> 0) AS without_sts"""),
            {"year": year, "on": last},
        )
    ).one()
    if left.undecided or left.unnamed or left.without_sts:
        raise YearNotClosable(
            "some rupiah of this year have no decision, no name or no STS yet", undecided=left.undecided, unnamed=left.unnamed,
            without_sts=left.without_sts,
        )  # fmt: skip
    if await session.scalar(
        text("SELECT EXISTS (SELECT FROM holding_disposal WHERE year = :year AND state = 'confirmed' AND decided_by = :by)"),
        {"year": year, "by": by},
    ):
        raise FourEyes("another person must close the year: you have decided over its balances")
    await session.execute(
        text("""INSERT INTO closed_year (year, returned, carried, closed_by, closed_at, document)
                SELECT :year, coalesce(sum(amount) FILTER (WHERE way = 'sts'), 0), coalesce(sum(amount) FILTER (WHERE way = 'carried'), 0),
                       :by, :at, :document
                  FROM holding_disposal WHERE year = :year AND state = 'confirmed'"""),
        {"year": year, "by": by, "at": at, "document": document},
    )


def _last_day(year: int, at: datetime) -> date:
    """Today, or the year's last day where that is over: what is asked for is what was there then."""
    return min(date(year, 12, 31), jakarta_day(at))


async def _refuse_closed(session: WriteSession, year: int) -> None:
    if await session.scalar(text("SELECT EXISTS (SELECT FROM closed_year WHERE year = :year)"), {"year": year}):
        raise IllegalTransition("closed", "dispose", year=year)
