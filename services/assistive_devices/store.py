"""Write-side access: what a command must hold before it changes it. Locks in one order: request, then shelf."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import InvalidInput, NotFound


async def lock_shelves(session: WriteSession, shelves: Collection[tuple[str, str]]) -> None:
    """One transaction at a time changes what is free of a kind at a place.

    Whoever waits here looks at the shelf after the other has committed, or rolled back: with SKIP LOCKED the last device
    would be refused to everybody while one transaction that may still fail only looks at it.
    """
    for kind, place in sorted(shelves):
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shelf'), hashtext(:shelf))"), {"shelf": f"{kind}/{place}"})


async def request_for_update(session: WriteSession, request_id: UUID) -> Row[Any]:
    """The request, locked; 404 where it does not exist in the caller's areas."""
    found = (await session.execute(text("SELECT * FROM request WHERE id = :id FOR UPDATE"), {"id": request_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such request")
    return found


async def check_kind_and_place(session: AnySession, kind: str, place: str) -> str:
    """The place's area; InvalidInput for a code that is not in the catalogue."""
    if not await session.scalar(text("SELECT true FROM kind WHERE code = :kind"), {"kind": kind}):
        raise InvalidInput(f"'{kind}' is not a kind of the catalogue", kind=kind)
    area = await session.scalar(text("SELECT area FROM place WHERE code = :place"), {"place": place})
    if area is None:
        raise InvalidInput(f"'{place}' is not a place", place=place)
    return str(area)


async def move(
    session: WriteSession, *, device_id: UUID, kind: str, place: str, units: int, cause: str, document: str, day: date, at: datetime
) -> None:
    """Append a movement; the sum of them is the stock."""
    await session.execute(
        text("""INSERT INTO movement (at, day, kind, place, device_id, units, cause, document)
                VALUES (:at, :day, :kind, :place, :device, :units, :cause, :document)"""),
        {
            "at": at, "day": day, "kind": kind, "place": place, "device": device_id, "units": units, "cause": cause,
            "document": document,
        },
    )  # fmt: skip


async def ask_evaluation(session: WriteSession, shelves: Collection[tuple[str, str]], *, at: datetime) -> None:
    """Put shelves into the worker's queue, in the transaction of the change."""
    await session.execute(
        text("""INSERT INTO to_evaluate (kind, place, asked_at)
                SELECT kind, place, CAST(:at AS timestamptz)
                  FROM unnest(CAST(:kinds AS text[]), CAST(:places AS text[])) AS t(kind, place) ORDER BY kind, place
                ON CONFLICT (kind, place) DO UPDATE SET asked_at = excluded.asked_at"""),
        {"at": at, "kinds": [kind for kind, _ in sorted(set(shelves))], "places": [place for _, place in sorted(set(shelves))]},
    )
