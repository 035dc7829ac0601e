"""SPD: what the treasury provides for a line in a period. The same number with another amount is a version of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.budget_audit.imports import keys
from services.budget_audit.imports.plain import tell
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.tabular.columns import Column, Row, Template, day, month, rupiah
from shared.tabular.columns import text as words

TEMPLATE = Template(
    "spd",
    "SPD: penyediaan dana per pos dan periode",
    (
        Column("nomor", words(80), help="Nomor SPD", example="SPD/1/2025"),
        Column("tanggal", day, example="2025-01-06"),
        *keys.KEY,
        *keys.OWNER,
        Column("dari_bulan", month, example="2025-01"),
        Column("sampai_bulan", month, example="2025-03"),
        Column("nilai", rupiah, help="Rupiah periode ini", example="400.000.000"),
    ),
)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    known = await keys.known_lines(staging.session, [keys.line_id(row) for row in rows])
    good = []
    for row in rows:
        codes.check(row)
        value, line_id = row.values, keys.line_id(row)
        if row.ok and line_id not in known:
            keys.refuse_unknown_line(row)
        for column in ("dari_bulan", "sampai_bulan"):
            if value[column][:4] != str(value["tahun"]):
                row.refuse(column, "wrong-year", f"Bulan ini bukan bulan tahun anggaran {value['tahun']}.", value[column])
        if value["dari_bulan"] > value["sampai_bulan"]:
            row.refuse("sampai_bulan", "ends-before-start", "Periode berakhir sebelum mulai.", value["sampai_bulan"])
        if (value["nomor"], line_id) in staging.seen:
            row.refuse("nomor", "double-row", "Nomor dan pos ini sudah ada di baris lain berkas ini.", value["nomor"])
        staging.seen.add((value["nomor"], line_id))
        if row.ok:
            good.append(
                (staging.import_id, staging.line(row), value["nomor"], line_id, value["tanggal"], value["dari_bulan"],
                 value["sampai_bulan"], value["nilai"])
            )  # fmt: skip
    columns = ("import_id", "line", "number", "line_id", "date", "from_month", "to_month", "amount")
    await copy_in(staging.session, "spd_staging", columns, good)


async def _begin(staging: Staging) -> None:
    found = await staging.session.execute(text("SELECT number, line_id FROM spd_staging WHERE import_id = :id"), {"id": staging.import_id})
    staging.seen |= {(row.number, row.line_id) for row in found}


async def _check(staging: Staging) -> Check:
    return await keys.totals(staging, "spd_staging", "amount")


async def _commit(staging: Staging) -> dict[str, Any]:
    await staging.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('budget_audit.spd'))"))
    kept = await staging.session.execute(
        text("""INSERT INTO spd
                SELECT s.number, s.line_id, coalesce(c.version, 0) + 1, s.date, s.from_month, s.to_month, s.amount, :id, :at
                  FROM spd_staging s
                  LEFT JOIN LATERAL (SELECT * FROM spd x WHERE x.number = s.number AND x.line_id = s.line_id
                                      ORDER BY x.version DESC LIMIT 1) AS c ON true
                 WHERE s.import_id = :id AND (c.version IS NULL
                       OR (c.date, c.from_month, c.to_month, c.amount) <> (s.date, s.from_month, s.to_month, s.amount))"""),
        {"id": staging.import_id, "at": staging.at},
    )
    rows: int = kept.rowcount  # type: ignore[attr-defined]
    await tell(staging, "spd", rows)
    return {"recorded": rows}


SPD = ImportKind(
    TEMPLATE, keys.CountAndSum, keys.MONEY_ROLES, keys.MONEY_ROLES, False,
    _stage, _check, _commit, "spd_staging", _begin, whole_agency=True,
)  # fmt: skip
