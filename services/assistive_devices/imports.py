"""Deliveries by file: what arrived where, at which price, with the makers' serials where they have one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.assistive_devices.commands import receive
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.kernel.rupiah import format_rupiah
from shared.tabular.columns import Column, Row, Template, day, rupiah, whole_number_between
from shared.tabular.columns import text as words

TEMPLATE = Template(
    "delivery",
    "Penerimaan alat bantu (BAST penyedia)",
    (
        Column("nomor", words(80), help="Nomor BAST penerimaan; rujukan SP2D memakai nomor ini", example="BAST-03/2025"),
        Column("tanggal", day, example="2025-03-17"),
        Column("tempat", words(80), help="Kode atau nama tempat", example="sudin-31.73"),
        Column("jenis", words(80), help="Kode atau nama jenis alat", example="kursi-roda-dewasa"),
        Column("jumlah", whole_number_between(1, 100_000), help="Unit; 1 bila nomor seri diisi", example="1"),
        Column("harga", rupiah, help="Rupiah per unit; 0 untuk hibah", example="2.500.000"),
        Column("nomor_seri", words(80), required=False, help="Satu nomor seri per baris; boleh kosong", example="KR-000123"),
    ),
)
ROLES = ("warehouse", "operator")


class Controls(BaseModel):
    """From the signed paper: rows, and rupiah (units times price)."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=0)
    sum: int = Field(ge=0)


class RecordedMeanwhile(Refusal):
    """Somebody recorded one of these devices or deliveries after the file was checked."""

    code = "recorded-meanwhile"


async def _codes(staging: Staging, table: str) -> dict[str, str]:
    """Code by what a clerk may write: the code or the name."""
    found = await staging.session.execute(text(f"SELECT code, name FROM {table}"))
    return {written.casefold(): row.code for row in found for written in (row.code, row.name)}


async def _stage(staging: Staging, rows: list[Row]) -> None:
    kinds, places = await _codes(staging, "kind"), await _codes(staging, "place")
    lines, devices = await _recorded(staging, rows)
    staged = []
    for row in rows:
        value = row.values
        kind, place = kinds.get(value["jenis"].casefold(), ""), places.get(value["tempat"].casefold(), "")
        if not kind:
            row.refuse("jenis", "unknown-kind", "Jenis alat tidak dikenal. Pakai kode atau nama dari daftar jenis.", value["jenis"])
        if not place:
            row.refuse("tempat", "unknown-place", "Tempat tidak dikenal. Pakai kode atau nama dari daftar tempat.", value["tempat"])
        if value["tanggal"] > staging.service.clock.today():
            row.refuse("tanggal", "future-day", "Barang belum dapat diterima pada hari yang belum tiba.", value["tanggal"].isoformat())
        serial = value.get("nomor_seri") or ""
        key = (value["nomor"], value["tanggal"], kind, place, value["harga"])
        known = _check_serial(staging, row, serial, (value["nomor"], kind), devices) if serial else _check_line(staging, row, key, lines)
        if row.ok:
            key_columns = (value["nomor"], value["tanggal"], place, kind)
            staged.append((staging.import_id, staging.line(row), known, *key_columns, value["jumlah"], value["harga"], serial))
    columns = ("import_id", "line", "known", "number", "day", "place", "kind", "units", "unit_price", "serial")
    await copy_in(staging.session, "delivery_staging", columns, staged)


async def _recorded(staging: Staging, rows: list[Row]) -> tuple[dict[Any, int], dict[str, Any]]:
    """Lines without serials and devices with one that are on record already."""
    lines = await staging.session.execute(
        text("""SELECT d.number, v.received_on, v.kind, v.place, v.unit_price, count(*) AS units
                  FROM delivery d JOIN device v ON v.delivery_id = d.id WHERE d.number = ANY(:numbers) AND v.own_number
                 GROUP BY d.number, v.received_on, v.kind, v.place, v.unit_price"""),
        {"numbers": [row.values["nomor"] for row in rows]},
    )
    devices = await staging.session.execute(
        text("SELECT v.serial, d.number, v.kind FROM device v JOIN delivery d ON d.id = v.delivery_id WHERE v.serial = ANY(:serials)"),
        {"serials": [row.values.get("nomor_seri") or "" for row in rows]},
    )
    return {tuple(row)[:5]: row.units for row in lines}, {row.serial: (row.number, row.kind) for row in devices}


