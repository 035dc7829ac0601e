"""What looks odd on a list, before anyone signs it: pure rules with dated thresholds over counted groups.

None of them says that somebody cheats. Each names what a person should have looked at, with the numbers and the people, and
where the rule blocks, a word about it is needed before the list is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final
from uuid import UUID

from shared.kernel.ids import natural_id

PEOPLE_SHOWN: Final = 50
"""People named in a finding; its count says how many there are."""
FINDINGS_MAX: Final = 200
"""Of one rule, the largest; how many there were stands in a finding of its own."""


class Code(StrEnum):
    """The rules."""

    SHARED_ACCOUNT = "shared_account"
    SAME_HOLDER = "same_holder"
    NEW_IN_KELURAHAN = "new_in_kelurahan"
    ROUND_NUMBER = "round_number"
    SUM_JUMP = "sum_jump"
    ACCOUNT_CHANGED_LATE = "account_changed_late"
    BACK_AFTER_END = "back_after_end"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with the thresholds that hold today; ``blocks``: no approval without a word about each finding."""

    code: str
    thresholds: Mapping[str, int]
    blocks: bool


DEFAULTS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            # A parent's account takes the money of several children (TROUBLES.md O21): five people on one is no family.
            Rule(Code.SHARED_ACCOUNT, {"people": 5}, blocks=True),
            # Names repeat: in a kelurahan of 800 lines a common one stands four times. The share keeps large places quiet.
            Rule(Code.SAME_HOLDER, {"accounts": 10, "percent": 2}, blocks=True),
            Rule(Code.NEW_IN_KELURAHAN, {"people": 20, "percent": 30}, blocks=True),
            Rule(Code.ROUND_NUMBER, {"people": 50, "multiple_of": 50}, blocks=False),
            Rule(Code.SUM_JUMP, {"percent": 20, "rupiah": 100_000_000}, blocks=True),
            Rule(Code.ACCOUNT_CHANGED_LATE, {"people": 1, "days": 3}, blocks=True),
            Rule(Code.BACK_AFTER_END, {"people": 1}, blocks=True),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """People of a list who have something in common. ``of``: what they are compared with; ``digest`` covers every one of them."""

    subject: str
    people: int
    amount: int
    of: int = 0
    digest: str = ""
    person_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. ``subject``: an area, a programme, or twelve digits of a keyed index, never a number or a name."""

    rule: Rule
    subject: str
    people: int
    amount: int
    numbers: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""
    person_ids: tuple[UUID, ...] = ()

    def id(self, batch_id: UUID) -> UUID:
        """The same for the same facts of the same batch: a word given once holds until one of them changes."""
        facts = [self.subject, str(self.people), str(self.amount), *(f"{key}={value}" for key, value in sorted(self.numbers.items()))]
        return natural_id("anomaly", str(batch_id), self.rule.code, sha256("\t".join([*facts, self.digest]).encode()).hexdigest())


def _finding(rule: Rule, group: Group, **numbers: int) -> Finding:
    return Finding(rule, group.subject, group.people, group.amount, numbers, group.digest, group.person_ids)


def _share(part: int, of: int) -> int:
    """Whole percent, rounded down; of nothing everything is all."""
    return 100 * part // of if of else 100


def shared_account(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """Many people on one account number."""
    return [_finding(rule, group) for group in groups if group.people >= rule.thresholds["people"]]


def same_holder(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """One holder's name on many accounts of one kelurahan; ``of``: lines of the kelurahan, ``people``: accounts."""
    return [
        _finding(rule, group, lines_in_kelurahan=group.of)
        for group in groups
        if group.people >= rule.thresholds["accounts"] and _share(group.people, group.of) >= rule.thresholds["percent"]
    ]


def new_in_kelurahan(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """Many who were not on the last list, beside how many of the kelurahan were (``of``)."""
    return [
        _finding(rule, group, before=group.of, percent=_share(group.people, group.of))
        for group in groups
        if group.people >= rule.thresholds["people"] and _share(group.people, group.of) >= rule.thresholds["percent"]
    ]


def round_number(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """Exactly 50 or 100 new people in a kelurahan: people rarely come in round numbers, quotas of a clerk do."""
    return [
        _finding(rule, group)
        for group in groups
        if group.people >= rule.thresholds["people"] and group.people % rule.thresholds["multiple_of"] == 0
    ]


def sum_jump(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """The sum of a programme or a city beside the last list's (``of``), up or down."""
    return [
        _finding(rule, group, before=group.of, difference=group.amount - group.of)
        for group in groups
        if abs(group.amount - group.of) >= rule.thresholds["rupiah"]
        and _share(abs(group.amount - group.of), group.of) >= rule.thresholds["percent"]
    ]


def enough_people(rule: Rule, groups: Iterable[Group]) -> list[Finding]:
    """``account_changed_late`` and ``back_after_end``: the group itself is odd, whatever it is compared with."""
    return [_finding(rule, group) for group in groups if group.people >= rule.thresholds["people"]]


def largest(findings: list[Finding]) -> list[Finding]:
    """At most FINDINGS_MAX of one rule, and one more that says how many there were."""
    if len(findings) <= FINDINGS_MAX:
        return findings
    kept = sorted(findings, key=lambda one: (-one.people, one.subject))[:FINDINGS_MAX]
    return [*kept, Finding(kept[0].rule, "*", 0, 0, {"findings": len(findings)})]
