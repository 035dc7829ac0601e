"""Tariffs by month, totals against the signed decree, the sealed line, kelurahan in words (O4)."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.beneficiary.domain.areas import AreaProblem, Areas, AreaWarning, Kelurahan, Successor
from services.beneficiary.domain.decree import Tariff, Totals, differences, tariff_of
from services.beneficiary.domain.purposes import may_look
from services.beneficiary.domain.seal import ProgrammeSeal, line, month_hash
from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month
from shared.kernel.rupiah import Rupiah

TARIFFS = [
    Tariff("KLJ", Month("2018-01"), Month("2022-12"), Rupiah(600_000)),
    Tariff("KLJ", Month("2023-01"), None, Rupiah(300_000)),
]


@pytest.mark.parametrize(("month", "amount"), [("2018-01", 600_000), ("2022-12", 600_000), ("2023-01", 300_000), ("2030-06", 300_000)])
def test_the_tariff_is_that_of_the_month(month: str, amount: int) -> None:
    assert tariff_of(TARIFFS, "KLJ", Month(month)) == amount


@pytest.mark.parametrize(("programme", "month"), [("KLJ", "2017-12"), ("KPDJ", "2025-09")])
def test_without_a_tariff_nothing_is_guessed(programme: str, month: str) -> None:
    with pytest.raises(InvalidInput):
        tariff_of(TARIFFS, programme, Month(month))


def test_equal_totals_have_no_difference_and_each_other_one_is_named() -> None:
    signed = {"KLJ": Totals(2, 600_000), "KAJ": Totals(1, 300_000)}
    assert differences(signed, signed, Totals(3, 900_000)) == []
    found = differences({"KLJ": Totals(2, 600_000)}, signed, Totals(3, 900_000))
    assert [text.split(":")[0] for text in found] == ["Jumlah keseluruhan", "KAJ"]
    assert "berkas 0 orang, Rp0; SK 1 orang, Rp300.000" in found[1]


@given(st.dictionaries(st.sampled_from(["KLJ", "KPDJ", "KAJ"]), st.tuples(st.integers(0, 99), st.integers(0, 10**12)), min_size=1))
def test_one_rupiah_too_many_always_shows(amounts: dict[str, tuple[int, int]]) -> None:
    signed = {code: Totals(count, rupiah) for code, (count, rupiah) in amounts.items()}
    total = Totals(sum(t.count for t in signed.values()), sum(t.sum for t in signed.values()))
    assert differences(signed, signed, total) == []
    assert differences(signed, signed, Totals(total.count, total.sum + 1))


def test_a_line_is_ascii_with_tabs_and_the_month_hash_is_over_codes_in_order() -> None:
    person = UUID("0198F000-0000-7000-8000-00000000ABCD")
    assert line(person, "ended", "dead", 300_000) == b"0198f000-0000-7000-8000-00000000abcd\tended\tdead\t300000\n"
    klj, kaj = ProgrammeSeal("KLJ", 2, 600_000, "a" * 64), ProgrammeSeal("KAJ", 1, 300_000, "b" * 64)
    text = f"KAJ\t1\t300000\t{'b' * 64}\nKLJ\t2\t600000\t{'a' * 64}\n"
    assert month_hash([klj, kaj]) == month_hash([kaj, klj]) == sha256(text.encode()).hexdigest()


AREAS = Areas.of(
    [
        Kelurahan("31.73.01.1005", "Kapuk", in_force=True),
        Kelurahan("31.73.01.1001", "Cengkareng Barat", in_force=True),
        Kelurahan("31.71.01.1009", "Lama", in_force=False),
    ],
    [Successor("31.73.01.1005", "Kapuk Selatan", ""), Successor("31.71.01.1009", "Baru", "31.71.01.1010")],
)


def test_a_code_in_force_is_taken_as_it_is() -> None:
    assert AREAS.read("31.73.01.1005") == "31.73.01.1005"


@pytest.mark.parametrize("written", ["Kapuk Selatan", "  kapuk   SELATAN"])
def test_a_successor_without_code_yet_is_taken_with_a_warning(written: str) -> None:
    found = AREAS.read(written)
    assert isinstance(found, AreaWarning)
    assert found.area == "31.73.01.1005"


@pytest.mark.parametrize(
    ("written", "code", "meant"),
    [
        ("Kapuk", "area-not-a-code", "31.73.01.1005 (Kapuk)"),
        ("Cengkareng Brat", "area-not-a-code", "31.73.01.1001 (Cengkareng Barat)"),
        ("3173011001", "area-unknown", "31.73.01.1001 (Cengkareng Barat)"),
        ("31.74.01.1099", "area-unknown", "bukan kode BPS"),
        ("Atlantis", "area-unknown", "kode Kemendagri"),
        ("31.71.01.1009", "area-closed", "31.71.01.1010 (Baru)"),
    ],
)
def test_anything_else_is_a_problem_that_says_what_is_meant(written: str, code: str, meant: str) -> None:
    found = AREAS.read(written)
    assert isinstance(found, AreaProblem)
    assert found.code == code
    assert meant in found.message


def test_a_purpose_belongs_to_a_role() -> None:
    assert may_look({"operator"}, "counter")
    assert may_look({"leader", "treasurer"}, "payment-file")
    assert not may_look({"leader"}, "payment-file")
    assert not may_look({"auditor"}, "import")
    assert not may_look({"operator"}, "")
