"""A panti's daily book by file: each line held against the person's whole history before anything is written."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.commands import book as commands
from services.beneficiary.commands.newcomers import UNKNOWN_ORIGIN
from services.beneficiary.domain.areas import AreaProblem, Areas, AreaWarning
from services.beneficiary.domain.book import Entry, LivesInOtherPanti, walk
from services.beneficiary.domain.panti_access import holds
from services.beneficiary.schemas.book import BookControls
from services.beneficiary.store import book
from shared import audit
from shared.crypto import FieldCipher
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import IllegalTransition, Refusal
from shared.kernel.ids import uuid7
from shared.tabular.columns import Column, Row, Template, choice, code, day, digits
from shared.tabular.columns import text as text_cell

ROLES: Final = ("operator", "panti-head")
WORDS: Final = {
    "masuk": "admission", "pindah": "transfer", "cuti": "leave", "kabur": "flight", "kembali": "return", "keluar": "discharge",
    "meninggal": "death",
}  # fmt: skip
_IN_WORDS: Final = {kind: word for word, kind in WORDS.items()}
_STATES: Final = {
    "outside": "tidak tercatat di panti", "present": "di panti", "on_leave": "sedang cuti", "fled": "kabur", "dead": "meninggal",
}  # fmt: skip

TEMPLATE = Template(
    "daily_book",
    "Buku harian panti: siapa masuk, pindah, cuti, kabur, kembali, keluar, meninggal",
    (
        Column("kode_panti", code(r"[A-Za-z0-9]{2,8}", "Kode panti"), help="Kode dari daftar panti", example="BM1"),
        Column("tanggal", day, help="Hari kejadian; urutkan baris menurut hari", example="2025-09-01"),
        Column("jam", code(r"([01][0-9]|2[0-3])[.:][0-5][0-9]", "Jam"), required=False, help="Bila diketahui, mis. 14.30", example="14.30"),
        Column("peristiwa", choice(WORDS), help=", ".join(WORDS), example="masuk"),
        Column("nik", digits(16), required=False, help="NIK 16 angka; kosong bila tidak punya", example="3173015205459001"),
        Column(
            "nomor_sementara", code(r"[A-Za-z0-9./\-]{1,30}", "Nomor sementara"), required=False, example="",
            help="Nomor penghuni tanpa NIK menurut buku panti, mis. WBS-017",
        ),
        Column("nama", text_cell(120), required=False, help="Wajib untuk orang yang belum tercatat", example="Contoh Melati"),
        Column("tanggal_lahir", day, required=False, help="Bila diketahui", example="1950-05-12"),
        Column("alamat", text_cell(250), required=False, help="Alamat asal, bila diketahui", example=""),
        Column("kode_kelurahan", text_cell(60), required=False, help="Kelurahan asal, bila diketahui", example=""),
        Column("ke_panti", code(r"[A-Za-z0-9]{2,8}", "Kode panti"), required=False, help="Untuk pindah: ke panti mana", example=""),
        Column("rencana_kembali", day, required=False, help="Untuk cuti", example=""),
        Column("alasan", text_cell(300), help="Alasan atau keterangan", example="rujukan Satpol PP"),
        Column("dokumen", text_cell(120), required=False, help="Nomor surat atau berita acara", example="BA-3/IX/2025"),
    ),
)  # fmt: skip

_COLUMNS: Final = (
    "import_id", "line", "entry_id", "person_id", "new_person", "number", "nik_index", "nik_enc", "name_enc", "address_enc",
    "birth_date_enc", "area", "kind", "panti", "to_panti", "day", "hour", "expected_return", "reason", "paper",
)  # fmt: skip
_FIELDS: Final = ("nik_enc", "name_enc", "address_enc", "birth_date_enc")


class BookMovedOn(Refusal):
    """Since the file was checked somebody in it became known, or a line about them was written."""

    code = "book-moved-on"


@dataclass(slots=True)
class _Line:
    row: Row
    entry: Entry
    person: UUID
    index: bytes
    number: str
    is_new: bool = False
    area: str = UNKNOWN_ORIGIN


@dataclass(frozen=True)
class _Frame:
    """What every row is held against."""

    mine: tuple[str, ...]
    books: Mapping[str, date]
    areas: Areas
    today: date


async def _frame(staging: Staging) -> _Frame:
    books = {row.panti: row.from_day for row in await staging.session.execute(text("SELECT panti, from_day FROM panti_book"))}
    today = staging.service.clock.today()
    return _Frame(commands.writes(staging.caller), books, await store.areas(staging.session, today), today)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    frame = await _frame(staging)
    await book.open_fence(staging.session, book.EVERY)
    for row in rows:
        _read(frame, row)
    lines = await _whom(staging, frame, [row for row in rows if row.ok])
    await _hold_against_history(staging, lines)
    good = [line for line in lines if line.row.ok]
    values = await asyncio.to_thread(lambda: [_values(staging, staging.service.cipher, line) for line in good])
    await copy_in(staging.session, "daily_book_staging", _COLUMNS, values)


def _read(frame: _Frame, row: Row) -> None:
    """What can be seen in the row alone."""
    value = row.values
    panti, on = value["kode_panti"].upper(), value["tanggal"]
    to_panti = (value["ke_panti"] or "").upper()
    for column, given in (("kode_panti", panti), ("ke_panti", to_panti)):
        if given and given not in frame.books:
            row.refuse(column, "book-not-open", "Panti ini belum membuka buku hariannya, atau kodenya salah.", given)
    if not holds(frame.mine, panti):
        row.refuse("kode_panti", "not-your-panti", "Anda tidak menulis di buku panti ini.", panti)
    if on > frame.today:
        row.refuse("tanggal", "future-day", "Hari ini belum terjadi.", on.isoformat())
    begins = frame.books.get(panti)
    if begins is not None and on < begins:
        row.refuse("tanggal", "before-book", f"Buku panti ini mulai {begins}; penghuni awal dicatat masuk pada hari itu.", on.isoformat())
    if (value["peristiwa"] == "transfer") != bool(to_panti) or to_panti == panti:
        row.refuse("ke_panti", "to-panti", "Diisi untuk pindah saja, dengan panti yang lain.", to_panti)
    back = value["rencana_kembali"]
    if back is not None and (value["peristiwa"] != "leave" or back < on):
        row.refuse("rencana_kembali", "expected-return", "Diisi untuk cuti saja, tidak sebelum harinya.", back.isoformat())
    if bool(value["nik"]) == bool(value["nomor_sementara"]):
        row.refuse("nik", "whom", "Isi NIK, atau nomor sementara untuk yang tidak punya NIK; salah satu.")
    area = frame.areas.read(value["kode_kelurahan"]) if value["kode_kelurahan"] else UNKNOWN_ORIGIN
    if isinstance(area, AreaProblem):
        row.refuse("kode_kelurahan", area.code, area.message)
    elif isinstance(area, AreaWarning):
        row.refuse("kode_kelurahan", "area-without-code", area.message, warning=True)


_WHOLE_NUMBER: Final = re.compile(r"[A-Z0-9]{2,8}(/.+|-[0-9]{5})")
"""A number with its panti: ``BM1/WBS-017`` from a file, ``BM1-00017`` from a door; after a transfer both are written so."""


def _number(row: Row) -> str:
    """The number of somebody without NIK, unique over all panti; '' for whoever has a NIK."""
    given = (row.values["nomor_sementara"] or "").upper()
    return given if not given or _WHOLE_NUMBER.fullmatch(given) else f"{row.values['kode_panti'].upper()}/{given}"


def _index(cipher: FieldCipher, row: Row) -> bytes:
    nik = row.values["nik"]
    return cipher.blind_index("nik", nik) if nik else cipher.blind_index("provisional", _number(row))


async def _whom(staging: Staging, frame: _Frame, rows: Sequence[Row]) -> list[_Line]:
    """Each row with its person: on record, named earlier in the file, or new by an admission with a name."""
    cipher, session = staging.service.cipher, staging.session
    indexes = [_index(cipher, row) for row in rows]
    people = await store.people_by_index(session, indexes)
    known = await book.known_as(session, people.values())
    found: dict[bytes, UUID] = {index: known[person] for index, person in people.items()}
    staged = await session.execute(
        text("SELECT DISTINCT nik_index, person_id FROM daily_book_staging WHERE import_id = :id AND new_person"), {"id": staging.import_id}
    )
    found |= {bytes(row.nik_index): row.person_id for row in staged}
    lines = []
    for row, index in zip(rows, indexes, strict=True):
        person, is_new = found.get(index), False
        if person is None:
            if row.values["peristiwa"] != "admission" or not row.values["nama"]:
                row.refuse("nama", "person-unknown", "Orang ini belum tercatat: baris pertamanya harus masuk, dengan nama.")
                continue
            person, is_new = uuid7(), True
            found[index] = person
        lines.append(_Line(row, _entry(staging, row), person, index, _number(row), is_new, _area(frame, row)))
    return lines


def _area(frame: _Frame, row: Row) -> str:
    area = frame.areas.read(row.values["kode_kelurahan"]) if row.values["kode_kelurahan"] else UNKNOWN_ORIGIN
    return area.area if isinstance(area, AreaWarning) else str(area)


def _entry(staging: Staging, row: Row) -> Entry:
    value = row.values
    hour = time.fromisoformat(value["jam"].replace(".", ":")) if value["jam"] else None
    no = 2**40 + staging.line(row)  # after everything that was written so far
    return Entry(uuid7(), no, value["peristiwa"], value["kode_panti"].upper(), value["tanggal"], hour, (value["ke_panti"] or "").upper())


async def _hold_against_history(staging: Staging, lines: Sequence[_Line]) -> None:
    """Refuse, in the clerk's words, each row that cannot follow what is written or stands in an earlier row."""
    mine: dict[UUID, list[_Line]] = defaultdict(list)
    for line in lines:
        mine[line.person].append(line)
    before = await book.lines(staging.session, mine.keys())
    staged = await staging.session.execute(
        text("""SELECT person_id, entry_id, line, kind, panti, to_panti, day, hour FROM daily_book_staging
                 WHERE import_id = :id AND person_id = ANY(:people)"""),
        {"id": staging.import_id, "people": list(mine)},
    )
    for row in staged:
        before[row.person_id].append(Entry(row.entry_id, 2**40 + row.line, row.kind, row.panti, row.day, row.hour, row.to_panti))
    for person, new in mine.items():
        _refuse_what_cannot_follow(before[person], new)


