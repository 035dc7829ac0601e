"""Months that nobody thought of: random steps through the real doors, held against a plain ledger after every one.

Invariants 1 to 4 and 6 to 11 of the reliability page; at the end ``ritme verify`` looks at the same databases.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.service.disbursement.desk import TARIFF, open_desk, person
from tests.service.disbursement.files import ACCOUNTS, account_row, commit, know, no_cooling_off, send
from tests.service.disbursement.paying import Office
from tests.service.disbursement.plain_ledger import UNSENT, Batch, Ledger, Payment
from tests.support.world import Ground

T = TypeVar("T")
PEOPLE = range(1, 6)
MONTHS = ("2025-09", "2025-10", "2025-11", "2025-12")
SIGNERS = {
    "draft": ("submission", "operator", "submitted"),
    "submitted": ("check", "checker", "checked"),
    "checked": ("approval", "approver", "approved"),
}
CHECKED = (1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 16, 18, 19)
seldom = st.integers(0, 4).map(lambda n: n == 0)
numbers, codes = st.sampled_from(PEOPLE), st.sampled_from(("00", "00", "00", "03", "09", "SI"))


class Months(RuleBasedStateMachine):
    """One programme, five people, three months. Every rule does the same at the desk and in the plain ledger."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.ledger = Ledger()
        self.ids: list[dict[str, Any]] = []
        self.sent: list[Any] = []
        self.blank_lines = 0

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    @initialize()
    def start(self) -> None:
        self.desk = self.run(self.stack.enter_async_context(open_desk(self.ground)))
        self.office = Office(self.desk)
        know(self.desk, *PEOPLE)
        self.run(no_cooling_off(self.desk))
        for number in PEOPLE[:-1]:
            self._change(number, "activated", MONTHS[0])
            if number > 1:
                self.give_account(number, 0, card=number != 2)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            wrong = self.desk.broken(CHECKED, bus=True)
            self.run(self.stack.aclose())
            assert not wrong
        self.loop.close()

    @invariant()
    def the_office_goes_on(self) -> None:
        """Whatever else happens, the month takes its course: a step of it after every other one."""
        self.ledger.step += 1
        if hasattr(self, "desk") and self.ledger.step % 2:
            self.the_same_as_the_plain_ledger()
            self._next_step()
            self.ledger.step += 1

    def _next_step(self) -> None:
        """Seal, open, list, sign, money, bank, and the next month."""
        unsent = [self.ledger.batches[n].state for n in self._in(*UNSENT)]
        if unsent:
            self._send_on(unsent[0])
        elif len(self.ledger.opened) < len(self.ledger.sealed):
            self.open_month()
        elif self._payable():
            self.compose()
        elif self._in("released"):
            self._bank_answers(self._in("released")[0])
            self.results_due()
        else:
            self.seal()

    def _send_on(self, state: str) -> None:
        if state == "funded":
            self.release()
        elif state == "reserved":
            self.pay_in(short=False)
        elif state == "approved":
            self.reserve()
        else:
            self.sign()

    def _payable(self) -> bool:
        month = max(self.ledger.opened, default="")
        return bool(month) and any(self.ledger.payable(one, month) for one in self.ledger.states)

    # --- people ------------------------------------------------------------------------------------------------------

    @property
    def next_month(self) -> str:
        """The first month that is not sealed yet; changes count from here."""
        return next((month for month in MONTHS if month not in self.ledger.sealed), "2026-01")

    def _now(self, number: int) -> str:
        states = self.ledger.states.get(number)
        return states[-1][0] if states else ""

    @rule(number=numbers, reaching_back=st.booleans(), for_good=seldom)
    def change(self, number: int, *, reaching_back: bool, for_good: bool) -> None:
        """The next thing in a person's life: named by a decree, suspended, resumed, or, seldom, ended."""
        now = self._now(number)
        on_a_list = any(batch.state in UNSENT and any(p.person == number for p in batch.lines) for batch in self.ledger.batches)
        first = MONTHS[0] if reaching_back else self.next_month
        if not now:
            self._change(number, "activated", self.next_month)
        elif now != "ended" and for_good and not on_a_list:
            self._change(number, "ended", first)
        elif now == "suspended":
            self._change(number, "resumed", first)
        elif now != "ended":
            self._change(number, "suspended", self.next_month)

    def _change(self, number: int, what: str, first_month: str) -> None:
        tell = {"activated": "activate", "suspended": "suspend", "resumed": "resume", "ended": "end"}[what]
        record = getattr(self.desk.beneficiary, tell)(person(number), from_month=first_month)
        self.sent.append(record)
        self.run(self.desk.told())
        self.ledger.change(number, what, first_month)

    @precondition(lambda self: self.sent)
    @rule(pick=st.randoms(use_true_random=False))
    def hear_it_again(self, pick: random.Random) -> None:
        """What was told before comes once more, out of order."""
        self.run(self.desk.bus.append([pick.choice(self.sent)]))
        self.run(self.desk.settle())

    @rule(number=numbers)
    def card_arrives(self, number: int) -> None:
        self.give_account(number, 0, card=True)

    @rule(number=numbers, account=st.sampled_from((0, 1)), card=st.booleans())
    def give_account(self, number: int, account: int, *, card: bool) -> None:
        if not self._now(number):
            return
        digits = f"{5_000_000_000 + 10 * number + account}"
        self.blank_lines += 1  # never the same bytes: those would be a no-op
        rows = [account_row(number, account=digits, card="ya" if card else "tidak"), *[""] * self.blank_lines]

        async def bring_in() -> None:
            status, answer = await commit(self.desk, await send(self.desk, "accounts", ACCOUNTS, rows, {"count": 1}))
            assert status == 200, answer
            await self.desk.settle()

        self.run(bring_in())
        self.ledger.give_account(number, digits, card=card)

    # --- the month ---------------------------------------------------------------------------------------------------

    def seal(self) -> None:
        month = self.next_month
        if month in MONTHS and self.ledger.states:
            self.desk.beneficiary.seal(month=month)
            self.run(self.desk.told())
            self.ledger.seal(month)

    def open_month(self) -> None:
        waiting = sorted(set(self.ledger.sealed) - self.ledger.opened)
        if waiting and self.ledger.sealed[waiting[0]]:
            answer = self.run(self.desk.as_("operator").post(f"/months/{waiting[0]}/opening"))
            assert answer.status_code == 200, answer.text
            self.run(self.desk.settle())
            self.ledger.open(waiting[0])

    # --- lists -------------------------------------------------------------------------------------------------------

    def _in(self, *states: str) -> list[int]:
        return [n for n, batch in enumerate(self.ledger.batches) if batch.state in states]

    def compose(self) -> None:
        month = max(self.ledger.opened)
        waiting = any(one.month == month and one.state == "draft" and one.lines for one in self.ledger.batches)
        if not self.ledger.compose(month).lines and waiting:
            self.ledger.batches.pop()  # a draft has everybody on it already
            refused = self.run(self.office.post("operator", "/batches", {"month": month, "kind": "main"}, status=409))
            assert refused["code"] == "batch-exists"
            return
        self.ids.append(self.run(self.office.compose(month)))

    def sign(self) -> None:
        n = self._in(*SIGNERS)[0]
        batch, step = self.ledger.batches[n], SIGNERS[self.ledger.batches[n].state]
        if step[0] == "submission":
            self.ledger.refresh(batch)
            status = 200 if batch.lines else 409
            answer = self.run(self.office.post(step[1], f"/batches/{self.ids[n]['id']}/submission", status=status))
            batch.state = "submitted" if batch.lines else "draft"
            self.ids[n] = answer if status == 200 else self.ids[n]
            return
        if step[0] == "approval":
            self.run(self.office.explain(self._batch(n)))  # what is odd has a word before anybody approves
        body = {"list_hash": self._batch(n)["list_hash"]}
        self.run(self.office.post(step[1], f"/batches/{self.ids[n]['id']}/{step[0]}", body))
        batch.state = step[2]

    @precondition(lambda self: self._in("submitted", "checked"))
    @rule(who=st.sampled_from(("operator", "checker", "approver")))
    def nobody_signs_twice(self, who: str) -> None:
        n = self._in("submitted", "checked")[0]
        state = self.ledger.batches[n].state
        door, right, _ = SIGNERS[state]
        if who != right:
            answer = self.run(
                self.desk.as_(who).post(f"/batches/{self.ids[n]['id']}/{door}", json={"list_hash": self._batch(n)["list_hash"]})
            )
            assert answer.status_code in (403, 409), answer.text

    def reserve(self) -> None:
        n = self._in("approved")[0]
        self.run(self.office.reserve(self._batch(n)))
        self.ledger.batches[n].state = "reserved"
        self._fund(self.ledger.batches[n])

    @precondition(lambda self: self._in(*UNSENT))
    @rule(short=st.booleans())
    def pay_in(self, *, short: bool) -> None:
        n = self._in(*UNSENT)[0]
        batch = self.ledger.batches[n]
        amount = batch.months_paid * TARIFF - (TARIFF if short else 0)
        if amount > 0 and batch.state not in ("draft", "funded"):
            self.run(self.office.pay_in(self._batch(n), {"KLJ": amount}))
            batch.paid_in += amount
            self._fund(batch)

    def _fund(self, batch: Batch) -> None:
        if batch.state == "reserved" and batch.paid_in >= batch.months_paid * TARIFF:
            batch.state = "funded"

    @precondition(lambda self: self._in(*UNSENT))
    @rule()
    def release(self) -> None:
        """Only what is funded leaves; before, the door says no and nothing moves."""
        n = self._in(*UNSENT)[0]
        batch = self.ledger.batches[n]
        if batch.state == "funded":
            self.run(self.office.release(self._batch(n)))
            self.ledger.release(batch)
            self.run(self.desk.settle())
        else:
            self.run(self.office.release(self._batch(n), status=409))

    @precondition(lambda self: self._in(*UNSENT))
    @rule(really=seldom)
    def withdraw(self, *, really: bool) -> None:
        if not really:
            return
        n = self._in(*UNSENT)[0]
        self.run(self.office.post("operator", f"/batches/{self.ids[n]['id']}/withdrawal", {"reason": "salah daftar"}))
        self.run(self.desk.settle())
        self.ledger.withdraw(self.ledger.batches[n])

    # --- the bank ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self._in("released", "results_in"))
    @rule(data=st.data(), lines=st.lists(st.tuples(codes, st.integers(0, 9)), min_size=1, max_size=4))
    def results(self, data: st.DataObject, lines: list[tuple[str, int]]) -> None:
        for code, wrong_amount in lines:
            self._result(data, code, wrong_amount)

    def _result(self, data: st.DataObject, code: str, wrong_amount: int) -> None:
        """A line of the bank, good or with another amount than was sent."""
        n = data.draw(st.sampled_from(self._in("released", "results_in")))
        self._answer(n, data.draw(st.sampled_from(self.ledger.batches[n].lines)), code, wrong_amount)

    def _bank_answers(self, n: int) -> None:
        """Most are credited, some rejected, and for some nothing comes."""
        for line in self.ledger.batches[n].lines:
            code = ("", "00", "00", "03")[(line.person + self.ledger.step) % 4]
            if code and line.outcome == "in_payment":
                self._answer(n, line, code, 1)

    def _answer(self, n: int, line: Payment, code: str, wrong_amount: int) -> None:
        amount = len(line.months) * TARIFF + (1000 if wrong_amount == 0 else 0)
        (reference,) = (r for r, p in self._references(n) if p == str(person(line.person)))
        row = (reference, line.account, amount, code, "2025-11-25")
        status, answer = self.run(self.office.send_results(self.ids[n], [row], parts=99))
        self.run(self.desk.settle())
        assert status in (200, 201), answer
        if status == 201:  # else the same bytes were there before, and change nothing
            did = "quarantined" if wrong_amount == 0 else self.ledger.answer(line, code)
            applied = int(did in ("applied", "rejected"))
            found = (answer["applied"], answer["rejected"], answer["quarantined"], answer["unchanged"])
            assert found == (applied, int(did == "rejected"), int(did == "quarantined"), int(did == "unchanged"))

    def _references(self, n: int) -> list[tuple[str, str]]:
        lines = self.run(self.office.lines(self.ids[n]))
        return [(line["reference"], line["person_id"]) for line in lines if line["outcome"] != "withdrawn"]

    @precondition(lambda self: self._in("released"))
    @rule()
    def results_due(self) -> None:
        n = self._in("released")[0]
        self.run(self.office.post("operator", f"/batches/{self.ids[n]['id']}/results-due"))
        self.run(self.desk.settle())
        self.ledger.results_due(self.ledger.batches[n])

    # --- what must hold after every step -----------------------------------------------------------------------------

    def _batch(self, n: int) -> dict[str, Any]:
        return self.run(self.office.get(f"/batches/{self.ids[n]['id']}"))

    @invariant()
    def the_same_as_the_plain_ledger(self) -> None:
        if not hasattr(self, "desk"):
            return
        rows = self.desk.sql("SELECT person_id, month, outcome, reason FROM entitlement_month")
        found = {(one.int & 0xFF, month): (outcome, reason) for one, month, outcome, reason in rows}
        assert found == self.ledger.heads
        states = {row[0]: row[1] for row in self.desk.sql("SELECT id::text, state FROM batch")}
        assert [states[one["id"]] for one in self.ids] == [batch.state for batch in self.ledger.batches]
        gaps = self.desk.sql("SELECT person_id, month FROM gap WHERE state = 'open' AND owner <> '' AND due_on IS NOT NULL")
        assert {(one.int & 0xFF, month) for one, month in gaps} == self.ledger.gaps

    @invariant()
    def paid_at_most_once(self) -> None:
        if hasattr(self, "desk"):
            twice = self.desk.sql(
                """SELECT a.person_id, a.month FROM payment_month a JOIN payment p ON p.id = a.payment_id
                    WHERE p.outcome NOT IN ('withdrawn', 'rejected', 'returned') GROUP BY 1, 2 HAVING count(*) > 1"""
            )
            assert twice == []


def _run(ground: Ground, examples: int, steps: int) -> None:
    Months.ground = ground
    run_state_machine_as_test(
        Months,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,),  # shrinking takes longer than reading the steps
        ),
    )  # fmt: skip


def test_a_few_random_months(ground: Ground) -> None:
    _run(ground, 3, 30)


@pytest.mark.slow
def test_many_random_months(ground: Ground) -> None:
    """Forty in CI; ``RITME_RANDOM_MONTHS=200`` for the night."""
    _run(ground, int(os.environ.get("RITME_RANDOM_MONTHS", "40")), 50)
