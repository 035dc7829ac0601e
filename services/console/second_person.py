"""What others proposed and only another person can decide, from every page in one place: nobody has to know where to look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.doors import DoorProblem, Doors, together

MOST: Final = 200
"""Proposals looked at by door; beyond that their number is not said exactly."""

Test = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Source:
    """A door with proposals: who decides them, on which page, and how one of them looks there."""

    door: str
    words: str
    page: str
    roles: tuple[str, ...]
    by: tuple[str, ...]
    """Fields of the people whose decision does not count."""
    params: Mapping[str, Any]
    waits: Test
    whole: bool = True
    """Only whoever works for the whole agency decides."""


@dataclass(frozen=True)
class Waiting:
    """``more``: there are at least so many."""

    words: str
    page: str
    count: int
    more: bool


def _state(one: Mapping[str, Any]) -> bool:
    return bool(one["state"] == "proposed")


def _unconfirmed(one: Mapping[str, Any]) -> bool:
    return not one["confirmed_by"]


_PROPOSED: Final[Mapping[str, Any]] = {"state": "proposed"}
_BANK: Final = ("operator", "treasurer", "approver")

SOURCES: Final = (
    Source(
        "/disbursement/account-changes", "perubahan rekening", "/rekening", ("operator", "checker"), ("asked_by",),
        {**_PROPOSED, "limit": MOST}, _state, whole=False,
    ),
    Source(
        "/disbursement/account-cooling-off", "masa tenang perubahan rekening", "/rekening#masa-tenang", ("operator", "approver"),
        ("asked_by",), {}, _unconfirmed,
    ),
    Source(
        "/disbursement/exclusions", "pengecualian bulan terlewat", "/temuan", ("operator", "approver"), ("asked_by",),
        {**_PROPOSED, "limit": MOST}, _state, whole=False,
    ),
    Source("/beneficiary/status-changes", "perintah kepesertaan", "/kasus", ("operator",), ("ordered_by",), _PROPOSED, _state, whole=False),
    Source("/beneficiary/import-undos", "pembatalan berkas", "/impor", ("operator",), ("asked_by",), _PROPOSED, _state, whole=False),
    Source(
        "/disbursement/exclusive-programmes", "aturan dua program", "/program-ganda", ("operator", "approver"), ("asked_by",), {}, _state
    ),
    Source("/disbursement/calendar/changes", "usulan kalender", "/kalender", ("operator", "approver"), ("proposed_by",), _PROPOSED, _state),
    Source("/disbursement/bank/settings", "kesepakatan dengan bank", "/bank", _BANK, ("proposed_by",), {}, _state),
    Source("/disbursement/bank-caps", "batas sekali transfer", "/bank", _BANK, ("asked_by",), {}, _unconfirmed),
    Source("/disbursement/webhooks", "sistem lain yang diberi tahu", "/langganan", _BANK, ("proposed_by",), {}, _state),
    Source(
        "/disbursement/quarantine", "keputusan atas baris karantina", "/karantina", ("operator", "treasurer"), ("asked_by",),
        {**_PROPOSED, "limit": MOST}, _state,
    ),
    Source("/disbursement/signing-rules", "batas tanda tangan", "/tanda-tangan", ("treasurer", "leader"), ("proposed_by",), {}, _state),
    Source("/disbursement/anomaly-rules", "ambang kejanggalan", "/tanda-tangan", ("treasurer", "leader"), ("proposed_by",), {}, _state),
    Source(
        "/disbursement/delegations", "pendelegasian", "/tanda-tangan", ("approver", "treasurer", "leader"), ("principal", "delegate"), {},
        _state,
    ),
)  # fmt: skip


async def elsewhere(doors: Doors) -> list[Waiting]:
    """What this person could decide on other pages; a door that is silent, or not theirs, says nothing here."""
    person = doors.person
    if person is None:
        return []
    whole = person.whole_agency
    asked = [one for one in SOURCES if person.is_any(*one.roles) and (whole or not one.whole)]
    answers = await together(*(doors.ask(one.door, **one.params) for one in asked))
    found = []
    for source, answer in zip(asked, answers, strict=True):
        items = [] if isinstance(answer, DoorProblem) else answer["items"]
        count = sum(source.waits(one) and person.id not in {one[key] for key in source.by} for one in items)
        if count:
            found.append(Waiting(source.words, source.page, count, more=len(items) >= MOST))
    return found
