"""Cases: opened by a person, noted, answered by somebody else, closed with a result. Nothing here moves a month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.missed.case_rules import put, rule_for, write_entry
from services.disbursement.domain.cases import (
    ACCESS,
    ACCESS_RESULTS,
    AGAINST,
    FILED_BY,
    FILING_DAYS,
    NOTICE_WAYS,
    Kind,
    State,
    Step,
    after,
)
from services.disbursement.domain.offices import SQL_OF_AREA, speaks_for
from services.disbursement.store import confirmed_holidays
from shared.contracts.disbursement import CaseWarned
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, InvalidInput, NotAllowed, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox
from shared.web.auth import Caller

AUTHOR: Final = "job/cases"
NOT_DRAWN_DAYS: Final = 105
"""Days without a withdrawal after which a credited account is visited (TROUBLES.md O8)."""


class CaseOpen(Refusal):
    """A case of this kind about this person is open: add to it."""

    code = "case-open"


class ReplyTermRuns(Refusal):
    """The person still has time to reply: nobody decides before."""

    code = "reply-term-runs"


def must_be_over(day: date, at: datetime, what: str) -> None:
    """Raise InvalidInput for a day that has not come yet."""
    if day > jakarta_day(at):
        raise InvalidInput(f"the day of the {what} has not come yet", day=day.isoformat())


async def area_of_person(session: AnySession, person_id: UUID, programme: str, month: str = "") -> str:
    """Where the person lives now, by their newest month (or that one). Raise NotFound where the caller sees none."""
    area = await session.scalar(
        text("""SELECT h.area FROM programme_month pm
                  JOIN entitlement_month h ON h.month = pm.month AND h.programme = pm.programme AND h.person_id = :person
                 WHERE pm.programme = :programme AND :month IN ('', pm.month) ORDER BY pm.month DESC LIMIT 1"""),
        {"person": person_id, "programme": programme, "month": month},
    )
    if area is None:
        raise NotFound("there is no such person-month in your area", person_id=str(person_id), programme=programme, month=month)
    return str(area)


async def load_for_update(session: WriteSession, case_id: UUID, *kinds: Kind) -> Row[Any]:
    """The case, locked. Raise NotFound, also where it is of another kind or area."""
    case = (await session.execute(text("SELECT * FROM case_file WHERE id = :id FOR UPDATE"), {"id": case_id})).one_or_none()
    if case is None or (kinds and case.kind not in kinds):
        raise NotFound("there is no such case", case=str(case_id))
    return case


async def open_case(
    session: WriteSession, kind: Kind, *, about: str, situation: str, person_id: UUID, programme: str, from_month: str, to_month: str,
    area: str, by: str, at: datetime, since: date, body: str = "", amount: int = 0, evidence: str = "", decided_by: str = "",
) -> UUID:  # fmt: skip
    """A new case with its first entry; its term counts from ``since``."""
    rule = await rule_for(session, kind.value, situation, area, since)
    case_id = uuid7()
    await session.execute(
        text("""INSERT INTO case_file (id, kind, about, person_id, programme, from_month, to_month, area, state, step, owner, due_on,
                                       amount, evidence, decided_by, opened_by, opened_at, changed_at)
                VALUES (:id, :kind, :about, :person, :programme, :from_month, :to_month, :area, 'open', :step, :owner, :due,
                        :amount, :evidence, :decided_by, :by, :at, :at)"""),
        {
            "id": case_id, "kind": kind.value, "about": about, "person": person_id, "programme": programme, "from_month": from_month,
            "to_month": to_month, "area": area, "step": rule.step, "owner": rule.owner, "due": rule.due_on, "amount": amount,
            "evidence": evidence, "decided_by": decided_by, "by": by, "at": at,
        },
    )  # fmt: skip
    case = await load_for_update(session, case_id)
    await write_entry(session, case, "opened", by=by, at=at, body=body or about, on_day=since, amount=amount, document=evidence)
    return case_id


async def note(session: WriteSession, caller: Caller, case_id: UUID, body: str, *, at: datetime) -> None:
    """Add a note to an open case."""
    case = await load_for_update(session, case_id)
    if case.state == State.CLOSED:
        after(case.kind, case.state, Step.CLOSE)
    await write_entry(session, case, "note", by=caller.person, at=at, body=body)


# --- holds ----------------------------------------------------------------------------------------------------------


async def notify(
    session: WriteSession, caller: Caller, case_id: UUID, on: date, how: str, document: str, reply_days: int | None, *, at: datetime
) -> None:
    """The person was told of the hold; the term to reply runs from that day, in working days."""
    case = await load_for_update(session, case_id, Kind.HOLD)
    state = after(case.kind, case.state, Step.NOTIFY)
    if how not in NOTICE_WAYS:
        raise InvalidInput(f"'{how}' is no way of a notice", ways=list(NOTICE_WAYS))
    must_be_over(on, at, "notice")
    rule = await rule_for(session, "hold", "notified", case.area, on, working_days=reply_days)
    await write_entry(session, case, "notice", by=caller.person, at=at, body=how, on_day=on, document=document)
    await put(session, case_id, rule, at=at, state=state.value, noticed_on=on, reply_due_on=rule.due_on)


async def reply(session: WriteSession, caller: Caller, case_id: UUID, on: date, body: str, *, at: datetime) -> None:
    """What the person says to it; late ones are taken too."""
    case = await load_for_update(session, case_id, Kind.HOLD)
    state = after(case.kind, case.state, Step.REPLY)
    must_be_over(on, at, "reply")
    await write_entry(session, case, "reply", by=caller.person, at=at, body=body, on_day=on)
    await put(session, case_id, await rule_for(session, "hold", "replied", case.area, jakarta_day(at)), at=at, state=state.value)


async def decide_hold(session: WriteSession, caller: Caller, case_id: UUID, decision: str, body: str, *, at: datetime) -> None:
    """Resume or end: what must be ordered in beneficiary now. Raise ReplyTermRuns while the person may still reply."""
    case = await load_for_update(session, case_id, Kind.HOLD)
    state = after(case.kind, case.state, Step.DECIDE)
    if case.state == State.NOTIFIED and case.reply_due_on >= jakarta_day(at):
        raise ReplyTermRuns("the term to reply is not over", reply_due_on=case.reply_due_on.isoformat())
    rule = await rule_for(session, "hold", f"decided:{decision}", case.area, jakarta_day(at))
    await write_entry(session, case, "decision", by=caller.person, at=at, body=f"{decision}: {body}")
    await put(session, case_id, rule, at=at, state=state.value, result=decision)


# --- objections -----------------------------------------------------------------------------------------------------


async def object_to(
    session: WriteSession, caller: Caller, *, person_id: UUID, programme: str, month: str, against: str, filed_on: date, filed_by: str,
    body: str, decided_on: date | None, decided_by: str, at: datetime,
) -> UUID:  # fmt: skip
    """An objection, filed by phone, letter or visit. One that comes after the term is taken, and says so."""
    if against not in AGAINST or filed_by not in FILED_BY:
        raise InvalidInput("what is objected to, or how it was filed, is not known here", against=list(AGAINST), filed_by=list(FILED_BY))
    must_be_over(filed_on, at, "objection")
    area = await area_of_person(session, person_id, programme, month)
    if await session.scalar(
        text("""SELECT 1 FROM case_file WHERE kind = 'objection' AND state <> 'closed' AND person_id = :person AND programme = :programme
                   AND from_month = :month AND about = :about"""),
        {"person": person_id, "programme": programme, "month": month, "about": against},
    ):
        raise CaseOpen("this objection is open already; add a note to it")
    late = ""
    if decided_on is not None:
        last = add_working_days(decided_on, FILING_DAYS, await confirmed_holidays(session))
        late = f" (filed after {last.isoformat()})" if filed_on > last else ""
    return await open_case(
        session, Kind.OBJECTION, about=against, situation="open", person_id=person_id, programme=programme, from_month=month,
        to_month=month, area=area, by=caller.person, at=at, since=filed_on, body=f"{filed_by}: {body}{late}", decided_by=decided_by,
    )  # fmt: skip


async def answer_objection(
    session: WriteSession, caller: Caller, case_id: UUID, result: str, reason: str, document: str, *, at: datetime
) -> None:
    """Upheld or rejected, with the reason, by somebody who did not decide; the case then shows what must be done.

    Raise FourEyes for whoever decided what is objected to, as it is on record or as the objection names it.
    """
    case = await load_for_update(session, case_id, Kind.OBJECTION)
    state = after(case.kind, case.state, Step.ANSWER)
    if caller.person in await _deciders(session, case):
        raise FourEyes("whoever decided may not answer the objection to it", case=str(case_id))
    situation = "rejected" if result == "rejected" else f"upheld:{case.about}"
    rule = await rule_for(session, "objection", situation, case.area, jakarta_day(at))
    await write_entry(session, case, "answer", by=caller.person, at=at, body=f"{result}: {reason}", document=document)
    await put(session, case_id, rule, at=at, state=state.value, result=result)


async def _deciders(session: WriteSession, case: Row[Any]) -> set[str]:
    """Who decided about this month: an exclusion, a line left out, a hold; and whom the objection names."""
    found = await session.scalars(
        text("""
            SELECT unnest(ARRAY[asked_by, decided_by]) FROM exclusion_order
             WHERE person_id = :person AND programme = :programme AND month = :month AND state = 'confirmed'
             UNION
            SELECT unnest(ARRAY[asked_by, confirmed_by]) FROM left_out
             WHERE person_id = :person AND programme = :programme AND month = :month AND confirmed_by <> ''
             UNION
            SELECT e.by FROM case_entry e JOIN case_file c ON c.id = e.case_id
             WHERE c.kind = 'hold' AND c.person_id = :person AND c.programme = :programme AND e.what = 'decision'"""),
        {"person": case.person_id, "programme": case.programme, "month": case.from_month},
    )
    return {case.decided_by, *found} - {""}


# --- access ---------------------------------------------------------------------------------------------------------


async def open_access(
    session: WriteSession, caller: Caller, *, person_id: UUID, programme: str, month: str, problem: str, body: str, at: datetime
) -> UUID:
    """The money is there and cannot be reached. The month stays what it is (DESIGN.md, paid is credited)."""
    if problem not in ACCESS:
        raise InvalidInput(f"'{problem}' is no access problem", problems=list(ACCESS))
    area = await area_of_person(session, person_id, programme, month)
    if await session.scalar(
        text("""SELECT 1 FROM case_file WHERE kind = 'access' AND state <> 'closed' AND person_id = :person AND programme = :programme
                   AND about = :about"""),
        {"person": person_id, "programme": programme, "about": problem},
    ):
        raise CaseOpen("this access problem is open already; add a note to it")
    return await open_case(
        session, Kind.ACCESS, about=problem, situation=problem, person_id=person_id, programme=programme, from_month=month, to_month=month,
        area=area, by=caller.person, at=at, since=jakarta_day(at), body=body,
    )  # fmt: skip


async def close(session: WriteSession, caller: Caller, case_id: UUID, result: str, body: str, *, at: datetime) -> None:
    """An access problem ends with a result; an answered objection when what had to be done is done.

    Raise NotAllowed where the case belongs to an office above the caller's area.
    """
    case = await load_for_update(session, case_id, Kind.ACCESS, Kind.OBJECTION)
    if not speaks_for(case.owner, caller.areas):
        raise NotAllowed("this case belongs to an office above your area", owner=case.owner)
    state = after(case.kind, case.state, Step.CLOSE)
    if case.kind == Kind.ACCESS and result not in ACCESS_RESULTS:
        raise InvalidInput(f"'{result}' is no result of an access case", results=list(ACCESS_RESULTS))
    await write_entry(session, case, "closed", by=caller.person, at=at, body=f"{result}: {body}")
    result = case.result if case.kind == Kind.OBJECTION else result
    await put(session, case_id, None, at=at, state=state.value, result=result, closed_by=caller.person, closed_at=at)


_NOT_DRAWN: Final = f"""
    WITH silent AS (
        SELECT DISTINCT ON (p.person_id, p.programme) p.person_id, p.programme, p.area, p.reference, p.settled_on, a.month
          FROM payment p JOIN payment_month a ON a.payment_id = p.id
          JOIN bank_code b ON b.code = p.code AND b.withdrawn = false
         WHERE p.outcome = 'credited' AND p.withdrawn_on IS NULL AND p.settled_on <= :before
           AND NOT EXISTS (SELECT FROM payment l WHERE l.person_id = p.person_id AND l.programme = p.programme
                              AND l.withdrawn_on >= p.settled_on)
         ORDER BY p.person_id, p.programme, p.settled_on, a.month),
    made AS (
        INSERT INTO case_file (id, kind, about, person_id, programme, from_month, to_month, area, state, step, owner, due_on, evidence,
                               opened_by, opened_at, entries, changed_at)
        SELECT uuidv7(), 'access', 'not_drawn', s.person_id, s.programme, s.month, s.month, s.area, 'open', :step,
               {SQL_OF_AREA.format(office="CAST(:office AS text)", area="s.area")}, :due, s.reference, :by, :at, 1, :at
          FROM silent s
         WHERE NOT EXISTS (SELECT FROM case_file c WHERE c.kind = 'access' AND c.about = 'not_drawn' AND c.person_id = s.person_id
                              AND c.programme = s.programme AND (c.state <> 'closed' OR c.evidence = s.reference))
        RETURNING id, person_id, area, evidence)
    INSERT INTO case_entry (case_id, no, person_id, area, what, body, document, by, at)
    SELECT id, 1, person_id, area, 'opened', 'not_drawn', evidence, :by, :at FROM made"""


async def visit_not_drawn(session: WriteSession, caller: Caller, days: int, *, at: datetime) -> int:
    """A visit for everybody whose credited money the bank reports as not drawn for so many days; the months stay paid.

    No stop and no pull-back follows by itself (TROUBLES.md O8). Returns how many visits were opened.
    """
    today = jakarta_day(at)
    rule = (
        await session.execute(
            text("""SELECT step, office, working_days FROM case_rule WHERE kind = 'access' AND situation = 'not_drawn'
                       AND valid_from <= :today ORDER BY valid_from DESC LIMIT 1"""),
            {"today": today},
        )
    ).one()
    due = add_working_days(today, rule.working_days, await confirmed_holidays(session))
    made = await session.execute(
        text(_NOT_DRAWN),
        {
            "before": date.fromordinal(today.toordinal() - days), "step": rule.step, "office": rule.office, "due": due,
            "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return int(made.rowcount)  # type: ignore[attr-defined]


# --- the clock ------------------------------------------------------------------------------------------------------

_LATE: Final = """
    WITH late AS (
        UPDATE case_file AS c SET warned_for = c.due_on, version = c.version + 1, entries = c.entries + 1
         WHERE c.state <> 'closed' AND c.due_on < :today AND c.warned_for IS DISTINCT FROM c.due_on
        RETURNING c.id, c.entries, c.person_id, c.area, c.step)
    INSERT INTO case_entry (case_id, no, person_id, area, what, body, by, at)
    SELECT id, entries, person_id, area, 'warned', step, :by, :at FROM late"""

_WARNED: Final = """
    SELECT c.id, c.version, json_build_object(
               'kind', c.kind, 'about', c.about, 'person_id', c.person_id, 'programme', c.programme, 'step', c.step, 'owner', c.owner,
               'due_on', c.due_on)
      FROM case_file c JOIN case_entry e ON e.case_id = c.id AND e.what = 'warned' AND e.at = :at AND e.no = c.entries
     ORDER BY c.id"""


async def warn(session: WriteSession, *, at: datetime) -> int:
    """Cases past their date are warned of, once for each date; returns how many."""
    result = await session.execute(text(_LATE), {"today": jakarta_day(at), "at": at, "by": AUTHOR})
    if not result.rowcount:  # type: ignore[attr-defined]
        return 0
    return await outbox.append_from(session, CaseWarned, _WARNED, {"at": at}, at=at)
