"""The statement of the holding account: its lines as the bank booked them, day after day without a hole.

In the published columns, or as the bank's own message camt.053 (``channels/iso20022/statement.py``): the same rows, the same ``commit``.
"""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.disbursement.channels.inbound_file import InboundFile
from services.disbursement.channels.iso20022.statement import CamtStatement, is_statement
from services.disbursement.commands.bank.inbound import agreed_on, is_workbook
from services.disbursement.commands.money.statements import match_lines, take_statement
from services.disbursement.domain.inbound_template import STATEMENT as AGREED_STATEMENT
from shared.db.session import WriteSession, copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.runtime import Service
from shared.tabular.columns import Column, Row, Template, day, rupiah
from shared.tabular.columns import text as words

TEMPLATE: Final = Template(
    "statement",
    "Rekening koran rekening penampungan",
    (
        Column("tanggal", day, help="Hari pembukuan di bank", example="2025-09-18"),
        Column("rujukan", words(60), required=False, help="Nomor rujukan, SP2D, STS, kode batch atau pembayaran", example="SP2D-1"),
        Column("masuk", rupiah, required=False, help="Rupiah yang masuk (kredit)", example="243000000"),
        Column("keluar", rupiah, required=False, help="Rupiah yang keluar (debet)", example=""),
        Column("keterangan", words(200), required=False, help="Uraian dari bank", example="DROPPING DANA PKD"),
    ),
)

_COLUMNS: Final = ("import_id", "line", "day", "reference", "amount", "words_enc")
_REFERENCE: Final = re.compile(r"\b[0-9]{4}-(?:0[1-9]|1[0-2])-[A-Z][0-9]{2,}(?:-[0-9]{6})?\b")
"""A batch code or a payment's reference inside the bank's own words."""


class Controls(BaseModel):
    """What stands in the statement's head: account (or its IBAN), first and last day, opening and closing balance in rupiah."""

    model_config = ConfigDict(extra="forbid")
    account: str = Field(pattern=r"^[0-9A-Z]{5,34}$")
    from_day: date
    to_day: date
    opening: int = Field(ge=0)
    closing: int = Field(ge=0)


def reference_in(reference: str | None, spoken: str | None) -> str:
    """The reference as it came; where the column is empty, the only one of ours that the bank's words hold."""
    if reference:
        return reference
    found = set(_REFERENCE.findall(spoken or ""))
    return found.pop() if len(found) == 1 else ""


async def _stage(staging: Staging, rows: list[Row]) -> None:
    good = [row for row in rows if _one_amount(staging, row)]
    await copy_in(staging.session, "statement_staging", _COLUMNS, await asyncio.to_thread(_staged, staging, good))


def _one_amount(staging: Staging, row: Row) -> bool:
    inward, outward, booked = row.values["masuk"], row.values["keluar"], row.values["tanggal"]
    if bool(inward) == bool(outward):
        row.refuse("masuk", "one-amount", "Isi tepat satu: masuk atau keluar.")
    elif not staging.controls.from_day <= booked <= staging.controls.to_day:
        row.refuse("tanggal", "day-outside", "Tanggal di luar rekening koran ini.", booked.isoformat())
    elif (said := _other_head(staging.controls, row)) is not None:
        row.refuse("tanggal", "other-statement", f"Pesan bank menyebut {said}, berbeda dari yang diketik.")
    return row.ok


def _other_head(controls: Controls, row: Row) -> str | None:
    """What the bank's message says of itself otherwise than the typed paper; None where they agree, or where it says nothing."""
    if "rekening" not in row.values:
        return None
    said, opening, closing = row.values["rekening"], row.values["saldo_awal"], row.values["saldo_akhir"]
    if (said, opening, closing) == (controls.account, controls.opening, controls.closing):
        return None
    return f"saldo awal {opening}, saldo akhir {closing}" + ("" if said == controls.account else " dan rekening lain")


def _staged(staging: Staging, rows: list[Row]) -> list[tuple[Any, ...]]:
    seal = staging.service.cipher.encrypt
    staged = []
    for row in rows:
        values, line = row.values, staging.line(row)
        spoken = values["keterangan"] or ""
        sealed = seal("statement_line", "words_enc", f"{staging.import_id}/{line}", spoken)
        amount = (values["masuk"] or 0) - (values["keluar"] or 0)
        staged.append((staging.import_id, line, values["tanggal"], reference_in(values["rujukan"], spoken), amount, sealed))
    return staged


async def _check(staging: Staging) -> Check:
    """The statement's own arithmetic, and that it goes on where the one before ended."""
    controls: Controls = staging.controls
    found = (
        await staging.session.execute(
            text("""SELECT count(*) AS lines, coalesce(sum(amount), 0)::bigint AS sum,
                           coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS inward,
                           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS outward
                      FROM statement_staging WHERE import_id = :id"""),
            {"id": staging.import_id},
        )
    ).one()
    last = (await staging.session.execute(text("SELECT * FROM statement ORDER BY to_day DESC LIMIT 1"))).one_or_none()
    not_ready = []
    if controls.to_day < controls.from_day:
        not_ready.append("hari terakhir sebelum hari pertama")
    if controls.to_day > staging.service.clock.today():
        not_ready.append("hari terakhir belum lewat")
    if controls.opening + found.sum != controls.closing:
        not_ready.append(f"saldo awal {controls.opening} + mutasi {found.sum} bukan saldo akhir {controls.closing}")
    if last is not None:
        if controls.account != last.account:
            not_ready.append("rekening lain dari rekening koran sebelumnya")
        elif controls.from_day <= last.to_day:
            not_ready.append(f"hari sampai {last.to_day} sudah ada; yang berikut mulai sehari sesudahnya")
        elif (controls.from_day - last.to_day).days > 1:
            not_ready.append(f"ada hari yang hilang sesudah {last.to_day}")
        elif controls.opening != last.closing:
            not_ready.append(f"saldo awal {controls.opening} bukan saldo akhir sebelumnya {last.closing}")
    return Check({"lines": found.lines, "in": found.inward, "out": found.outward, "sum": found.sum}, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    controls: Controls = staging.controls
    await take_statement(
        staging.session, staging.import_id, account=controls.account, days=(controls.from_day, controls.to_day),
        balances=(controls.opening, controls.closing), by=staging.caller.person, at=staging.at,
    )  # fmt: skip
    return await match_lines(staging.session, by=staging.caller.person, at=staging.at)


def _as_message(path: Path) -> CamtStatement | None:
    """A camt.053 as it is, or None where the file is something else. Raise FileProblem for one that does not prove itself."""
    with path.open("rb") as file:
        return CamtStatement(path) if is_statement(file) else None


async def _as_agreed(session: WriteSession, service: Service, path: Path) -> InboundFile | CamtStatement | None:
    """The bank's own message camt.053, or its own table where two people agreed on one; a workbook is in the published form or in none."""
    if (message := await asyncio.to_thread(_as_message, path)) is not None:
        return message
    agreed = await agreed_on(session, AGREED_STATEMENT, service.clock.today())
    if agreed is None or await asyncio.to_thread(is_workbook, path):
        return None
    return await asyncio.to_thread(InboundFile, path, agreed.template)


STATEMENT: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator", "treasurer"), committers=("operator", "treasurer"), second_person=False,
    stage=_stage, check=_check, commit=_commit, staged="statement_staging", whole_agency=True, other_form=_as_agreed,
)  # fmt: skip
