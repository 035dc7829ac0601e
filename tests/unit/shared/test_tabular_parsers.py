"""What clerks write in cells, and what may be made of it (troubles O5, O6, O7)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tabular.cells import clean, harmless
from shared.tabular.columns import (
    Cell,
    CellProblem,
    Parser,
    account_number,
    choice,
    code,
    day,
    digits,
    mask,
    month,
    rupiah,
    text,
    whole_number,
    whole_number_between,
    yes_no,
)

NIK = digits(16)


def refused(parse: Parser, cell: Cell) -> str:
    with pytest.raises(CellProblem) as caught:
        parse(cell)
    assert not caught.value.warning, caught.value.code
    assert caught.value.message
    return caught.value.code


def warned(parse: Parser, cell: Cell) -> tuple[str, Any]:
    with pytest.raises(CellProblem) as caught:
        parse(cell)
    assert caught.value.warning
    return caught.value.code, caught.value.value


@pytest.mark.parametrize(
    "cell",
    [
        "3173011009500001",
        "'3173011009500001",
        "’3173011009500001",
        " 3173011009500001 ",
        "\u00a03173011009500001",
        '"3173011009500001"',
        '="3173011009500001"',
        "\ufeff3173011009500001",
        "3173 0110 0950 0001",
        "`3173011009500001",
    ],
)
def test_o5_a_nik_is_taken_from_what_surrounds_it(cell: str) -> None:
    assert NIK(cell) == "3173011009500001"


@pytest.mark.parametrize("cell", ["3.17E+15", "3,17E+15", "3.173011009500E+15", "3E15", " 3.17e+15 ", "'3.17E+15"])
def test_o5_e_notation_is_refused(cell: str) -> None:
    assert refused(NIK, cell) == "nik-e-notation"


def test_o5_a_numeric_cell_ending_in_0_has_perhaps_lost_its_last_digit() -> None:
    with pytest.raises(CellProblem, match="angka terakhir mungkin hilang") as caught:
        NIK(3173011009500000.0)
    assert caught.value.code == "nik-last-digit-lost"


def test_o5_a_numeric_cell_with_another_last_digit_is_exact_and_passes_with_a_warning() -> None:
    assert warned(NIK, 3173011009500001.0) == ("nik-number-cell", "3173011009500001")


def test_o5_a_number_that_no_longer_holds_every_digit_is_refused() -> None:
    assert refused(NIK, float(2**53 + 2)) == "nik-last-digit-lost"
    assert refused(NIK, 9171011009500002.0) == "nik-last-digit-lost"


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("317301100950001", "nik-length"),
        ("31730110095000011", "nik-length"),
        (317301100950001.0, "nik-length"),
        ("317301100950000A", "nik-not-digits"),
        ("３１７３０１１００９５０００１２", "nik-not-digits"),
        (3173011009500001.5, "nik-not-digits"),
        (-5.0, "nik-not-digits"),
        (date(2025, 9, 10), "date-cell"),
        (datetime(2025, 9, 10, 1), "date-cell"),  # noqa: DTZ001 -- a cell has no time zone
        ("  ", "missing"),
        ("'", "missing"),
    ],
)
def test_a_nik_has_sixteen_digits(cell: Cell, problem: str) -> None:
    assert refused(NIK, cell) == problem


@pytest.mark.parametrize("nik", ["3173013213500001", "3173017209500001", "3173011000500001"])
def test_an_implausible_birth_date_in_a_nik_warns_and_never_refuses(nik: str) -> None:
    assert warned(NIK, nik) == ("nik-date-implausible", nik)


def test_a_woman_s_nik_adds_forty_to_the_day() -> None:
    assert NIK("3173015009500001") == "3173015009500001"


def test_other_numbers_have_their_own_codes() -> None:
    assert refused(digits(5, "Kode pos"), "1234") == "kode-pos-length"


@pytest.mark.parametrize("cell", ["1010512345678", "101-05-12345678", "101.05.12345678", "'1010512345678", "101 05 12345678"])
def test_an_account_number_is_its_digits(cell: str) -> None:
    assert account_number(cell) == "1010512345678"


def test_an_account_number_keeps_its_leading_zero_as_text_and_warns_as_number() -> None:
    assert account_number("00123456") == "00123456"
    assert warned(account_number, 123456.0) == ("account-number-cell", "123456")
    assert refused(account_number, 1234567890123450.0) == "account-last-digit-lost"
    assert refused(account_number, "1234") == "account-length"
    assert refused(account_number, "12AB5678") == "account-not-digits"
    assert refused(account_number, "1.01E+12") == "account-e-notation"


@pytest.mark.parametrize(
    "cell",
    [
        "300000", "300.000", "300.000,00", "300000,00", "Rp 300.000", "Rp300.000", "Rp. 300.000", "rp300.000,-", "Rp300.000,-",
        "300.000,-", "Rp 300.000,00", "IDR 300.000", "300,000", "300,000.00", "300000.00", " 300.000 ", "Rp\u00a0300.000",
        "'300000", "300 000", "300.000 ,-", 300000, 300000.0,
    ],
)  # fmt: skip
def test_o6_amounts_as_offices_write_them(cell: Cell) -> None:
    assert rupiah(cell) == 300_000


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("300.5", "money-fraction"),
        ("300,55", "money-fraction"),
        ("300.50", "money-fraction"),
        ("1.355,90", "money-fraction"),
        ("1,355.90", "money-fraction"),
        (300.5, "money-fraction"),
        ("-300000", "money-negative"),
        ("Rp -300.000", "money-negative"),
        ("(300.000)", "money-negative"),
        (-300000.0, "money-negative"),
        ("3E+05", "money-e-notation"),
        ("tiga ratus ribu", "money-unreadable"),
        ("30.00.00", "money-unreadable"),
        ("3.0000", "money-unreadable"),
        ("300.000 500", "money-unreadable"),
        ("300 000 5", "money-unreadable"),
        ("300 500,5", "money-unreadable"),
        ("0.300", "money-unreadable"),
        (True, "money-unreadable"),
        (date(2025, 9, 10), "money-unreadable"),
        ("9" * 16, "money-too-large"),
        (1e16, "money-too-large"),
        (float("inf"), "money-fraction"),
        ("  ", "missing"),
    ],
)
def test_o6_what_is_not_a_whole_amount_is_a_problem(cell: Cell, problem: str) -> None:
    assert refused(rupiah, cell) == problem


@pytest.mark.parametrize("cell", ["300", 300.0, "300,00", "Rp 300"])
def test_o6_three_hundred_rupiah_are_doubted(cell: Cell) -> None:
    assert warned(rupiah, cell) == ("money-small", 300)


def test_zero_is_an_amount() -> None:
    assert rupiah("0") == 0


@given(st.integers(min_value=1_000, max_value=999_999_999_999))
def test_o6_every_way_to_write_an_amount_reads_as_the_same_amount(amount: int) -> None:
    grouped = f"{amount:,}"
    dotted = grouped.replace(",", ".")
    for written in (str(amount), grouped, dotted, f"{dotted},00", f"Rp {dotted}", f"Rp{dotted},-", f"{amount}.00"):
        assert rupiah(written) == amount
    assert rupiah(float(amount)) == amount


@given(st.text(alphabet="0123456789.,-Rp ", max_size=14))
def test_o6_reading_an_amount_never_drops_a_digit(written: str) -> None:
    try:
        amount = rupiah(written)
    except CellProblem:
        return
    shown = "".join(letter for letter in written if letter.isdigit())
    assert (
        str(amount) == (shown.lstrip("0") or "0")
        or str(amount) == (shown[:-1].lstrip("0") or "0")
        or str(amount) == (shown[:-2].lstrip("0") or "0")
    )


@pytest.mark.parametrize(
    "cell",
    [
        "2025-09-10", "10/09/2025", "10-09-2025", "10.09.2025", "10 September 2025", "10 Sep 2025", "10 Sept. 2025", "10-Sep-2025",
        "2025-09-10 00:00:00", "2025-09-10T00:00:00", " 10/9/2025 ", "10 september 2025", date(2025, 9, 10), datetime(2025, 9, 10),  # noqa: DTZ001 -- a cell has no time zone
    ],
)  # fmt: skip
def test_days_as_offices_write_them(cell: Cell) -> None:
    assert day(cell) == date(2025, 9, 10)
    assert type(day(cell)) is date


@pytest.mark.parametrize(
    ("cell", "number"), [("1 Januari 2025", 1), ("1 Mei 2025", 5), ("1 Agustus 2025", 8), ("1 Okt 2025", 10), ("1 Nopember 2025", 11)]
)
def test_indonesian_month_names(cell: str, number: int) -> None:
    assert day(cell) == date(2025, number, 1)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("31/02/2025", "date-invalid"),
        ("29/02/2025", "date-invalid"),
        ("9/25/2025", "date-invalid"),
        ("00/09/2025", "date-invalid"),
        ("10/09/25", "date-short-year"),
        ("10 Sep 25", "date-short-year"),
        ("10 Septembre 2025", "date-month-name"),
        ("10/09/0025", "date-year"),
        ("sepuluh September", "date-unreadable"),
        ("2025-09-10 05:00", "date-unreadable"),
        ("45910", "date-number"),
        (45910.0, "date-number"),
        (True, "date-number"),
        (time(5, 0), "date-number"),
        (datetime(2025, 9, 10, 5), "date-with-time"),  # noqa: DTZ001 -- a cell has no time zone
        (" ", "missing"),
    ],
)
def test_what_is_no_day(cell: Cell, problem: str) -> None:
    assert refused(day, cell) == problem


@pytest.mark.parametrize(
    "cell", ["2025-09", "2025-9", "09/2025", "9/2025", "09-2025", "September 2025", "Sep 2025", "Sep-2025", "2025-09-01", date(2025, 9, 1)]
)
def test_months_as_offices_write_them(cell: Cell) -> None:
    assert month(cell) == "2025-09"


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("2025-13", "month-invalid"),
        ("00/2025", "month-invalid"),
        ("2025-09-10", "month-from-day"),
        (date(2025, 9, 10), "month-from-day"),
        ("September", "month-unreadable"),
        ("Sep 25", "month-unreadable"),
        (202509.0, "month-unreadable"),
        ("", "missing"),
    ],
)
def test_what_is_no_month(cell: Cell, problem: str) -> None:
    assert refused(month, cell) == problem


def test_o7_a_status_word_is_mapped_and_an_unknown_one_is_told() -> None:
    status = choice({"SUDAH TRANSAKSI": "settled", "TIDAK TRANSAKSI": "settled_not_drawn", "GAGAL BUREKOL": "rejected", "SI": "pending"})
    assert status("TIDAK TRANSAKSI") == "settled_not_drawn"
    assert status(" sudah  transaksi ") == "settled"
    assert status("Gagal_Burekol") == "rejected"
    with pytest.raises(CellProblem, match="SUDAH TRANSAKSI, TIDAK TRANSAKSI") as caught:
        status("SUKSES")
    assert caught.value.code == "unknown-choice"


def test_yes_and_no() -> None:
    assert [yes_no(cell) for cell in ("ya", "Ya", "SUDAH", "1", 1.0, True)] == [True] * 6
    assert [yes_no(cell) for cell in ("tidak", "belum", "0", 0.0, False)] == [False] * 5
    assert refused(yes_no, "mungkin") == "unknown-choice"


def test_counts() -> None:
    assert [whole_number(cell) for cell in ("30", "1.000", 30.0, "30,0", "0")] == [30, 1000, 30, 30, 0]
    assert refused(whole_number, 30.5) == "number-fraction"
    assert refused(whole_number, "30.5") == "number-unreadable"
    assert refused(whole_number, "-1") == "number-range"
    assert refused(whole_number, True) == "number-unreadable"
    assert refused(whole_number_between(1, 12), "13") == "number-range"


def test_codes_keep_their_zeros_or_say_that_they_are_gone() -> None:
    area = code(r"\d\d\.\d\d\.\d\d\.\d{4}", "Kode kelurahan")
    bank = code(r"\d{3}", "Kode bank")
    assert area(" 31.73.01.1001 ") == "31.73.01.1001"
    assert bank(111.0) == "111"
    with pytest.raises(CellProblem, match="nol di depan"):
        bank(8.0)
    with pytest.raises(CellProblem, match="berformat teks"):
        code(r"\d\.\d\d", "Kode akun")(5.1)
    assert refused(area, date(2025, 9, 10)) == "date-cell"


def test_text_is_one_tidy_line() -> None:
    name = text(20)
    assert name("  SITI\n  AMINAH ") == "SITI AMINAH"
    assert name("O'NEIL") == "O'NEIL"
    assert name("Jose\u0301") == "José"
    assert name("SITI\u200b AMINAH") == "SITI AMINAH"
    assert name(12.0) == "12"
    assert refused(name, "x" * 21) == "too-long"
    assert refused(name, "A\x07B") == "control-character"
    assert refused(name, '=HYPERLINK("http://x";"y")') == "formula"
    assert refused(name, date(2025, 9, 10)) == "date-cell"
    assert refused(name, 1.5) == "number-cell"
    assert refused(name, " \u00a0 ") == "missing"


@pytest.mark.parametrize("cell", ["3173011009500001", "SITI AMINAH", "1010512345678", "Budi", 3173011009500001.0])
def test_a_problem_shows_four_characters_at_most_and_never_more_than_half(cell: Cell) -> None:
    shown = mask(cell)
    assert shown.endswith("…")
    assert len(shown) - 1 <= 4
    assert len(shown) - 1 <= len(str(cell)) / 2


@given(st.text(max_size=30))
def test_what_is_written_for_spreadsheets_is_harmless_and_comes_back(written: str) -> None:
    safe = harmless(written)
    assert not safe.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    if not clean(written).startswith("'"):
        assert clean(safe) == clean(written)
