"""Limits and delegations: proposed by one, confirmed by another, asked at every signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.domain.anomaly import DEFAULTS
from services.disbursement.domain.mandate import (
    DELEGABLE,
    Capacity,
    Delegation,
    RuleKind,
    SigningRule,
    approvers_needed,
    capacity_of,
    refuse_beyond_limit,
    refuse_delegation,
)
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotAllowed, NotFound
from shared.kernel.ids import uuid7
from shared.web.auth import Caller

SAFE: Final = set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
"""What a person's id is made of (``shared.web.auth``)."""


def _person(person: str) -> str:
    if not person or set(person) - SAFE:
        raise InvalidInput("a person is named by the id that their token has")
    return person


async def _load(session: WriteSession, table: str, id_: UUID) -> Row[Any]:
    """``table`` is one of this module's own."""
    found = (await session.execute(text(f"SELECT * FROM {table} WHERE id = :id FOR UPDATE"), {"id": id_})).one_or_none()
    if found is None:
        raise NotFound("there is no such proposal", id=str(id_))
    return found


async def _proposed(session: WriteSession, caller: Caller, table: str, rule_id: UUID, what: str) -> Row[Any]:
    """The rule, where the caller may be its second person. Raise IllegalTransition, FourEyes."""
    rule = await _load(session, table, rule_id)
    if rule.confirmed_by:
        raise IllegalTransition("confirmed", "confirm")
    if rule.proposed_by == caller.person:
        raise FourEyes(f"another person must confirm {what}", proposed_by=rule.proposed_by)
    return rule


async def _confirm(session: WriteSession, table: str, id_: UUID, by: str, at: datetime) -> None:
    await session.execute(
        text(f"UPDATE {table} SET confirmed_by = :by, confirmed_at = :at WHERE id = :id"), {"by": by, "at": at, "id": id_}
    )


# --- limits -----------------------------------------------------------------------------------------------------------


def _refuse_own(caller: Caller, role: str, person: str) -> None:
    """Nobody sets the limit that binds them, neither alone nor as one of two."""
    if caller.person == person or (not person and role in caller.roles):
        raise FourEyes("nobody decides on their own limit", role=role)


