"""The daily book of a panti: what may follow what for one resident, and the nights that follow from it.

The census rule, written here once: **whoever is in the panti at 24:00 slept there and counts for that day.** From it follows
all the rest: the day of admission counts, the day of discharge, flight or death does not, a transfer counts where the
person arrives, the day of return counts. Leave and flight do not count. No published regulation says this to the minute; it
is an assumption of ours (nights, as the price of food is paid per person and day), and whether days of leave or flight
count is a dated setting (``book_rule``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, Literal
from uuid import UUID

from shared.kernel.errors import IllegalTransition, Refusal

State = Literal["outside", "present", "on_leave", "fled", "dead"]
Kind = Literal["admission", "transfer", "leave", "flight", "return", "discharge", "death"]

FOLLOWS: Final[dict[tuple[State, Kind], State]] = {
    ("outside", "admission"): "present",
    ("present", "transfer"): "present",
    ("present", "leave"): "on_leave",
    ("present", "flight"): "fled",
    ("present", "discharge"): "outside",
    ("present", "death"): "dead",
    ("on_leave", "return"): "present",
    ("on_leave", "flight"): "fled",
    ("on_leave", "discharge"): "outside",
    ("on_leave", "death"): "dead",
    ("fled", "return"): "present",
    ("fled", "discharge"): "outside",
    ("fled", "death"): "dead",
}
"""Who fled or did not come back from leave stays on the book until discharged; nobody dead comes back."""

RESIDENT: Final[frozenset[State]] = frozenset({"present", "on_leave", "fled"})
"""States in which somebody is on the book of a panti."""

OPEN_DAY: Final = date(9999, 12, 31)
"""The last day of a stay that goes on."""


class LivesInOtherPanti(Refusal):
    """The book of another panti has this person on that day."""

    code = "lives-in-other-panti"


class BeforeBook(Refusal):
    """The book begins later; who lived there on its first day is admitted on that day."""

    code = "before-book"


class TooLate(Refusal):
    """Further back than one person may enter; a file that a second person commits may."""

    code = "too-late"


class FutureDay(Refusal):
    """The day has not come."""

    code = "future-day"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the book. ``no`` is the order of writing; without an hour a line counts as the day's last."""

    id: UUID
    no: int
    kind: Kind
    panti: str
    day: date
    hour: time | None = None
    to_panti: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """Nights in one state on the book of one panti, both days included; ``since``: the day of admission."""

    panti: str
    state: State
    from_day: date
    to_day: date
    since: date


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person is by the book after its last line."""

    state: State
    panti: str
    since: date | None

    @property
    def resident(self) -> bool:
        return self.state in RESIDENT


NOWHERE: Final = Standing("outside", "", None)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """As things happened: by day, by hour, then as they were written."""
    return sorted(entries, key=lambda entry: (entry.day, entry.hour or time.max, entry.no))


def follow(standing: Standing, entry: Entry) -> Standing:
    """The standing after one more line. Raise IllegalTransition or LivesInOtherPanti."""
    state = FOLLOWS.get((standing.state, entry.kind))
    if state is None:
        raise IllegalTransition(standing.state, entry.kind, day=entry.day.isoformat(), entry=str(entry.id))
    if standing.resident and entry.panti != standing.panti:
        raise LivesInOtherPanti(f"on {entry.day} this person is on the book of {standing.panti}", panti=standing.panti, entry=str(entry.id))
    if state not in RESIDENT:
        return Standing(state, "", None)
    if entry.kind == "admission":
        return Standing(state, entry.panti, entry.day)
    return Standing(state, entry.to_panti or standing.panti, standing.since)


def walk(entries: Iterable[Entry]) -> tuple[list[Stay], Standing]:
    """The stays that follow from all lines about one person, and where the person is now.

    Raise IllegalTransition (with ``day`` and ``entry``) or LivesInOtherPanti where a line cannot follow the one before.
    """
    at_midnight: dict[date, Standing] = {}
    standing = NOWHERE
    for entry in in_order(entries):
        standing = follow(standing, entry)
        at_midnight[entry.day] = standing
    days = [*at_midnight, OPEN_DAY]
    stays = []
    for day, after in zip(at_midnight, days[1:], strict=True):
        night = at_midnight[day]
        last = OPEN_DAY if after == OPEN_DAY else after - timedelta(days=1)
        if night.resident and night.since is not None:
            stays.append(Stay(night.panti, night.state, day, last, night.since))
    return _merged(stays), standing


def _merged(stays: Sequence[Stay]) -> list[Stay]:
    """Neighbours that say the same become one."""
    merged: list[Stay] = []
    for stay in stays:
        last = merged[-1] if merged else None
        if last and (last.panti, last.state, last.since) == (stay.panti, stay.state, stay.since) and _next(last.to_day) == stay.from_day:
            merged[-1] = Stay(last.panti, last.state, last.from_day, stay.to_day, last.since)
        else:
            merged.append(stay)
    return merged


def _next(day: date) -> date:
    return day if day == OPEN_DAY else day + timedelta(days=1)


def check_day(day: date, *, today: date, book_from: date, late_days: int | None) -> None:
    """Raise FutureDay, BeforeBook or TooLate; ``late_days`` is None where two people stand behind the line."""
    if day > today:
        raise FutureDay("this day has not come yet", today=today.isoformat())
    if day < book_from:
        raise BeforeBook(f"the book of this panti begins on {book_from}", book_from=book_from.isoformat())
    if late_days is not None and (today - day).days > late_days:
        first = today - timedelta(days=late_days)
        raise TooLate(f"one person may enter from {first} on; send older lines as a file for two people", first=first.isoformat())
