"""Files made to hurt: refused before anything large is built, with a word for the honest sender among them."""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openpyxl import Workbook

from shared.tabular.columns import Column, Template, digits, text
from shared.tabular.reader import FileProblem, Limits, open_table

PEOPLE = Template("people", "Daftar orang", (Column("nik", digits(16)), Column("nama", text(100))))
SHEET = "xl/worksheets/sheet1.xml"
NIK = "3173011009500001"


def good_parts() -> dict[str, bytes]:
    book = Workbook()
    book.worksheets[0].append(["nik", "nama"])
    book.worksheets[0].append([NIK, "SITI AMINAH"])
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def pack(folder: Path, parts: dict[str, bytes], *, change: Callable[[zipfile.ZipFile], None] | None = None) -> Path:
    path = folder / "upload.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        if change is not None:
            change(archive)
    return path


def refusal(path: Path, limits: Limits | None = None, seconds: float = 5.0) -> str:
    """The code of the refusal, which must come in time and without much memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(FileProblem) as caught:
        for _ in open_table(path, PEOPLE, limits=limits).chunks():
            pass
    assert time.process_time() - started < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000
    assert caught.value.message
    return caught.value.code


def test_the_good_parts_are_good(tmp_path: Path) -> None:
    (chunk,) = open_table(pack(tmp_path, good_parts()), PEOPLE).chunks()
    assert chunk[0].ok


def a_sheet(rows: bytes) -> bytes:
    return b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + rows + b"</sheetData></worksheet>"


HEADER_ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>nik</t></is></c><c r="B1" t="inlineStr"><is><t>nama</t></is></c></row>'


def test_a_zip_bomb_is_refused_from_its_directory_alone(tmp_path: Path) -> None:
    path = pack(tmp_path, good_parts() | {SHEET: a_sheet(b" " * 150_000_000)})
    assert path.stat().st_size < 1_000_000
    assert refusal(path, seconds=0.1) == "zip-bomb"


def test_a_bomb_that_lies_about_its_size_is_refused_where_it_grows(tmp_path: Path) -> None:
    """Declared 1,000 bytes (and the checksum of those), really 50 million: zipfile would stop, other readers go on."""
    data = a_sheet(b" " * 50_000_000)
    path = pack(tmp_path, good_parts() | {SHEET: data})
    raw = path.read_bytes()
    honest = struct.pack("<L", len(data))
    crc, lie = struct.pack("<L", zlib.crc32(data)), struct.pack("<L", zlib.crc32(data[:1000]))
    assert raw.count(honest) == 2
    path.write_bytes(raw.replace(honest, struct.pack("<L", 1000)).replace(crc, lie))
    assert refusal(path, seconds=0.5) == "zip-bomb"


def test_many_entries(tmp_path: Path) -> None:
    many = {f"xl/media/{number}.txt": b"" for number in range(20_000)}
    assert refusal(pack(tmp_path, good_parts() | many), seconds=0.1) == "zip-bomb"


def test_a_million_entries_that_the_end_record_hides(tmp_path: Path) -> None:
    path = pack(tmp_path, good_parts() | {f"{number}": b"" for number in range(30_000)})
    raw = bytearray(path.read_bytes())
    end = raw.rfind(b"PK\x05\x06")
    struct.pack_into("<2H", raw, end + 8, 5, 5)
    path.write_bytes(raw)
    assert refusal(path, seconds=0.1) == "zip-bomb"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("xl/vbaProject.bin", "macro"),
        ("xl/macrosheets/sheet1.xml", "macro"),
        ("xl/embeddings/data.xlsx", "zip-bomb"),
        ("inner.zip", "zip-bomb"),
        ("../../etc/cron.d/x", "not-a-table"),
        ("xl/../../x", "not-a-table"),
        ("/etc/passwd", "not-a-table"),
        ("C:\\x", "not-a-table"),
        ("..\\x", "not-a-table"),
        (SHEET.upper(), "not-a-table"),
    ],
)
def test_parts_that_do_not_belong(tmp_path: Path, name: str, problem: str) -> None:
    assert refusal(pack(tmp_path, good_parts() | {name: b"x"}), seconds=0.5) == problem


def test_a_macro_workbook_by_its_type(tmp_path: Path) -> None:
    parts = good_parts()
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert refusal(pack(tmp_path, parts)) == "macro"


def test_a_symbolic_link(tmp_path: Path) -> None:
    def link(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("xl/link.xml")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")

    assert refusal(pack(tmp_path, good_parts(), change=link)) == "not-a-table"


def test_another_compression(tmp_path: Path) -> None:
    assert refusal(pack(tmp_path, good_parts(), change=lambda z: z.writestr("x.xml", b"x" * 99, zipfile.ZIP_LZMA))) == "not-a-table"


LAUGHS = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;">]>'


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"])
def test_billion_laughs_in_any_part(tmp_path: Path, part: str) -> None:
    parts = good_parts()
    body = parts.get(part, b"<sst/>")
    body = body[body.index(b"?>") + 2 :] if body.startswith(b"<?xml") else body
    assert refusal(pack(tmp_path, parts | {part: LAUGHS + body}), seconds=0.5) == "not-a-table"


def test_a_document_type_across_a_block_border(tmp_path: Path) -> None:
    pad = b"<?xml version='1.0'?>" + b" " * ((1 << 20) - 25)
    assert refusal(pack(tmp_path, good_parts() | {SHEET: pad + LAUGHS + a_sheet(HEADER_ROW)}), Limits(ratio=10_000)) == "not-a-table"


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xfe" + "<worksheet/>".encode("utf-16-le"),
        "<worksheet/>".encode("utf-16-le"),
        b"<?xml version='1.0' encoding='utf-7'?><worksheet/>",
    ],
)
def test_other_encodings_of_xml_hide_nothing(tmp_path: Path, head: bytes) -> None:
    assert refusal(pack(tmp_path, good_parts() | {SHEET: head})) == "not-a-table"


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="XFD1048576"><v>1</v></c>',
        b'<c r="B1048576"><v>1</v></c>',
        b"<c r='XFD299999'><v>1</v></c>",
        b'<c r="ZZ299999" t="n"><v>1</v></c>',
    ],
)
def test_one_cell_at_the_far_end_of_the_sheet(tmp_path: Path, cell: bytes) -> None:
    parts = good_parts() | {SHEET: a_sheet(HEADER_ROW + b'<row r="2">' + cell + b"</row>")}
    assert refusal(pack(tmp_path, parts), seconds=0.5) == "too-large"


def test_a_sheet_that_does_not_begin_like_xml_is_not_left_to_a_lenient_reader(tmp_path: Path) -> None:
    far = a_sheet(HEADER_ROW + b'<row r="2"><c r="A99999999999"><v>1</v></c></row>')
    for head in (b"L", b" \x00", b"PK"):
        assert refusal(pack(tmp_path, good_parts() | {SHEET: head + far[1:]})) == "not-a-table"
    assert refusal(pack(tmp_path, good_parts() | {"xl/sharedStrings.xml": b"Lsst/>"})) == "not-a-table"


def test_a_far_cell_outside_any_row_is_found(tmp_path: Path) -> None:
    lone = b"<!-- --><c r='XFD1048576'><v>1</v></c>"
    assert refusal(pack(tmp_path, good_parts() | {SHEET: a_sheet(HEADER_ROW + lone)})) == "too-large"


def test_cells_without_references_are_counted_too(tmp_path: Path) -> None:
    wide = b"<row>" + b"<c><v>1</v></c>" * 60_000 + b"</row>"
    assert (
        refusal(
            pack(tmp_path, good_parts() | {SHEET: a_sheet(HEADER_ROW + wide + b"<row><c><v>1</v></c></row>" * 300)}), Limits(ratio=10_000)
        )
        == "too-large"
    )


def test_an_empty_styled_cell_at_the_far_end_is_harmless(tmp_path: Path) -> None:
    row = (
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>'
        + NIK.encode()
        + b'</t></is></c><c r="B2" t="inlineStr"><is><t>SITI</t></is></c></row>'
    )
    far = b'<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    (chunk,) = open_table(pack(tmp_path, good_parts() | {SHEET: a_sheet(HEADER_ROW + row + far)}), PEOPLE).chunks()
    assert [row.number for row in chunk] == [2]
    assert chunk[0].ok


def test_one_long_shared_text_in_very_many_cells(tmp_path: Path) -> None:
    texts = b"<sst><si><t>nik</t></si><si><t>nama</t></si><si><t>" + b"x" * 32_000 + b"</t></si></sst>"
    head = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    body = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>2</v></c></row>' % (number, number) for number in range(2, 60_000))
    parts = good_parts() | {SHEET: a_sheet(head + body), "xl/sharedStrings.xml": texts}
    assert refusal(pack(tmp_path, parts)) == "too-large"


def test_a_long_shared_text_in_few_cells_is_no_harm(tmp_path: Path) -> None:
    texts = f"<sst><si><t>nik</t></si><si><t>nama</t></si><si><t>{NIK}</t></si><si><t>SITI</t></si><si><t>{'x' * 30_000}</t></si></sst>"
    parts = good_parts()
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Target="sharedStrings.xml" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>',
    )
    head = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    body = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>2</v></c><c r="B%d" t="s"><v>3</v></c></row>' % (number, number, number)
        for number in range(2, 9_000)
    )
    path = pack(tmp_path, parts | {SHEET: a_sheet(head + body), "xl/sharedStrings.xml": texts.encode()})
    rows = [row for chunk in open_table(path, PEOPLE).chunks() for row in chunk]
    assert len(rows) == 8_998
    assert all(row.ok for row in rows)


def test_an_encrypted_workbook_and_the_old_format(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
    path.write_bytes(ole + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500)
    assert refusal(path) == "encrypted"
    path.write_bytes(ole + "Workbook".encode("utf-16-le") + b"\0" * 500)
    assert refusal(path) == "not-a-table"


def test_an_encrypted_zip(tmp_path: Path) -> None:
    path = pack(tmp_path, good_parts())
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    raw[at + 8] |= 1
    path.write_bytes(raw)
    assert refusal(path) == "encrypted"


@pytest.mark.parametrize("parts", [{"a.txt": b"x"}, {"content.xml": b"<x/>"}, {"xl/workbook.bin": b"x"}, {"word/document.xml": b"<x/>"}])
def test_zips_that_are_no_workbook(tmp_path: Path, parts: dict[str, bytes]) -> None:
    assert refusal(pack(tmp_path, parts)) == "not-a-table"


@contextmanager
def cuts(path: Path) -> Iterator[list[bytes]]:
    whole = path.read_bytes()
    yield [whole[: len(whole) * part // 40] for part in range(1, 40)]


def test_a_truncated_workbook_at_forty_places(tmp_path: Path) -> None:
    with cuts(pack(tmp_path, good_parts())) as pieces:
        for piece in pieces:
            path = tmp_path / "cut.xlsx"
            path.write_bytes(piece)
            assert refusal(path) in {"not-a-table", "damaged-text"}


def test_flipped_bytes_are_refused_or_read_but_never_a_crash(tmp_path: Path) -> None:
    whole = pack(tmp_path, good_parts()).read_bytes()
    path = tmp_path / "flipped.xlsx"
    refused = 0
    for at in range(0, len(whole), 29):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            for _ in open_table(path, PEOPLE).chunks():
                pass
        except FileProblem:
            refused += 1
    assert refused > len(whole) // 29 // 3


def test_sizes_in_the_directory_only(tmp_path: Path) -> None:
    path = pack(tmp_path, good_parts())
    assert refusal(path, Limits(workbook_bytes=1_000), seconds=0.1) == "too-large"
    assert refusal(path, Limits(sheet_bytes=500), seconds=0.1) == "too-large"
    assert refusal(path, Limits(unpacked_bytes=5_000), seconds=0.1) == "too-large"
    assert refusal(path, Limits(workbook_rows=1)) == "too-large"


def test_sheet_names_twice_or_relations_twice_leave_no_doubt_which_sheet_is_meant(tmp_path: Path) -> None:
    parts = good_parts()
    listing = parts["xl/workbook.xml"]
    start = listing.index(b"<sheet ")
    end = listing.index(b"/>", start) + 2
    twice = listing[:end] + listing[start:end] + listing[end:]
    assert refusal(pack(tmp_path, parts | {"xl/workbook.xml": twice})) == "not-a-table"
    missing = parts["xl/_rels/workbook.xml.rels"].replace(b"sheet1.xml", b"sheet9.xml")
    assert refusal(pack(tmp_path, parts | {"xl/_rels/workbook.xml.rels": missing})) == "not-a-table"
