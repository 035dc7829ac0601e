"""A decree's list by file: every problem by row and column, totals as signed, a second person commits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.commands.decree import SignedDecree, commit_decree
from services.beneficiary.domain.areas import AreaProblem, Areas, AreaWarning
from services.beneficiary.domain.decree import Totals, differences, tariff_of
from services.beneficiary.imports.last_decree import beside_last_decree
from services.beneficiary.schemas.registry import DecreeControls
from shared.crypto import FieldCipher
from shared.db.session import copy_text_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import InvalidInput, NotAllowed
from shared.kernel.ids import natural_id, uuid7
from shared.kernel.month import Month
from shared.kernel.rupiah import format_rupiah
from shared.messaging.arrays import array_of
from shared.tabular.columns import Column, Row, Template, choice, day, digits, rupiah
from shared.tabular.columns import text as text_cell

TEMPLATE = Template(
    "decree",
    "Daftar penerima menurut Keputusan Gubernur",
    (
        Column("nik", digits(16), help="NIK 16 angka, format teks", example="3173015205459001"),
        Column("nama", text_cell(120), help="Nama lengkap sesuai KTP atau KK", example="Siti Contoh"),
        Column("tanggal_lahir", day, help="Tanggal lahir", example="1945-05-12"),
        Column("alamat", text_cell(250), help="Alamat tempat tinggal sekarang", example="Jl. Contoh No. 1 RT 001/002"),
        Column("kode_kelurahan", text_cell(60), help="Kode Kemendagri kelurahan", example="31.73.01.1001"),
        Column("program", text_cell(10), help="KLJ, KPDJ atau KAJ", example="KLJ"),
        Column(
            "penerima", choice({"lama": "existing", "baru": "new"}), example="lama",
            help="lama: sudah memegang kartu sebelum SK ini; baru: pertama kali disebut",
        ),
        Column("nominal", rupiah, help="Rupiah per bulan menurut SK", example="300000"),
    ),
)  # fmt: skip

_COLUMNS = (
    "import_id", "line", "person_id", "programme", "cohort", "area", "amount", "nik_index", "nik_enc", "name_enc", "address_enc",
    "birth_date_enc",
)  # fmt: skip
_OLDEST_YEARS = 125


@dataclass(frozen=True)
class _Frame:
    """What a row is held against."""

    areas: Areas
    amounts: Mapping[str, int]
    decree_id: UUID
    today: date


@dataclass(slots=True)
class _Candidate:
    row: Row
    programme: str
    area: str
    index: bytes

    @property
    def key(self) -> bytes:
        return _key(self.index, self.programme)


def _key(index: bytes, programme: str) -> bytes:
    """A person and programme."""
    return index + programme.encode()


async def _frame(staging: Staging) -> _Frame:
    controls: DecreeControls = staging.controls
    if not staging.caller.whole_agency:
        raise NotAllowed("a decree concerns the whole agency; your assignment is a part of it", areas=list(staging.caller.areas))
    if controls.from_month > controls.to_month:
        raise InvalidInput("the decree ends before it begins", from_month=controls.from_month, to_month=controls.to_month)
    for programme in controls.programmes:
        await store.require_programme(staging.session, programme)
    tariffs = await store.tariffs(staging.session)
    amounts = {programme: tariff_of(tariffs, programme, Month(controls.from_month)) for programme in controls.programmes}
    today = staging.service.clock.today()
    return _Frame(await store.areas(staging.session, today), amounts, natural_id("decree", controls.number), today)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    frame = await _frame(staging)
    cipher = staging.service.cipher
    read = [_read(frame, row) for row in rows]
    good = [(row, programme, area) for row, programme, area in read if row.ok]
    candidates = await asyncio.to_thread(
        lambda: [_Candidate(row, p, area, cipher.blind_index("nik", row.values["nik"])) for row, p, area in good]
    )
    candidates = await _without_doubles(staging, candidates)
    known = await store.people_by_index(staging.session, [one.index for one in candidates])
    candidates = await _without_enrolled(staging, frame, candidates, known)
    before = await _staged_before(staging, frame, candidates)
    candidates = _without_second_home(candidates, before)
    people = {index: person for index, (person, _) in before.items()} | known
    data = await asyncio.to_thread(_copy_lines, staging, cipher, candidates, people)
    staging.came.update(one.key for one in candidates)
    await copy_text_in(staging.session, "decree_staging", _COLUMNS, [data])


def _read(frame: _Frame, row: Row) -> tuple[Row, str, str]:
    """The row with what the office can see wrong in it, its programme and its area."""
    values = row.values
    programme = str(values["program"]).upper()
    amount = frame.amounts.get(programme)
    if amount is None:
        row.refuse("program", "programme-not-in-decree", f"Program ini tidak ada dalam SK. Dalam SK: {', '.join(frame.amounts)}.")
    elif values["nominal"] != amount:
        row.refuse(
            "nominal", "amount-differs",
            f"Nominal {format_rupiah(values['nominal'])} bukan tarif {programme}; tarif bulan itu {format_rupiah(amount)}.",
        )  # fmt: skip
    born: date = values["tanggal_lahir"]
    if born > frame.today:
        row.refuse("tanggal_lahir", "birth-date-future", "Tanggal lahir berada di masa depan.")
    elif born.year < frame.today.year - _OLDEST_YEARS:
        row.refuse("tanggal_lahir", "birth-date-too-old", f"Menurut tanggal ini umur orang lebih dari {_OLDEST_YEARS} tahun.")
    cell = values["kode_kelurahan"]
    area = frame.areas.read(cell)
    if isinstance(area, AreaProblem):
        row.refuse("kode_kelurahan", area.code, area.message)
        return row, programme, ""
    if isinstance(area, AreaWarning):
        row.refuse("kode_kelurahan", "area-without-code", area.message, warning=True)
        return row, programme, area.area
    return row, programme, area


async def _without_doubles(staging: Staging, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The first row of a person and programme stands, each later one is refused."""
    before = await _staged_keys(staging, [one.index for one in candidates if one.key in staging.came])
    kept = []
    for one in candidates:
        if one.key in before:
            one.row.refuse("nik", "double-row", f"Orang ini sudah ada di baris lain untuk {one.programme}.")
            continue
        before.add(one.key)
        kept.append(one)
    return kept


