"""A retry without an SP2D of its own: what the bank sent back goes out again, to the rupiah and to the same people.

The SP2D of the returned payment has paid these rupiah once; they lie in the holding account under that payment's name. A month
of a retry that is financed so is linked to the payment whose money it uses (``repayment``), and nothing but that money pays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.commands.money.post import post
from services.disbursement.domain.batch import BatchAction, Financing
from services.disbursement.store import balance
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import Refusal

_NAMED_MAX: Final = 50


class HoldingDoesNotCover(Refusal):
    """The rupiah that a list is to be paid with are not (all) in the holding account for these people; ``people`` says whose."""

    code = "holding-does-not-cover"


_LIES: Final = f"""
    SELECT o.payment_id, {balance("holding")}::bigint AS amount, min(o.day) AS since
      FROM posting o WHERE o.payment_id IS NOT NULL GROUP BY o.payment_id HAVING {balance("holding")} > 0"""

# Money of a year that is over belongs to Kas Daerah, unless two treasurers carried it over by a document (TROUBLES.md O1).
_FREE: Final = """
    NOT EXISTS (SELECT FROM holding_disposal d WHERE d.payment_id = held.payment_id AND d.way = 'sts' AND d.state <> 'refused')
    AND (date_part('year', held.since) = :year
         OR EXISTS (SELECT FROM holding_disposal d WHERE d.payment_id = held.payment_id AND d.way = 'carried'
                       AND d.state = 'confirmed' AND d.year = :year - 1))"""

_SOURCES: Final = f"""
    SELECT DISTINCT ON (s.person_id, s.programme, s.month) s.person_id, s.programme, s.month, s.amount, s.payment_id AS source_id
      FROM ({_LIES}) AS held
      JOIN payment f ON f.id = held.payment_id AND f.outcome IN ('rejected', 'returned')
      JOIN payment_month s ON s.payment_id = f.id
     WHERE {_FREE} AND NOT EXISTS (SELECT FROM repayment r WHERE r.source_id = f.id AND r.month = s.month AND r.live)
     ORDER BY s.person_id, s.programme, s.month, f.id"""


def financed(candidates: str) -> str:
    """Of ``candidates`` whose rupiah lie in the holding account, with their ``source_id``: a person's months from the oldest on.

    A month that has to wait for an SP2D makes the person's later ones wait too, or they would overtake it. ``:year``: today's.
    """
    return f"""SELECT * FROM (
        SELECT m.*, s.source_id,
               bool_and(s.source_id IS NOT NULL AND s.amount = m.amount)
                   OVER (PARTITION BY m.person_id, m.programme ORDER BY m.month) AS wanted
          FROM ({candidates}) AS m LEFT JOIN ({_SOURCES}) AS s USING (person_id, programme, month)) AS w
         WHERE w.wanted"""


async def lock_holding(session: WriteSession) -> None:
    """Until the transaction ends: whoever decides what becomes of money in the holding account does so alone."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('holding/dispose'))"))


# An STS that nobody was named for took somebody's rupiah: until it is said whose, what stands under the list's names is more than
# lies there, and only what is left after the STS can go out again.
_SHORT: Final = f"""
    SELECT f.batch_id, f.programme
      FROM (SELECT s.batch_id, s.programme, sum(drawn.amount) AS amount
              FROM drawn JOIN payment s ON s.id = drawn.source_id GROUP BY s.batch_id, s.programme) AS f
      JOIN batch b ON b.id = f.batch_id
      JOIN (SELECT o.batch, o.programme,
                   {balance("sts_due")} AS due, coalesce({balance("holding")} FILTER (WHERE o.payment_id IS NOT NULL), 0) AS named
              FROM posting o GROUP BY o.batch, o.programme) AS m ON m.batch = b.code AND m.programme = f.programme
     WHERE m.due < 0 AND f.amount > m.named + m.due"""


