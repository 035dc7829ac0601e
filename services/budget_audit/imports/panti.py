"""What happens in a panti: who lives there each day, and what a day's food costs by contract."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.domain.detectors import food_differs_from_resident_days as food
from services.budget_audit.imports import keys, plain
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.tabular.columns import Column, Row, Template, code, day, rupiah, whole_number_between

ROLES = ("operator", "panti-head", "treasurer")
PANTI = Column("kode_panti", code(r"[A-Za-z0-9]{2,8}", "Kode panti"), help="Kode dari daftar panti", example="BM1")
CENSUS_TEMPLATE = Template(
    "census",
    "Sensus harian penghuni panti",
    (
        PANTI,
        Column("tanggal", day, example="2025-09-01"),
        Column("penghuni", whole_number_between(0, 100_000), help="Orang pada hari itu", example="116"),
    ),
)
CONTRACT_TEMPLATE = Template(
    "contract",
    "Kontrak makan panti: harga per orang per hari",
    (
        PANTI,
        Column("mulai", day, example="2025-01-01"),
        Column("sampai", day, example="2025-12-31"),
        Column("harga", rupiah, help="Rupiah per orang per hari", example="38.500"),
    ),
)

ASK = """INSERT INTO to_evaluate (code, reference, asked_at)
         SELECT DISTINCT :code, panti || '/' || to_char(m, 'YYYY-MM'), CAST(:at AS timestamptz) FROM ({months}) AS t(panti, m) WHERE true
         ON CONFLICT (code, reference) DO UPDATE SET asked_at = excluded.asked_at"""
"""Put panti and months in the worker's queue, in the transaction of the change."""


class RecordedMeanwhile(Refusal):
    """Somebody recorded a contract for the same days after the file was checked."""

    code = "recorded-meanwhile"


