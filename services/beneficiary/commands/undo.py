"""Take a committed file of status changes back, while nothing was built on it: two people, and counter-states with a link.

Nothing is deleted. Each state that the file wrote gets a later one that restates what held before it, from the same month on,
with ``undoes`` = the version it takes back; the person's stream tells it like every change. A decree's list is not taken back
(docs/adr/0016): a person whom a decree named stays named, and leaves by an end with a lawful reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.beneficiary import store
from services.beneficiary.commands.status import write_states
from shared.contracts.beneficiary import EnrolmentActivated, EnrolmentState, EnrolmentSuspended
from shared.db.session import AnySession, WriteSession
from shared.imports import lifecycle
from shared.kernel.errors import FourEyes, IllegalTransition, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.kernel.month import month_of
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

KIND: Final = "status"
SHOWN: Final = 20
"""People who are named in a refusal; the others are counted."""

_RESTATED: Final[dict[str, type[EnrolmentState]]] = {"active": EnrolmentActivated, "suspended": EnrolmentSuspended}
"""Nothing follows an end, so what held before a change was active or suspended."""


class NotUndoable(Refusal):
    """Files of this kind are not taken back as a whole; ``instead`` says what is done."""

    code = "import-not-undoable"


class BuiltOn(Refusal):
    """Something rests on this file by now; ``sealed``, ``reaching_back`` and ``changed_since`` say what."""

    code = "import-built-on"


class UndoWaits(Refusal):
    """Somebody has asked for this already."""

    code = "undo-waits"


@dataclass(frozen=True)
class Dependents:
    """What rests on a file. ``sealed``: months of its changes that have a seal. ``reaching_back``: resumptions and ends of a
    programme without a seal that reach months before this one, which may have come in from before Ritme and followed.
    ``people``: whose state in the same programme changed since.
    """

    sealed: list[dict[str, str]]
    reaching_back: list[dict[str, str]]
    people: list[UUID]

    def view(self) -> dict[str, Any]:
        return {
            "sealed": self.sealed, "reaching_back": self.reaching_back, "changed_since": len(self.people),
            "people": [str(one) for one in self.people[:SHOWN]],
        }  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.sealed or self.reaching_back or self.people)


async def undo_view(session: AnySession, import_id: UUID, *, today: date) -> dict[str, Any]:
    """Whether the file can be taken back now, what rests on it, and who asked and decided. Raise NotFound."""
    found = await lifecycle.load(session, import_id)
    asked = (
        await session.execute(text("SELECT * FROM import_undo WHERE import_id = :id ORDER BY asked_at DESC LIMIT 1"), {"id": import_id})
    ).one_or_none()
    possible = found.kind == KIND and found.state == "committed" and await _linked(session, import_id)
    rests = await _dependents(session, import_id, today) if possible else Dependents([], [], [])
    shown = (
        {key: getattr(asked, key) for key in ("state", "reason", "document", "asked_by", "asked_at", "decided_by", "decided_at", "changes")}
        if asked is not None
        else None
    )
    return {"import_id": str(import_id), "possible": possible and not rests, "depends": rests.view(), "undo": shown}


async def undos(session: AnySession, state: str) -> list[dict[str, Any]]:
    """Of a state, or all where it is empty; a file of other areas is not there, and neither is its undo."""
    rows = await session.execute(
        text("""SELECT u.import_id, f.file_name, u.state, u.reason, u.document, u.asked_by, u.asked_at, u.decided_by, u.decided_at,
                       u.changes
                  FROM import_undo u JOIN import_file f ON f.id = u.import_id
                 WHERE :state IN ('', u.state) ORDER BY u.asked_at DESC LIMIT 200"""),
        {"state": state},
    )
    return [dict(row) for row in rows.mappings()]


async def ask_undo(session: WriteSession, import_id: UUID, reason: str, document: str, *, by: str, today: date, at: datetime) -> None:
    """One person asks. Raise NotFound, IllegalTransition, NotUndoable, BuiltOn or UndoWaits."""
    await _undoable(session, import_id, today)
    if await session.scalar(text("SELECT 1 FROM import_undo WHERE import_id = :id AND state = 'proposed'"), {"id": import_id}):
        raise UndoWaits("somebody has asked for this already; another person decides")
    await session.execute(
        text("""INSERT INTO import_undo (id, import_id, state, reason, document, asked_by, asked_at)
                VALUES (:id, :import, 'proposed', :reason, :document, :by, :at)"""),
        {"id": uuid7(), "import": import_id, "reason": reason, "document": document, "by": by, "at": at},
    )


async def refuse_undo(session: WriteSession, import_id: UUID, *, by: str, at: datetime) -> None:
    """The file stays; whoever asked may take it back too."""
    await lifecycle.load(session, import_id, lock=True)
    asked = await _asked(session, import_id)
    await _decide(session, asked.id, "refused", by=by, at=at, changes=0)


async def confirm_undo(session: WriteSession, import_id: UUID, *, by: str, today: date, at: datetime) -> list[UUID]:
    """Another person: every state of the file is taken back now; returns whose. Raise FourEyes, and all of ``ask_undo``."""
    await lifecycle.load(session, import_id, lock=True)
    asked = await _asked(session, import_id)
    if asked.asked_by == by:
        raise FourEyes("whoever asked for the undo cannot confirm it; a second person must", acted=asked.asked_by)
    programmes = set(await session.scalars(text("SELECT DISTINCT programme FROM enrolment WHERE import_id = :id"), {"id": import_id}))
    await store.join_cutoff_queue(session, programmes)  # a seal comes before this and is seen, or waits for it
    people = set(await session.scalars(text("SELECT DISTINCT person_id FROM enrolment WHERE import_id = :id"), {"id": import_id}))
    versions = await store.lock_people(session, people)
    found = await _undoable(session, import_id, today)
    changes = await _take_back(session, found, versions, document=asked.document, by=by, at=at)
    await _decide(session, asked.id, "done", by=by, at=at, changes=changes)
    # Its bytes may be sent again, mended or not: to the import table it is a file that was cancelled, with what became of it.
    await session.execute(
        text("""UPDATE import_file SET state = 'cancelled',
                       result = coalesce(result, '{}'::jsonb) || jsonb_build_object('undone', CAST(:changes AS int)) WHERE id = :id"""),
        {"id": import_id, "changes": changes},
    )
    return list(people)


async def _undoable(session: WriteSession, import_id: UUID, today: date) -> Row[Any]:
    """The file, locked, where it can be taken back now."""
    found = await lifecycle.load(session, import_id, lock=True)
    if found.kind != KIND:
        raise NotUndoable(
            "a decree's list stays as two people took it from the signed paper; who should not be on it is ended", instead="end"
        )
    if found.state != "committed":
        raise IllegalTransition(found.state, "undo")
    if not await _linked(session, import_id):
        raise NotUndoable("this file was committed before files were linked to what they changed; order the opposite", instead="order")
    rests = await _dependents(session, import_id, today)
    if rests:
        raise BuiltOn(_words(rests), **rests.view())
    return found


def _words(rests: Dependents) -> str:
    said = [f"{one['programme']} {one['month']} is sealed with it" for one in rests.sealed]
    said += [f"{one['programme']} {one['month']} may have followed it" for one in rests.reaching_back]
    said += [f"{len(rests.people)} of its people changed again since"] if rests.people else []
    return f"this file cannot be taken back: {'; '.join(said)}"


async def _linked(session: AnySession, import_id: UUID) -> bool:
    return bool(await session.scalar(text("SELECT 1 FROM enrolment WHERE import_id = :id LIMIT 1"), {"id": import_id}))


async def _dependents(session: AnySession, import_id: UUID, today: date) -> Dependents:
    sealed = await session.execute(
        text("""SELECT DISTINCT c.programme, c.month FROM cutoff c JOIN enrolment e ON e.programme = c.programme AND e.from_month <= c.month
                 WHERE e.import_id = :id ORDER BY c.programme, c.month"""),
        {"id": import_id},
    )
    back = await session.execute(
        text("""SELECT DISTINCT e.programme, e.from_month AS month FROM enrolment e
                 WHERE e.import_id = :id AND e.status <> 'suspended' AND e.from_month < :now
                   AND NOT EXISTS (SELECT FROM cutoff c WHERE c.programme = e.programme) ORDER BY 1, 2"""),
        {"id": import_id, "now": month_of(today)},
    )
    people = await session.scalars(
        text("""SELECT DISTINCT e.person_id FROM enrolment e
                  JOIN enrolment later ON later.person_id = e.person_id AND later.programme = e.programme
                   AND later.person_version > e.person_version
                 WHERE e.import_id = :id ORDER BY e.person_id"""),
        {"id": import_id},
    )
    return Dependents([dict(row) for row in sealed.mappings()], [dict(row) for row in back.mappings()], list(people))


async def _take_back(session: WriteSession, file: Row[Any], versions: dict[UUID, int], *, document: str, by: str, at: datetime) -> int:
    """A later state for each of the file's, as the one before it was. Under the locks of people and programmes."""
    found = await session.execute(
        text("""SELECT e.person_id, e.person_version, e.programme, e.decree_id, e.amount, e.from_month, e.to_month,
                       before.status, before.reason, before.cohort, p.area
                  FROM enrolment e JOIN person p ON p.id = e.person_id
                 CROSS JOIN LATERAL (
                       SELECT b.status, b.reason, b.cohort FROM enrolment b
                        WHERE b.person_id = e.person_id AND b.programme = e.programme AND b.decree_id = e.decree_id
                          AND b.person_version < e.person_version AND b.from_month <= e.from_month AND e.from_month <= b.to_month
                        ORDER BY b.person_version DESC LIMIT 1) AS before
                 WHERE e.import_id = :id ORDER BY e.person_id, e.person_version"""),
        {"id": file.id},
    )
    written = found.all()
    if len(written) != file.result["changes"]:  # they moved since: the rows of others cannot be seen from here
        raise NotFound("some of the file's people do not live in your areas any more")
    cutoff_no = await store.cutoff_numbers(session)
    rows: list[dict[str, Any]] = []
    events: list[Outgoing] = []
    for row in written:
        versions[row.person_id] += 1
        payload = _RESTATED[row.status](
            programme=row.programme, decree_id=row.decree_id, cohort=row.cohort, area=row.area, amount=row.amount, reason=row.reason,
            from_month=row.from_month, to_month=row.to_month, cutoff_no=cutoff_no[row.programme],
        )  # fmt: skip
        events.append(Outgoing(row.person_id, versions[row.person_id], payload))
        rows.append(
            msgspec.to_builtins(payload)
            | {
                "person_id": str(row.person_id), "person_version": versions[row.person_id], "status": row.status, "evidence": document,
                "undoes": row.person_version,
            }
        )  # fmt: skip
    await write_states(session, rows, author=by, at=at)
    await outbox.append(session, events, at=at)
    return len(rows)


async def _asked(session: WriteSession, import_id: UUID) -> Row[Any]:
    asked = (
        await session.execute(text("SELECT * FROM import_undo WHERE import_id = :id AND state = 'proposed' FOR UPDATE"), {"id": import_id})
    ).one_or_none()
    if asked is None:
        raise IllegalTransition("not_proposed", "decide")
    return asked


async def _decide(session: WriteSession, undo_id: UUID, state: str, *, by: str, at: datetime, changes: int) -> None:
    await session.execute(
        text("UPDATE import_undo SET state = :state, decided_by = :by, decided_at = :at, changes = :changes WHERE id = :id"),
        {"id": undo_id, "state": state, "by": by, "at": at, "changes": changes},
    )
