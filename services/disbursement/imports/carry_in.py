"""The file of months from before Ritme: person, programme, month, held or missed, why, and by which document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row as SqlRow
from sqlalchemy import text

from services.disbursement.channels.people import reasons_to_hold
from services.disbursement.commands.months.carry_in import already_there, carry_in, lock_staged, months_in_ritme
from services.disbursement.domain.entitlement import Action, target
from services.disbursement.imports.people import NIK, PROGRAMME, Found, find_people
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.kernel.month import month_of
from shared.tabular.columns import Column, Row, Template, choice, code, month
from shared.tabular.columns import text as words

TEMPLATE: Final = Template(
    "carry-in",
    "Bulan tertahan atau terlewat dari sebelum Ritme",
    (
        NIK,
        PROGRAMME,
        Column("bulan", month, help="Bulan bantuan", example="2025-07"),
        Column(
            "keadaan",
            choice({"ditahan": target(Action.CARRY_IN_HELD).value, "terlewat": target(Action.CARRY_IN_MISSED).value}),
            help="ditahan atau terlewat", example="ditahan",
        ),
        Column(
            "alasan", code("[a-z][a-z0-9_]{2,59}", "Kode alasan"),
            help="Kode alasan: yang ditahan menurut daftar alasan penangguhan, yang terlewat menurut daftar alasan terlewat",
            example="under_review",
        ),
        Column("dokumen", words(200), help="Nomor dokumen yang menjadi dasar", example="ND 123/SOS/2025"),
    ),
)  # fmt: skip

_COLUMNS: Final = ("import_id", "line", "person_id", "programme", "month", "outcome", "reason", "evidence")


class MonthInRitme(Refusal):
    """A month was sealed or carried in while the file waited; nothing was applied."""

    code = "month-in-ritme"


class Controls(BaseModel):
    """What stands on the signed paper: rows, and rows by month."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=0)
    months: dict[str, int]


async def _begin(staging: Staging) -> None:
    rows = await staging.session.execute(
        text("SELECT person_id, programme, month FROM carry_in_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen.update((str(r.person_id), r.programme, r.month) for r in rows)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    reasons = await _signed_reasons(staging)
    good = [found for found in await find_people(staging, rows) if _lawful(reasons, found) and _first(staging, found)]
    staged = [
        (
            staging.import_id, staging.line(found.row), found.person_id, found.row.values["program"], found.row.values["bulan"],
            found.row.values["keadaan"], found.row.values["alasan"], found.row.values["dokumen"],
        )
        for found in good
    ]  # fmt: skip
    await copy_in(staging.session, "carry_in_staging", _COLUMNS, staged)


async def _signed_reasons(staging: Staging) -> Mapping[str, frozenset[str]]:
    """Reasons by outcome: a held month needs one for which beneficiary suspends, a missed one needs one that has an owner here.

    ``awaiting_bank`` and ``system_parked`` are of months that Ritme itself pays or cannot read.
    """
    owned = await staging.session.scalars(text("SELECT reason FROM gap_owner WHERE reason NOT IN ('*', 'awaiting_bank', 'system_parked')"))
    return {
        target(Action.CARRY_IN_HELD).value: await reasons_to_hold(staging.service, staging.caller),
        target(Action.CARRY_IN_MISSED).value: frozenset(owned),
    }


def _lawful(reasons: Mapping[str, frozenset[str]], found: Found) -> bool:
    values = found.row.values
    known = reasons[values["keadaan"]]
    if values["alasan"] in known:
        return True
    listed = ", ".join(sorted(known))
    found.row.refuse("alasan", "reason-unknown", f"Alasan ini tidak ada di daftar yang berlaku. Yang ada: {listed}.", values["alasan"])
    return False


def _first(staging: Staging, found: Found) -> bool:
    values = found.row.values
    key = (found.person_id, values["program"], values["bulan"])
    if key in staging.seen:
        found.row.refuse("bulan", "double-row", "Bulan ini sudah ada di baris lain untuk penerima dan program yang sama.", values["bulan"])
        return False
    staging.seen.add(key)
    return True


async def _check(staging: Staging) -> Check:
    """Totals by month against the paper; every month before the first that Ritme sealed, and not carried in before."""
    controls = staging.controls
    rows = (
        await staging.session.execute(
            text("SELECT month, count(*) FROM carry_in_staging WHERE import_id = :id GROUP BY month ORDER BY month"),
            {"id": staging.import_id},
        )
    ).all()
    months = {row[0]: int(row[1]) for row in rows}
    count = sum(months.values())
    not_ready = [] if count == controls.count else [f"jumlah baris {count}, menurut dokumen {controls.count}"]
    not_ready += [
        f"bulan {one}: {months.get(one, 0)} baris, menurut dokumen {controls.months.get(one, 0)}"
        for one in sorted({*months, *controls.months})
        if months.get(one, 0) != controls.months.get(one, 0)
    ]
    not_ready += [
        f"{late.programme} {late.month}: sudah dikunci di Ritme atau bulan berjalan; tidak dapat dibawa masuk ({late.rows} baris)"
        for late in await _of_ritme(staging)
    ]
    if there := await already_there(staging.session, staging.import_id):
        not_ready.append(f"{there} baris sudah pernah dibawa masuk")
    return Check({"count": count, "months": months}, not_ready)


async def _of_ritme(staging: Staging) -> Sequence[SqlRow[Any]]:
    return await months_in_ritme(staging.session, staging.import_id, month_of(staging.service.clock.today()))


async def _commit(staging: Staging) -> dict[str, Any]:
    # An opening may have come in between: look once more, alone with these programmes.
    await lock_staged(staging.session, staging.import_id)
    if await _of_ritme(staging) or await already_there(staging.session, staging.import_id):
        raise MonthInRitme("a month of this file is in Ritme already; check the file again")
    followed = await carry_in(staging.session, staging.import_id, author=staging.caller.person, at=staging.at)
    gone = await staging.session.execute(text("DELETE FROM carry_in_staging WHERE import_id = :id"), {"id": staging.import_id})
    return {"months": gone.rowcount, "resumed": followed.resumed, "ended": followed.ended}  # type: ignore[attr-defined]


CARRY_IN: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="carry_in_staging",
)  # fmt: skip