async def _stage_census(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    recorded = {
        (found.panti, found.day): found
        for found in await staging.session.execute(
            text("""SELECT DISTINCT ON (panti, day) panti, day, residents, source FROM census_count
                     WHERE panti = ANY(:panti) AND day BETWEEN :first AND :last
                     ORDER BY panti, day, source = 'book' DESC, version DESC"""),
            {
                "panti": list({row.values["kode_panti"].upper() for row in rows}),
                "first": min(row.values["tanggal"] for row in rows), "last": max(row.values["tanggal"] for row in rows),
            },
        )
    }  # fmt: skip
    staged = []
    for row in rows:
        panti, on, residents = row.values["kode_panti"].upper(), row.values["tanggal"], row.values["penghuni"]
        codes.check_panti(row, panti, "kode_panti")
        if on > staging.service.clock.today():
            row.refuse("tanggal", "future-day", "Hari ini belum terjadi; sensus hanya untuk hari yang sudah lewat.", on.isoformat())
        if (panti, on) in staging.seen:
            row.refuse("tanggal", "double-row", "Panti dan hari ini sudah ada di baris lain berkas ini.", on.isoformat())
        staging.seen.add((panti, on))
        before = recorded.get((panti, on))
        if before is not None and before.source == "book":
            row.refuse(
                "tanggal", "counted-by-book",
                f"Hari ini dihitung dari buku harian panti ({before.residents} orang). Koreksi di bukunya, bukan di sini.",
                on.isoformat(),
            )  # fmt: skip
        elif before is not None and before.residents != residents:
            row.refuse(
                "penghuni",
                "count-changed",
                f"Hari ini sudah tercatat {before.residents}; menjadi {residents} sesudah disimpan.",
                str(residents),
                warning=True,
            )
        if row.ok:
            staged.append(
                (staging.import_id, staging.line(row), before is not None and before.residents == residents, panti, on, residents)
            )
    await copy_in(staging.session, "census_staging", ("import_id", "line", "known", "panti", "day", "residents"), staged)


async def _begin_census(staging: Staging) -> None:
    found = await staging.session.execute(text("SELECT panti, day FROM census_staging WHERE import_id = :id"), {"id": staging.import_id})
    staging.seen |= {(row.panti, row.day) for row in found}


async def _check_census(staging: Staging) -> Check:
    return await keys.totals(staging, "census_staging")


async def _commit_census(staging: Staging) -> dict[str, Any]:
    """A corrected count is a new version; the earlier one stays to be seen."""
    await _lock_panti(staging, "census_staging")
    parameters = {"id": staging.import_id, "at": staging.at, "code": food.CODE}
    done = await staging.session.execute(
        text("""INSERT INTO census_count
                SELECT s.panti, s.day, coalesce((SELECT max(version) FROM census_count c WHERE c.panti = s.panti AND c.day = s.day), 0) + 1,
                       s.residents, :id, :at
                  FROM census_staging s WHERE s.import_id = :id AND NOT s.known"""),
        parameters,
    )
    months = "SELECT panti, day FROM census_staging WHERE import_id = :id AND NOT known"
    await staging.session.execute(text(ASK.format(months=months)), parameters)
    await plain.tell(staging, "census", done.rowcount)  # type: ignore[attr-defined]
    return {"days": done.rowcount}  # type: ignore[attr-defined]


async def _stage_contract(staging: Staging, rows: list[Row]) -> None:
    codes = await keys.Codes.load(staging.session)
    recorded = (
        await staging.session.execute(
            text("SELECT * FROM contract WHERE panti = ANY(:panti)"), {"panti": list({row.values["kode_panti"].upper() for row in rows})}
        )
    ).all()
    terms = [(c.panti, c.from_day, c.to_day, c.price, True) for c in recorded]
    terms += [(*seen, False) for seen in staging.seen]
    staged = []
    for row in rows:
        panti, first, last, price = row.values["kode_panti"].upper(), row.values["mulai"], row.values["sampai"], row.values["harga"]
        codes.check_panti(row, panti, "kode_panti")
        if first > last:
            row.refuse("sampai", "ends-before-start", "Kontrak berakhir sebelum mulai.", last.isoformat())
        if price == 0:
            row.refuse("harga", "money-zero", "Harga tidak boleh nol.", "0")
        known = (panti, first, last, price, True) in terms
        if not known and any(t[0] == panti and t[1] <= last and first <= t[2] for t in terms):
            row.refuse("mulai", "contract-overlaps", "Untuk hari-hari ini sudah ada kontrak; satu hari satu harga.", first.isoformat())
        if row.ok:
            terms.append((panti, first, last, price, False))
            staging.seen.add((panti, first, last, price))
            staged.append((staging.import_id, staging.line(row), known, panti, first, last, price))
    await copy_in(staging.session, "contract_staging", ("import_id", "line", "known", "panti", "from_day", "to_day", "price"), staged)


async def _begin_contract(staging: Staging) -> None:
    found = await staging.session.execute(
        text("SELECT panti, from_day, to_day, price FROM contract_staging WHERE import_id = :id AND NOT known"), {"id": staging.import_id}
    )
    staging.seen |= {tuple(row) for row in found}


async def _check_contract(staging: Staging) -> Check:
    return await keys.totals(staging, "contract_staging")


async def _lock_panti(staging: Staging, table: str) -> None:
    """One file at a time for a panti, so that whoever is second sees what the first has recorded."""
    panti = await staging.session.scalars(text(f"SELECT DISTINCT panti FROM {table} WHERE import_id = :id"), {"id": staging.import_id})
    await store.lock_references(staging.session, set(panti))


async def _commit_contract(staging: Staging) -> dict[str, Any]:
    await _lock_panti(staging, "contract_staging")
    parameters = {"id": staging.import_id, "at": staging.at, "code": food.CODE}
    overlapping = await staging.session.scalar(
        text("""SELECT count(*) FROM contract_staging s JOIN contract c
                    ON c.panti = s.panti AND c.from_day <= s.to_day AND c.to_day >= s.from_day
                 WHERE s.import_id = :id AND NOT s.known"""),
        parameters,
    )
    if overlapping:
        raise RecordedMeanwhile("a contract for these days was recorded after the file was checked; cancel and send it again")
    done = await staging.session.execute(
        text("""INSERT INTO contract SELECT panti, from_day, to_day, price, :id, :at FROM contract_staging
                 WHERE import_id = :id AND NOT known"""),
        parameters,
    )
    months = """SELECT panti, generate_series(date_trunc('month', from_day), to_day, interval '1 month')
                  FROM contract_staging WHERE import_id = :id AND NOT known"""
    await staging.session.execute(text(ASK.format(months=months)), parameters)
    await plain.tell(staging, "contract", done.rowcount)  # type: ignore[attr-defined]
    return {"contracts": done.rowcount}  # type: ignore[attr-defined]


CENSUS = ImportKind(
    CENSUS_TEMPLATE, keys.Count, ROLES, ROLES, False,
    _stage_census, _check_census, _commit_census, "census_staging", _begin_census, whole_agency=True,
)  # fmt: skip
CONTRACT = ImportKind(
    CONTRACT_TEMPLATE, keys.Count, ROLES, ROLES, False,
    _stage_contract, _check_contract, _commit_contract, "contract_staging", _begin_contract, whole_agency=True,
)  # fmt: skip