async def propose_rule(
    session: WriteSession, caller: Caller, kind: str, role: str, person: str, programme: str, amount: int, valid_from: date,
    valid_to: date | None, reason: str, *, at: datetime,
) -> UUID:  # fmt: skip
    """A line for the table of limits; it holds from ``valid_from``, once another person has confirmed it."""
    if kind not in list(RuleKind):
        raise InvalidInput(f"there is no kind of rule '{kind}'", kinds=[one.value for one in RuleKind])
    if role not in DELEGABLE or (kind == RuleKind.SECOND_APPROVER and (role != "approver" or person)):
        raise InvalidInput("this role has no such rule", roles=list(DELEGABLE))
    if person:
        _person(person)
    if valid_from < jakarta_day(at) or (valid_to is not None and valid_to < valid_from):
        raise InvalidInput("a rule holds from today or later, until that day or later")
    _refuse_own(caller, role, person)
    rule_id = uuid7()
    await session.execute(
        text("""INSERT INTO signing_rule (id, kind, role, person, programme, amount, valid_from, valid_to, reason, proposed_by, proposed_at)
                VALUES (:id, :kind, :role, :person, :programme, :amount, :from, :to, :reason, :by, :at)"""),
        {
            "id": rule_id, "kind": kind, "role": role, "person": person, "programme": programme, "amount": amount, "from": valid_from,
            "to": valid_to, "reason": reason, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return rule_id


async def confirm_rule(session: WriteSession, caller: Caller, rule_id: UUID, *, at: datetime) -> None:
    """Raise FourEyes for who proposed it or is bound by it, IllegalTransition where it was confirmed before."""
    rule = await _proposed(session, caller, "signing_rule", rule_id, "this limit")
    _refuse_own(caller, rule.role, rule.person)
    await _confirm(session, "signing_rule", rule_id, caller.person, at)


async def rules_of(session: AnySession) -> list[SigningRule]:
    """Every confirmed line; they are few."""
    rows = await session.execute(
        text("""SELECT id, kind, role, person, programme, amount, valid_from, valid_to, confirmed_at FROM signing_rule
                 WHERE confirmed_by <> ''""")
    )
    return [SigningRule(*row) for row in rows]


async def propose_anomaly_rule(
    session: WriteSession, caller: Caller, code: str, thresholds: dict[str, int], blocks: bool, valid_from: date, reason: str, *,
    at: datetime,
) -> UUID:  # fmt: skip
    """Other thresholds for one rule, from a day on; another person confirms them. The newest that holds counts."""
    known = DEFAULTS.get(code)
    if known is None:
        raise InvalidInput(f"there is no rule '{code}'", codes=sorted(DEFAULTS))
    if set(thresholds) != set(known.thresholds) or min(thresholds.values()) < 1:
        raise InvalidInput("give every threshold of this rule, each at least 1", thresholds=sorted(known.thresholds))
    if valid_from < jakarta_day(at):
        raise InvalidInput("a rule holds from today or later")
    rule_id = uuid7()
    await session.execute(
        text("""INSERT INTO anomaly_rule (id, code, thresholds, blocks, valid_from, reason, proposed_by, proposed_at)
                VALUES (:id, :code, CAST(:thresholds AS jsonb), :blocks, :from, :reason, :by, :at)"""),
        {
            "id": rule_id, "code": code, "thresholds": msgspec.json.encode(thresholds).decode(), "blocks": blocks, "from": valid_from,
            "reason": reason, "by": caller.person, "at": at,
        },
    )  # fmt: skip
    return rule_id


async def confirm_anomaly_rule(session: WriteSession, caller: Caller, rule_id: UUID, *, at: datetime) -> None:
    await _proposed(session, caller, "anomaly_rule", rule_id, "these thresholds")
    await _confirm(session, "anomaly_rule", rule_id, caller.person, at)


# --- delegations ------------------------------------------------------------------------------------------------------


async def propose_delegation(
    session: WriteSession, caller: Caller, role: str, to: str, from_day: date, to_day: date, reason: str, *, at: datetime
) -> UUID:
    """The caller hands one of their roles to another person for these days; a third person confirms it."""
    refuse_delegation(role, caller.roles, caller.person, _person(to), from_day, to_day, jakarta_day(at))
    delegation_id = uuid7()
    await session.execute(
        text("""INSERT INTO delegation (id, role, principal, delegate, from_day, to_day, reason, proposed_at)
                VALUES (:id, :role, :principal, :delegate, :from, :to, :reason, :at)"""),
        {
            "id": delegation_id, "role": role, "principal": caller.person, "delegate": to, "from": from_day, "to": to_day,
            "reason": reason, "at": at,
        },
    )  # fmt: skip
    return delegation_id


async def confirm_delegation(session: WriteSession, caller: Caller, delegation_id: UUID, *, at: datetime) -> None:
    """Raise FourEyes for the one who hands over and for the one who takes."""
    row = await _load(session, "delegation", delegation_id)
    if row.revoked_by or row.confirmed_by:
        raise IllegalTransition("revoked" if row.revoked_by else "confirmed", "confirm")
    if caller.person in (row.principal, row.delegate):
        raise FourEyes("a third person must confirm that a role is handed over", principal=row.principal, delegate=row.delegate)
    await _confirm(session, "delegation", delegation_id, caller.person, at)


async def revoke_delegation(session: WriteSession, caller: Caller, delegation_id: UUID, reason: str, *, at: datetime) -> None:
    """Ends it at once. Whoever gave it, confirmed it or took it may do so, and the agency's leader; what was signed stays signed."""
    row = await _load(session, "delegation", delegation_id)
    if row.revoked_by:
        raise IllegalTransition("revoked", "revoke")
    if caller.person not in (row.principal, row.delegate, row.confirmed_by) and "leader" not in caller.roles:
        raise NotAllowed("a delegation is revoked by who is part of it, or by the leader")
    await session.execute(
        text("UPDATE delegation SET revoked_by = :by, revoked_at = :at, revoked_because = :reason WHERE id = :id"),
        {"by": caller.person, "at": at, "reason": reason, "id": delegation_id},
    )


# --- at a signature ---------------------------------------------------------------------------------------------------


async def capacity(session: WriteSession, caller: Caller, role: str, *, on_behalf_of: str = "", at: datetime) -> Capacity:
    """As whom the caller acts in ``role`` today. Raise NotAllowed, or InvalidInput where several have handed it to them.

    The rows are locked until the signature is in: a revocation comes before it or after it.
    """
    rows = await session.execute(
        text("""SELECT id, role, principal FROM delegation
                 WHERE delegate = :person AND role = :role AND confirmed_by <> '' AND revoked_by = '' AND :on BETWEEN from_day AND to_day
                 ORDER BY confirmed_at DESC, id DESC FOR UPDATE"""),
        {"person": caller.person, "role": role, "on": jakarta_day(at)},
    )
    return capacity_of(role, caller.roles, [Delegation(*row) for row in rows], on_behalf_of=on_behalf_of)


def _totals(batch: Row[Any]) -> dict[str, int]:
    return {one["programme"]: one["sum"] for one in batch.totals}


async def refuse_limit(session: WriteSession, batch: Row[Any], caller: Caller, acting: Capacity, *, at: datetime) -> None:
    """Raise LimitExceeded or NoLimitInForce."""
    person, delegate = (acting.on_behalf_of, caller.person) if acting.on_behalf_of else (caller.person, "")
    refuse_beyond_limit(await rules_of(session), acting.role, person, _totals(batch), jakarta_day(at), delegate=delegate)


async def count_approvers(session: WriteSession, batch: Row[Any], signed: Sequence[str], *, at: datetime) -> int:
    """How many approvers are still missing after this signature; ``signed``: steps of the valid ones before it.

    The number is kept with the batch. Once two were asked for, a threshold that changes meanwhile does not spare the second.
    """
    needed: int = max(batch.approvers, approvers_needed(await rules_of(session), _totals(batch), jakarta_day(at)))
    await session.execute(text("UPDATE batch SET approvers = :needed WHERE id = :id"), {"needed": needed, "id": batch.id})
    return needed - signed.count("approve") - 1