async def refuse_uncovered(session: WriteSession, batch: Row[Any], *, day: date) -> None:
    """Prove a list against the holding account's balance of exactly its people, month by month and payment by payment.

    Raise HoldingDoesNotCover where a month has no returned payment behind it, or the payment does not hold its rupiah (any more), or
    an STS for which nobody was named has taken them.
    """
    await lock_holding(session)
    bare = await session.scalars(
        text(f"""
            WITH held AS (SELECT held.* FROM ({_LIES}) AS held WHERE {_FREE}),
            drawn AS (
                SELECT r.source_id, sum(r.amount) AS amount FROM repayment r WHERE r.batch_id = :id AND r.live GROUP BY r.source_id),
            short AS ({_SHORT})
            SELECT DISTINCT a.person_id
              FROM payment_month a
              JOIN payment p ON p.id = a.payment_id AND p.outcome = 'prepared'
              LEFT JOIN repayment r ON r.payment_id = a.payment_id AND r.month = a.month AND r.live
              LEFT JOIN payment s ON s.id = r.source_id AND s.outcome IN ('rejected', 'returned')
                                 AND s.person_id = a.person_id AND s.programme = a.programme
              LEFT JOIN drawn ON drawn.source_id = s.id
              LEFT JOIN held ON held.payment_id = s.id
             WHERE a.batch_id = :id AND a.live
               AND (r.amount IS DISTINCT FROM a.amount OR coalesce(held.amount, 0) < coalesce(drawn.amount, 1)
                    OR (s.batch_id, s.programme) IN (SELECT batch_id, programme FROM short))
             ORDER BY a.person_id LIMIT {_NAMED_MAX}"""),
        {"id": batch.id, "year": day.year},
    )
    if people := [str(one) for one in bare]:
        raise HoldingDoesNotCover("the holding account does not hold these people's rupiah (any more)", people=people)


async def fund_from_holding(session: WriteSession, batch_id: UUID, *, at: datetime) -> None:
    """An approved list that is paid from the holding account is funded by what lies there: no reservation, no SP2D."""
    batch = await batches.load_for_update(session, batch_id)
    if batch.financing != Financing.HOLDING:
        return
    await refuse_uncovered(session, batch, day=jakarta_day(at))
    await batches.move_batch(session, batch, BatchAction.FUND_FROM_HOLDING)


async def lock_sources(session: WriteSession, batch_id: UUID) -> Sequence[UUID]:
    """The lists whose returned payments this one pays again, locked in the order of their ids; call it before locking the list.

    They are older than it is, so everybody locks from the oldest on.
    """
    found = await session.scalars(
        text("""SELECT b.id FROM batch b WHERE b.id IN (
                    SELECT p.batch_id FROM repayment r JOIN payment p ON p.id = r.source_id WHERE r.batch_id = :id AND r.live)
                 ORDER BY b.id FOR UPDATE"""),
        {"id": batch_id},
    )
    return list(found)


async def draw(session: WriteSession, batch: Row[Any], *, at: datetime, by: str) -> None:
    """At the release: the rupiah leave the returned payments' names and stand under the list. Raise HoldingDoesNotCover."""
    if batch.financing != Financing.HOLDING:
        return
    await refuse_uncovered(session, batch, day=jakarta_day(at))
    await post(
        session,
        """SELECT 'drawn', NULL::date, b.code, s.programme, s.id, sum(r.amount)::bigint, CAST(:code AS text)
             FROM repayment r JOIN payment s ON s.id = r.source_id JOIN batch b ON b.id = s.batch_id
            WHERE r.batch_id = :batch AND r.live GROUP BY b.code, s.programme, s.id
           UNION ALL
           SELECT 'from_holding', NULL::date, CAST(:code AS text), s.programme, NULL::uuid, sum(r.amount)::bigint, CAST(:code AS text)
             FROM repayment r JOIN payment s ON s.id = r.source_id WHERE r.batch_id = :batch AND r.live GROUP BY s.programme""",
        {"batch": batch.id, "code": batch.code}, at=at, by=by,
    )  # fmt: skip


async def tell_both_sides(session: WriteSession, batch: Row[Any], sources: Sequence[UUID], *, at: datetime) -> None:
    """After the release: the lists that gave and the one that took say so, for whoever compares them with their SP2D."""
    if batch.financing != Financing.HOLDING:
        return
    for batch_id in (*sources, batch.id):
        await publish_settled(session, batch_id, results_due=False, at=at)
