"""The batch's rules, pure: every pair of state and action, who may sign, what the bank's line does."""

from __future__ import annotations

import itertools

import pytest

from services.disbursement.domain.batch import (
    TRANSITIONS,
    BatchAction,
    BatchState,
    Signature,
    Step,
    after,
    batch_code,
    covered,
    entry_hash,
    list_header,
    refuse_same_person,
)
from services.disbursement.domain.reconciliation import CodeOutcome, PaymentOutcome, RowProblem, RowState, decide
from shared.kernel.errors import FourEyes, IllegalTransition

S, A = BatchState, BatchAction

# CORE.md section 5, written down once more by hand: a change of the table must be made in both places.
EXPECTED = {
    ("draft", "submit"): "submitted",
    ("submitted", "check"): "checked",
    ("checked", "approve"): "approved",
    ("approved", "reserve"): "reserved",
    ("approved", "refuse"): "refused",
    ("reserved", "fund"): "funded",
    ("approved", "fund_from_holding"): "funded",
    ("funded", "release"): "released",
    ("released", "take_results"): "released",
    ("results_in", "take_results"): "results_in",
    ("released", "sweep"): "results_in",
    ("results_in", "close"): "closed",
    ("closed", "take_results"): "results_in",
    ("refused", "ask_again"): "approved",
    **{(state, "change_line"): "draft" for state in ("submitted", "checked", "approved", "reserved", "refused", "funded")},
    **{(state, "send_back"): "draft" for state in ("submitted", "checked", "approved", "reserved", "refused", "funded")},
    **{(state, "withdraw"): "withdrawn" for state in ("draft", "submitted", "checked", "approved", "reserved", "refused", "funded")},
}


@pytest.mark.parametrize(("state", "action"), list(itertools.product(S, A)))
def test_every_pair_is_in_the_table_or_refused(state: BatchState, action: BatchAction) -> None:
    expected = EXPECTED.get((state.value, action.value))
    if expected is None:
        with pytest.raises(IllegalTransition) as refused:
            after(state.value, action)
        assert refused.value.data == {"state": state.value, "action": action.value}
    else:
        assert after(state.value, action) == expected


def test_nothing_leads_to_release_but_an_sp2d_or_what_one_has_paid_already() -> None:
    assert [pair for pair, to in TRANSITIONS.items() if to is S.FUNDED] == [(S.RESERVED, A.FUND), (S.APPROVED, A.FUND_FROM_HOLDING)]
    assert [pair for pair, to in TRANSITIONS.items() if to is S.RELEASED and pair[0] is not S.RELEASED] == [(S.FUNDED, A.RELEASE)]


SIGNED = [Signature("submit", "maker"), Signature("check", "checker"), Signature("approve", "approver")]


@pytest.mark.parametrize("person", ["composer", "maker", "checker", "approver"])
def test_whoever_acted_may_not_release(person: str) -> None:
    with pytest.raises(FourEyes):
        refuse_same_person(Step.RELEASE, person, "composer", SIGNED)


def test_a_fourth_person_may_release() -> None:
    refuse_same_person(Step.RELEASE, "releaser", "composer", SIGNED)


def test_the_composer_may_submit_and_nothing_else() -> None:
    refuse_same_person(Step.SUBMIT, "composer", "composer", [])
    for step in (Step.CHECK, Step.APPROVE, Step.RELEASE):
        with pytest.raises(FourEyes):
            refuse_same_person(step, "composer", "composer", [])


def test_after_a_change_each_keeps_to_their_part() -> None:
    void = [Signature("submit", "maker", void=True), Signature("check", "checker", void=True)]
    refuse_same_person(Step.CHECK, "checker", "maker", void)
    for step, person in ((Step.APPROVE, "checker"), (Step.CHECK, "maker"), (Step.SUBMIT, "checker")):
        with pytest.raises(FourEyes):
            refuse_same_person(step, person, "maker", void)


def test_nobody_signs_the_same_step_twice() -> None:
    with pytest.raises(FourEyes):
        refuse_same_person(Step.CHECK, "checker", "maker", [Signature("check", "checker")])


def test_entry_hash_takes_ten_digits_and_stays_within_ten() -> None:
    assert entry_hash(["12345", "99123456789012"]) == 12345 + 3456789012
    assert entry_hash(["9999999999", "2"]) == 1


def test_list_header_and_code() -> None:
    assert list_header("b", "2025-09", "main", 810, 243_000_000) == b"b\t2025-09\tmain\t810\t243000000\n"
    assert list_header("b", "2025-09", "retry", 2, 600_000, "holding") == b"b\t2025-09\tretry+holding\t2\t600000\n"
    assert batch_code("2025-09", "main", 1) == "2025-09-M01"
    assert batch_code("2025-09", "back_pay", 12) == "2025-09-B12"


def test_an_sp2d_must_cover_every_programme_by_itself() -> None:
    totals = [("KLJ", 600), ("KAJ", 300)]
    assert covered(totals, {"KLJ": 600, "KAJ": 300})
    assert covered(totals, {"KLJ": 700, "KAJ": 300})
    assert not covered(totals, {"KLJ": 900})
    assert not covered(totals, {"KLJ": 599, "KAJ": 301})


P, C = PaymentOutcome, CodeOutcome
FINAL = (P.CREDITED, P.REJECTED, P.RETURNED)


@pytest.mark.parametrize(("payment", "code"), list(itertools.product(P, C)))
def test_what_a_line_does(payment: PaymentOutcome, code: CodeOutcome) -> None:
    state, problem = decide(payment, code)
    if payment in (P.IN_PAYMENT, P.UNKNOWN):
        assert state == {C.CREDITED: RowState.APPLIED, C.REJECTED: RowState.REJECTED, C.PENDING: RowState.UNCHANGED}[code]
    elif (payment, code) == (P.CREDITED, C.REJECTED):
        assert state is RowState.REJECTED  # a late return
        assert decide(payment, code, dated_before_credit=True) == (RowState.QUARANTINED, RowProblem.AGAINST_FINAL)
    elif (payment, code) in ((P.CREDITED, C.CREDITED), (P.REJECTED, C.REJECTED), (P.RETURNED, C.REJECTED)):
        assert (state, problem) == (RowState.UNCHANGED, None)
    else:
        assert (state, problem) == (RowState.QUARANTINED, RowProblem.AGAINST_FINAL)
