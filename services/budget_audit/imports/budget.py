"""DPA (ceilings by line) and the cash plan (twelve months by line)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator
from sqlalchemy import text

from services.budget_audit.commands.revise import Document, revise
from services.budget_audit.domain.budget import Change, Covers
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.imports import keys, plain
from services.budget_audit.store import revisions
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.rupiah import format_rupiah
from shared.tabular.columns import Column, Row, Template, month, rupiah
from shared.tabular.columns import text as words

DPA_TEMPLATE = Template(
    "dpa",
    "DPA: pagu per pos anggaran",
    (
        *keys.KEY,
        Column("uraian", words(300), example="Natura dan pakan", aliases=("nama_akun", "nama_rekening", "uraian_akun")),
        *keys.OWNER,
        Column("pagu", rupiah, help="Rupiah setahun", example="1.600.000.000", aliases=("nilai_anggaran", "anggaran", "nilai_rincian")),
    ),
)
CASH_PLAN_TEMPLATE = Template(
    "cash-plan",
    "Anggaran kas: rencana per bulan",
    (*keys.KEY, *keys.OWNER, Column("bulan", month, example="2025-09"), Column("rencana", rupiah, example="140.000.000")),
)


class DpaControls(keys.CountAndSum):
    """What stands on the signed document. ``year``: where given, every row must be of this budget year.

    ``covers`` says what a line means that the file does not name: with ``lines`` nothing, with ``sub_skpd`` and ``year`` that
    it is dropped.
    """

    year: int | None = None
    document: Literal["", "dpa", "dppa", "pergeseran"] = ""
    number: str = Field(default="", max_length=120)
    dated: date | None = None
    covers: Covers = Covers.LINES

    @field_validator("dated", "year", mode="before")
    @classmethod
    def _empty_is_none(cls, given: Any) -> Any:
        return given or None

    @field_validator("covers", mode="before")
    @classmethod
    def _empty_is_lines(cls, given: Any) -> Any:
        return given or Covers.LINES


async def _stage_dpa(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    known = await keys.known_lines(staging.session, [keys.line_id(row) for row in rows])
    cash_aid = await _cash_aid_lines(staging, {row.values["tahun"] for row in rows})
    good = []
    for row in rows:
        codes.check(row)
        codes.check_place(row)
        _check_dpa_row(staging, row, known, cash_aid)
        if row.ok:
            good.append(row)
    columns = (
        "import_id",
        "line",
        "line_id",
        "year",
        "sub_skpd",
        "sub_activity",
        "account",
        "programme",
        "panti",
        "description",
        "ceiling",
    )
    await copy_in(staging.session, "dpa_staging", columns, [_dpa_values(staging, row) for row in good])


async def _cash_aid_lines(staging: Staging, years: set[int]) -> dict[tuple[int, str], Any]:
    """Each programme's line of cash aid, as far as the file cannot drop it (that is looked at once all its rows are there)."""
    if staging.controls.covers is not Covers.LINES:
        return {}
    found = await staging.session.execute(
        text("""SELECT id, year, programme FROM budget_line
                 WHERE account = :account AND programme <> '' AND year = ANY(:years) AND NOT dropped"""),
        {"account": CASH_AID_ACCOUNT, "years": list(years)},
    )
    return {(line.year, line.programme): line.id for line in found}


def _check_dpa_row(staging: Staging, row: Row, known: dict[Any, Any], cash_aid: dict[tuple[int, str], Any]) -> None:
    value, line_id, (programme, _) = row.values, keys.line_id(row), keys.owner_of(row)
    year = staging.controls.year or next((seen[1] for seen in staging.seen if seen[0] == "year"), value["tahun"])
    staging.seen.add(("year", year))
    if value["tahun"] != year:
        row.refuse("tahun", "wrong-year", f"Berkas ini untuk tahun anggaran {year}.", str(value["tahun"]))
    if ("line", line_id) in staging.seen:
        row.refuse("kode_akun", "double-row", "Pos ini sudah ada di baris lain berkas ini.", value["kode_akun"])
    staging.seen.add(("line", line_id))
    if programme and value["kode_akun"] == CASH_AID_ACCOUNT:
        other = cash_aid.setdefault((value["tahun"], programme), line_id)
        staging.seen.add(("cash-aid", value["tahun"], programme))
        if other != line_id:
            row.refuse("program", "second-line", "Program ini sudah punya pos bantuan sosial uang di tahun itu.", programme)
    line = known.get(line_id)
    if line is not None and value["pagu"] < line.reserved + line.realised - line.returned:
        used = format_rupiah(line.reserved + line.realised - line.returned)
        words = f"Pagu lebih kecil dari yang sudah dicadangkan dan direalisasikan ({used}): pos ini akan ditutup dan menjadi temuan."
        row.refuse("pagu", "below-committed", words, str(value["pagu"]), warning=True)


