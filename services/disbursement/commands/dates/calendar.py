"""Changing the calendar takes two people: one proposes with the paper it rests on, another confirms. Nothing is overwritten.

18 August 2025 became a day off sixteen days before: a change works from the moment it is confirmed, and every deadline that
was not kept yet follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.commands.lists.release import RESULTS_DUE_WORKING_DAYS
from services.disbursement.domain.calendar import STEPS
from services.disbursement.store import confirmed_holidays
from shared.contracts.disbursement import HolidayChanged
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound, Refusal
from shared.kernel.ids import natural_id, uuid7
from shared.kernel.month import Month, month_of
from shared.kernel.workdays import add_working_days_to, is_working_day
from shared.messaging import outbox

Kind = Literal["holiday_added", "holiday_removed", "step", "announcement"]


class ChangePending(Refusal):
    """Somebody proposed a change of the same day, step or cohort; it is confirmed or withdrawn first."""

    code = "change-pending"


class AlreadyHoliday(Refusal):
    """The day is in the table of holidays already."""

    code = "already-a-holiday"


class NotHoliday(Refusal):
    """The day is not in the table of holidays, so it cannot be taken away."""

    code = "not-a-holiday"


class NoWorkingDay(Refusal):
    """Nobody is paid on that day: it is a weekend or a holiday."""

    code = "no-working-day"
    status = 422


@dataclass(frozen=True)
class Change:
    """What is to be changed; ``subject`` is what two open proposals may not have in common."""

    kind: Kind
    subject: str
    content: Mapping[str, Any]
    source: str


def holiday_change(kind: Literal["holiday_added", "holiday_removed"], day: date, name: str, sort: str, source: str) -> Change:
    """``sort``: ``libur_nasional`` or ``cuti_bersama``, as in the decrees of the three ministers."""
    return Change(kind, f"holiday/{day.isoformat()}", {"day": day.isoformat(), "name": name, "kind": sort}, source)


def step_change(content: Mapping[str, Any], source: str) -> Change:
    """``content``: the fields of a ``StepRule`` without its version. Raise InvalidInput for a step that the month does not have."""
    if content["step"] not in STEPS:
        raise InvalidInput(f"there is no step '{content['step']}'", steps=list(STEPS))
    return Change("step", "step/{programme}/{step}/{from_month}".format(**content), content, source)


def announcement(programme: str, month: Month, cohort: str, day: date, source: str) -> Change:
    content = {"programme": programme, "month": month, "cohort": cohort, "day": day.isoformat()}
    return Change("announcement", f"announcement/{programme}/{month}/{cohort}", content, source)


async def propose(session: WriteSession, change: Change, *, by: str, at: datetime) -> UUID:
    """Write the proposal down; it changes nothing yet. Raise ChangePending, or why it could not be confirmed."""
    await _one_at_a_time(session)
    open_id = await session.scalar(
        text("SELECT id FROM calendar_change WHERE subject = :subject AND state = 'proposed'"), {"subject": change.subject}
    )
    if open_id is not None:
        raise ChangePending("a change of the same thing waits for a second person", change=str(open_id))
    await _check(session, change.kind, change.content, at)
    change_id = uuid7()
    await session.execute(
        text("""INSERT INTO calendar_change (id, kind, subject, content, source, state, proposed_by, proposed_at)
                VALUES (:id, :kind, :subject, CAST(:content AS jsonb), :source, 'proposed', :by, :at)"""),
        {
            "id": change_id, "kind": change.kind, "subject": change.subject, "source": change.source, "by": by, "at": at,
            "content": msgspec.json.encode(change.content).decode(),
        },
    )  # fmt: skip
    return change_id


async def confirm(session: WriteSession, change_id: UUID, *, by: str, at: datetime) -> None:
    """The second person: from here on it holds. Raise FourEyes for whoever proposed it, IllegalTransition where it is decided."""
    change = await _decide(session, change_id, "confirm", by=by)
    if change.proposed_by == by:
        raise FourEyes("another person than the one who proposed it confirms a change of the calendar")
    await _check(session, change.kind, change.content, at)
    await _mark(session, change_id, "confirmed", by, at)
    content = change.content
    if change.kind == "holiday_added":
        await session.execute(
            text("INSERT INTO holiday (day, name, kind) VALUES (CAST(:day AS date), :name, :kind)"),
            {"day": content["day"], "name": content["name"], "kind": content["kind"]},
        )
    elif change.kind == "holiday_removed":
        await session.execute(text("SELECT take_holiday_away(:change)"), {"change": change_id})
    elif change.kind == "step":
        await session.execute(_STEP, {**content, "change": change_id})
    else:
        await session.execute(_ANNOUNCED, {**content, "change": change_id, "at": at})
    if change.kind.startswith("holiday"):
        await _move_results_due(session)
        await _tell_holiday(session, change.subject, content, holiday=change.kind == "holiday_added", at=at)


async def _tell_holiday(session: WriteSession, subject: str, content: Mapping[str, Any], *, holiday: bool, at: datetime) -> None:
    """The other services count working days too, by tables of their own."""
    version = await session.scalar(
        text("SELECT count(*) FROM calendar_change WHERE subject = :subject AND state = 'confirmed'"), {"subject": subject}
    )
    data = HolidayChanged(day=content["day"], holiday=holiday, called=content["name"], kind=content["kind"])
    await outbox.append(session, [outbox.Outgoing(natural_id("holiday", content["day"]), int(version or 1), data)], at=at)


async def withdraw(session: WriteSession, change_id: UUID, *, by: str, at: datetime) -> None:
    """Whoever proposed it takes it back, or the second person refuses it; it stays in the history."""
    await _decide(session, change_id, "withdraw", by=by)
    await _mark(session, change_id, "withdrawn", by, at)


_STEP = text("""
    INSERT INTO calendar_step (programme, step, from_month, version, working_day, warn_days, role, escalate_to, change_id)
    SELECT :programme, :step, :from_month,
           1 + coalesce((SELECT max(version) FROM calendar_step s
                          WHERE s.programme = :programme AND s.step = :step AND s.from_month = :from_month), 0),
           :working_day, :warn_days, :role, :escalate_to, :change""")

_ANNOUNCED = text("""
    INSERT INTO announced_date (programme, month, cohort, version, day, change_id, at)
    SELECT :programme, :month, :cohort,
           1 + coalesce((SELECT max(version) FROM announced_date a
                          WHERE a.programme = :programme AND a.month = :month AND a.cohort = :cohort), 0),
           CAST(:day AS date), :change, :at""")


async def _one_at_a_time(session: WriteSession) -> None:
    """Changes of the calendar are few: they queue, so that each is checked against what the one before it made."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('calendar'))"))


