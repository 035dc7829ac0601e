"""What the owner of a gap does about it: answers, hands it on, and what happens when the answer stays the same (TROUBLES.md O20)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.missed.gaps import tell_anew
from services.disbursement.domain.offices import ESCALATION_DAYS, SQL_NEXT_UP, TOP, area_of, is_office, speaks_for
from services.disbursement.store import confirmed_holidays
from shared.contracts.disbursement import GapEscalated
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from shared.kernel.ids import uuid7
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox
from shared.web.auth import Caller

ESCALATED_DUE_DAYS: Final = 5
"""Working days that the next office has from the day it gets the gap."""
AUTHOR: Final = "job/escalate"


async def lock_open(session: WriteSession, caller: Caller, gap_id: UUID) -> Row[Any]:
    """The open gap, locked. Raise NotFound (or of another area), IllegalTransition where it is closed, NotAllowed for another's."""
    gap = (await session.execute(text("SELECT * FROM gap WHERE id = :id FOR UPDATE"), {"id": gap_id})).one_or_none()
    if gap is None:
        raise NotFound("there is no such gap", gap=str(gap_id))
    if not speaks_for(gap.owner, caller.areas):
        raise NotAllowed("this gap belongs to an office above your area", owner=gap.owner)
    if gap.state != "open":
        raise IllegalTransition(gap.state, "answer", gap=str(gap_id))
    return gap


async def answer(session: WriteSession, caller: Caller, gap_id: UUID, body: str, expected_on: date | None, *, at: datetime) -> None:
    """Write down an answer, and by when it is expected to be done.

    The same words with the same date are kept as a note and are no new answer: the clock of the escalation goes on.
    """
    gap = await lock_open(session, caller, gap_id)
    if expected_on is not None and expected_on < jakarta_day(at):
        raise InvalidInput("the expected day is over already", expected_on=expected_on.isoformat())
    await _note(session, gap, "answer", body, caller.person, expected_on=expected_on, at=at)
    if (_plain(body), expected_on) == (_plain(gap.answer), gap.expected_on):
        return
    await session.execute(
        text("UPDATE gap SET answer = :body, expected_on = :expected, answered_at = :at WHERE id = :id"),
        {"id": gap_id, "body": body.strip(), "expected": expected_on, "at": at},
    )


def _plain(body: str) -> str:
    """Words only: other spaces, capitals or full stops are no other answer."""
    return " ".join("".join(c if c.isalnum() else " " for c in body.casefold()).split())


async def reassign(session: WriteSession, caller: Caller, gap_id: UUID, owner: str, reason: str, *, at: datetime) -> None:
    """The owner hands the gap to another office, with a reason; the new owner has its days from today.

    Raise InvalidInput for what is no office, or for an office of another area than the person's.
    """
    gap = await lock_open(session, caller, gap_id)
    known = await session.scalars(text("SELECT DISTINCT office FROM gap_owner WHERE position('{' IN office) = 0"))
    if not is_office(owner) or not (area_of(owner) or owner in {*known, TOP}):
        raise InvalidInput("there is no such office", owner=owner)
    place = area_of(owner)
    if place and not f"{gap.area}.".startswith(f"{place}."):
        raise InvalidInput("this office serves another area than the person's", owner=owner)
    if owner == gap.owner:
        raise InvalidInput("this office owns the gap already", owner=owner)
    due = await _due(session, at)
    await session.execute(
        text("""UPDATE gap SET owner = :owner, due_on = :due, version = version + 1, changed_at = :at WHERE id = :id"""),
        {"id": gap_id, "owner": owner, "due": due, "at": at},
    )
    await _note(session, gap, "reassigned", reason, caller.person, owner=owner, at=at)
    await tell_anew(session, [gap_id], at=at)


async def _due(session: WriteSession, at: datetime) -> date:
    return add_working_days(jakarta_day(at), ESCALATED_DUE_DAYS, await confirmed_holidays(session))


async def _note(
    session: WriteSession, gap: Row[Any], what: str, body: str, by: str, *, expected_on: date | None = None, owner: str = "", at: datetime
) -> None:
    await session.execute(
        text("""INSERT INTO gap_note (id, gap_id, person_id, area, what, body, expected_on, owner_before, owner, by, at)
                VALUES (:id, :gap, :person, :area, :what, :body, :expected, :before, :owner, :by, :at)"""),
        {
            "id": uuid7(), "gap": gap.id, "person": gap.person_id, "area": gap.area, "what": what, "body": body.strip(),
            "expected": expected_on, "before": gap.owner if owner else "", "owner": owner, "by": by, "at": at,
        },
    )  # fmt: skip


# Since the gap was opened, told anew, answered otherwise or handed up: 15 days of silence each time.
_ESCALATE: Final = f"""
    WITH silent AS (
        SELECT g.id, g.owner AS owner_before, {SQL_NEXT_UP.format(owner="g.owner")} AS owner
          FROM gap g
         WHERE g.state = 'open' AND g.owner <> :top
           AND greatest(g.opened_at, g.changed_at, g.answered_at, g.escalated_at) <= :silent_since
           FOR UPDATE),
    handed AS (
        UPDATE gap AS g SET owner = s.owner, due_on = :due, version = g.version + 1, escalated_at = :at, escalations = g.escalations + 1
          FROM silent s WHERE s.id = g.id
        RETURNING g.id, g.person_id, g.area, s.owner_before, g.owner, g.answer, g.expected_on)
    INSERT INTO gap_note (id, gap_id, person_id, area, what, body, expected_on, owner_before, owner, by, at)
    SELECT uuidv7(), id, person_id, area, 'escalated', answer, expected_on, owner_before, owner, :by, :at FROM handed"""

_ESCALATED: Final = """
    SELECT g.id, g.version, json_build_object(
               'person_id', g.person_id, 'programme', g.programme, 'month', g.month, 'reason', g.reason, 'area', g.area,
               'owner_before', n.owner_before, 'owner', g.owner, 'due_on', g.due_on, 'escalations', g.escalations)
      FROM gap g JOIN gap_note n ON n.gap_id = g.id AND n.what = 'escalated' AND n.at = :at
     WHERE g.escalated_at = :at ORDER BY g.id"""


async def escalate(session: WriteSession, *, at: datetime) -> int:
    """Gaps whose answer has not changed for 15 days go to the next office up, once for each such time; returns how many."""
    params = {
        "top": TOP, "silent_since": at - timedelta(days=ESCALATION_DAYS), "at": at, "due": await _due(session, at), "by": AUTHOR,
    }  # fmt: skip
    result = await session.execute(text(_ESCALATE), params)
    if not result.rowcount:  # type: ignore[attr-defined]
        return 0
    return await outbox.append_from(session, GapEscalated, _ESCALATED, {"at": at}, at=at)
