"""Orders of two people: asked, confirmed by another person or taken back. What a confirmation does is in the module of its kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.commands.bank import not_executed
from services.disbursement.commands.lists import cutoff_hour, freeze
from services.disbursement.commands.months import budget_year, closing, month_closing
from services.disbursement.domain.stops import Ask, OrderKind, may_confirm, may_order
from shared.db.session import WriteSession
from shared.kernel.errors import IllegalTransition, NotAllowed, NotFound
from shared.kernel.ids import uuid7
from shared.web.auth import WHOLE_AGENCY, Caller

Effect = Callable[[WriteSession, Row[Any], str, datetime], Awaitable[None]]

EFFECTS: Final[Mapping[OrderKind, Effect]] = {
    OrderKind.FREEZE: freeze.freeze,
    OrderKind.LIFT: freeze.lift,
    OrderKind.NOT_EXECUTED: not_executed.end_unknown,
    OrderKind.LAPSE: budget_year.lapse,
    OrderKind.REOPEN_YEAR: budget_year.reopen,
    OrderKind.CUTOFF_HOUR: cutoff_hour.set_hour,
    OrderKind.CLOSE: closing.close,
    OrderKind.CLOSE_MONTH: month_closing.close,
}


async def propose(session: WriteSession, caller: Caller, ask: Ask, *, at: datetime) -> UUID:
    """Keep the order until a second person confirms it; nothing is done yet. Raise NotAllowed."""
    may_order(ask.kind, caller.roles)
    if list(ask.areas) == [WHOLE_AGENCY] and not caller.whole_agency:
        raise NotAllowed("this concerns the whole agency; your assignment is a part of it", areas=list(caller.areas))
    order_id = uuid7()
    await session.execute(
        text("""INSERT INTO two_person_order (id, kind, state, subject, reason, document, person_months, rupiah, areas, asked_by, asked_at)
                VALUES (:id, :kind, 'proposed', CAST(:subject AS jsonb), :reason, :document, :person_months, :rupiah,
                        CAST(:areas AS text[]), :by, :at)"""),
        {
            "id": order_id, "kind": ask.kind.value, "subject": msgspec.json.encode(dict(ask.subject)).decode(), "reason": ask.reason,
            "document": ask.document, "person_months": ask.person_months, "rupiah": ask.rupiah, "areas": list(ask.areas),
            "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return order_id


async def _proposed(session: WriteSession, order_id: UUID) -> Row[Any]:
    found = (await session.execute(text("SELECT * FROM two_person_order WHERE id = :id FOR UPDATE"), {"id": order_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such order", order=str(order_id))
    return found


async def confirm(session: WriteSession, caller: Caller, order_id: UUID, *, at: datetime) -> Row[Any]:
    """The second person: what was asked is done now, or refused with what has changed since."""
    order = await _proposed(session, order_id)
    kind = OrderKind(order.kind)
    may_order(kind, caller.roles)
    may_confirm(kind, order.state, order.asked_by, caller.person)
    await session.execute(
        text("UPDATE two_person_order SET state = 'done', confirmed_by = :by, confirmed_at = :at WHERE id = :id"),
        {"id": order_id, "by": caller.person, "at": at},
    )
    await EFFECTS[kind](session, order, caller.person, at)
    return order


async def cancel(session: WriteSession, caller: Caller, order_id: UUID, *, at: datetime) -> Row[Any]:
    """Take back what nobody has confirmed; whoever may order it may do so."""
    order = await _proposed(session, order_id)
    may_order(OrderKind(order.kind), caller.roles)
    if order.state != "proposed":
        raise IllegalTransition(order.state, "cancel", kind=order.kind)
    await session.execute(
        text("UPDATE two_person_order SET state = 'cancelled', cancelled_by = :by, cancelled_at = :at WHERE id = :id"),
        {"id": order_id, "by": caller.person, "at": at},
    )
    return order
