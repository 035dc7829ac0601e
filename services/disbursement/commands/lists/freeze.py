"""The stop button: a programme, a batch or a person frozen by two people, and lifted by two (DESIGN.md).

While it holds, no list takes the person or the programme and no release passes. Money that is at the bank is beyond it; the
order says how much that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, RowMapping, text

from services.disbursement.commands.lists import batches
from services.disbursement.domain.batch import SENT
from services.disbursement.domain.stops import AlreadySent, Ask, OrderChanged, OrderKind, frozen_by
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import InvalidInput, NotFound

ACTIVE: Final = "f.lifted_at IS NULL AND (f.until IS NULL OR f.until >= CAST(:today AS date))"
"""SQL on ``stoppage f``: it holds on the day ``:today``; ``until`` is its last day."""

PERSON_FROZEN: Final = f"""EXISTS (SELECT FROM stoppage f WHERE f.scope = 'person' AND f.person_id = h.person_id
                        AND f.programme IN ('', h.programme) AND {ACTIVE})"""
"""SQL on a head ``h``."""

FROZEN_LINES: Final = f"""
    SELECT p.id FROM payment p JOIN stoppage f ON f.scope = 'person' AND f.person_id = p.person_id AND f.programme IN ('', p.programme)
     WHERE p.batch_id = :id AND p.outcome = 'prepared' AND {ACTIVE}"""
"""Payments of the batch ``:id`` of people who are frozen."""


async def _one_after_the_other(session: WriteSession, *, exclusive: bool) -> None:
    """A freeze comes before or after a list or a release, never beside it."""
    suffix = "" if exclusive else "_shared"
    await session.execute(text(f"SELECT pg_advisory_xact_lock{suffix}(hashtext('freeze'))"))


async def ask_freeze(
    session: WriteSession, *, scope: str, programme: str, batch_id: UUID | None, person_id: UUID | None, reason: str, until: date | None,
    document: str, today: date,
) -> Ask:  # fmt: skip
    """What would be stopped. Raise InvalidInput, NotFound or AlreadySent."""
    if until is not None and until < today:
        raise InvalidInput("a freeze cannot have ended already", until=until.isoformat())
    given = {"programme": bool(programme) and batch_id is None and person_id is None, "batch": batch_id is not None and not programme
             and person_id is None, "person": person_id is not None and batch_id is None}  # fmt: skip
    if not given[scope]:
        raise InvalidInput(f"a freeze of a {scope} names the {scope}, and nothing else", scope=scope)
    area, at_bank = "31", "p.programme = :programme"
    if scope == "batch":
        batch = (await session.execute(text("SELECT state FROM batch WHERE id = :id"), {"id": batch_id})).one_or_none()
        if batch is None:
            raise NotFound("there is no such batch", batch=str(batch_id))
        if batch.state in SENT:
            raise AlreadySent("this list went to the bank; freeze its people or its programme for what follows", state=batch.state)
        at_bank = "p.batch_id = :batch"
    elif scope == "person":
        found = await session.scalar(
            text("SELECT area FROM enrolment_history WHERE person_id = :person ORDER BY person_version DESC LIMIT 1"),
            {"person": person_id},
        )
        if found is None:
            raise NotFound("this person is not in your areas, or nowhere", person=str(person_id))
        area, at_bank = str(found), "p.person_id = :person AND :programme IN ('', p.programme)"
    elif not await session.scalar(text("SELECT 1 FROM programme_month WHERE programme = :programme LIMIT 1"), {"programme": programme}):
        raise NotFound("there is no such programme here", programme=programme)
    sent = await session.scalar(
        text(f"SELECT count(*) FROM payment p WHERE p.outcome IN ('in_payment', 'unknown') AND {at_bank}"),
        {"programme": programme, "batch": batch_id, "person": person_id},
    )
    subject = {
        "scope": scope, "programme": programme, "batch_id": str(batch_id or ""), "person_id": str(person_id or ""),
        "until": until.isoformat() if until else "", "area": area, "payments_at_the_bank": int(sent or 0),
    }  # fmt: skip
    return Ask(OrderKind.FREEZE, subject, reason, document, areas=[area])


async def freeze(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    """From now on it holds. A batch that was sent meanwhile raises AlreadySent."""
    await _one_after_the_other(session, exclusive=True)
    subject = order.subject
    batch_id = UUID(subject["batch_id"]) if subject["batch_id"] else None
    if batch_id is not None:
        batch = await batches.load_for_update(session, batch_id)
        if batch.state in SENT:
            raise AlreadySent("this list went to the bank before the second person confirmed", state=batch.state)
    until = date.fromisoformat(subject["until"]) if subject["until"] else None
    if until is not None and until < jakarta_day(at):
        raise OrderChanged("the last day of this freeze is over", until=until.isoformat())
    await session.execute(
        text("""INSERT INTO stoppage (id, scope, programme, batch_id, person_id, area, reason, until, frozen_at)
                VALUES (:id, :scope, :programme, :batch, :person, :area, :reason, :until, :at)"""),
        {
            "id": order.id, "scope": subject["scope"], "programme": subject["programme"], "batch": batch_id,
            "person": UUID(subject["person_id"]) if subject["person_id"] else None, "area": subject["area"], "reason": order.reason,
            "until": until, "at": at,
        },
    )  # fmt: skip


async def ask_lift(session: WriteSession, freeze_id: UUID, reason: str, document: str) -> Ask:
    found = (await session.execute(text("SELECT * FROM stoppage WHERE id = :id"), {"id": freeze_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such freeze", freeze=str(freeze_id))
    if found.lifted_at is not None:
        raise OrderChanged("this freeze was lifted already")
    return Ask(OrderKind.LIFT, {"freeze_id": str(freeze_id), "scope": found.scope}, reason, document, areas=[found.area])


async def lift(session: WriteSession, order: Row[Any], by: str, at: datetime) -> None:
    await _one_after_the_other(session, exclusive=True)
    result = await session.execute(
        text("UPDATE stoppage SET lifted_at = :at, lifted_by_order = :order WHERE id = CAST(:id AS uuid) AND lifted_at IS NULL"),
        {"at": at, "order": order.id, "id": order.subject["freeze_id"]},
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        raise OrderChanged("this freeze was lifted already")


async def frozen_programmes(session: WriteSession, today: date) -> set[str]:
    """Programmes that no list may take now; whoever asks keeps freezes out until the transaction ends."""
    await _one_after_the_other(session, exclusive=False)
    rows = await session.scalars(text(f"SELECT programme FROM stoppage f WHERE f.scope = 'programme' AND {ACTIVE}"), {"today": today})
    return set(rows)


async def refuse_frozen_programmes(session: WriteSession, programmes: Sequence[str], today: date) -> None:
    """Raise Frozen where one of them is stopped."""
    rows = await _of_programmes(session, programmes, today)
    if rows:
        raise frozen_by(rows)


async def _of_programmes(session: AnySession, programmes: Sequence[str], today: date) -> list[RowMapping]:
    found = await session.execute(
        text(f"""SELECT id, scope, reason, until FROM stoppage f
                  WHERE f.scope = 'programme' AND f.programme = ANY(CAST(:programmes AS text[])) AND {ACTIVE} ORDER BY id"""),
        {"programmes": list(programmes), "today": today},
    )
    return list(found.mappings())


async def refuse_frozen_release(session: WriteSession, batch: Row[Any], at: datetime) -> None:
    """Raise Frozen, with the people where it is them, for a list that may not go out."""
    today = jakarta_day(at)
    await _one_after_the_other(session, exclusive=False)
    stopped = await _of_programmes(session, [total["programme"] for total in batch.totals], today)
    own = await session.execute(
        text(f"SELECT id, scope, reason, until FROM stoppage f WHERE f.scope = 'batch' AND f.batch_id = :batch AND {ACTIVE} ORDER BY id"),
        {"batch": batch.id, "today": today},
    )
    stopped += own.mappings()
    people = list(
        (
            await session.execute(
                text(f"""SELECT f.id, f.scope, f.reason, f.until, f.person_id FROM stoppage f
                      WHERE f.scope = 'person' AND {ACTIVE}
                        AND EXISTS (SELECT FROM payment p WHERE p.person_id = f.person_id AND p.batch_id = :batch
                                       AND p.outcome = 'prepared' AND f.programme IN ('', p.programme)) ORDER BY f.id LIMIT 50"""),
                {"batch": batch.id, "today": today},
            )
        ).mappings()
    )
    stopped += people
    if stopped:
        raise frozen_by(stopped, [one["person_id"] for one in people])