async def _staged_keys(staging: Staging, indexes: Sequence[bytes]) -> set[bytes]:
    """Of these people, the rows that are staged already."""
    if not indexes:
        return set()
    rows = await staging.session.execute(
        text("SELECT nik_index, programme FROM decree_staging WHERE import_id = :id AND nik_index = ANY(CAST(:indexes AS bytea[]))"),
        {"id": staging.import_id, "indexes": store.index_array(indexes)},
    )
    return {_key(bytes(row.nik_index), row.programme) for row in rows}


async def _without_enrolled(
    staging: Staging, frame: _Frame, candidates: Sequence[_Candidate], known: Mapping[bytes, UUID]
) -> list[_Candidate]:
    """Without those whom another decree names for the same programme in one of the same months."""
    if not known:
        return list(candidates)
    rows = await staging.session.execute(
        text("""SELECT DISTINCT e.person_id, e.programme, d.number
                  FROM enrolment e JOIN decree d ON d.id = e.decree_id
                 WHERE e.person_id = ANY(CAST(:people AS uuid[])) AND d.id <> :decree AND d.from_month <= :to AND :from <= d.to_month"""),
        {
            "people": array_of(known.values()), "decree": frame.decree_id,
            "from": staging.controls.from_month, "to": staging.controls.to_month,
        },
    )  # fmt: skip
    by_decree = {(row.person_id, row.programme): row.number for row in rows}
    kept = []
    for one in candidates:
        number = by_decree.get((known[one.index], one.programme)) if one.index in known else None
        if number is not None:
            one.row.refuse("nik", "enrolled-by-other-decree", f"Orang ini sudah menerima {one.programme} menurut SK {number}.")
            continue
        kept.append(one)
    return kept


def _without_second_home(candidates: Sequence[_Candidate], before: Mapping[bytes, tuple[UUID, str]]) -> list[_Candidate]:
    """A person lives in one kelurahan: a row that says another one than the person's first row is refused."""
    homes = {index: area for index, (_, area) in before.items()}
    kept = []
    for one in candidates:
        first = homes.setdefault(one.index, one.area)
        if first != one.area:
            one.row.refuse("kode_kelurahan", "area-differs", f"Baris lain orang ini menyebut kelurahan {first}. Samakan keduanya.")
            continue
        kept.append(one)
    return kept


