"""The ledger once more, as plain dictionaries: what CORE.md says a month's life is, without a database, a bus or SQL.

Written from the rules, not from the product: one programme, a few people, whole months. ``test_random_months`` holds the
product against it after every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

CURED = {"card_not_handed_over", "no_account", "cause_not_known", "released_late", "left_out"}
REASON = {"03": "account_closed", "09": "account_dormant"}
UNSENT = ("draft", "submitted", "checked", "approved", "reserved", "funded")
OVER = ("withdrawn", "rejected", "returned")
"""Payments whose months are free for another list."""


@dataclass
class Account:
    """Where one person is paid: a number, and whether the card is there; ``since`` is the step that changed it."""

    number: str
    card: bool
    since: int


@dataclass
class Payment:
    """One transfer of one person, with the months in it."""

    person: int
    months: list[str]
    account: str
    outcome: str = "prepared"


@dataclass
class Batch:
    """One list; ``paid_in`` counts what SP2Ds brought for it."""

    month: str
    made: int
    state: str = "draft"
    payments: list[Payment] = field(default_factory=list)
    paid_in: int = 0
    results_due: bool = False

    @property
    def lines(self) -> list[Payment]:
        return [payment for payment in self.payments if payment.outcome != "withdrawn"]

    @property
    def months_paid(self) -> int:
        return sum(len(payment.months) for payment in self.lines)


@dataclass
class Ledger:
    """Heads ``(person, month) -> [outcome, reason]`` and everything that moves them."""

    heads: dict[tuple[int, str], tuple[str, str]] = field(default_factory=dict)
    gaps: set[tuple[int, str]] = field(default_factory=set)
    states: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """By person: (what happened, first month that it changes), oldest first."""
    sealed: dict[str, dict[int, str]] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    accounts: dict[int, Account] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    step: int = 0

    # --- enrolments --------------------------------------------------------------------------------------------------

    def change(self, person: int, what: str, first_month: str) -> None:
        """activated, suspended, resumed or ended; open months follow."""
        self.states.setdefault(person, []).append((what, first_month))
        if what in ("resumed", "ended"):
            for month in sorted(self.opened):
                if month >= first_month:
                    self._follow(person, month)

    def _now(self, person: int, month: str) -> str:
        covering = [what for what, first in self.states.get(person, []) if first <= month]
        return covering[-1] if covering else ""

    def seal(self, month: str) -> None:
        self.sealed[month] = {person: now for person in self.states if (now := self._now(person, month))}

    def open(self, month: str) -> None:
        self.opened.add(month)
        for person, what in self.sealed[month].items():
            head = {"suspended": ("held", "verification"), "ended": ("excluded", "died")}.get(what, ("due", ""))
            self._put(person, month, *head)
            self._follow(person, month)

    def _follow(self, person: int, month: str) -> None:
        head = self.heads.get((person, month))
        if head is None:
            return
        now = self._now(person, month)
        if head[0] == "held" and now == "resumed":
            late = any(batch.month == month and batch.results_due for batch in self.batches)
            self._put(person, month, *(("missed", "released_late") if late else ("due", "")))
        elif head[0] in ("held", "due") and now == "ended" and not self.live(person, month):
            self._put(person, month, "excluded", "died")

    # --- lists -------------------------------------------------------------------------------------------------------

    def live(self, person: int, month: str) -> bool:
        return any(
            payment.person == person and month in payment.months and payment.outcome not in OVER
            for batch in self.batches
            for payment in batch.payments
        )

    def payable(self, person: int, upto: str) -> list[str]:
        """Months that a list of ``upto`` takes up for this person."""
        account = self.accounts.get(person)
        if account is None or not account.card:
            return []
        months = []
        for month in sorted(self.opened):
            outcome, reason = self.heads.get((person, month), ("", ""))
            failed = [p for p in self._payments(person, month) if p.outcome in ("rejected", "returned")]
            cured = outcome == "missed" and (reason in CURED or failed) and all(p.account != account.number for p in failed)
            if month <= upto and (outcome == "due" or cured) and not self.live(person, month):
                months.append(month)
        return months

    def _payments(self, person: int, month: str) -> list[Payment]:
        return [p for batch in self.batches for p in batch.payments if p.person == person and month in p.months]

    def compose(self, month: str) -> Batch:
        batch = Batch(month, self.step)
        self.batches.append(batch)
        self._add_lines(batch, self.states)
        return batch

    def _add_lines(self, batch: Batch, people: Iterable[int]) -> None:
        for person in sorted(people):
            if months := self.payable(person, batch.month):
                batch.payments.append(Payment(person, months, self.accounts[person].number))

    def refresh(self, batch: Batch) -> bool:
        """Lines whose account is another one now, or that cannot be paid any more, are made anew."""
        stale = []
        for line in batch.lines:
            account = self.accounts[line.person]
            unpayable = any(self.heads[line.person, month][0] not in ("due", "missed") for month in line.months)
            if not account.card or account.number != line.account or unpayable:
                stale.append(line)
        for line in stale:
            line.outcome = "withdrawn"
        self._add_lines(batch, [line.person for line in stale])
        return bool(stale)

    def give_account(self, person: int, number: str, *, card: bool) -> None:
        before = self.accounts.get(person)
        if before is not None and (before.number, before.card) == (number, card):
            return
        self.accounts[person] = Account(number, card, self.step)
        if before is None or before.number == number:
            return
        for batch in self.batches:
            if batch.state in UNSENT and any(line.person == person for line in batch.lines):
                self.refresh(batch)
                batch.state = "draft"

    def withdraw(self, batch: Batch) -> None:
        months = {month for line in batch.lines for month in line.months}
        people = {line.person for line in batch.lines}
        batch.state = "withdrawn"
        for line in batch.lines:
            line.outcome = "withdrawn"
        for person in people:
            for month in sorted(self.opened):
                self._follow(person, month)
        for swept in self.batches:
            if swept.state == "results_in" and swept.month in months:
                self._miss(swept)

    def release(self, batch: Batch) -> None:
        batch.state = "released"
        for line in batch.lines:
            line.outcome = "in_payment"
            for month in line.months:
                self._put(line.person, month, "in_payment", "")

    # --- the bank ----------------------------------------------------------------------------------------------------

    def answer(self, line: Payment, code: str) -> str:
        """What one good row of the bank does: applied, rejected, unchanged or quarantined."""
        waiting = line.outcome in ("in_payment", "unknown")
        if code == "SI":
            return "unchanged" if waiting else "quarantined"
        if code == "00":
            if line.outcome == "credited":
                return "unchanged"
            if not waiting:
                return "quarantined"
            line.outcome = "credited"
            for month in line.months:
                self._put(line.person, month, "paid", "")
            return "applied"
        if line.outcome in ("rejected", "returned"):
            return "unchanged"
        reason, line.outcome = ("bank_return", "returned") if line.outcome == "credited" else (REASON[code], "rejected")
        for month in line.months:
            self._put(line.person, month, "missed", reason)
        return "rejected"

    def results_due(self, batch: Batch) -> None:
        batch.results_due, batch.state = True, "results_in"
        for line in batch.lines:
            if line.outcome == "in_payment":
                line.outcome = "unknown"
                for month in line.months:
                    self._put(line.person, month, "unknown", "awaiting_bank")
        self._miss(batch)

    def _miss(self, batch: Batch) -> None:
        """Whoever is due and on no list is missed, with what is on record."""
        for (person, month), (outcome, _) in list(self.heads.items()):
            if month == batch.month and outcome == "due" and not self.live(person, month):
                account = self.accounts.get(person)
                no_card = account is not None and (not account.card or account.since > batch.made)
                self._put(person, month, "missed", "card_not_handed_over" if no_card else "cause_not_known")

    # --- heads -------------------------------------------------------------------------------------------------------

    def _put(self, person: int, month: str, outcome: str, reason: str) -> None:
        self.heads[person, month] = (outcome, reason)
        if outcome in ("missed", "unknown"):
            self.gaps.add((person, month))
        elif outcome in ("paid", "excluded"):
            self.gaps.discard((person, month))
