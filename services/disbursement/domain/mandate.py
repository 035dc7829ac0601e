"""With which right somebody signs: how much, together with whom, and for whom.

A limit is dated and set by two people; a role may be handed to another person for some days. Both are facts of the day of
the signature: nothing here looks back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.kernel.errors import FourEyes, InvalidInput, NotAllowed, Refusal

DELEGABLE: Final = ("checker", "approver", "releaser")
"""Roles whose signature is bound to a list hash. Makers have colleagues with the same role and need nobody to stand for them."""
DELEGATION_MAX_DAYS: Final = 92
"""Three months, the longest that an acting official (Plt) is appointed for at a time; then it is handed over anew."""


class RuleKind(StrEnum):
    """``maximum``: nobody of this role signs for more. ``second_approver``: from this amount on two approvers sign."""

    MAXIMUM = "maximum"
    SECOND_APPROVER = "second_approver"


class LimitExceeded(Refusal):
    """The list is larger than this signature may be for."""

    code = "limit-exceeded"


class NoLimitInForce(Refusal):
    """Nobody has said up to how much this role may sign today: then it may not."""

    code = "no-limit-in-force"


@dataclass(frozen=True, slots=True)
class SigningRule:
    """A confirmed line of the table of limits. ``person`` '': everybody of the role; ``programme`` '': the whole list."""

    id: UUID
    kind: str
    role: str
    person: str
    programme: str
    amount: int
    valid_from: date
    valid_to: date | None
    confirmed_at: datetime

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def in_force(rules: Iterable[SigningRule], kind: RuleKind, role: str, *, programme: str, person: str, on: date) -> SigningRule | None:
    """The one line that counts: a person's own before the role's, then the newest."""
    matching = [
        rule
        for rule in rules
        if rule.kind == kind and rule.role == role and rule.programme == programme and rule.person in ("", person) and rule.holds(on)
    ]
    return max(matching, key=lambda rule: (rule.person != "", rule.valid_from, rule.confirmed_at, rule.id), default=None)


def refuse_beyond_limit(
    rules: Sequence[SigningRule], role: str, person: str, totals: Mapping[str, int], on: date, *, delegate: str = ""
) -> None:
    """Raise LimitExceeded or NoLimitInForce unless ``person`` may sign for ``totals`` (rupiah by programme) on this day.

    Who signs for another has that person's limit, and never more than a limit that names the delegate.
    """
    whole = sum(totals.values())
    limit = in_force(rules, RuleKind.MAXIMUM, role, programme="", person=person, on=on)
    if limit is None:
        raise NoLimitInForce(f"no limit for the role {role} is in force on {on}", role=role, person=person)
    _compare(limit, whole, person)
    for programme, amount in totals.items():
        _compare(in_force(rules, RuleKind.MAXIMUM, role, programme=programme, person=person, on=on), amount, person)
    if not delegate:
        return
    for programme, amount in {"": whole, **totals}.items():
        own = in_force(rules, RuleKind.MAXIMUM, role, programme=programme, person=delegate, on=on)
        _compare(own if own is not None and own.person else None, amount, delegate)


def _compare(limit: SigningRule | None, amount: int, person: str) -> None:
    if limit is not None and amount > limit.amount:
        raise LimitExceeded(
            f"this signature is good for at most {limit.amount} rupiah, {limit.programme or 'the list'} has {amount}",
            limit=limit.amount, requested=amount, role=limit.role, person=person, programme=limit.programme, rule=str(limit.id),
        )  # fmt: skip


def approvers_needed(rules: Sequence[SigningRule], totals: Mapping[str, int], on: date) -> int:
    """Two from the amount on that the table says, for the whole list or for one programme of it; otherwise one."""
    for programme, amount in {"": sum(totals.values()), **totals}.items():
        rule = in_force(rules, RuleKind.SECOND_APPROVER, "approver", programme=programme, person="", on=on)
        if rule is not None and amount >= rule.amount:
            return 2
    return 1


# --- standing for another ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delegation:
    """``principal`` handed ``role`` to the caller; confirmed, not revoked, and today is one of its days."""

    id: UUID
    role: str
    principal: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """As whom a person signs: for themselves (``on_behalf_of`` ''), or for whoever handed them the role."""

    role: str
    on_behalf_of: str = ""
    delegation_id: UUID | None = None


def capacity_of(role: str, own_roles: Iterable[str], delegations: Sequence[Delegation], *, on_behalf_of: str = "") -> Capacity:
    """Raise NotAllowed where the caller has this role neither themselves nor from another, InvalidInput where it is not clear from whom."""
    if not on_behalf_of and role in own_roles:
        return Capacity(role)
    mine = [one for one in delegations if one.role == role and on_behalf_of in ("", one.principal)]
    if not mine:
        raise NotAllowed(f"this needs the role {role}", roles=[role])
    principals = sorted({one.principal for one in mine})
    if len(principals) > 1:
        raise InvalidInput("say on whose behalf you sign", on_behalf_of=principals)
    return Capacity(role, mine[0].principal, mine[0].id)


def refuse_delegation(role: str, roles: Iterable[str], person: str, to: str, from_day: date, to_day: date, today: date) -> None:
    """Raise unless ``person`` may hand ``role`` to ``to`` for these days: one's own role, to another, from today on, not for ever."""
    if role not in DELEGABLE:
        raise InvalidInput(f"the role '{role}' cannot be handed over", roles=list(DELEGABLE))
    if role not in roles:
        raise NotAllowed(f"only who has the role {role} can hand it over", roles=[role])
    if to == person:
        raise FourEyes("a role is handed to another person")
    if from_day < today or to_day < from_day:
        raise InvalidInput("a role is handed over from today or later, until that day or later")
    if (to_day - from_day).days >= DELEGATION_MAX_DAYS:
        raise InvalidInput(f"a role is handed over for at most {DELEGATION_MAX_DAYS} days", days=(to_day - from_day).days + 1)
