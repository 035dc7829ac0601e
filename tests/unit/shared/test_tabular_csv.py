"""CSV files as Indonesian offices write them, whole and broken."""

from __future__ import annotations

import tracemalloc
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from shared.tabular.columns import Column, Row, Template, choice, code, day, digits, rupiah, text, whole_number
from shared.tabular.reader import FileProblem, Limits, Table, open_table

DECREE = Template(
    "decree",
    "Daftar penerima SK",
    (
        Column("nik", digits(16), help="16 angka, format teks", example="3173011009500001"),
        Column("nama", text(100)),
        Column("tanggal_lahir", day),
        Column("program", choice({"KLJ": "KLJ", "KPDJ": "KPDJ", "KAJ": "KAJ"})),
        Column("nominal", rupiah),
        Column("alamat", text(200), required=False),
    ),
)
RESULTS = Template(
    "results",
    "Hasil penyaluran bank",
    (Column("rujukan", text(40)), Column("nominal", rupiah), Column("kode", code(r"[A-Z0-9]{1,6}", "Kode hasil"))),
    preamble=("batch", Column("part", whole_number), Column("parts", whole_number), Column("count", whole_number), Column("sum", rupiah)),
)
HEADER = "nik;nama;tanggal_lahir;program;nominal;alamat"
GOOD = "3173011009500001;SITI AMINAH;10/09/1950;KLJ;300.000;Jl. Kapuk 1"


