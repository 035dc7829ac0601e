"""What a verification found: one line per invariant, its numbers, and who is concerned, by id only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SHOWN_MAX: Final = 20
"""Findings that are named; all of them are counted."""


@dataclass
class Invariant:
    """One promise, looked at while a check runs and shown afterwards. ``number`` is that of the reliability page."""

    number: int
    name: str
    checked: int = 0
    wrong: int = 0
    found: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.wrong == 0

    def add(self, text: str, times: int = 1) -> None:
        """Count a finding and keep the first ones. ``text`` holds ids, codes, months and rupiah, never a person's data."""
        self.wrong += times
        if len(self.found) < SHOWN_MAX:
            self.found.append(text)

    def note(self, text: str) -> None:
        """What a reader must know to judge the line, such as what could not be compared."""
        if text not in self.notes:
            self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "number": self.number, "name": self.name, "checked": self.checked, "wrong": self.wrong, "found": self.found, "ok": self.ok,
        }  # fmt: skip
        return answer | ({"notes": self.notes} if self.notes else {})


@dataclass(frozen=True)
class Report:
    """Every invariant that applies. ``quiesced``: nothing was waiting to be sent, read or evaluated."""

    invariants: Sequence[Invariant]
    quiesced: bool
    seconds: float
    left_out: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return all(one.ok for one in self.invariants)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "quiesced": self.quiesced,
            "seconds": self.seconds,
            "invariants": [one.as_json() for one in self.invariants],
            "left_out": list(self.left_out),
        }