def _refuse_what_cannot_follow(before: Sequence[Entry], new: Sequence[_Line]) -> None:
    left = {line.entry.id: line for line in new}
    while left:
        try:
            walk([*before, *(line.entry for line in left.values())])
        except (IllegalTransition, LivesInOtherPanti) as refusal:
            wrong = left.get(UUID(refusal.data["entry"])) or max(left.values(), key=lambda line: line.entry.no)
            column, message = _in_words(refusal, wrong.entry)
            wrong.row.refuse(column, refusal.code, message)
            del left[wrong.entry.id]
        else:
            return


def _in_words(refusal: Refusal, entry: Entry) -> tuple[str, str]:
    if isinstance(refusal, LivesInOtherPanti):
        return "kode_panti", f"Pada hari itu orang ini tercatat di {refusal.data['panti']}."
    if refusal.data["entry"] != str(entry.id):
        return "peristiwa", f"Baris ini tidak cocok dengan baris yang sudah tercatat pada {refusal.data['day']}."
    return "peristiwa", f"Orang ini {_STATES[refusal.data['state']]} saat itu; '{_IN_WORDS[entry.kind]}' tidak mungkin."


def _values(staging: Staging, cipher: FieldCipher, line: _Line) -> tuple[Any, ...]:
    value, entry = line.row.values, line.entry
    fields = (b"", b"", b"", b"")
    if line.is_new:
        born = value["tanggal_lahir"].isoformat() if value["tanggal_lahir"] else ""
        clear = (value["nik"] or "", value["nama"], value["alamat"] or "", born)
        fields = tuple(cipher.encrypt("person", name, line.person, given) for name, given in zip(_FIELDS, clear, strict=True))  # type: ignore[assignment]
    return (
        staging.import_id, staging.line(line.row), entry.id, line.person, line.is_new, line.number, line.index, *fields, line.area,
        entry.kind, entry.panti, entry.to_panti, entry.day, entry.hour, value["rencana_kembali"], value["alasan"], value["dokumen"] or "",
    )  # fmt: skip