def a_file(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def rows_of(table: Table) -> list[Row]:
    return [row for chunk in table.chunks() for row in chunk]


def read(folder: Path, *lines: str, template: Template = DECREE) -> list[Row]:
    return rows_of(open_table(a_file(folder, "\n".join(lines)), template))


def refusal(folder: Path, content: str | bytes, template: Template = DECREE, **more: object) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        rows_of(open_table(a_file(folder, content), template, **more))  # type: ignore[arg-type]
    assert caught.value.message
    return caught.value


def test_a_good_row_has_values_and_no_problem(tmp_path: Path) -> None:
    path = a_file(tmp_path, f"{HEADER}\n{GOOD}\n")
    table = open_table(path, DECREE)
    (row,) = rows_of(table)
    assert row.number == 2
    assert row.values == {
        "nik": "3173011009500001",
        "nama": "SITI AMINAH",
        "tanggal_lahir": date(1950, 9, 10),
        "program": "KLJ",
        "nominal": 300_000,
        "alamat": "Jl. Kapuk 1",
    }
    assert row.ok
    assert row.problems == []
    assert row.raw == GOOD.split(";")
    assert table.sha256 == sha256(path.read_bytes()).hexdigest()
    assert table.column_problems() == []
    assert len(rows_of(table)) == 1, "a table can be read again"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_o6_delimiters_line_ends_and_encodings(tmp_path: Path, encoding: str, delimiter: str, line_end: str) -> None:
    lines = [HEADER, GOOD.replace("SITI", "RENÉ"), ""]
    path = a_file(tmp_path, line_end.join(lines).replace(";", delimiter), encoding)
    (row,) = rows_of(open_table(path, DECREE))
    assert row.values["nama"] == "RENÉ AMINAH"
    assert row.values["nominal"] == 300_000
    assert row.ok


@pytest.mark.parametrize("amount", ["300000", "300.000", "300.000,00", "Rp 300.000", "Rp300.000,-", "300,000"])
def test_o6_amounts_are_read_whole(tmp_path: Path, amount: str) -> None:
    (row,) = read(tmp_path, HEADER, GOOD.replace("300.000", amount))
    assert row.values["nominal"] == 300_000


def test_o6_a_comma_inside_an_amount_of_a_comma_file_is_told_and_not_read_as_300(tmp_path: Path) -> None:
    broken, quoted = read(
        tmp_path,
        HEADER.replace(";", ","),
        "3173011009500001,SITI,10/09/1950,KLJ,300,000,Jl. Kapuk 1",
        '3173011009500001,SITI,10/09/1950,KLJ,"300,000",Jl. Kapuk 1',
    )
    assert [problem.code for problem in broken.problems] == ["too-many-cells"]
    assert not broken.ok
    assert quoted.values["nominal"] == 300_000


def test_o5_problems_name_row_and_column_and_hide_the_number(tmp_path: Path) -> None:
    good, bad, worse = read(tmp_path, HEADER, GOOD, GOOD.replace("3173011009500001", "3,17E+15"), GOOD.replace("SITI AMINAH", ""))
    assert good.ok
    (problem,) = bad.problems
    assert (problem.row, problem.column, problem.code, problem.value) == (3, "nik", "nik-e-notation", "3,17…")
    assert problem.sentence.startswith("Baris 3, kolom nik: NIK tertulis sebagai bilangan ilmiah")
    assert bad.values["nik"] is None
    assert [(problem.column, problem.code) for problem in worse.problems] == [("nama", "missing")]


def test_no_problem_shows_a_whole_name_or_number(tmp_path: Path) -> None:
    line = "31730110095000012;" + "NAMA PANJANG " * 9 + ";10/09/50;PKH;300,5;Jl"
    (row,) = read(tmp_path, HEADER, line)
    assert [problem.column for problem in row.problems] == ["nik", "nama", "tanggal_lahir", "program", "nominal"]
    for problem in row.problems:
        assert "31730110095000012" not in problem.sentence + problem.value
        assert "NAMA PANJANG" not in problem.sentence + problem.value


def test_o5_text_that_all_ends_in_0_went_through_a_spreadsheet(tmp_path: Path) -> None:
    lines = [GOOD.replace("500001", f"5{serial:04d}0") for serial in range(30)]
    table = open_table(a_file(tmp_path, "\n".join([HEADER, *lines])), DECREE)
    assert table.column_problems() == []
    assert len(rows_of(table)) == 30
    (problem,) = table.column_problems()
    assert (problem.column, problem.code, problem.row) == ("nik", "digits-lost", 1)


def test_o5_one_in_ten_ending_in_0_is_chance(tmp_path: Path) -> None:
    lines = [GOOD.replace("500001", f"{500000 + serial}") for serial in range(300)]
    table = open_table(a_file(tmp_path, "\n".join([HEADER, *lines])), DECREE)
    assert all(row.ok for row in rows_of(table))
    assert table.column_problems() == []


def test_row_numbers_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    two_lines = GOOD.replace("Jl. Kapuk 1", '"Jl. Kapuk 1\nRT 001"')
    rows = read(tmp_path, HEADER, GOOD, "", ";;;;;", two_lines, "  ;", GOOD)
    assert [row.number for row in rows] == [2, 5, 7]
    assert rows[1].values["alamat"] == "Jl. Kapuk 1 RT 001"


def test_headers_in_any_order_and_spelling_and_titles_above(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path,
        "LAMPIRAN KEPUTUSAN GUBERNUR;;;;;;",
        "",
        " Nominal ;No;PROGRAM*;tanggal lahir;Nama;N I K;NIK;Masalah;;".replace("N I K;", ""),
        "300.000;1;KLJ;10/09/1950;SITI;3173011009500001;nik: salah;;",
    )
    assert row.number == 4
    assert row.ok
    assert row.values["nik"] == "3173011009500001"
    assert row.values["alamat"] is None
    assert row.raw == ["3173011009500001", "SITI", "10/09/1950", "KLJ", "300.000", ""]


def test_a_column_that_nobody_knows_is_ignored_with_a_word(tmp_path: Path) -> None:
    table = open_table(a_file(tmp_path, f"{HEADER};telepon\n{GOOD};0812\n"), DECREE)
    assert [(problem.column, problem.code, problem.warning) for problem in table.warnings] == [("telepon", "unknown-column", True)]
    assert rows_of(table)[0].ok


def test_wrong_workbook_says_what_is_missing_and_what_is_unknown(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "nik;nama;tgl;program;jumlah\n1;2;3;4;5\n")
    assert problem.code == "wrong-workbook"
    assert "Tidak ada: tanggal_lahir, nominal." in problem.message
    assert "Tidak dikenal: tgl, jumlah." in problem.message
    assert problem.row == 1


def test_wrong_workbook_tells_which_template_it_is(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "B-1;1;1;1;300000\nrujukan;nominal;kode\nX;300000;00\n", others=[RESULTS])
    assert problem.code == "wrong-workbook"
    assert "tampaknya Hasil penyaluran bank" in problem.message


def test_a_misspelt_optional_column_is_not_lost_silently(tmp_path: Path) -> None:
    problem = refusal(tmp_path, f"{HEADER.replace('alamat', 'almat')}\n{GOOD}\n")
    assert problem.code == "wrong-workbook"
    assert "Mungkin salah tulis: alamat" in problem.message


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    assert "nik muncul 2 kali" in refusal(tmp_path, f"{HEADER};NIK\n{GOOD};3\n").message


def test_a_header_torn_over_two_rows_is_refused_in_words(tmp_path: Path) -> None:
    problem = refusal(tmp_path, f"nik;nama;data;;;\n;;tanggal_lahir;program;nominal;alamat\n{GOOD}\n")
    assert problem.code == "wrong-workbook"
    assert "satu baris" in problem.message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (HEADER.encode(), "empty"),
        (f"{HEADER}\n;;;;;\n".encode(), "empty"),
        (f"{GOOD}\n{GOOD}\n".encode(), "header-missing"),
        (b"%PDF-1.7\n", "not-a-table"),
        (b"\x89PNG\r\n\x1a\n", "not-a-table"),
        (b"\xff\xd8\xff\xe0", "not-a-table"),
        (b"Selamat pagi, terlampir datanya.", "header-missing"),
    ],
)
def test_files_that_hold_no_table(tmp_path: Path, content: bytes, problem: str) -> None:
    assert refusal(tmp_path, content).code == problem


def test_a_nul_is_told_with_its_row(tmp_path: Path) -> None:
    problem = refusal(tmp_path, f"{HEADER}\n{GOOD}\n{GOOD}\0\n".encode())
    assert (problem.code, problem.row) == ("damaged-text", 3)
    assert "Baris 3" in problem.message