async def _decide(session: WriteSession, change_id: UUID, action: str, *, by: str) -> Row[Any]:
    await _one_at_a_time(session)
    change = (
        await session.execute(text("SELECT * FROM calendar_change WHERE id = :id FOR UPDATE"), {"id": change_id})
    ).one_or_none()  # fmt: skip
    if change is None:
        raise NotFound("there is no such change of the calendar", change=str(change_id))
    if change.state != "proposed":
        raise IllegalTransition(change.state, action)
    return change


async def _mark(session: WriteSession, change_id: UUID, state: str, by: str, at: datetime) -> None:
    await session.execute(
        text("UPDATE calendar_change SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"),
        {"state": state, "by": by, "at": at, "id": change_id},
    )


async def _check(session: WriteSession, kind: str, content: Mapping[str, Any], at: datetime) -> None:
    """What must be true when it is proposed, and again when it is confirmed."""
    days = await confirmed_holidays(session)
    if kind == "holiday_added" and date.fromisoformat(content["day"]) in days:
        raise AlreadyHoliday("this day is a holiday already", day=content["day"])
    if kind == "holiday_removed" and date.fromisoformat(content["day"]) not in days:
        raise NotHoliday("this day is no holiday", day=content["day"])
    if kind == "announcement" and not is_working_day(date.fromisoformat(content["day"]), days):
        raise NoWorkingDay("people are not paid on a weekend or a holiday; announce a working day", day=content["day"])
    this_month = month_of(jakarta_day(at))
    if kind == "step" and content["from_month"] < this_month:
        raise InvalidInput("a rule begins this month or later: what was late then stays late", earliest=this_month)


async def _move_results_due(session: WriteSession) -> None:
    """Lists at the bank whose results are not due yet wait three working days by the table as it is now (CORE.md section 4)."""
    days = await confirmed_holidays(session)
    waiting = await session.execute(
        text("SELECT id, released_at FROM batch WHERE state = 'released' AND NOT results_due ORDER BY id FOR UPDATE")
    )
    for batch in waiting.all():
        await session.execute(
            text("UPDATE batch SET results_due_at = :due WHERE id = :id"),
            {"due": add_working_days_to(batch.released_at, RESULTS_DUE_WORKING_DAYS, days), "id": batch.id},
        )