def _check_serial(staging: Staging, row: Row, serial: str, content: tuple[str, str], devices: dict[str, Any]) -> bool:
    if row.values["jumlah"] != 1:
        row.refuse(
            "jumlah", "serial-is-one-unit", "Satu nomor seri adalah satu unit; pakai satu baris per nomor seri.", str(row.values["jumlah"])
        )
    if ("serial", serial) in staging.seen:
        row.refuse("nomor_seri", "double-row", "Nomor seri ini sudah ada di baris lain berkas ini.", serial)
    staging.seen.add(("serial", serial))
    if serial not in devices:
        return False
    if devices[serial] != content:
        row.refuse("nomor_seri", "serial-taken", "Nomor seri ini sudah tercatat untuk penerimaan atau jenis lain.", serial)
        return False
    row.refuse("nomor_seri", "already-recorded", "Alat ini sudah tercatat; tidak dihitung lagi.", serial, warning=True)
    return True


def _check_line(staging: Staging, row: Row, key: tuple[Any, ...], lines: dict[Any, int]) -> bool:
    if ("line", key) in staging.seen:
        row.refuse(
            "nomor", "double-row", "Penerimaan ini sudah ada di baris lain berkas ini; jumlahkan dalam satu baris.", row.values["nomor"]
        )
    staging.seen.add(("line", key))
    if key not in lines:
        return False
    if lines[key] != row.values["jumlah"]:
        row.refuse("jumlah", "recorded-differently", f"Penerimaan ini sudah tercatat dengan {lines[key]} unit.", str(row.values["jumlah"]))
        return False
    row.refuse("nomor", "already-recorded", "Penerimaan ini sudah tercatat; tidak dihitung lagi.", row.values["nomor"], warning=True)
    return True


async def _begin(staging: Staging) -> None:
    for row in await staging.session.execute(text("SELECT * FROM delivery_staging WHERE import_id = :id"), {"id": staging.import_id}):
        key = (row.number, row.day, row.kind, row.place, row.unit_price)
        staging.seen.add(("serial", row.serial) if row.serial else ("line", key))


async def _check(staging: Staging) -> Check:
    found = (
        await staging.session.execute(
            text("""SELECT count(*) AS count, coalesce(sum(units * unit_price), 0)::bigint AS sum, coalesce(sum(units), 0)::bigint AS units
                      FROM delivery_staging WHERE import_id = :id"""),
            {"id": staging.import_id},
        )
    ).one()
    not_ready = []
    if found.count != staging.controls.count:
        not_ready.append(f"Baris menurut berkas {found.count}, menurut dokumen {staging.controls.count}.")
    if found.sum != staging.controls.sum:
        not_ready.append(f"Jumlah menurut berkas {format_rupiah(found.sum)}, menurut dokumen {format_rupiah(staging.controls.sum)}.")
    return Check({"count": found.count, "sum": found.sum, "units": found.units}, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    parameters = {"id": staging.import_id}
    # Whoever commits second waits here for the first and then sees what it recorded.
    await staging.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('assistive_devices.delivery'))"))
    taken = await staging.session.scalar(
        text("""SELECT count(*) FROM delivery_staging s WHERE s.import_id = :id AND NOT s.known AND
                 (EXISTS (SELECT FROM device v WHERE v.serial = s.serial) OR s.serial = '' AND EXISTS
                  (SELECT FROM device v JOIN delivery d ON d.id = v.delivery_id WHERE v.own_number AND d.number = s.number
                      AND (v.received_on, v.kind, v.place, v.unit_price) = (s.day, s.kind, s.place, s.unit_price)))"""),
        parameters,
    )
    if taken:
        raise RecordedMeanwhile("some of these deliveries were recorded after the file was checked; cancel and send it again", rows=taken)
    return await receive.receive(staging.session, staging.import_id, at=staging.at)


DELIVERY = ImportKind(TEMPLATE, Controls, ROLES, ROLES, False, _stage, _check, _commit, "delivery_staging", _begin)
