"""What was paid and not owed is claimed back beside the ledger: the paid entries stay (TROUBLES.md O8, DOMAIN.md, death known late)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.missed.case_rules import put, rule_for, write_entry
from services.disbursement.commands.missed.cases import area_of_person, load_for_update, must_be_over, open_case
from services.disbursement.domain.cases import CLAIMS, Kind, Step, after, claimed_from, next_instalment
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, InvalidInput, Refusal
from shared.web.auth import Caller


class NothingPaid(Refusal):
    """None of these months is paid and unclaimed: there is nothing to claim back."""

    code = "nothing-paid"


class MoreThanOwed(Refusal):
    """Repayments or instalments are more than what is still owed."""

    code = "more-than-owed"


async def claim(
    session: WriteSession, caller: Caller, *, person_id: UUID, programme: str, about: str, day_of_death: date | None,
    months: Sequence[str], document: str, at: datetime,
) -> UUID:  # fmt: skip
    """Claim the paid months after the month of death (or the months named, for another cause). Each month is claimed once.

    Raise NothingPaid where none of them is paid, or all were claimed before; then nothing is opened.
    """
    if about not in CLAIMS:
        raise InvalidInput(f"'{about}' is no cause of a claim", causes=list(CLAIMS))
    if (about == "died") != (day_of_death is not None) or (about != "died" and not months):
        raise InvalidInput("give the day of death for 'died', the months for any other cause")
    since = jakarta_day(at)
    first = ""
    if day_of_death is not None:
        must_be_over(day_of_death, at, "death")
        first = claimed_from(day_of_death)
    area = await area_of_person(session, person_id, programme)
    owed = await _paid(session, person_id, programme, first, months)
    if not owed:
        raise NothingPaid("none of these months is paid and unclaimed", person_id=str(person_id), programme=programme)
    case_id = await open_case(
        session, Kind.RECOVERY, about=about, situation="open", person_id=person_id, programme=programme, from_month=owed[0].month,
        to_month=owed[-1].month, area=area, by=caller.person, at=at, since=since,
        body=f"died on {day_of_death.isoformat()}" if day_of_death else about, amount=sum(one.amount for one in owed), evidence=document,
    )  # fmt: skip
    await session.execute(
        text("""INSERT INTO claim_month (person_id, programme, month, case_id, area, amount)
                SELECT :person, :programme, month, :case, :area, amount
                  FROM unnest(CAST(:months AS text[]), CAST(:amounts AS bigint[])) AS m(month, amount)"""),
        {
            "person": person_id, "programme": programme, "case": case_id, "area": area, "months": [one.month for one in owed],
            "amounts": [one.amount for one in owed],
        },
    )  # fmt: skip
    return case_id


async def _paid(session: WriteSession, person_id: UUID, programme: str, first: str, months: Sequence[str]) -> Sequence[Row[Any]]:
    found = await session.execute(
        text("""SELECT h.month, h.amount FROM programme_month pm
                  JOIN entitlement_month h ON h.month = pm.month AND h.programme = pm.programme AND h.person_id = :person
                 WHERE pm.programme = :programme AND h.outcome = 'paid' AND h.month >= :first
                   AND (CAST(:months AS text[]) = '{}' OR h.month = ANY(CAST(:months AS text[])))
                   AND NOT EXISTS (SELECT FROM claim_month m WHERE m.person_id = h.person_id AND m.programme = h.programme
                                      AND m.month = h.month)
                 ORDER BY h.month"""),
        {"person": person_id, "programme": programme, "first": first, "months": list(months)},
    )
    return found.all()


async def balance(session: AnySession, case_id: UUID) -> dict[str, int]:
    """Claimed, repaid, sent back by the bank since, and what is still owed; rupiah."""
    found = (
        await session.execute(
            text("""
                SELECT c.amount, coalesce((SELECT sum(e.amount) FROM case_entry e
                                          WHERE e.case_id = c.id AND e.what = 'repayment'), 0)::bigint AS repaid,
                       coalesce((SELECT sum(m.amount) FROM claim_month m JOIN entitlement_month h
                                     ON h.month = m.month AND h.programme = m.programme AND h.person_id = m.person_id
                                  WHERE m.case_id = c.id AND h.outcome <> 'paid'), 0)::bigint AS returned,
                       coalesce((SELECT sum(e.amount) FROM case_entry e WHERE e.case_id = c.id AND e.what = 'written_off'), 0)::bigint
                           AS written_off
                  FROM case_file c WHERE c.id = :id"""),
            {"id": case_id},
        )
    ).one()
    owed = found.amount - found.repaid - found.returned - found.written_off
    return {
        "claimed": int(found.amount), "repaid": int(found.repaid), "returned_by_bank": int(found.returned),
        "written_off": int(found.written_off), "owed": max(int(owed), 0),
    }  # fmt: skip


async def plan(session: WriteSession, caller: Caller, case_id: UUID, instalments: Sequence[tuple[date, int]], *, at: datetime) -> None:
    """Agree on instalments; a new plan takes the place of the one before. Their sum is what is owed, exactly."""
    case = await load_for_update(session, case_id, Kind.RECOVERY)
    after(case.kind, case.state, Step.PLAN)
    now = await balance(session, case_id)
    total = sum(amount for _, amount in instalments)
    if total != now["owed"]:
        raise MoreThanOwed("the instalments do not add up to what is owed", instalments=total, owed=now["owed"])
    number = case.entries + 1
    for day, amount in sorted(instalments):
        await write_entry(session, case, "instalment", by=caller.person, at=at, body=f"plan {number}", on_day=day, amount=amount)
    first = min(day for day, _ in instalments)
    await put(session, case_id, None, at=at, step="await_instalment", due_on=first)


async def repay(session: WriteSession, caller: Caller, case_id: UUID, on: date, amount: int, document: str, *, at: datetime) -> bool:
    """Money came back to the treasury (the document is its STS or slip); True once nothing is owed any more, and the case closes."""
    case = await load_for_update(session, case_id, Kind.RECOVERY)
    state = after(case.kind, case.state, Step.REPAY)
    must_be_over(on, at, "repayment")
    before = await balance(session, case_id)
    if amount > before["owed"]:
        raise MoreThanOwed("this is more than what is owed", amount=amount, owed=before["owed"])
    await write_entry(session, case, "repayment", by=caller.person, at=at, on_day=on, amount=amount, document=document)
    if amount == before["owed"]:
        closed = after(case.kind, state, Step.SETTLE)
        await put(session, case_id, None, at=at, state=closed.value, result="repaid", closed_by=caller.person, closed_at=at)
        return True
    rows = (await session.execute(text(PLAN), {"id": case_id})).all()
    due = next_instalment([(row.on_day, row.amount) for row in rows], rows[0].repaid if rows else 0)
    if due is not None:
        await put(session, case_id, None, at=at, due_on=due)
    return False


PLAN: Final = """
    SELECT i.on_day, i.amount,
           coalesce((SELECT sum(r.amount) FROM case_entry r
                      WHERE r.case_id = :id AND r.what = 'repayment' AND r.no > i.first_no), 0)::bigint AS repaid
      FROM (SELECT e.*, min(e.no) OVER () AS first_no FROM case_entry e
             WHERE e.case_id = :id AND e.what = 'instalment' AND e.body = (
                   SELECT l.body FROM case_entry l WHERE l.case_id = :id AND l.what = 'instalment' ORDER BY l.no DESC LIMIT 1)) AS i
     ORDER BY i.on_day"""
"""The instalments that are agreed on now, and what was repaid since."""


async def ask_write_off(session: WriteSession, caller: Caller, case_id: UUID, document: str, reason: str, *, at: datetime) -> None:
    """Ask that what is still owed be given up; a second person decides."""
    case = await load_for_update(session, case_id, Kind.RECOVERY)
    state = after(case.kind, case.state, Step.ASK_WRITE_OFF)
    owed = (await balance(session, case_id))["owed"]
    await write_entry(session, case, "write_off_asked", by=caller.person, at=at, body=reason, amount=owed, document=document)
    rule = await rule_for(session, "recovery", state.value, case.area, jakarta_day(at))
    await put(session, case_id, rule, at=at, state=state.value)


async def decide_write_off(session: WriteSession, caller: Caller, case_id: UUID, *, granted: bool, at: datetime) -> None:
    """The second person: given up, or claimed on. Raise FourEyes for whoever asked."""
    case = await load_for_update(session, case_id, Kind.RECOVERY)
    state = after(case.kind, case.state, Step.WRITE_OFF if granted else Step.REFUSE_WRITE_OFF)
    asked = (
        await session.execute(
            text("SELECT by, document FROM case_entry WHERE case_id = :id AND what = 'write_off_asked' ORDER BY no DESC LIMIT 1"),
            {"id": case_id},
        )
    ).one()
    if asked.by == caller.person:
        raise FourEyes("another person must decide on the write-off", asked_by=asked.by)
    if not granted:
        await write_entry(session, case, "write_off_refused", by=caller.person, at=at)
        rule = await rule_for(session, "recovery", "open", case.area, jakarta_day(at))
        await put(session, case_id, rule, at=at, state=state.value)
        return
    owed = (await balance(session, case_id))["owed"]
    await write_entry(session, case, "written_off", by=caller.person, at=at, amount=owed, document=asked.document)
    await put(session, case_id, None, at=at, state=state.value, result="written_off", closed_by=caller.person, closed_at=at)
