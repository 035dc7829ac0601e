"""What two people may order: which kinds there are, who may order them, and what makes an order impossible."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from shared.kernel.clock import JAKARTA, jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotAllowed, Refusal
from shared.kernel.workdays import add_working_days, is_working_day


class OrderKind(StrEnum):
    """One person asks for it, another one confirms it."""

    FREEZE = "freeze"
    LIFT = "lift"
    NOT_EXECUTED = "not_executed"
    LAPSE = "lapse"
    REOPEN_YEAR = "reopen_year"
    CUTOFF_HOUR = "cutoff_hour"
    CLOSE = "close"
    CLOSE_MONTH = "close_month"


_K = OrderKind

ROLES: Final[Mapping[OrderKind, frozenset[str]]] = MappingProxyType(
    {
        # A stop must be near: whoever has a part in a payment may pull it, and it takes two of them to let go.
        _K.FREEZE: frozenset({"operator", "checker", "approver", "treasurer", "releaser"}),
        _K.LIFT: frozenset({"operator", "checker", "approver", "treasurer", "releaser"}),
        _K.NOT_EXECUTED: frozenset({"operator", "treasurer", "approver"}),
        _K.LAPSE: frozenset({"treasurer", "approver"}),
        _K.REOPEN_YEAR: frozenset({"treasurer", "approver"}),
        _K.CUTOFF_HOUR: frozenset({"operator", "treasurer", "approver"}),
        _K.CLOSE: frozenset({"operator", "treasurer", "approver"}),
        # The month's minutes carry the names of the treasurer and the division head (USERS.md).
        _K.CLOSE_MONTH: frozenset({"treasurer", "approver"}),
    }
)


@dataclass(frozen=True)
class Ask:
    """An order as the first person gives it. ``subject``: what the kind needs; The numbers are what the first person saw."""

    kind: OrderKind
    subject: Mapping[str, Any]
    reason: str
    document: str = ""
    person_months: int = 0
    rupiah: int = 0
    areas: Sequence[str] = ("31",)


class Frozen(Refusal):
    """Two people have stopped this programme, batch or person; two must lift it first."""

    code = "frozen"


class AlreadySent(Refusal):
    """The list is at the bank: a freeze of the batch would stop nothing."""

    code = "already-sent"


class StillOpen(Refusal):
    """Something of the batch has no name yet."""

    code = "not-everything-named"


class OrderChanged(Refusal):
    """What the first person saw is no longer so: ask again."""

    code = "order-changed"


def may_order(kind: OrderKind, roles: Collection[str]) -> None:
    """Raise NotAllowed."""
    if not ROLES[kind] & set(roles):
        raise NotAllowed(f"this needs one of the roles {', '.join(sorted(ROLES[kind]))}", roles=sorted(ROLES[kind]))


def may_confirm(kind: OrderKind, state: str, asked_by: str, person: str) -> None:
    """Raise IllegalTransition where nothing is proposed any more, FourEyes for the one who asked."""
    if state != "proposed":
        raise IllegalTransition(state, "confirm", kind=kind.value)
    if asked_by == person:
        raise FourEyes("whoever asked for it cannot confirm it; a second person must", acted=asked_by)


# --- the end of unknown ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """A statement or letter of the bank, as two people read it from the paper."""

    number: str
    day: date


def check_papers(first: Paper, second: Paper, letter: Paper, *, released_on: date, today: date) -> None:
    """Two different closed statements from after the release and the letter that speaks of them (DESIGN.md, Nothing stays silent).

    A statement is closed once its day is over. Raise InvalidInput.
    """
    if first.number == second.number or first.day >= second.day:
        raise InvalidInput("two different statements are needed, the earlier one first")
    if first.day < released_on:
        raise InvalidInput("a statement from before the release says nothing about it", released_on=released_on.isoformat())
    if second.day >= today:
        raise InvalidInput("a statement is closed once its day is over", today=today.isoformat())
    if not second.day <= letter.day <= today:
        raise InvalidInput("the letter of the bank must be dated after both statements, and not in the future")


# --- the bank's cut-off hour ------------------------------------------------------------------------------------------


def value_day(at: datetime, hour: str, holidays: Collection[date]) -> date:
    """The working day for which the bank takes a file that is released at ``at``; ``hour`` as ``HH:MM`` in Jakarta, '' for none."""
    local = at.astimezone(JAKARTA)
    in_time = not hour or local.time() < time.fromisoformat(hour)
    if is_working_day(local.date(), holidays) and in_time:
        return local.date()
    return add_working_days(local.date(), 1, holidays)


def counted_from(at: datetime, day: date) -> datetime:
    """The same hour on the value day: terms of a release are counted from here."""
    return at + timedelta(days=(day - jakarta_day(at)).days)


def frozen_by(freezes: Sequence[Mapping[Any, Any]], people: Sequence[UUID] = ()) -> Frozen:
    """The refusal that names what stops it."""
    shown = [{"id": str(f["id"]), "scope": f["scope"], "reason": f["reason"], "until": str(f["until"] or "")} for f in freezes]
    scopes = sorted({str(f["scope"]) for f in freezes})
    return Frozen(f"frozen by two people: {', '.join(scopes)}", freezes=shown, people=[str(one) for one in people])
