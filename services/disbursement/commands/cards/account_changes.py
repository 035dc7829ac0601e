"""Changes of accounts: asked, confirmed by another person, taken back, and in force once they have waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import account_ref, holder_index, number_index, seal_account
from services.disbursement.commands.cards.cooling_off import in_force_on
from services.disbursement.commands.lists.sign import void_signatures
from services.disbursement.domain.account_change import (
    SQL_OWNER,
    AccountChangedSince,
    AccountChangeWaiting,
    NoAccountYet,
    OtherNumber,
    SameAccount,
    Step,
    after,
)
from shared.contracts.disbursement import AccountChangeCancelled, AccountChangeConfirmed, AccountChanged
from shared.contracts.registry import Event
from shared.crypto import FieldCipher
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, InvalidInput, NotFound
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.web.auth import Caller

AUTHOR: Final = "job/account-changes"
AT_ONCE: Final = 5_000
"""Changes that one turn of the clock makes hold; the rest are the next turn's."""


@dataclass(frozen=True)
class NewAccount:
    """Whose account becomes which. ``card_handed_over``: the card of the new account is in the person's hand."""

    person_id: UUID
    programme: str
    bank_code: str
    number: str
    holder: str
    card_handed_over: bool


async def propose(
    session: WriteSession, cipher: FieldCipher, caller: Caller, new: NewAccount, *, reason: str, document: str, at: datetime
) -> UUID:
    """Ask for a change; nothing is changed yet. Raise NoAccountYet, SameAccount or AccountChangeWaiting."""
    now = (
        await session.execute(
            text("SELECT account_ref, area FROM account WHERE person_id = :person AND programme = :programme FOR UPDATE"),
            {"person": new.person_id, "programme": new.programme},
        )
    ).one_or_none()
    if now is None:
        raise NoAccountYet("this person has no account in this programme; a first one comes by the bank's file", person=str(new.person_id))
    ref = account_ref(cipher, new.bank_code, new.number, new.holder)
    if now.account_ref == ref:
        raise SameAccount("this is the person's account already", person=str(new.person_id))
    change_id, account_id = uuid7(), uuid7()
    number_enc, holder_enc = seal_account(cipher, account_id, new.number, new.holder)
    made = await session.execute(
        text("""INSERT INTO account_change (id, person_id, programme, state, account_id, bank_code, number_enc, holder_enc, number_index,
                                            account_ref, holder_index, card_handed_over, ref_before, area, reason, document, asked_by,
                                            asked_at)
                VALUES (:id, :person, :programme, 'proposed', :account_id, :bank, :number_enc, :holder_enc, :number_index, :ref,
                        :holder_index, :card, :before, :area, :reason, :document, :by, :at) ON CONFLICT DO NOTHING"""),
        {
            "id": change_id, "person": new.person_id, "programme": new.programme, "account_id": account_id, "bank": new.bank_code,
            "number_enc": number_enc, "holder_enc": holder_enc, "number_index": number_index(cipher, new.number), "ref": ref,
            "holder_index": holder_index(cipher, new.holder), "card": new.card_handed_over, "before": now.account_ref,
            "area": now.area, "reason": reason, "document": document, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    if not made.rowcount:  # type: ignore[attr-defined]
        raise AccountChangeWaiting("another change of this account is open; decide or cancel it first", person=str(new.person_id))
    return change_id


async def _locked(session: WriteSession, change_id: UUID) -> Row[Any]:
    found = (await session.execute(text("SELECT * FROM account_change WHERE id = :id FOR UPDATE"), {"id": change_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such change of account", change=str(change_id))
    return found


async def confirm(session: WriteSession, cipher: FieldCipher, caller: Caller, change_id: UUID, number: str, *, at: datetime) -> Row[Any]:
    """The second person, who types the account number from the paper once more; the change holds after the cooling-off.

    Raise FourEyes, OtherNumber, AccountChangedSince, IllegalTransition.
    """
    change = await _locked(session, change_id)
    state = after(change.state, Step.CONFIRM)
    if change.asked_by == caller.person:
        raise FourEyes("another person must confirm the change", asked_by=change.asked_by)
    if bytes(change.number_index) != number_index(cipher, number):
        raise OtherNumber("this is not the account number that was proposed; compare both with the paper", change=str(change_id))
    now = await session.scalar(
        text("SELECT account_ref FROM account WHERE person_id = :person AND programme = :programme FOR UPDATE"),
        {"person": change.person_id, "programme": change.programme},
    )
    if now != change.ref_before:
        raise AccountChangedSince("the account is another one than when this was asked for; cancel it and ask anew", change=str(change_id))
    day = await in_force_on(session, at)
    await session.execute(
        text("""UPDATE account_change SET state = :state, version = version + 1, confirmed_by = :by, confirmed_at = :at, in_force_on = :day
                 WHERE id = :id"""),
        {"id": change_id, "state": state.value, "by": caller.person, "at": at, "day": day},
    )
    await tell(session, AccountChangeConfirmed, [change_id], at=at)
    if holds_at_once(caller, day, at):
        await make_hold(session, [change_id], at=at, by=caller.person)
    return change


def holds_at_once(caller: Caller, day: date, at: datetime) -> bool:
    """Whether a change that may hold today does so in the caller's own transaction; else the worker's next turn makes it hold.

    Lists are of the whole agency: whoever sees a part of their lines cannot put another line on one.
    """
    return day <= jakarta_day(at) and caller.whole_agency


async def cancel(session: WriteSession, caller: Caller, change_id: UUID, reason: str, *, at: datetime) -> Row[Any]:
    """Take a change back before it holds; one person is enough, since the account stays what it was."""
    change = await _locked(session, change_id)
    state = after(change.state, Step.CANCEL)
    told = change.confirmed_by is not None  # nobody heard of a mere proposal
    await session.execute(
        text("""UPDATE account_change SET state = :state, version = version + :told, cancelled_by = :by, cancelled_at = :at,
                       cancelled_because = :reason WHERE id = :id"""),
        {"id": change_id, "state": state.value, "told": int(told), "by": caller.person, "at": at, "reason": reason},
    )
    if told:
        await tell(session, AccountChangeCancelled, [change_id], at=at)
    return change


async def note_told(session: WriteSession, caller: Caller, change_id: UUID, day: date, how: str, *, at: datetime) -> Row[Any]:
    """The office told the person, on this day and in this way. Raise InvalidInput for a day to come or before it was asked."""
    change = await _locked(session, change_id)
    after(change.state, Step.TELL)
    if not jakarta_day(change.asked_at) <= day <= jakarta_day(at):
        raise InvalidInput("a person is told after a change was asked for, and not on a day to come", day=day.isoformat())
    await session.execute(
        text("UPDATE account_change SET told_on = :day, told_by = :by, told_how = :how WHERE id = :id"),
        {"id": change_id, "day": day, "by": caller.person, "how": how},
    )
    return change


# --- events ---------------------------------------------------------------------------------------------------------

_DAY: Final = "'in_force_on', c.in_force_on,"
_TOLD: Final = """
    SELECT c.id, c.version, json_build_object('person_id', c.person_id, 'programme', c.programme, 'area', c.area, {day} 'owner', {owner})
      FROM account_change c WHERE c.id = ANY(CAST(:changes AS uuid[])) ORDER BY c.id"""


async def tell(session: WriteSession, event: type[Event], changes: Sequence[UUID], *, at: datetime) -> None:
    """Whoever acts on the person hears of it: ids, area and office only."""
    select = _TOLD.format(day=_DAY if event is AccountChangeConfirmed else "", owner=SQL_OWNER)
    await outbox.append_from(session, event, select, {"changes": list(changes)}, at=at)


# --- in force -------------------------------------------------------------------------------------------------------

_LINES: Final = """
    SELECT m.batch_id, c.person_id FROM account_change c
      JOIN payment_month m ON m.person_id = c.person_id AND m.programme = c.programme AND m.live
     WHERE c.id = ANY(CAST(:changes AS uuid[])) GROUP BY m.batch_id, c.person_id ORDER BY m.batch_id, c.person_id"""

_HOLD: Final = """
    WITH held AS (
        UPDATE account_change SET state = 'in_force', version = version + 1, in_force_at = :at
         WHERE id = ANY(CAST(:changes AS uuid[])) AND state = 'waiting' RETURNING *)
    UPDATE account AS k
       SET id = c.account_id, version = k.version + 1, bank_code = c.bank_code, number_enc = c.number_enc, holder_enc = c.holder_enc,
           number_index = c.number_index, account_ref = c.account_ref, card_handed_over = c.card_handed_over, changed_at = :at,
           holder_index = c.holder_index
      FROM held c WHERE k.person_id = c.person_id AND k.programme = c.programme"""


async def lines_of(session: WriteSession, changes: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Live lines of lists with these people: ``batch_id`` and ``person_id``."""
    return (await session.execute(text(_LINES), {"changes": list(changes)})).all()


async def make_hold(session: WriteSession, changes: Sequence[UUID], *, at: datetime, by: str) -> int:
    """These waiting changes hold from now on. Lists that are not at the bank yet lose their signatures and get the new account.

    People approved another account than is paid now (CORE.md section 5); lists at the bank keep what was sent. Returns on how many
    lines of lists these people are.
    """
    lines = await lines_of(session, changes)
    await session.execute(text(_HOLD), {"changes": list(changes), "at": at})
    await tell(session, AccountChanged, changes, at=at)
    by_batch: dict[UUID, list[UUID]] = {}
    for line in lines:
        by_batch.setdefault(line.batch_id, []).append(line.person_id)
    for batch_id, people in by_batch.items():
        await void_signatures(session, [batch_id], people, at, by=by)
    return len(lines)


async def make_due_hold(session: WriteSession, *, at: datetime) -> int:
    """Clock work: what has waited long enough holds from the beginning of its day in Jakarta; returns how many."""
    due = await session.scalars(
        text("""SELECT id FROM account_change WHERE state = 'waiting' AND in_force_on <= :today
                 ORDER BY in_force_on, id LIMIT :most FOR UPDATE SKIP LOCKED"""),
        {"today": jakarta_day(at), "most": AT_ONCE},
    )
    changes = list(due)
    if changes:
        await make_hold(session, changes, at=at, by=AUTHOR)
    return len(changes)
