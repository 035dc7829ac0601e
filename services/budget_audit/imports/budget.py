"""DPA (ceilings by line) and the cash plan (twelve months by line)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.commands.treasury import OverCeiling
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.imports import keys
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.kernel.rupiah import format_rupiah
from shared.tabular.columns import Column, Row, Template, month, rupiah
from shared.tabular.columns import text as words

DPA_TEMPLATE = Template(
    "dpa",
    "DPA: pagu per pos anggaran",
    (
        *keys.KEY,
        Column("uraian", words(300), example="Natura dan pakan"),
        *keys.OWNER,
        Column("pagu", rupiah, help="Rupiah setahun", example="1.600.000.000"),
    ),
)
CASH_PLAN_TEMPLATE = Template(
    "cash-plan",
    "Anggaran kas: rencana per bulan",
    (*keys.KEY, *keys.OWNER, Column("bulan", month, example="2025-09"), Column("rencana", rupiah, example="140.000.000")),
)


class SecondLine(Refusal):
    """A programme has one line of cash aid a year."""

    code = "second-line"


class DpaControls(keys.CountAndSum):
    """``year``: where given, every row must be of this budget year."""

    year: int | None = None


async def _stage_dpa(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    known = await keys.known_lines(staging.session, [keys.line_id(row) for row in rows])
    years = {row.values["tahun"] for row in rows}
    cash_aid = {
        (line.year, line.programme): line.id
        for line in await staging.session.execute(
            text("SELECT id, year, programme FROM budget_line WHERE account = :account AND programme <> '' AND year = ANY(:years)"),
            {"account": CASH_AID_ACCOUNT, "years": list(years)},
        )
    }
    good = []
    for row in rows:
        codes.check(row)
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
        row.refuse(
            "pagu", "below-committed", f"Pagu lebih kecil dari yang sudah dicadangkan dan direalisasikan ({used}).", str(value["pagu"])
        )


def _dpa_values(staging: Staging, row: Row) -> tuple[Any, ...]:
    value = row.values
    key = (value["tahun"], value["kode_sub_skpd"], value["kode_sub_giat"], value["kode_akun"])
    return (staging.import_id, staging.line(row), keys.line_id(row), *key, *keys.owner_of(row), value["uraian"], value["pagu"])


async def _begin_dpa(staging: Staging) -> None:
    found = await staging.session.execute(text("SELECT line_id, year FROM dpa_staging WHERE import_id = :id"), {"id": staging.import_id})
    for row in found:
        staging.seen |= {("line", row.line_id), ("year", row.year)}


async def _check_dpa(staging: Staging) -> Check:
    return await keys.totals(staging, "dpa_staging", "ceiling")


async def _commit_dpa(staging: Staging) -> dict[str, Any]:
    session, parameters = staging.session, {"id": staging.import_id, "at": staging.at}
    # One DPA at a time: two files may each bring the first cash aid line of a programme.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('budget_audit.dpa'))"))
    second = await session.scalar(
        text("""SELECT count(*) FROM dpa_staging s JOIN budget_line l
                    ON l.year = s.year AND l.programme = s.programme AND l.account = s.account
                 WHERE s.import_id = :id AND s.programme <> '' AND s.account = :account AND l.id <> s.line_id"""),
        {**parameters, "account": CASH_AID_ACCOUNT},
    )
    if second:
        raise SecondLine("a programme of this file has its cash aid line since the file was checked; cancel and send it again")
    ids = (await session.scalars(text("SELECT line_id FROM dpa_staging WHERE import_id = :id"), parameters)).all()
    lines = await store.lock_lines(session, ids)
    for row in await session.execute(text("SELECT line_id, ceiling FROM dpa_staging WHERE import_id = :id"), parameters):
        line = lines.get(row.line_id)
        if line is not None and row.ceiling < line.ceiling - line.available:
            raise OverCeiling(f"line {line.key} has more reserved and realised than the new ceiling", line=line.key)
    versions = await session.execute(
        text("""INSERT INTO ceiling_version
                SELECT s.line_id, coalesce((SELECT max(version) FROM ceiling_version v WHERE v.line_id = s.line_id), 0) + 1,
                       s.ceiling, :id, :at
                  FROM dpa_staging s LEFT JOIN budget_line l ON l.id = s.line_id
                 WHERE s.import_id = :id AND l.ceiling IS DISTINCT FROM s.ceiling"""),
        parameters,
    )
    await session.execute(
        text("""INSERT INTO budget_line (id, year, sub_skpd, sub_activity, account, programme, panti, description, ceiling)
                SELECT line_id, year, sub_skpd, sub_activity, account, programme, panti, description, ceiling FROM dpa_staging
                 WHERE import_id = :id
                ON CONFLICT (id) DO UPDATE SET ceiling = excluded.ceiling, description = excluded.description"""),
        parameters,
    )
    return {"lines": len(ids), "ceilings_changed": versions.rowcount}  # type: ignore[attr-defined]


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
    return {"months": done.rowcount}  # type: ignore[attr-defined]


DPA = ImportKind(
    DPA_TEMPLATE, DpaControls, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage_dpa, _check_dpa, _commit_dpa, "dpa_staging", _begin_dpa, whole_agency=True,
)  # fmt: skip
CASH_PLAN = ImportKind(
    CASH_PLAN_TEMPLATE, keys.CountAndSum, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage_cash_plan, _check_cash_plan, _commit_cash_plan, "cash_plan_staging", _begin_cash_plan, whole_agency=True,
)  # fmt: skip
