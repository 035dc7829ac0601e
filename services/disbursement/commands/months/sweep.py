"""Results are due: who was sent and got no line is unknown, who was not on the list is missed, and says why (CORE.md section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import BatchAction, BatchState
from services.disbursement.domain.entitlement import Action
from services.disbursement.store import confirmed_holidays, lock_programmes, move
from shared.db.session import WriteSession
from shared.kernel.workdays import add_working_days_to

AUTHOR: Final = "reaction/sweep"
LIST_DUE_WORKING_DAYS: Final = 15
"""After opening: by then a programme of the month is on a list that was sent, or whoever is on none is missed (docs/adr/0008)."""

_SILENT: Final = """
    SELECT a.month, a.programme, a.person_id, 'awaiting_bank', p.reference
      FROM payment p JOIN payment_month a ON a.payment_id = p.id AND a.live
     WHERE p.batch_id = :batch AND p.outcome = 'in_payment'"""

# Why a due month was on no list, by what is on record. An account or card that came after the list was made was not there
# when it was made.
_NOT_LISTED: Final = """
    SELECT h.month, h.programme, h.person_id,
           CASE WHEN EXISTS (SELECT FROM left_out l WHERE l.person_id = h.person_id AND l.programme = h.programme
                                AND l.month = h.month AND l.confirmed_by <> '') THEN 'left_out'
                WHEN EXISTS (SELECT FROM stoppage f WHERE f.scope = 'person' AND f.person_id = h.person_id
                                AND f.programme IN ('', h.programme) AND f.lifted_at IS NULL) THEN 'frozen'
                WHEN k.person_id IS NULL AND EXISTS (SELECT FROM account_opening_line o
                     WHERE o.person_id = h.person_id AND o.programme = h.programme) THEN 'no_account'
                WHEN k.person_id IS NULL THEN 'cause_not_known'
                WHEN NOT k.card_handed_over OR k.changed_at > :composed_at THEN 'card_not_handed_over'
                WHEN h.cause = 'second_seal' THEN 'named_late'
                ELSE 'cause_not_known' END, ''
      FROM entitlement_month h
      LEFT JOIN account k ON k.person_id = h.person_id AND k.programme = h.programme
     WHERE h.month = :month AND h.programme = ANY(CAST(:programmes AS text[])) AND h.outcome = 'due'
       AND NOT EXISTS (SELECT FROM payment_month a WHERE a.person_id = h.person_id AND a.programme = h.programme
                          AND a.month = h.month AND a.live)"""


async def sweep(session: WriteSession, batch_ids: Sequence[UUID], *, at: datetime) -> int:
    """Close what the bank left open, once per batch; returns how many person-months moved.

    Only a released batch whose results are due is swept, so doing it again changes nothing. ``batch.settled`` goes out
    again only where payments became unknown: its numbers changed.
    """
    moved = 0
    for batch_id in sorted(set(batch_ids)):
        batch = await batches.load_for_update(session, batch_id)
        if batch.state != BatchState.RELEASED or not batch.results_due:
            continue
        silent = await move(
            session, Action.RESULTS_SILENT, _SILENT, {"batch": batch_id, "months": await batches.months_of(session, batch_id)},
            at=at, author=AUTHOR, cause=batch.code, extra_guard=batches.IN_MONTHS,
        )  # fmt: skip
        await session.execute(
            text("""UPDATE payment SET outcome = 'unknown', reason = 'awaiting_bank'
                     WHERE batch_id = :batch AND outcome = 'in_payment'"""),
            {"batch": batch_id},
        )
        moved += silent
        if batch.kind == "main":
            moved += await _miss(session, batch, at)
        await batches.move_batch(session, batch, BatchAction.SWEEP)
        if silent:
            await publish_settled(session, batch_id, results_due=True, at=at)
    return moved


async def miss_unlisted(session: WriteSession, months: Sequence[str], *, at: datetime) -> int:
    """For months whose main batch was swept already: whoever came off a list since then is missed, so that due stays 0."""
    # A sweep that is under way holds its batch: it comes before or after, or each would leave the month to the other.
    sent = await session.execute(
        text("""SELECT * FROM batch WHERE month = ANY(CAST(:months AS text[])) AND kind = 'main'
                   AND state IN ('released', 'results_in', 'closed') ORDER BY id FOR SHARE"""),
        {"months": sorted(set(months))},
    )
    return sum([await _miss(session, batch, at) for batch in sent.all() if batch.state != BatchState.RELEASED])


_NEVER_SENT: Final = """
    SELECT m.programme, m.month, m.opened_at FROM programme_month m
     WHERE m.state IN ('opened', 'closed') AND m.opened_at < :at
       AND NOT EXISTS (SELECT FROM batch b WHERE b.month = m.month AND b.kind = 'main'
                          AND b.state IN ('released', 'results_in', 'closed') AND b.programmes @> to_jsonb(m.programme))
     ORDER BY m.month, m.programme"""


async def miss_never_sent(session: WriteSession, *, at: datetime) -> int:
    """By the calendar: where nobody of a programme month could be paid, no list is ever sent and no sweep would come.

    Then everybody who is due on no list is missed, with what is on record, so that each has a gap with an owner and a date.
    """
    holidays = await confirmed_holidays(session)
    moved = 0
    for late in (await session.execute(text(_NEVER_SENT), {"at": at})).all():
        if add_working_days_to(late.opened_at, LIST_DUE_WORKING_DAYS, holidays) > at:
            continue
        await lock_programmes(session, [late.programme], exclusive=True)  # a list that is being made comes before or after
        params = {"month": late.month, "programmes": [late.programme], "composed_at": at}
        moved += await move(session, Action.MISS, _NOT_LISTED, params, at=at, author="job/calendar", cause="no list was sent")
    return moved


async def _miss(session: WriteSession, batch: Row[Any], at: datetime) -> int:
    params = {"month": batch.month, "programmes": list(batch.programmes), "composed_at": batch.composed_at}
    return await move(session, Action.MISS, _NOT_LISTED, params, at=at, author=AUTHOR, cause=batch.code)