def test_bytes_of_no_encoding_are_told_with_their_row(tmp_path: Path) -> None:
    problem = refusal(tmp_path, f"{HEADER}\n{GOOD}\n".encode() + b"\x81\x8d;\n")
    assert (problem.code, problem.row) == ("encoding", 3)
    assert refusal(tmp_path, HEADER.encode("utf-16") + b"\x00").code == "encoding"
    assert refusal(tmp_path, f"{HEADER}\n{GOOD}\0".encode("utf-16")).code == "encoding"


def test_a_quote_that_never_closes_is_told_with_its_row(tmp_path: Path) -> None:
    opened = GOOD.replace("SITI", '"SITI')
    for after in (1, 5000):
        problem = refusal(tmp_path, "\n".join([HEADER, GOOD, opened, *[GOOD] * after]))
        assert (problem.code, problem.row) == ("damaged-text", 3)


def test_a_row_with_broken_quotes_stands_alone(tmp_path: Path) -> None:
    line = GOOD.replace("SITI AMINAH", '"SITI" AMINAH')
    before, broken, after = read(tmp_path, HEADER, GOOD, line, GOOD)
    assert before.ok
    assert after.ok
    assert after.number == 4
    assert [(problem.row, problem.code) for problem in broken.problems] == [(3, "broken-quotes")]
    assert broken.raw[0] == line
    (inner,) = read(tmp_path, HEADER, GOOD.replace("SITI AMINAH", 'SITI "IDA" AMINAH'))
    assert inner.values["nama"] == 'SITI "IDA" AMINAH'


def test_lines_and_tables_have_their_limits(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "\n".join([HEADER, GOOD, "x" * 70_000]))
    assert (problem.code, problem.row) == ("damaged-text", 3)
    assert refusal(tmp_path, ";".join(f"c{place}" for place in range(10**6))).code == "damaged-text"
    assert refusal(tmp_path, HEADER + ";x" * 200 + "\n" + GOOD).code == "too-large"
    assert refusal(tmp_path, "\n".join([HEADER, *[GOOD] * 11]), limits=Limits(rows=10)).code == "too-large"
    assert refusal(tmp_path, f"{HEADER}\n{GOOD}", limits=Limits(csv_bytes=60)).code == "too-large"


def test_the_separator_line_of_excel_is_not_a_row(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "sep=;", HEADER, GOOD)
    assert row.number == 2
    assert row.ok


def test_a_formula_in_text_is_refused_and_a_protected_cell_is_read(tmp_path: Path) -> None:
    formula, protected = read(tmp_path, HEADER, GOOD.replace("SITI", "=1+1"), GOOD.replace("Jl.", "'-Jl."))
    assert [(problem.column, problem.code) for problem in formula.problems] == [("nama", "formula")]
    assert protected.values["alamat"] == "-Jl. Kapuk 1"


def test_the_first_row_of_a_results_file(tmp_path: Path) -> None:
    table = open_table(a_file(tmp_path, "KLJ-2025-09-01;1;2;1;Rp 300.000\nrujukan;nominal;kode\nP-1;300000;00\n"), RESULTS)
    assert table.preamble == {"batch": "KLJ-2025-09-01", "part": 1, "parts": 2, "count": 1, "sum": 300_000}
    assert [row.number for row in rows_of(table)] == [3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("rujukan;nominal;kode\nP-1;300000;00\n", "Baris pertama harus memuat batch, part, parts, count, sum"),
        ("B;satu;2;1;300000\nrujukan;nominal;kode\n", "sel ke-2 (part)"),
        ("B;1;2;1\nrujukan;nominal;kode\n", "sel ke-5 (sum) kosong"),
        ("B;1;2;1;300000;7\nrujukan;nominal;kode\n", "lebih banyak sel"),
        ("<batch>;<part>;<parts>;<count>;<sum>\nrujukan;nominal;kode\n", "(part)"),
    ],
)
def test_a_bad_first_row_is_told(tmp_path: Path, content: str, words: str) -> None:
    problem = refusal(tmp_path, content, RESULTS)
    assert problem.code == "preamble-bad"
    assert words in problem.message


def test_o7_an_unknown_status_word_stops_its_row_only(tmp_path: Path) -> None:
    status = Template(
        "status", "Status", (Column("rujukan", text(40)), Column("kode", choice({"SUDAH TRANSAKSI": "credited", "SI": "sent"})))
    )
    rows = read(tmp_path, "rujukan;kode", "P-1;Sudah Transaksi", "P-2;LUNAS", "P-3;SI", template=status)
    assert [(row.values["kode"], row.ok) for row in rows] == [("credited", True), (None, False), ("sent", True)]


def test_chunks_and_memory_stay_small(tmp_path: Path) -> None:
    path = a_file(tmp_path, "\n".join([HEADER, *[GOOD] * 30_000]))
    tracemalloc.start()
    try:
        sizes = [len(chunk) for chunk in open_table(path, DECREE).chunks(1000)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sizes == [1000] * 30
    assert peak < 8_000_000