async def _staged_before(staging: Staging, frame: _Frame, candidates: Sequence[_Candidate]) -> dict[bytes, tuple[UUID, str]]:
    """Id and area of people whom an earlier row of this import names for another programme: one person, one id."""
    again = [
        one.index
        for one in candidates
        if any(_key(one.index, programme) in staging.came for programme in frame.amounts if programme != one.programme)
    ]
    if not again:
        return {}
    rows = await staging.session.execute(
        text("""SELECT DISTINCT ON (nik_index) nik_index, person_id, area FROM decree_staging
                 WHERE import_id = :id AND nik_index = ANY(CAST(:indexes AS bytea[]))"""),
        {"id": staging.import_id, "indexes": store.index_array(again)},
    )
    return {bytes(row.nik_index): (row.person_id, row.area) for row in rows}


def _copy_lines(staging: Staging, cipher: FieldCipher, candidates: Sequence[_Candidate], people: Mapping[bytes, UUID]) -> str:
    """The rows in COPY's text form: ids, codes and hex only, so nothing needs escaping."""
    ids = {index: str(person) for index, person in people.items()}
    seal = cipher.encrypt
    lines = []
    for one in candidates:
        values = one.row.values
        person = ids.get(one.index) or ids.setdefault(one.index, str(uuid7()))
        lines.append(
            f"{staging.import_id}\t{staging.line(one.row)}\t{person}\t{one.programme}\t{values['penerima']}\t{one.area}\t"
            f"{values['nominal']}\t\\\\x{one.index.hex()}"
            f"\t\\\\x{seal('person', 'nik_enc', person, values['nik']).hex()}"
            f"\t\\\\x{seal('person', 'name_enc', person, values['nama']).hex()}"
            f"\t\\\\x{seal('person', 'address_enc', person, values['alamat']).hex()}"
            f"\t\\\\x{seal('person', 'birth_date_enc', person, values['tanggal_lahir'].isoformat()).hex()}\n"
        )
    return "".join(lines)


async def _begin(staging: Staging) -> None:
    rows = await staging.session.stream(
        text("SELECT nik_index, programme FROM decree_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    async for row in rows:
        staging.came.add(_key(bytes(row.nik_index), row.programme))


async def _check(staging: Staging) -> Check:
    frame = await _frame(staging)
    controls: DecreeControls = staging.controls
    rows = await staging.session.execute(
        text("""SELECT programme, count(*) AS people, sum(amount) AS sum FROM decree_staging
                 WHERE import_id = :id GROUP BY programme ORDER BY programme"""),
        {"id": staging.import_id},
    )
    accepted = {row.programme: Totals(row.people, int(row.sum)) for row in rows}
    signed = {programme: Totals(control.count, control.sum) for programme, control in controls.programmes.items()}
    not_ready = differences(accepted, signed, Totals(controls.count, controls.sum))
    not_ready += [
        f"{programme}: {control.count} orang melebihi kuota {control.quota}"
        for programme, control in sorted(controls.programmes.items())
        if control.count > control.quota
    ]
    recorded = await staging.session.scalars(
        text("SELECT programme FROM decree_programme WHERE decree_id = :id ORDER BY programme"), {"id": frame.decree_id}
    )
    not_ready += [f"SK {controls.number} sudah dicatat untuk {one}" for one in recorded if one in controls.programmes]
    totals: dict[str, Any] = {
        "count": sum(t.count for t in accepted.values()),
        "sum": sum(t.sum for t in accepted.values()),
        "programmes": {programme: {"count": t.count, "sum": t.sum} for programme, t in accepted.items()},
    }
    beside = await beside_last_decree(staging.session, staging.import_id, frame.decree_id, controls.programmes, controls.from_month)
    return Check(totals | ({"beside": beside} if beside else {}), not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    controls: DecreeControls = staging.controls
    decree = SignedDecree(
        controls.number, Month(controls.from_month), Month(controls.to_month),
        {programme: control.quota for programme, control in controls.programmes.items()},
        staging.uploaded_by, staging.caller.person,
    )  # fmt: skip
    return await commit_decree(staging.session, staging.service.cipher, staging.import_id, decree, at=staging.at)


decree_kind = ImportKind(
    TEMPLATE, DecreeControls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="decree_staging", whole_agency=True,
)  # fmt: skip
