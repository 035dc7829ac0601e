"""Programmes that exclude one another (TROUBLES.md O10): which right stays and which gives way, from which month on.

Whether one person may hold two cards is not written in any rule that was found (DOMAIN.md), so the table is empty until two
people write a pair into it. A pair is dated by months; a later line of the same pair takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.kernel.errors import InvalidInput, Refusal

REASON: Final = "other_aid"
"""Of a month that gives way: the person has it in the other programme."""


class Circle(Refusal):
    """Of people with all of these programmes, each right would give way to another, and none would stay."""

    code = "exclusive-circle"


class MonthIsOpen(Refusal):
    """A line counts from a month that is not open yet: what was opened, and perhaps sent, stays as it is."""

    code = "month-is-open"


@dataclass(frozen=True, slots=True)
class Pair:
    """A confirmed line: from this month on ``gives_way`` is excluded for whoever has ``keeps``, or is so no more."""

    id: UUID
    keeps: str
    gives_way: str
    from_month: str
    holds: bool


def in_force(pairs: Iterable[Pair], month: str) -> list[Pair]:
    """The newest line of each pair that has begun by this month, where it holds."""
    newest: dict[tuple[str, str], Pair] = {}
    for pair in sorted(pairs, key=lambda one: one.from_month):
        if pair.from_month <= month:
            newest[pair.keeps, pair.gives_way] = pair
    return [pair for pair in newest.values() if pair.holds]


def refuse_circle(pairs: Sequence[Pair], keeps: str, gives_way: str, from_month: str) -> None:
    """Raise InvalidInput for a pair of one programme, Circle where the new pair would close one in any month from then on."""
    if keeps == gives_way:
        raise InvalidInput("a programme does not exclude itself")
    months = {from_month, *(pair.from_month for pair in pairs if pair.from_month > from_month)}
    for month in sorted(months):
        below: dict[str, set[str]] = {}
        for pair in in_force(pairs, month):
            below.setdefault(pair.keeps, set()).add(pair.gives_way)
        reached, waiting = set[str](), [gives_way]
        while waiting:
            one = waiting.pop()
            if one == keeps:
                raise Circle(
                    f"{keeps} gives way to {gives_way} already, directly or by others", keeps=keeps, gives_way=gives_way, month=month
                )
            if one not in reached:
                reached.add(one)
                waiting += below.get(one, ())


def strongest_first(pairs: Sequence[Pair]) -> list[Pair]:
    """In the order in which they are applied: a right that itself gave way excludes nobody."""
    waiting, done = list(pairs), list[Pair]()
    while waiting:
        ready = [one for one in waiting if not any(other.gives_way == one.keeps for other in waiting)]
        if not ready:
            raise Circle("these pairs form a circle", pairs=[f"{one.keeps}>{one.gives_way}" for one in waiting])
        done += sorted(ready, key=lambda one: (one.keeps, one.gives_way))
        waiting = [one for one in waiting if one not in ready]
    return done
