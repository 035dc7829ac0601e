"""Papers of the treasury from a register (SIPD or a workbook): any kind, one row a document; cumulative files overlap."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.budget_audit.commands.documents import Paper, Source, cover, take
from services.budget_audit.imports import keys
from services.budget_audit.imports.treasury import Covering, last_day, not_before_the_rows
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.tabular.columns import Column, Row, Template, choice, code, day, rupiah, whole_number_between
from shared.tabular.columns import text as words

KINDS = ("SPP", "SPM", "SP2D", "SPJ", "BKU", "NPD", "STS")
NATURES = ("UP", "GU", "TU", "LS")

TEMPLATE = Template(
    "treasury-documents",
    "Register dokumen perbendaharaan",
    (
        Column("jenis", choice({kind: kind for kind in KINDS}), help=", ".join(KINDS), example="SPJ"),
        Column("nomor", words(80), help="Nomor dokumen", example="012/SPJ/2025"),
        Column("tanggal", day, example="2025-10-06"),
        Column("nilai", rupiah, help="Rupiah", example="10.000.000"),
        Column("sifat", choice({nature: nature for nature in NATURES}), required=False, help="UP, GU, TU atau LS", example="TU"),
        Column("rujukan", words(80), required=False, help="Panti dan bulan, kode penyaluran, atau kontrak", example=""),
        Column(
            "membuktikan", words(80), required=False, help="Untuk SPJ dan STS: nomor SP2D UP/TU yang dipertanggungjawabkan",
            example="0031/SP2D/2025",
        ),
        Column("tahun", whole_number_between(2015, 2100), required=False, help="Pos anggaran, bila ada", example=""),
        Column("kode_sub_skpd", code(r"[0-9A-Za-z.\-]{1,60}", "Kode sub-SKPD"), required=False, example=""),
        Column("kode_sub_giat", code(r"[0-9]+(\.[0-9]+){2,6}", "Kode subkegiatan"), required=False, example=""),
        Column("kode_akun", code(r"[0-9](\.[0-9]{1,4}){2,6}", "Kode rekening"), required=False, example=""),
        *keys.OWNER,
    ),
)  # fmt: skip

_KEY = ("tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun")


async def _stage(staging: Staging, rows: list[Row]) -> None:
    keyed = {id(row): keys.line_id(row) for row in rows if all(row.values.get(name) for name in _KEY)}
    lines = await keys.known_lines(staging.session, list(keyed.values()))
    recorded = await _recorded(staging, rows)
    good = []
    for row in rows:
        value, line_id = row.values, keyed.get(id(row))
        if line_id is not None and line_id not in lines:
            keys.refuse_unknown_line(row)
        if line_id is None and any(value.get(name) for name in _KEY):
            row.refuse("kode_akun", "half-a-key", "Isi keempat kolom kunci pos anggaran, atau kosongkan semuanya.")
        if value["nilai"] == 0:
            row.refuse("nilai", "money-zero", "Nilai tidak boleh nol.", "0")
        document = (value["jenis"], value["nomor"])
        if document in staging.seen:
            row.refuse("nomor", "double-row", "Dokumen ini sudah ada di baris lain berkas ini.", value["nomor"])
        staging.seen.add(document)
        before = recorded.get(document)
        if before is not None and before != value["nilai"]:
            row.refuse(
                "nilai", "amount-changed", "Nilai dokumen ini berbeda dari yang tercatat; dicatat sebagai versi baru.", str(value["nilai"]),
                warning=True,
            )  # fmt: skip
        if row.ok:
            good.append(
                (staging.import_id, staging.line(row), *document, value.get("sifat") or "", value["tanggal"], value["nilai"], line_id,
                 value.get("rujukan") or "", value.get("membuktikan") or "")
            )  # fmt: skip
    columns = ("import_id", "line", "kind", "number", "nature", "dated", "amount", "line_id", "reference", "proves")
    await copy_in(staging.session, "treasury_document_staging", columns, good)


async def _recorded(staging: Staging, rows: list[Row]) -> dict[tuple[str, str], int]:
    found = await staging.session.execute(
        text("""SELECT DISTINCT ON (d.id) d.kind, d.number, e.amount FROM treasury_document d
                  JOIN treasury_document_entry e ON e.document_id = d.id WHERE d.number = ANY(:numbers) ORDER BY d.id, e.n DESC"""),
        {"numbers": [row.values["nomor"] for row in rows]},
    )
    return {(row.kind, row.number): row.amount for row in found}


async def _begin(staging: Staging) -> None:
    found = await staging.session.execute(
        text("SELECT kind, number FROM treasury_document_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen |= {(row.kind, row.number) for row in found}


async def _check(staging: Staging) -> Check:
    check = await keys.totals(staging, "treasury_document_staging", "amount")
    check.not_ready.extend(await not_before_the_rows(staging, "treasury_document_staging", "dated"))
    return check


async def _commit(staging: Staging) -> dict[str, Any]:
    found = (
        await staging.session.execute(text("SELECT * FROM treasury_document_staging WHERE import_id = :id"), {"id": staging.import_id})
    ).all()
    papers = [Paper(r.kind, r.number, r.dated, r.amount, r.nature, r.line_id, r.reference, r.proves) for r in found]
    source = Source("imported", staging.caller.person, staging.import_id)
    counts = await take(staging.session, papers, source, at=staging.at)
    last = await last_day(staging, "treasury_document_staging", "dated")
    await cover(staging.session, "documents", staging.import_id, staging.controls.covered_from, last, at=staging.at)
    return {"documents": len(papers), **counts}


DOCUMENTS = ImportKind(
    TEMPLATE, Covering, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage, _check, _commit, "treasury_document_staging", _begin, whole_agency=True,
)  # fmt: skip
