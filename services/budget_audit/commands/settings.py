"""Thresholds of the detectors: one person proposes with a source, another confirms; the old value stays in the history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.budget_audit.domain.thresholds import BY_NAME
from shared.contracts.budget_audit import DetectorSettingChanged
from shared.db.session import WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.messaging import outbox


class SettingPending(Refusal):
    """Another change of this threshold waits for a second person."""

    code = "setting-pending"


async def propose(session: WriteSession, name: str, value: int, from_day: date, source: str, *, by: str, at: datetime) -> UUID:
    """Raise InvalidInput for an unknown name or a value out of bounds, SettingPending while another proposal waits."""
    threshold = BY_NAME.get(name)
    if threshold is None:
        raise InvalidInput(f"there is no threshold '{name}'", names=sorted(BY_NAME))
    if not threshold.low <= value <= threshold.high:
        raise InvalidInput(f"'{name}' lies between {threshold.low} and {threshold.high}", low=threshold.low, high=threshold.high)
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('detector_setting'))"))
    waiting = await session.scalar(text("SELECT id FROM detector_setting WHERE name = :name AND state = 'proposed'"), {"name": name})
    if waiting is not None:
        raise SettingPending("a change of this threshold waits for a second person", change=str(waiting))
    change = uuid7()
    await session.execute(
        text("""INSERT INTO detector_setting (id, name, from_day, value, source, state, proposed_by, proposed_at)
                VALUES (:id, :name, :from_day, :value, :source, 'proposed', :by, :at)"""),
        {"id": change, "name": name, "from_day": from_day, "value": value, "source": source, "by": by, "at": at},
    )
    return change


async def confirm(session: WriteSession, change_id: UUID, *, by: str, at: datetime) -> None:
    """The second person; every year from that day on is compared again."""
    change = await _waiting(session, change_id, "confirm")
    if change.proposed_by == by:
        raise FourEyes("another person than the one who proposed it confirms a threshold")
    await _decide(session, change_id, "confirmed", by, at)
    data = DetectorSettingChanged(setting=change.name, value=change.value, from_day=change.from_day.isoformat())
    await outbox.append(session, [outbox.Outgoing(change_id, 1, data)], at=at)


async def withdraw(session: WriteSession, change_id: UUID, *, by: str, at: datetime) -> None:
    """Taken back by whoever proposed it, or refused by the second person; it stays in the history."""
    await _waiting(session, change_id, "withdraw")
    await _decide(session, change_id, "withdrawn", by, at)


async def _waiting(session: WriteSession, change_id: UUID, step: str) -> Row[Any]:
    found = (await session.execute(text("SELECT * FROM detector_setting WHERE id = :id FOR UPDATE"), {"id": change_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such change of a threshold")
    if found.state != "proposed":
        raise IllegalTransition(found.state, step)
    return found


async def _decide(session: WriteSession, change_id: UUID, state: str, by: str, at: datetime) -> None:
    await session.execute(
        text("UPDATE detector_setting SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"id": change_id, "state": state, "by": by, "at": at},
    )
