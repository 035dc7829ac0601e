"""A lawful reason is found for a missed month: one person asks with a document, another decides; missed becomes excluded."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.missed.gap_answers import lock_open
from services.disbursement.commands.months.follow_enrolments import NO_LIVE_ALLOCATION
from services.disbursement.domain.cases import LAWFUL_REASONS
from services.disbursement.domain.entitlement import Action, after
from services.disbursement.store import lock_programmes, move
from shared.db.session import WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.web.auth import Caller


class ExclusionWaits(Refusal):
    """Somebody asked for this month already: confirm or refuse that order first."""

    code = "exclusion-waits"


class OnAList(Refusal):
    """The month is on a list that may still pay it: take the line off first."""

    code = "month-on-list"


async def ask(session: WriteSession, caller: Caller, gap_id: UUID, reason: str, document: str, *, at: datetime) -> UUID:
    """Ask for the exclusion of a missed month; returns the order's id. Nothing of the month changes yet.

    Raise InvalidInput for a reason that is not lawful, IllegalTransition where the month is not missed.
    """
    if reason not in LAWFUL_REASONS:
        raise InvalidInput(f"'{reason}' is no lawful reason for an exclusion", reasons=list(LAWFUL_REASONS))
    gap = await lock_open(session, caller, gap_id)
    after(gap.outcome, Action.EXCLUDE)
    if await session.scalar(text("SELECT 1 FROM exclusion_order WHERE gap_id = :gap AND state = 'proposed'"), {"gap": gap_id}):
        raise ExclusionWaits("an exclusion of this month waits for a second person")
    order_id = uuid7()
    await session.execute(
        text("""INSERT INTO exclusion_order (id, gap_id, person_id, programme, month, area, reason, document, asked_by, asked_at, state)
                VALUES (:id, :gap, :person, :programme, :month, :area, :reason, :document, :by, :at, 'proposed')"""),
        {
            "id": order_id, "gap": gap_id, "person": gap.person_id, "programme": gap.programme, "month": gap.month, "area": gap.area,
            "reason": reason, "document": document, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return order_id


async def _load(session: WriteSession, caller: Caller, order_id: UUID) -> Row[Any]:
    order = (await session.execute(text("SELECT * FROM exclusion_order WHERE id = :id FOR UPDATE"), {"id": order_id})).one_or_none()
    if order is None:
        raise NotFound("there is no such order", order=str(order_id))
    if order.state != "proposed":
        raise IllegalTransition(order.state, "decide", order=str(order_id))
    if order.asked_by == caller.person:
        raise FourEyes("another person must decide on this exclusion", asked_by=order.asked_by)
    return order


async def confirm(session: WriteSession, caller: Caller, order_id: UUID, *, at: datetime) -> Row[Any]:
    """The second person: the month is excluded, and its gap closes. Raise OnAList where a list may still pay it."""
    order = await _load(session, caller, order_id)
    await lock_programmes(session, [order.programme], exclusive=True)  # a list that is being made comes before or after
    moved = await move(
        session,
        Action.EXCLUDE,
        "SELECT :month, :programme, CAST(:person AS uuid), :reason, :document",
        {
            "month": order.month, "programme": order.programme, "person": order.person_id, "reason": order.reason,
            "document": order.document,
        },
        at=at, author=caller.person, cause=f"exclusion/{order.id}", extra_guard=f"AND h.month = :month {NO_LIVE_ALLOCATION}",
    )  # fmt: skip
    if not moved:
        outcome = await session.scalar(
            text("SELECT outcome FROM entitlement_month WHERE month = :month AND programme = :programme AND person_id = :person"),
            {"month": order.month, "programme": order.programme, "person": order.person_id},
        )
        after(str(outcome), Action.EXCLUDE)
        raise OnAList("this month is on a list; take the line off before it is excluded", month=order.month)
    await _decided(session, caller, order_id, "confirmed", at)
    return order


async def refuse(session: WriteSession, caller: Caller, order_id: UUID, *, at: datetime) -> Row[Any]:
    """The second person says no: the month stays missed, its gap stays open."""
    order = await _load(session, caller, order_id)
    await _decided(session, caller, order_id, "refused", at)
    return order


async def _decided(session: WriteSession, caller: Caller, order_id: UUID, state: str, at: datetime) -> None:
    await session.execute(
        text("UPDATE exclusion_order SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"id": order_id, "state": state, "by": caller.person, "at": at},
    )
