"""SP2D and STS: documents of the treasury, by number, from files that may overlap.

The same number with the same content has no effect. Another amount is a new version of the document, booked by its
difference (not of a list's SP2D); any other difference is refused, and so is every difference of an STS.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import field_validator
from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.commands import treasury
from services.budget_audit.commands.documents import Paper, Source, cover, take
from services.budget_audit.domain.references import canonical, is_batch_code, panti_month
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.imports import keys
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.kernel.rupiah import format_rupiah
from shared.tabular.columns import Column, Row, Template, code, day, rupiah
from shared.tabular.columns import text as words

NUMBER = Column("nomor", words(80), help="Nomor dokumen", example="00123/SP2D/2025")
DATE = Column("tanggal", day, example="2025-09-22")
AMOUNT = Column("nilai", rupiah, help="Rupiah", example="139.755.000")
REFERENCE = Column(
    "rujukan", words(80), help="Kode penyaluran; panti dan bulan (BM1/2025-09); atau nomor penerimaan barang", example="BM1/2025-09"
)
SP2D_TEMPLATE = Template("sp2d", "SP2D: pencairan per pos anggaran", (NUMBER, DATE, *keys.KEY, *keys.OWNER, AMOUNT, REFERENCE))
STS_TEMPLATE = Template(
    "sts",
    "STS: setor kembali ke Kas Daerah",
    (
        NUMBER,
        DATE,
        Column("program", code(r"[A-Za-z0-9]{2,10}", "Program"), required=False, help="Kosong untuk panti", example=""),
        AMOUNT,
        REFERENCE,
    ),
)


class Covering(keys.CountAndSum):
    """Beside count and sum the days that the file speaks for; typed from the letter or the export's heading.

    ``covered_to``: by default the last day of its rows. ``covered_from``: empty for a file that begins with the year.
    """

    covered_from: date | None = None
    covered_to: date | None = None

    @field_validator("covered_from", "covered_to", mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        return given or None


async def last_day(staging: Staging, table: str, column: str = "date") -> date | None:
    """The last day that the file speaks for."""
    found: date | None = staging.controls.covered_to or await staging.session.scalar(
        text(f"SELECT max({column}) FROM {table} WHERE import_id = :id"), {"id": staging.import_id}
    )
    return found


async def not_before_the_rows(staging: Staging, table: str, column: str = "date") -> list[str]:
    """In plain words what is wrong with the typed days."""
    first, last = staging.controls.covered_from, staging.controls.covered_to
    found = (
        await staging.session.execute(
            text(f"SELECT min({column}) AS first, max({column}) AS last FROM {table} WHERE import_id = :id"), {"id": staging.import_id}
        )
    ).one()
    problems = []
    if last is not None and last > staging.service.clock.today():
        problems.append("Berkas tidak dapat memuat hari yang belum tiba.")
    if first is not None and last is not None and first > last:
        problems.append("Hari pertama yang dimuat berkas sesudah hari terakhirnya.")
    if last is not None and found.last is not None and found.last > last:
        problems.append(f"Ada dokumen bertanggal {found.last:%d-%m-%Y}, sesudah hari terakhir yang diketik.")
    if first is not None and found.first is not None and found.first < first:
        problems.append(f"Ada dokumen bertanggal {found.first:%d-%m-%Y}, sebelum hari pertama yang diketik.")
    return problems


class RecordedMeanwhile(Refusal):
    """Somebody recorded one of these documents after the file was checked."""

    code = "recorded-meanwhile"


def _same_document(staging: Staging, row: Row, reference: str) -> None:
    """One number is one document: one day and one reference."""
    value = row.values
    if value["nilai"] == 0:
        row.refuse("nilai", "money-zero", "Nilai tidak boleh nol.", "0")
    document = ("document", value["nomor"], value["tanggal"], reference)
    if ("number", value["nomor"]) in staging.seen and document not in staging.seen:
        row.refuse("nomor", "document-differs", "Nomor ini ada di baris lain dengan tanggal atau rujukan lain.", value["nomor"])
    staging.seen |= {("number", value["nomor"]), document}


async def _stage_sp2d(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    lines = await keys.known_lines(staging.session, [keys.line_id(row) for row in rows])
    references = await _known_references(staging, rows)
    recorded: dict[str, dict[Any, Any]] = {}
    for found in await staging.session.execute(
        text(
            """SELECT s.number, s.date, s.reference, r.line_id, CAST(sum(r.amount) AS bigint) AS amount
                 FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id WHERE s.number = ANY(:n) GROUP BY s.id, r.line_id"""
        ),
        {"n": [row.values["nomor"] for row in rows]},
    ):
        recorded.setdefault(found.number, {})[found.line_id] = (found.date, found.reference, found.amount)
    staged = []
    for row in rows:
        value, line_id, reference = row.values, keys.line_id(row), canonical(row.values["rujukan"])
        codes.check(row)
        if row.ok and line_id not in lines:
            keys.refuse_unknown_line(row)
        _check_year(row, value["tanggal"], value["tahun"])
        _same_document(staging, row, reference)
        _check_reference(row, codes, reference, references)
        if ("row", value["nomor"], line_id) in staging.seen:
            row.refuse("nomor", "double-row", "Nomor dan pos ini sudah ada di baris lain berkas ini.", value["nomor"])
        staging.seen.add(("row", value["nomor"], line_id))
        before = recorded.get(value["nomor"], {}).get(line_id)
        correction = _correction(row, before, reference)
        content = (value["tanggal"], reference, value["nilai"] - correction)
        known = _known(row, recorded.get(value["nomor"]), line_id, content, again=not correction)
        if row.ok:
            programme = keys.owner_of(row)[0]
            staged.append(
                (
                    staging.import_id,
                    staging.line(row),
                    known,
                    value["nomor"],
                    value["tanggal"],
                    line_id,
                    programme,
                    value["nilai"],
                    reference,
                    correction,
                )
            )
    columns = ("import_id", "line", "known", "number", "date", "line_id", "programme", "amount", "reference", "correction")
    await copy_in(staging.session, "sp2d_staging", columns, staged)


def _check_year(row: Row, day: date, year: int) -> None:
    if day.year != year:
        row.refuse("tanggal", "wrong-year", f"Tanggal ini bukan di tahun anggaran {year}.", day.isoformat())


async def _known_references(staging: Staging, rows: list[Row]) -> set[str]:
    """Batch codes and delivery numbers that events have told us of."""
    references = [canonical(row.values["rujukan"]) for row in rows]
    return set(
        await staging.session.scalars(
            text("""SELECT code FROM batch WHERE code = ANY(:references)
                     UNION SELECT reference FROM goods_received WHERE reference = ANY(:references)"""),
            {"references": references},
        )
    )


def _check_reference(row: Row, codes: keys.Codes, reference: str, known: set[str]) -> None:
    """A reference that nothing else names would never be compared with anything: a warning, since its event may still come."""
    named = panti_month(reference)
    if named:
        codes.check_panti(row, named.panti, "rujukan")
    elif reference not in known:
        words = "Belum ada penyaluran atau penerimaan barang dengan rujukan ini. Periksa ketikannya."
        row.refuse("rujukan", "unknown-reference", words, reference, warning=True)


def _correction(row: Row, before: tuple[date, str, int] | None, reference: str) -> int:
    """Rupiah by which a later file changes a row of a recorded document; 0 where it may not, or does not.

    Of a list's SP2D no amount changes by a file: the list was funded with it, and the bank's file may be on its way.
    """
    value = row.values
    if before is None or before[:2] != (value["tanggal"], reference) or is_batch_code(reference) or not value["nilai"]:
        return 0
    correction: int = value["nilai"] - before[2]
    if correction:
        words = f"Nilai dokumen ini tercatat {format_rupiah(before[2])}; nilai baru dicatat sebagai versi baru, selisihnya dibukukan."
        row.refuse("nilai", "amount-changed", words, str(value["nilai"]), warning=True)
    return correction


def _known(row: Row, recorded: dict[Any, Any] | None, key: object, content: tuple[Any, ...], *, again: bool = True) -> bool:
    """Is this row on record already? Another content under a recorded number is a problem of the row. ``again``: say so."""
    if recorded is None:
        return False
    if recorded.get(key) != content:
        row.refuse(
            "nomor",
            "document-recorded-differently",
            "Nomor ini sudah tercatat dengan isi lain. Periksa nilai, tanggal, pos dan rujukan.",
            row.values["nomor"],
        )
        return False
    if again:
        row.refuse(
            "nomor",
            "already-recorded",
            "Nomor ini sudah tercatat dengan isi yang sama; tidak dihitung lagi.",
            row.values["nomor"],
            warning=True,
        )
    return True


async def _begin_sp2d(staging: Staging) -> None:
    for row in await staging.session.execute(text("SELECT * FROM sp2d_staging WHERE import_id = :id"), {"id": staging.import_id}):
        staging.seen |= {("number", row.number), ("document", row.number, row.date, row.reference), ("row", row.number, row.line_id)}


async def _check_sp2d(staging: Staging) -> Check:
    check = await keys.totals(staging, "sp2d_staging", "amount")
    # What is reserved for the batch that an SP2D names is there for that SP2D to take.
    over = await staging.session.execute(
        text("""WITH asked AS (SELECT line_id, sum(CASE WHEN known THEN correction ELSE amount END) AS amount FROM sp2d_staging
                                WHERE import_id = :id GROUP BY line_id HAVING sum(CASE WHEN known THEN correction ELSE amount END) > 0),
                     own AS (SELECT l.line_id, sum(l.remaining) AS remaining
                               FROM reservation_line l JOIN batch b ON b.id = l.batch_id
                              WHERE b.code IN (SELECT reference FROM sp2d_staging WHERE import_id = :id AND NOT known) GROUP BY l.line_id)
                SELECT b.*, asked.amount, b.ceiling - b.reserved - b.realised + b.returned + coalesce(own.remaining, 0) AS left
                  FROM asked JOIN budget_line b ON b.id = asked.line_id LEFT JOIN own ON own.line_id = b.id
                 WHERE asked.amount > b.ceiling - b.reserved - b.realised + b.returned + coalesce(own.remaining, 0)"""),
        {"id": staging.import_id},
    )
    for line in over:
        check.not_ready.append(
            f"Pos {store.line_key(line)}: SP2D {format_rupiah(line.amount)} melebihi sisa pagu "
            f"{format_rupiah(line.left)}. Impor DPA perubahan dahulu."
        )
    check.not_ready.extend(await not_before_the_rows(staging, "sp2d_staging"))
    return check


async def _commit_sp2d(staging: Staging) -> dict[str, Any]:
    await _refuse_recorded(staging, "sp2d_staging", "sp2d")
    done = await treasury.record_sp2d(staging.session, staging.import_id, at=staging.at)
    corrected = await treasury.correct_sp2d(staging.session, staging.import_id, at=staging.at)
    await _papers(staging, "SP2D", "sp2d_staging", _SP2D_PAPERS)
    return done | ({"corrected": corrected} if corrected else {})


_SP2D_PAPERS = """SELECT s.number, s.date, s.reference, sum(r.amount)::bigint AS amount,
                         CASE WHEN count(DISTINCT r.line_id) = 1 THEN (array_agg(r.line_id))[1] END AS line_id
                    FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id
                   WHERE s.number IN (SELECT number FROM sp2d_staging WHERE import_id = :id) GROUP BY s.id"""
_STS_PAPERS = """SELECT number, min(date) AS date, min(reference) AS reference, sum(amount)::bigint AS amount,
                        CASE WHEN count(DISTINCT line_id) = 1 THEN (array_agg(line_id))[1] END AS line_id
                   FROM treasury_return WHERE number IN (SELECT number FROM sts_staging WHERE import_id = :id) GROUP BY number"""


async def _papers(staging: Staging, kind: str, table: str, papers: str) -> None:
    """The same documents among all papers, beside what was typed of them; and up to which day this file speaks."""
    found = (await staging.session.execute(text(papers), {"id": staging.import_id})).all()
    given = [Paper(kind, row.number, row.date, row.amount, "", row.line_id, row.reference) for row in found]
    await take(staging.session, given, Source("imported", staging.caller.person, staging.import_id), at=staging.at)
    last = await last_day(staging, table)
    await cover(staging.session, kind.lower(), staging.import_id, staging.controls.covered_from, last, at=staging.at)


async def _refuse_recorded(staging: Staging, table: str, recorded: str) -> None:
    """Wait for others who record the same references, then look again whether a number was taken meanwhile."""
    references = await staging.session.scalars(
        text(f"SELECT DISTINCT reference FROM {table} WHERE import_id = :id"), {"id": staging.import_id}
    )
    await store.lock_references(staging.session, set(references))
    numbers = (
        await staging.session.scalars(
            text(f"SELECT DISTINCT number FROM {table} WHERE import_id = :id AND NOT known AND number IN (SELECT number FROM {recorded})"),
            {"id": staging.import_id},
        )
    ).all()
    if numbers:
        raise RecordedMeanwhile(
            "some of these documents were recorded after the file was checked; cancel and send it again", numbers=list(numbers)
        )


async def _stage_sts(staging: Staging, rows: list[Row]) -> None:
    session = staging.session
    references = [canonical(row.values["rujukan"]) for row in rows]
    released: dict[tuple[str, str], list[Any]] = {}
    for found in await session.execute(
        text("""SELECT s.reference, r.programme, r.line_id, l.account, f.code IS NOT NULL AS food, b.id AS batch_id
                  FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id JOIN budget_line l ON l.id = r.line_id
                  LEFT JOIN food_account f ON f.code = l.account AND s.date BETWEEN f.from_day AND f.to_day
                  LEFT JOIN batch b ON b.code = s.reference
                 WHERE s.reference = ANY(:references) ORDER BY f.code IS NULL, s.date, s.number, r.line_id"""),
        {"references": references},
    ):
        released.setdefault((found.reference, found.programme), []).append(found)
    # A list that was paid from the holding account has no SP2D: its rupiah are those of the cash aid line of its year.
    for found in await session.execute(
        text("""SELECT b.code AS reference, m.programme, l.id AS line_id, b.id AS batch_id
                  FROM batch b JOIN batch_money m ON m.batch_id = b.id AND m.from_holding > 0
                  JOIN budget_line l ON l.year = CAST(left(b.month, 4) AS integer) AND l.programme = m.programme AND l.account = :account
                 WHERE b.code = ANY(:references) ORDER BY l.dropped, l.id"""),
        {"references": references, "account": CASH_AID_ACCOUNT},
    ):
        released.setdefault((found.reference, found.programme), []).append(found)
    recorded: dict[str, dict[Any, Any]] = {}
    for found in await session.execute(
        text("SELECT * FROM treasury_return WHERE number = ANY(:n)"), {"n": [row.values["nomor"] for row in rows]}
    ):
        recorded.setdefault(found.number, {})[found.programme] = (found.date, found.reference, found.amount)
    staged = []
    for row, reference in zip(rows, references, strict=True):
        value, programme = row.values, str(row.values.get("program") or "").upper()
        _same_document(staging, row, reference)
        if ("row", value["nomor"], programme) in staging.seen:
            row.refuse("nomor", "double-row", "Nomor STS dan program ini sudah ada di baris lain berkas ini.", value["nomor"])
        staging.seen.add(("row", value["nomor"], programme))
        lines = released.get((reference, programme))
        if not lines:
            row.refuse(
                "rujukan",
                "unknown-reference",
                "Tidak ada SP2D dengan rujukan dan program ini; yang disetor kembali harus pernah dicairkan.",
                reference,
            )
        known = _known(row, recorded.get(value["nomor"]), programme, (value["tanggal"], reference, value["nilai"]))
        if row.ok and lines:
            staged.append(
                (staging.import_id, staging.line(row), known, value["nomor"], value["tanggal"], lines[0].line_id, programme,
                 value["nilai"], reference, lines[0].batch_id)
            )  # fmt: skip
    columns = ("import_id", "line", "known", "number", "date", "line_id", "programme", "amount", "reference", "batch_id")
    await copy_in(session, "sts_staging", columns, staged)


async def _begin_sts(staging: Staging) -> None:
    for row in await staging.session.execute(text("SELECT * FROM sts_staging WHERE import_id = :id"), {"id": staging.import_id}):
        staging.seen |= {("number", row.number), ("document", row.number, row.date, row.reference), ("row", row.number, row.programme)}


async def _check_sts(staging: Staging) -> Check:
    check = await keys.totals(staging, "sts_staging", "amount")
    check.not_ready.extend(await not_before_the_rows(staging, "sts_staging"))
    return check


async def _commit_sts(staging: Staging) -> dict[str, Any]:
    await _refuse_recorded(staging, "sts_staging", "treasury_return")
    done = await treasury.record_returns(staging.session, staging.import_id, at=staging.at)
    await _papers(staging, "STS", "sts_staging", _STS_PAPERS)
    return done


SP2D = ImportKind(
    SP2D_TEMPLATE, Covering, keys.MONEY_ROLES, keys.MONEY_ROLES, True,
    _stage_sp2d, _check_sp2d, _commit_sp2d, "sp2d_staging", _begin_sp2d, whole_agency=True,
)  # fmt: skip
STS = ImportKind(
    STS_TEMPLATE, Covering, keys.MONEY_ROLES, keys.MONEY_ROLES, True,
    _stage_sts, _check_sts, _commit_sts, "sts_staging", _begin_sts, whole_agency=True,
)  # fmt: skip