def _dpa_values(staging: Staging, row: Row) -> tuple[Any, ...]:
    value = row.values
    key = (value["tahun"], value["kode_sub_skpd"], value["kode_sub_giat"], value["kode_akun"])
    return (staging.import_id, staging.line(row), keys.line_id(row), *key, *keys.owner_of(row), value["uraian"], value["pagu"])


async def _begin_dpa(staging: Staging) -> None:
    found = await staging.session.execute(text("SELECT line_id, year FROM dpa_staging WHERE import_id = :id"), {"id": staging.import_id})
    for row in found:
        staging.seen |= {("line", row.line_id), ("year", row.year)}


async def _check_dpa(staging: Staging) -> Check:
    """Also what the file would change, so that the dry run shows it."""
    session, covers = staging.session, staging.controls.covers
    check = await keys.totals(staging, "dpa_staging", "ceiling")
    changes = await revisions.staged_changes(session, staging.import_id, covers)
    for kind in Change:
        check.totals[kind.value] = sum(one.change is kind for one in changes)
    check.totals["uncovered"] = sum(one.uncovered for one in changes)
    for programme in await revisions.second_lines(session, staging.import_id, covers, CASH_AID_ACCOUNT):
        check.not_ready.append(f"Program {programme} akan punya dua pos bantuan sosial uang di tahun itu.")
    return check


async def _commit_dpa(staging: Staging) -> dict[str, Any]:
    typed = staging.controls
    document = Document(typed.document, typed.number, typed.dated, typed.covers)
    return await revise(staging.session, staging.import_id, document, person=staging.caller.person, at=staging.at)


async def _stage_cash_plan(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    known = await keys.known_lines(staging.session, [keys.line_id(row) for row in rows])
    good = []
    for row in rows:
        codes.check(row)
        value, line_id = row.values, keys.line_id(row)
        if row.ok and line_id not in known:
            keys.refuse_unknown_line(row)
        if value["bulan"][:4] != str(value["tahun"]):
            row.refuse("bulan", "wrong-year", f"Bulan ini bukan bulan tahun anggaran {value['tahun']}.", value["bulan"])
        if (line_id, value["bulan"]) in staging.seen:
            row.refuse("bulan", "double-row", "Pos dan bulan ini sudah ada di baris lain berkas ini.", value["bulan"])
        staging.seen.add((line_id, value["bulan"]))
        if row.ok:
            good.append((staging.import_id, staging.line(row), line_id, value["bulan"], value["rencana"]))
    await copy_in(staging.session, "cash_plan_staging", ("import_id", "line", "line_id", "month", "planned"), good)


async def _begin_cash_plan(staging: Staging) -> None:
    found = await staging.session.execute(
        text("SELECT line_id, month FROM cash_plan_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen |= {(row.line_id, row.month) for row in found}


async def _check_cash_plan(staging: Staging) -> Check:
    return await keys.totals(staging, "cash_plan_staging", "planned")


async def _commit_cash_plan(staging: Staging) -> dict[str, Any]:
    done = await staging.session.execute(
        text("""INSERT INTO cash_plan SELECT line_id, month, planned FROM cash_plan_staging WHERE import_id = :id
                ON CONFLICT (line_id, month) DO UPDATE SET planned = excluded.planned"""),
        {"id": staging.import_id},
    )
    year = await staging.session.scalar(
        text("SELECT max(CAST(left(month, 4) AS integer)) FROM cash_plan_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    await plain.tell(staging, "cash-plan", done.rowcount, year or 0)  # type: ignore[attr-defined]
    return {"months": done.rowcount}  # type: ignore[attr-defined]


DPA = ImportKind(
    DPA_TEMPLATE, DpaControls, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage_dpa, _check_dpa, _commit_dpa, "dpa_staging", _begin_dpa, whole_agency=True,
)  # fmt: skip
CASH_PLAN = ImportKind(
    CASH_PLAN_TEMPLATE, keys.CountAndSum, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage_cash_plan, _check_cash_plan, _commit_cash_plan, "cash_plan_staging", _begin_cash_plan, whole_agency=True,
)  # fmt: skip
