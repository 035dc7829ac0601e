"""The bank's distribution report: who came, and whose card and book were handed over. Only this opens the way to the money."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.commands.cards.invitations import apply_distribution
from services.disbursement.imports.accounts import Controls
from services.disbursement.imports.people import NIK, PROGRAMME, Found, find_people
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.tabular.columns import Column, Row, Template, day, yes_no

TEMPLATE: Final = Template(
    "card-distribution",
    "Laporan distribusi kartu dan buku tabungan",
    (
        NIK,
        PROGRAMME,
        Column("hadir", yes_no, help="ya bila penerima datang", example="ya"),
        Column("kartu_diserahkan", yes_no, help="ya bila kartu sudah di tangan penerima", example="ya"),
        Column("tanggal", day, help="Hari penyerahan", example="2025-09-15"),
    ),
)
_COLUMNS: Final = ("import_id", "line", "person_id", "programme", "came", "handed_over", "day")


async def _begin(staging: Staging) -> None:
    rows = await staging.session.execute(
        text("SELECT person_id, programme FROM card_distribution_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen.update((str(r.person_id), r.programme) for r in rows)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    people = await find_people(staging, rows)
    with_account = await _with_account(staging, people)
    today = staging.service.clock.today()
    await copy_in(
        staging.session,
        "card_distribution_staging",
        _COLUMNS,
        [
            (
                staging.import_id, staging.line(one.row), one.person_id, one.row.values["program"], one.row.values["hadir"],
                one.row.values["kartu_diserahkan"], one.row.values["tanggal"],
            )
            for one in people
            if _accepted(staging, one, with_account, today)
        ],
    )  # fmt: skip


async def _with_account(staging: Staging, people: list[Found]) -> set[tuple[str, str]]:
    rows = await staging.session.execute(
        text("SELECT person_id, programme FROM account WHERE person_id = ANY(CAST(:people AS uuid[]))"),
        {"people": [one.person_id for one in people]},
    )
    return {(str(row.person_id), row.programme) for row in rows}


def _accepted(staging: Staging, found: Found, with_account: set[tuple[str, str]], today: date) -> bool:
    row, values = found.row, found.row.values
    key = (found.person_id, values["program"])
    if key in staging.seen:
        row.refuse("nik", "double-row", "Penerima ini sudah ada di baris lain untuk program yang sama.")
    elif key not in with_account:
        row.refuse("nik", "no-account", "Penerima ini belum mempunyai rekening; kirim dahulu berkas rekeningnya.")
    elif values["kartu_diserahkan"] and not values["hadir"]:
        row.refuse("kartu_diserahkan", "absent-with-card", "Kartu tidak dapat diserahkan kepada penerima yang tidak hadir.")
    elif values["tanggal"] > today:
        row.refuse("tanggal", "date-future", "Hari penyerahan belum tiba.")
    if row.ok:
        staging.seen.add(key)
    return row.ok


async def _check(staging: Staging) -> Check:
    found = (
        await staging.session.execute(
            text("""SELECT count(*) AS staged, count(*) FILTER (WHERE handed_over) AS cards, count(*) FILTER (WHERE NOT came) AS absent
                      FROM card_distribution_staging WHERE import_id = :id"""),
            {"id": staging.import_id},
        )
    ).one()
    expected = staging.controls.count
    not_ready = [] if found.staged == expected else [f"jumlah baris {found.staged}, menurut laporan bank {expected}"]
    return Check({"count": found.staged, "cards": found.cards, "absent": found.absent}, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    return await apply_distribution(staging.session, staging.import_id, at=staging.at)


CARD_DISTRIBUTION: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="card_distribution_staging",
)  # fmt: skip