async def _check(staging: Staging) -> Check:
    rows = (
        await staging.session.execute(
            text("SELECT kind, count(*) AS rows FROM daily_book_staging WHERE import_id = :id GROUP BY kind ORDER BY kind"),
            {"id": staging.import_id},
        )
    ).all()
    new = await staging.session.scalar(
        text("SELECT count(*) FROM daily_book_staging WHERE import_id = :id AND new_person"), {"id": staging.import_id}
    )
    count = sum(row.rows for row in rows)
    not_ready = [] if count == staging.controls.count else [f"Baris menurut berkas {count}, menurut dokumen {staging.controls.count}."]
    return Check({"count": count, "new_people": new, "kinds": {_IN_WORDS[row.kind]: row.rows for row in rows}}, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    """All lines or none, by a second person who may write in each of these books."""
    session, given = staging.session, {"id": staging.import_id}
    mine = commands.writes(staging.caller)
    for panti in await session.scalars(text("SELECT DISTINCT panti FROM daily_book_staging WHERE import_id = :id"), given):
        commands.require(mine, panti)
    await commands.stand_before_cutoffs(session)
    await book.open_fence(session, book.EVERY)
    await _make_people(staging)
    rows = await session.execute(text("SELECT * FROM daily_book_staging WHERE import_id = :id ORDER BY line"), given)
    lines = [
        book.Line(r.entry_id, r.person_id, r.kind, r.panti, r.to_panti, r.day, r.hour, r.expected_return, r.reason, r.paper) for r in rows
    ]
    written = await commands.append(
        session, lines, author=staging.caller.person, today=staging.service.clock.today(), at=staging.at
    )  # fmt: skip
    people = {line.person_id for line in lines}
    await audit.record(session, staging.caller, "panti.book", "panti", count=len(people), ids_hash=audit.hash_ids(people), at=staging.at)
    return {
        "lines": len(lines), "people": len(people), "held": sum(len(one.held) for one in written),
        "reopened": sum(len(one.reopened) for one in written),
    }  # fmt: skip


async def _make_people(staging: Staging) -> None:
    """The file's new people. Raise BookMovedOn where one of them is on record by now."""
    given = {"id": staging.import_id, "by": staging.caller.person, "at": staging.at}
    new = await staging.session.scalar(text("SELECT count(*) FROM daily_book_staging WHERE import_id = :id AND new_person"), given)
    made = await staging.session.execute(
        text("""INSERT INTO person (id, nik_enc, nik_index, name_enc, address_enc, birth_date_enc, area, version)
                SELECT person_id, nik_enc, nik_index, name_enc, address_enc, birth_date_enc, area, 0 FROM daily_book_staging
                 WHERE import_id = :id AND new_person ORDER BY line ON CONFLICT (nik_index) DO NOTHING"""),
        given,
    )
    if made.rowcount != new:  # type: ignore[attr-defined]
        raise BookMovedOn("somebody in this file is on record by now; cancel it and send it again")
    await staging.session.execute(
        text("""INSERT INTO provisional_person (person_id, number, panti, author, at)
                SELECT person_id, number, panti, :by, :at FROM daily_book_staging
                 WHERE import_id = :id AND new_person AND number <> ''"""),
        given,
    )


daily_book_kind = ImportKind(
    TEMPLATE, BookControls, uploaders=ROLES, committers=ROLES, second_person=True,
    stage=_stage, check=_check, commit=_commit, staged="daily_book_staging", whole_agency=True,
)  # fmt: skip
