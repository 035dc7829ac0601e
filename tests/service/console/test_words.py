"""Words and figures: no code of a service reaches a clerk without the office's word for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.beneficiary import seed as beneficiary_seed
from services.budget_audit import seed as budget_seed
from services.budget_audit.domain import mismatch
from services.console import casework, figures, kinds, words
from services.console.doors import DoorProblem
from services.console.refusals import refusal
from services.console.view import STATIC, bar, link
from services.disbursement import seed as disbursement_seed
from services.disbursement.domain import cases
from services.disbursement.domain.batch import KINDS, BatchState
from services.disbursement.domain.cases import LAWFUL_REASONS
from services.disbursement.domain.entitlement import Outcome
from services.disbursement.domain.offices import is_office
from services.disbursement.domain.reconciliation import RowProblem
from services.disbursement.domain.stops import OrderKind
from services.disbursement.queries.steps import STEPS
from services.disbursement.templates import words as paper_words
from shared.contracts import words as finding_words

CONSOLE = Path(figures.__file__).parent


def test_numbers_are_written_as_the_office_writes_them() -> None:
    assert figures.whole(1000) == "1.000"
    assert figures.rupiah(240_600_000) == "Rp240.600.000"
    assert figures.rupiah(-5_775_000) == "−Rp5.775.000"
    assert figures.whole(None) == figures.rupiah("") == "–"
    assert figures.day("2025-09-30") == "30 Sep 2025"
    assert figures.day("2025-09-30T20:00:00+00:00") == "1 Okt 2025", "a day is Jakarta's"
    assert figures.moment("2025-09-30T09:00:00Z") == "30 Sep 2025 16.00"
    assert figures.month_name("2025-09") == "September 2025"
    assert figures.month_name("?") == "?"


@pytest.mark.parametrize(("typed", "number"), [("1.000", 1000), ("Rp300.000.000", 300_000_000), (" 1 000 ", 1000), ("0", 0)])
def test_numbers_are_read_as_the_office_types_them(typed: str, number: int) -> None:
    assert figures.typed_number(typed) == number


@pytest.mark.parametrize("typed", ["", "satu", "-5", "1,5", "٣"])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(typed)}$"):
        figures.typed_number(typed)


def test_every_code_of_the_services_has_a_word() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.BATCH_STATES) == set(BatchState)
    assert set(words.BATCH_KINDS) == set(KINDS)
    assert set(words.ORDERS) == set(OrderKind)
    assert set(words.RESULT_PROBLEMS) == set(RowProblem)
    assert set(words.MISMATCH_CODES) == {code for code, _, _ in budget_seed.MISMATCH_RULES}
    assert words.MISMATCH_CODES == finding_words.MISMATCH_CODES, "the report says what the page says"
    assert set(words.MISMATCH_STATES) == set(mismatch.State) - {"none"}
    assert set(words.MISMATCH_STEPS) == set(mismatch.Step)
    reasons = {code for _, code, _ in beneficiary_seed.REASONS} | {code for code, _, _ in disbursement_seed.GAP_OWNERS}
    reasons |= {reason for _, outcome, reason, _, _ in disbursement_seed.BANK_CODES if outcome == "rejected"}
    assert reasons - {"*"} <= set(words.REASONS)
    assert {code: word for code, word in words.REASONS.items() if code} == paper_words.REASONS, "the paper says what the page says"
    assert set(LAWFUL_REASONS) <= set(words.REASONS)
    drawn = {part for _, parts, _ in words.STEPS for part in parts}
    assert drawn == set(STEPS) == set(words.WAITING_FOR)


def test_every_code_of_a_case_has_a_word() -> None:
    assert set(casework.KINDS) == set(cases.Kind) == set(casework.NEW_KINDS.values()) | {"hold"}
    assert set(casework.STATES) == set(cases.State)
    assert set(casework.ACCESS) == set(cases.ACCESS)
    assert set(casework.ACCESS_RESULTS) == set(cases.ACCESS_RESULTS)
    assert set(casework.AGAINST) == set(cases.AGAINST)
    assert set(casework.CLAIMS) == set(cases.CLAIMS)
    assert set(casework.WAYS) == set(cases.NOTICE_WAYS)
    assert set(casework.FILED_BY) == set(cases.FILED_BY)
    assert set(casework.LAWFUL_REASONS) == set(cases.LAWFUL_REASONS)
    assert all(casework.LAWFUL_REASONS.values())


def test_every_step_of_a_case_is_offered_where_it_leads_on() -> None:
    for kind, state, step in cases.TRANSITIONS:
        if step not in (cases.Step.END, cases.Step.SETTLE):  # the system's own
            assert len(casework.case_forms({"kind": kind, "state": state})) > 1, (kind, state, step)
    assert casework.case_forms({"kind": "hold", "state": "closed"}) == ()


def test_a_gap_goes_to_an_office_of_its_own_place() -> None:
    names = {"31.73": "Kota Administrasi Jakarta Barat", "31.73.01": "Cengkareng"}
    offices = casework.offices("31.73.01.1005", names)
    assert list(offices)[:2] == ["satpel/31.73.01", "sudin/31.73"]
    assert offices["satpel/31.73.01"] == "Satpel Kecamatan Cengkareng"
    assert all(is_office(code) for code in offices)


def test_every_refusal_of_the_services_has_a_sentence() -> None:
    root = CONSOLE.parent.parent
    codes = set()
    for file in [*root.glob("shared/**/*.py"), *root.glob("services/*/**/*.py")]:
        codes |= set(re.findall(r'^    code(?:: ClassVar\[str\])? = "([a-z-]+)"$', file.read_text(), re.MULTILINE))
    machine_only = {
        "refused", "unauthenticated", "idempotency-key-reused", "list-unavailable", "list-not-sealed", "not-enrolled", "resume-month",
        "month-too-late", "sealed-month", "unknown-reason", "nobody-named",
    }  # fmt: skip
    missing = {code for code in codes - machine_only if refusal(DoorProblem(409, code, "english")).sentence == "english"}
    missing -= _codes_of(root / "services/assistive_devices")  # doors of devices are not on these pages
    assert not missing, "say it in services/console/refusals.py, or name it above where no clerk can meet it"


def _codes_of(folder: Path) -> set[str]:
    return {code for file in folder.glob("**/*.py") for code in re.findall(r'^    code = "([a-z-]+)"$', file.read_text(), re.MULTILINE)}


def test_an_unknown_refusal_shows_its_own_detail_and_code() -> None:
    shown = refusal(DoorProblem(409, "brand-new", "what the service said", {"correlation_id": "abc"}))
    assert (shown.sentence, shown.code, shown.correlation_id) == ("what the service said", "brand-new", "abc")


def test_differing_totals_stand_side_by_side() -> None:
    data = {"controls": {"count": 1000, "sum": 300_000_000}, "totals": {"count": 998, "sum": 299_400_000}}
    assert refusal(DoorProblem(409, "totals-differ", "", data)).facts == [
        "Menurut dokumen: 1.000 baris, Rp300.000.000", "Menurut berkas: 998 baris, Rp299.400.000",
    ]  # fmt: skip


def test_offices_are_named_with_their_place() -> None:
    names = {"31.73": "Kota Administrasi Jakarta Barat", "31.73.01": "Cengkareng"}
    assert words.office("sudin/31.73", names) == "Sudin Sosial Jakarta Barat"
    assert words.office("satpel/31.73.01", names) == "Satpel Kecamatan Cengkareng"
    assert words.office("satpel/31.73.01", {}) == "Satpel Kecamatan 31.73.01", "a code is better than nothing"
    for owner in [office for _, office, _ in disbursement_seed.GAP_OWNERS] + [office for _, office, _ in budget_seed.MISMATCH_RULES]:
        assert "-" not in words.office(owner.format(city="31.73", kecamatan="31.73.01", panti="BM1"), names)


def _steps(done: int) -> list[dict[str, str]]:
    return [{"step": step, "state": "done" if n < done else "now" if n == done else "waiting"} for n, step in enumerate(STEPS)]


@pytest.mark.parametrize(
    ("done", "holding", "closed", "now"),
    [
        (0, None, False, "Batas Data"), (3, None, False, "Persetujuan"), (6, None, False, "SPP/SPM"), (7, None, False, "SP2D"),
        (9, 2_400_000, False, "Hasil"), (10, 2_400_000, False, "Retur/STS"), (10, 0, False, "Tutup"), (10, 0, True, None),
    ],
)  # fmt: skip
def test_one_step_is_todays(done: int, holding: int | None, closed: bool, now: str | None) -> None:
    steps = words.month_steps(_steps(done), holding=holding, closed=closed)
    assert len(steps) == 10
    assert [step.name for step in steps if step.state == "now"] == ([now] if now else [])
    states = [step.state for step in steps]
    assert states == sorted(states, key=("done", "now", "waiting").index), "what is done comes first"


def test_a_bar_shows_three_among_a_thousand_and_is_never_longer_than_itself() -> None:
    pieces = bar({"paid": 796, "unknown": 3, "held": 12, "missed": 185, "excluded": 4, "due": 0})
    assert [piece.key for piece in pieces] == ["paid", "unknown", "held", "missed", "excluded"]
    assert min(piece.width for piece in pieces) >= 9
    assert sum(piece.width for piece in pieces) == pytest.approx(1000, abs=0.1)
    assert bar({"paid": 0}) == []


def test_links_leave_out_what_is_empty_and_quote_what_is_not() -> None:
    assert link("/temuan", bulan="", alasan="a b&c") == "/temuan?alasan=a+b%26c"


def test_controls_have_the_shape_of_their_door() -> None:
    decree = kinds.kind_of("beneficiary", "decree")
    typed = {
        "number": " 850/2025 ", "from_month": "2025-09", "to_month": "2025-12", "count": "1.000", "sum": "Rp300.000.000",
        "KLJ.count": "1.000", "KLJ.sum": "300.000.000", "KLJ.quota": "1.005", "KAJ.count": "",
    }  # fmt: skip
    assert kinds.controls(decree, typed) == {
        "number": "850/2025", "from_month": "2025-09", "to_month": "2025-12", "count": 1000, "sum": 300_000_000,
        "programmes": {"KLJ": {"count": 1000, "sum": 300_000_000, "quota": 1005}},
    }  # fmt: skip
    older = kinds.kind_of("disbursement", "carry-in")
    assert kinds.controls(older, {"count": "6", "month.0": "2025-07", "months.0": "3", "month.1": "2025-08", "months.1": "3"}) == {
        "count": 6, "months": {"2025-07": 3, "2025-08": 3},
    }  # fmt: skip
    with pytest.raises(DoorProblem, match="not a number"):
        kinds.controls(older, {"count": "six"})


def test_pages_keep_to_the_content_security_policy() -> None:
    """No script, style or handler inside a page: the policy would silently drop them."""
    for file in (CONSOLE / "templates").glob("*.html"):
        page = file.read_text()
        assert not re.search(r"""\sstyle\s*=|\son[a-z]+=["']|<style|javascript:|hx-on|https?://""", page), file.name
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), file.name


def test_every_sign_on_a_page_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z_]+)"', (STATIC / "icons.svg").read_text()))
    used = {name for file in (CONSOLE / "templates").glob("*.html") for name in re.findall(r'icon\("([a-z_]+)"\)', file.read_text())}
    assert used <= drawn
    assert set(words.OUTCOMES) <= drawn
