"""Workbooks as offices send them: real dates, numbers that lost digits, formulas, sheets before the sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from shared.tabular.columns import Column, Row, Template, choice, day, digits, rupiah, text, whole_number
from shared.tabular.reader import FileProblem, Table, open_table

DECREE = Template(
    "decree",
    "Daftar penerima SK",
    (
        Column("nik", digits(16)),
        Column("nama", text(100)),
        Column("tanggal_lahir", day),
        Column("penerima", choice({"lama": "existing", "baru": "new"})),
        Column("nominal", rupiah),
        Column("catatan", text(100), required=False),
    ),
)
HEADER = ["nik", "nama", "tanggal_lahir", "penerima", "nominal", "catatan"]
NIK = "3173011009500001"
GOOD: list[Any] = [NIK, "SITI AMINAH", date(1950, 9, 10), "lama", 300_000, None]


def a_workbook(folder: Path, *rows: Sequence[Any], then: Callable[[Worksheet], None] | None = None) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    if then is not None:
        then(sheet)
    path = folder / "upload"
    book.save(path)
    return path


def rows_of(table: Table) -> list[Row]:
    return [row for chunk in table.chunks() for row in chunk]


def read(folder: Path, *rows: Sequence[Any], then: Callable[[Worksheet], None] | None = None) -> list[Row]:
    return rows_of(open_table(a_workbook(folder, HEADER, *rows, then=then), DECREE))


def told(row: Row) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.code) for problem in row.problems]


def test_a_good_row(tmp_path: Path) -> None:
    (row,) = read(tmp_path, GOOD)
    assert row.ok
    assert row.number == 2
    assert row.values == {
        "nik": NIK,
        "nama": "SITI AMINAH",
        "tanggal_lahir": date(1950, 9, 10),
        "penerima": "existing",
        "nominal": 300_000,
        "catatan": None,
    }
    assert row.raw == [NIK, "SITI AMINAH", "1950-09-10", "lama", "300000", ""]


def test_text_dates_and_texts_that_are_no_dates(tmp_path: Path) -> None:
    written, american, number, timed = read(
        tmp_path,
        [*GOOD[:2], "10 September 1950", *GOOD[3:]],
        [*GOOD[:2], "09/25/1950", *GOOD[3:]],
        [*GOOD[:2], 18516, *GOOD[3:]],
        [*GOOD[:2], datetime(1950, 9, 10, 7, 30), *GOOD[3:]],  # noqa: DTZ001 -- a cell has no time zone
    )
    assert written.values["tanggal_lahir"] == date(1950, 9, 10)
    assert told(american) == [(3, "tanggal_lahir", "date-invalid")]
    assert told(number) == [(4, "tanggal_lahir", "date-number")]
    assert told(timed) == [(5, "tanggal_lahir", "date-with-time")]


def test_o5_numeric_nik_cells(tmp_path: Path) -> None:
    zero, exact, scientific, as_date = read(
        tmp_path,
        [int(NIK[:-1] + "0"), *GOOD[1:]],
        [int(NIK), *GOOD[1:]],
        ["3.17301E+15", *GOOD[1:]],
        [date(2025, 9, 10), *GOOD[1:]],
    )
    assert told(zero) == [(2, "nik", "nik-last-digit-lost")]
    assert "angka terakhir mungkin hilang" in zero.problems[0].message
    assert not zero.ok
    assert told(exact) == [(3, "nik", "nik-number-cell")]
    assert exact.ok
    assert exact.values["nik"] == NIK
    assert told(scientific) == [(4, "nik", "nik-e-notation")]
    assert told(as_date) == [(5, "nik", "date-cell")]


def test_o5_a_column_whose_numbers_mostly_end_in_0_is_refused_whole(tmp_path: Path) -> None:
    lost = [[int(NIK[:-2]) * 100 + serial * 10, *GOOD[1:]] for serial in range(9)]
    kept = [[int(NIK[:-2]) * 100 + serial, *GOOD[1:]] for serial in range(1, 10)]
    table = open_table(a_workbook(tmp_path, HEADER, *lost, *kept), DECREE)
    rows_of(table)
    assert [(problem.column, problem.code) for problem in table.column_problems()] == [("nik", "digits-lost")]
    chance = [[int(NIK[:-2]) * 100 + serial, *GOOD[1:]] for serial in range(90)]
    table = open_table(a_workbook(tmp_path, HEADER, *chance), DECREE)
    rows_of(table)
    assert table.column_problems() == []


def test_a_formula_is_told_by_row_and_column_whatever_its_last_value(tmp_path: Path) -> None:
    def calculate(sheet: Worksheet) -> None:
        sheet["E3"] = "=300*1000"
        sheet["A4"] = '="3173"&"011009500001"'
        sheet["F4"] = "=1"

    good, money, person = read(tmp_path, GOOD, GOOD, GOOD, then=calculate)
    assert good.ok
    assert told(money) == [(3, "nominal", "formula")]
    assert "rumus" in money.problems[0].message
    assert money.values["nominal"] is None
    assert told(person) == [(4, "nik", "formula"), (4, "catatan", "formula")]


def test_a_cached_formula_value_does_not_pass(tmp_path: Path) -> None:
    """openpyxl writes no cached values, Excel does; so put one there as Excel would."""
    path = a_workbook(tmp_path, HEADER, GOOD, then=lambda sheet: sheet.__setitem__("E2", "=1+1"))
    rewrite(
        path,
        lambda xml: xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>300000</v>").replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>300000</v>"),
    )
    (row,) = rows_of(open_table(path, DECREE))
    assert row.raw[4] == "300000", "the reader alone would take it"
    assert told(row) == [(2, "nominal", "formula")]


def test_an_array_formula_reaches_all_its_cells(tmp_path: Path) -> None:
    def spread(sheet: Worksheet) -> None:
        sheet["E2"] = ArrayFormula("E2:E4", "=ROW(E2:E4)*1000")

    rows = read(tmp_path, GOOD, GOOD, GOOD, GOOD, then=spread)
    assert [told(row) for row in rows] == [[(number, "nominal", "formula")] for number in (2, 3, 4)] + [[]]


def test_a_formula_may_be_allowed(tmp_path: Path) -> None:
    template = Template("t", "T", (Column("nik", digits(16)), Column("catatan", text(9), required=False, formula_allowed=True)))
    path = a_workbook(tmp_path, ["nik", "catatan"], [NIK, "=1"])
    (row,) = rows_of(open_table(path, template))
    assert row.ok


def test_an_error_cell_is_not_an_empty_cell(tmp_path: Path) -> None:
    def fail(sheet: Worksheet) -> None:
        sheet["F2"] = "#N/A"
        sheet["F2"].data_type = "e"

    (row,) = read(tmp_path, GOOD, then=fail)
    assert told(row) == [(2, "catatan", "error-cell")]


def test_merged_cells_leave_empty_cells(tmp_path: Path) -> None:
    first, second = read(tmp_path, GOOD, GOOD, then=lambda sheet: sheet.merge_cells("B2:B3"))
    assert first.ok
    assert told(second) == [(3, "nama", "missing")]


def test_row_and_column_offsets_and_blank_rows(tmp_path: Path) -> None:
    blank: list[Any] = [None]
    path = a_workbook(
        tmp_path, blank, [None, None, "DAFTAR PENERIMA"], blank, [None, None, *HEADER], blank, [None, None, *GOOD], blank,
        [None, None, "1", *GOOD[1:]],
        then=lambda sheet: sheet.__setitem__("J8", "=1"),
    )  # fmt: skip
    good, bad = rows_of(open_table(path, DECREE))
    assert (good.number, good.ok) == (6, True)
    assert told(bad) == [(8, "nik", "nik-length")]


def test_a_formula_stands_in_its_own_column_when_the_table_starts_further_right(tmp_path: Path) -> None:
    path = a_workbook(tmp_path, [None, *HEADER], [None, *GOOD], then=lambda sheet: sheet.__setitem__("F2", "=300000"))
    (row,) = rows_of(open_table(path, DECREE))
    assert told(row) == [(2, "nominal", "formula")]


def test_the_table_is_found_behind_a_cover_page_and_hidden_sheets_are_not_read(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["Kepada Yth. Kepala Dinas Sosial"])
    hidden = book.create_sheet("lama")
    hidden.sheet_state = "hidden"
    hidden.append(HEADER)
    hidden.append(["1", *GOOD[1:]])
    sheet = book.create_sheet("Data & Lampiran")
    sheet.append(HEADER)
    sheet.append(GOOD)
    path = tmp_path / "upload.tmp"
    book.save(path)
    (row,) = rows_of(open_table(path, DECREE))
    assert row.ok


def test_wrong_workbook(tmp_path: Path) -> None:
    stock = Template(
        "delivery", "Penerimaan barang", (Column("nomor", text(20)), Column("jenis", text(20)), Column("jumlah", whole_number))
    )
    path = a_workbook(tmp_path, ["nomor", "jenis", "jumlah"], ["1", "kursi roda", 5])
    with pytest.raises(FileProblem) as caught:
        open_table(path, DECREE, others=[stock])
    assert caught.value.code == "wrong-workbook"
    assert "Tidak ada: nik, nama" in caught.value.message
    assert "tampaknya Penerimaan barang" in caught.value.message
    with pytest.raises(FileProblem, match="sel gabungan"):
        open_table(path, DECREE)


def test_a_preamble_in_a_workbook(tmp_path: Path) -> None:
    template = Template(
        "results", "Hasil bank", (Column("rujukan", text(20)), Column("nominal", rupiah)), preamble=("batch", Column("count", whole_number))
    )
    path = a_workbook(tmp_path, ["B-1", 1], ["rujukan", "nominal"], ["P-1", 300_000])
    table = open_table(path, template)
    assert table.preamble == {"batch": "B-1", "count": 1}
    assert [row.number for row in rows_of(table)] == [3]
    path = a_workbook(tmp_path, ["B-1", "=COUNTA(A3:A9)"], ["rujukan", "nominal"], ["P-1", 300_000])
    with pytest.raises(FileProblem, match=r"sel ke-2 \(count\).*rumus") as caught:
        open_table(path, template)
    assert caught.value.code == "preamble-bad"


def test_empty_workbooks(tmp_path: Path) -> None:
    for rows in ([], [HEADER], [HEADER, [None]]):
        with pytest.raises(FileProblem) as caught:
            open_table(a_workbook(tmp_path, *rows), DECREE)
        assert caught.value.code == "empty"


def rewrite(path: Path, change: Callable[[bytes], bytes], part: str = "xl/worksheets/sheet1.xml") -> None:
    """Put other bytes in the place of one part of a workbook."""
    with zipfile.ZipFile(path) as old:
        parts = {info.filename: old.read(info) for info in old.infolist()}
    before = parts[part]
    parts[part] = change(before)
    assert parts[part] != before
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    path.write_bytes(out.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<sheetData>", b"<!-- <c> --><sheetData>"),
        lambda xml: xml.replace(b'<c r="E2" t="n">', b"<c r='E2' t=\"n\">"),
        lambda xml: xml.replace(b'<c r="E2" t="n">', b'<c  r="E2"   t="n"  >'),
        lambda xml: xml.replace(b'<c r="E2" t="n">', b'<c t="n" r="E2">'),
    ],
    ids=["comment", "single quotes", "blanks", "order"],
)
def test_other_spellings_of_the_same_sheet_read_the_same(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = a_workbook(tmp_path, HEADER, GOOD, then=lambda sheet: sheet.__setitem__("F2", "=1"))
    rewrite(path, change)
    (row,) = rows_of(open_table(path, DECREE))
    assert told(row) == [(2, "catatan", "formula")]
    assert row.values["nominal"] == 300_000


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<f>1</f>", b"<f\n>1</f>"),
        lambda xml: xml.replace(b"<f>1</f>", b"<f t='normal'>1</f>"),
        lambda xml: xml.replace(b"<f>1</f>", b"<f/>"),
        lambda xml: xml.replace(b'<c r="E2">', b"<c>"),
    ],
    ids=["line break", "attribute", "empty element", "no reference"],
)
def test_other_spellings_of_a_formula_are_found(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = a_workbook(tmp_path, HEADER, GOOD, then=lambda sheet: sheet.__setitem__("E2", "=1"))
    rewrite(path, change)
    (row,) = rows_of(open_table(path, DECREE))
    assert told(row) == [(2, "nominal", "formula")]


@pytest.mark.parametrize("name", ["x.csv", "x.xls", "x.ods", "x.XLSX", "x"])
def test_the_ending_of_the_name_decides_nothing(tmp_path: Path, name: str) -> None:
    path = a_workbook(tmp_path, HEADER, GOOD).rename(tmp_path / name)
    (row,) = rows_of(open_table(path, DECREE))
    assert row.ok


def test_formulas_in_many_rows_are_found_across_the_scan_s_blocks(tmp_path: Path) -> None:
    rows = [
        [NIK, f"ORANG {number}", date(1950, 9, 10), "lama", f"={number}*1000" if number % 3 else 300_000, None] for number in range(9_000)
    ]
    read_rows = read(tmp_path, *rows)
    assert [bool(row.problems) for row in read_rows] == [bool(number % 3) for number in range(9_000)]


def test_a_service_can_refuse_a_row_of_its_own_accord(tmp_path: Path) -> None:
    (row,) = read(tmp_path, GOOD)
    row.refuse("nik", "twice", "Orang ini sudah ada pada baris 1.")
    assert not row.ok
    assert (row.problems[0].row, row.problems[0].value) == (2, "3173…")


def test_a_date_on_which_the_reader_panics_is_told_with_its_row(tmp_path: Path) -> None:
    """It does so with an exception that is no Exception, which would end a worker."""
    path = a_workbook(tmp_path, HEADER, GOOD, GOOD)
    rewrite(path, lambda xml: xml[: xml.rindex(b"<v>18516</v>")] + xml[xml.rindex(b"<v>18516</v>") :].replace(b"18516", b"-1e300"))
    with pytest.raises(FileProblem) as caught:
        rows_of(open_table(path, DECREE))
    assert (caught.value.code, caught.value.row) == ("not-a-table", 3)
