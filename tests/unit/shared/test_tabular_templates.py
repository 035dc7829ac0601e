"""Templates and files to mend: what goes out must come back in, and must not run in anybody's spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from shared.tabular.columns import Column, Problem, Row, Template, account_number, choice, day, digits, month, rupiah, text, yes_no
from shared.tabular.reader import FileProblem, open_table, template_csv, template_workbook, write_rows_csv

ACCOUNTS = Template(
    "accounts",
    "Rekening dan kartu",
    (
        Column("nik", digits(16), help="16 angka, format teks", example="3173011009500001"),
        Column("program", choice({"KLJ": "KLJ", "KPDJ": "KPDJ"}), help="Kode program", example="KLJ"),
        Column("nomor_rekening", account_number, help="Tanpa spasi", example="00123456789"),
        Column("nama_pemilik", text(30), example="SITI AMINAH"),
        Column("kartu_diserahkan", yes_no, required=False, example="ya"),
        Column("sejak", month, required=False),
        Column("tanggal", day, required=False),
        Column("nilai", rupiah, required=False),
    ),
)
RESULTS = Template("results", "Hasil bank", (Column("rujukan", text(40)), Column("nominal", rupiah)), preamble=("batch", "part"))
FULL = ["3173011009500001", "KLJ", "00123456789", "SITI AMINAH", "ya", "2025-09", "2025-09-10", "300000"]


def test_the_workbook_template_can_be_filled_and_read(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(template_workbook(ACCOUNTS))
    with pytest.raises(FileProblem) as caught:
        open_table(path, ACCOUNTS)
    assert caught.value.code == "empty"
    book = load_workbook(path)
    sheet = book.worksheets[0]
    for place, value in enumerate(FULL, start=1):
        sheet.cell(row=2, column=place, value=value)
    book.save(path)
    (chunk,) = open_table(path, ACCOUNTS).chunks()
    assert chunk[0].problems == []


def test_the_workbook_template_keeps_digits_offers_words_and_explains(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(template_workbook(ACCOUNTS)))
    sheet, explained = book.worksheets
    assert [cell.value for cell in sheet[1]] == [column.name for column in ACCOUNTS.columns]
    assert sheet["A1"].comment is not None
    assert sheet["A1"].comment.text == "16 angka, format teks"
    assert [sheet.column_dimensions[letter].number_format for letter in "ACDFGH"] == ["@", "@", "@", "@", "yyyy-mm-dd", "#,##0"]
    offered = {str(item.sqref): item.formula1 for item in sheet.data_validations.dataValidation}
    assert offered == {"B2:B299999": '"KLJ,KPDJ"', "E2:E299999": '"ya,tidak"'}
    words = [cell.value for row in explained.iter_rows() for cell in row]
    assert "Rekening dan kartu" in words
    assert "3173011009500001" in words


def test_a_template_with_a_first_row() -> None:
    assert template_csv(RESULTS) == "<batch>;<part>\r\nrujukan;nominal\r\n"
    sheet = load_workbook(io.BytesIO(template_workbook(RESULTS))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["<batch>", "<part>"], ["rujukan", "nominal"]]
    assert template_csv(ACCOUNTS).startswith("nik;program;nomor_rekening;")


def table_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_rejected_rows_say_what_is_wrong_and_come_back_mended(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    short = ["317301100950000", *FULL[1:]]
    path.write_text("\n".join(";".join(cells) for cells in ([column.name for column in ACCOUNTS.columns], FULL, short)), encoding="utf-8")
    (rows,) = open_table(path, ACCOUNTS).chunks()
    extra = Problem(3, "program", "not-enrolled", "Orang ini tidak terdaftar pada program ini.", "KL…")
    data = write_rows_csv(ACCOUNTS, [row for row in rows if not row.ok], [extra])
    assert data.startswith(b"\xef\xbb\xbf")
    header, row = table_of(data)
    assert header == [*(column.name for column in ACCOUNTS.columns), "masalah"]
    assert row[-1] == "nik: NIK harus 16 angka; sel ini berisi 15 angka. | program: Orang ini tidak terdaftar pada program ini."
    path.write_bytes(data.replace(b"317301100950000", b"3173011009500001"))
    (again,) = open_table(path, ACCOUNTS).chunks()
    assert again[0].ok
    assert again[0].values == rows[0].values


def test_o5_numbers_that_a_spreadsheet_would_round_or_shorten_are_protected(tmp_path: Path) -> None:
    data = write_rows_csv(ACCOUNTS, [Row(2, {}, FULL, [])], [])
    _, row = table_of(data)
    assert row[0] == "'3173011009500001"
    assert row[2] == "'00123456789"
    assert row[7] == "300000"
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    (chunk,) = open_table(path, ACCOUNTS).chunks()
    assert chunk[0].problems == []
    assert chunk[0].values["nomor_rekening"] == "00123456789"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠", "\u00a0="])
def test_formula_injection_is_neutralised(start: str) -> None:
    evil = f'{start}HYPERLINK("http://x.example";"klik")'
    data = write_rows_csv(ACCOUNTS, [Row(2, {}, [FULL[0], "a;=1+1", "a,=1+1", evil, "", "", "", ""], [])], [])
    _, row = table_of(data)
    assert row[3] == "'" + evil
    text_of_file = data.decode("utf-8-sig")
    assert ';"a;=1+1";' in text_of_file, "what follows a separator stays inside its quotes"
    assert ';"a,=1+1";' in text_of_file


def test_rows_with_their_first_row() -> None:
    data = write_rows_csv(RESULTS, [Row(3, {}, ["P-1", "300000"], [])], [], preamble=["B-1", "1"])
    assert table_of(data) == [["B-1", "1"], ["rujukan", "nominal", "masalah"], ["P-1", "300000", ""]]
