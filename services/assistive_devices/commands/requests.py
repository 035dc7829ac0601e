"""A citizen's request: asked, reserved for, handed over, cancelled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError

from services.assistive_devices import store
from services.assistive_devices.domain.request import State, Step, after
from shared import audit
from shared.contracts.assistive_devices import DeviceHandedOver
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.errors import InvalidInput, NotAllowed, Refusal
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.web.auth import Caller


class NothingFree(Refusal):
    """No device of this kind is free at this place now."""

    code = "nothing-free"


class AlreadyWaiting(Refusal):
    """This person waits for this kind already, or has one reserved."""

    code = "already-waiting"


class MinutesNumberUsed(Refusal):
    """Minutes (BAST) with this number were signed for another device."""

    code = "minutes-number-used"


async def ask(
    session: WriteSession,
    caller: Caller,
    cipher: FieldCipher,
    *,
    person_id: UUID,
    kind: str,
    place: str,
    area: str,
    note: str,
    at: datetime,
) -> UUID:
    """Put a person on the waiting list. Without ``area`` the place's own is taken: it decides who sees the request."""
    of_place = await store.check_kind_and_place(session, kind, place)
    area = area or of_place
    if not any(f"{area}.".startswith(f"{mine}.") for mine in caller.areas):
        raise NotAllowed("this area is not one of yours", areas=list(caller.areas))
    request_id = uuid7()
    try:
        async with session.begin_nested():
            await session.execute(
                text("""INSERT INTO request (id, person_id, kind, place, area, note_enc, state, asked_at, asked_by, changed_at, reason)
                        VALUES (:id, :person, :kind, :place, :area, :note, :state, :at, :by, :at, '')"""),
                {
                    "id": request_id, "person": person_id, "kind": kind, "place": place, "area": area, "state": State.WAITING, "at": at,
                    "by": caller.person, "note": cipher.encrypt("request", "note", str(request_id), note) if note else None,
                },
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyWaiting("this person already waits for this kind, or has one reserved", kind=kind) from None
    await store.ask_evaluation(session, [(kind, place)], at=at)
    await _audit(session, caller, "request.ask", person_id, at=at)
    return request_id


async def reserve(session: WriteSession, caller: Caller, request_id: UUID, *, at: datetime) -> Row[Any]:
    """Reserve the device that has been on the shelf longest; NothingFree where there is none.

    The list's order is shown, not forced: a size or a hearing test may make the second person the right one.
    """
    request = await store.request_for_update(session, request_id)
    state = after(State(request.state), Step.RESERVE)
    await store.lock_shelves(session, [(request.kind, request.place)])
    device = (
        await session.execute(
            text("""SELECT id, serial FROM device WHERE kind = :kind AND place = :place AND state = 'free'
                     ORDER BY received_on, serial LIMIT 1"""),
            {"kind": request.kind, "place": request.place},
        )
    ).one_or_none()
    if device is None:
        raise NothingFree("no device of this kind is free at this place", kind=request.kind, place=request.place)
    await session.execute(
        text("UPDATE device SET state = 'reserved', request_id = :request WHERE id = :id"), {"id": device.id, "request": request_id}
    )
    await _set(session, request_id, state, at=at)
    await store.ask_evaluation(session, [(request.kind, request.place)], at=at)
    await _audit(session, caller, "request.reserve", request.person_id, at=at)
    return device


async def hand_over(
    session: WriteSession, caller: Caller, request_id: UUID, *, minutes_number: str, handed_over_on: date, today: date, at: datetime
) -> UUID:
    """The citizen has the device and the minutes (BAST) are signed; returns the device's id."""
    request = await store.request_for_update(session, request_id)
    state = after(State(request.state), Step.HAND_OVER)
    if handed_over_on > today:
        raise InvalidInput("a handover cannot be dated in the future", handed_over_on=handed_over_on.isoformat())
    device = (
        await session.execute(
            text("UPDATE device SET state = 'handed_over', version = version + 1 WHERE request_id = :id RETURNING *"), {"id": request_id}
        )
    ).one()
    try:
        async with session.begin_nested():
            await session.execute(
                text("INSERT INTO handover VALUES (:request, :device, :minutes, :day, :person, :at)"),
                {
                    "request": request_id, "device": device.id, "minutes": minutes_number, "day": handed_over_on, "person": caller.person,
                    "at": at,
                },
            )  # fmt: skip
    except IntegrityError:
        raise MinutesNumberUsed("minutes with this number were signed for another device", minutes_number=minutes_number) from None
    await store.move(
        session, device_id=device.id, kind=device.kind, place=device.place, units=-1, cause="handed_over",
        document=f"bast/{minutes_number}", day=handed_over_on, at=at,
    )  # fmt: skip
    await _set(session, request_id, state, at=at)
    await store.ask_evaluation(session, [(request.kind, request.place)], at=at)
    data = DeviceHandedOver(kind=device.kind, place=device.place, request_id=request_id)
    await outbox.append(session, [outbox.Outgoing(device.id, device.version, data)], at=at)
    await _audit(session, caller, "request.handover", request.person_id, at=at)
    return UUID(str(device.id))


async def cancel(session: WriteSession, caller: Caller, request_id: UUID, *, reason: str, at: datetime) -> None:
    """No longer wanted or possible; a reserved device is free again at once."""
    request = await store.request_for_update(session, request_id)
    state = after(State(request.state), Step.CANCEL)
    await store.lock_shelves(session, [(request.kind, request.place)])
    await session.execute(text("UPDATE device SET state = 'free', request_id = NULL WHERE request_id = :id"), {"id": request_id})
    await _set(session, request_id, state, at=at, reason=reason)
    await store.ask_evaluation(session, [(request.kind, request.place)], at=at)
    await _audit(session, caller, "request.cancel", request.person_id, at=at)


async def read_note(session: WriteSession, caller: Caller, cipher: FieldCipher, request_id: UUID, *, at: datetime) -> str:
    """The note of a request in the caller's areas, with an audit entry; empty where there is none."""
    found = (await session.execute(text("SELECT person_id, note_enc FROM request WHERE id = :id"), {"id": request_id})).one_or_none()
    if found is None or found.note_enc is None:
        return ""
    await _audit(session, caller, "request.read-note", found.person_id, at=at)
    return cipher.decrypt("request", "note", str(request_id), found.note_enc)


async def _set(session: WriteSession, request_id: UUID, state: State, *, at: datetime, reason: str = "") -> None:
    await session.execute(
        text("UPDATE request SET state = :state, changed_at = :at, reason = :reason WHERE id = :id"),
        {"id": request_id, "state": state, "at": at, "reason": reason},
    )


async def _audit(session: WriteSession, caller: Caller, operation: str, person_id: UUID, *, at: datetime) -> None:
    await audit.record(session, caller, operation, "device", count=1, ids_hash=audit.hash_ids([person_id]), at=at)
