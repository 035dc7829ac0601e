"""The bank's answer to a collective opening: by reference, opened with its account, or not and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.account_fields import COPIED, copied
from services.disbursement.imports.accounts import Controls
from shared.db.session import COPY_ESCAPES, copy_text_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.tabular.columns import Column, Row, Template, account_number, choice, code
from shared.tabular.columns import text as words

TEMPLATE: Final = Template(
    "account-opening",
    "Jawaban bank atas pembukaan rekening kolektif",
    (
        Column("rujukan", words(60), help="Rujukan pada berkas permintaan", example="REK-KLJ-001-000001"),
        Column("hasil", choice({"berhasil": "opened", "gagal": "failed"}), help="berhasil atau gagal", example="berhasil"),
        Column("kode_bank", code("[0-9A-Z]{2,12}", "Kode bank"), required=False, help="Kode bank bila berhasil", example="111"),
        Column("nomor_rekening", account_number, required=False, help="Nomor rekening bila berhasil", example="50123456789"),
        Column("nama_pemilik", words(100), required=False, help="Nama pemilik di bank bila berhasil", example="SITI AMINAH"),
        Column("alasan", words(100), required=False, help="Alasan bila gagal", example="NIK tidak ditemukan"),
    ),
)

_COLUMNS: Final = ("import_id", "line", "reference", "person_id", "programme", "outcome", "reason", *COPIED)


async def _begin(staging: Staging) -> None:
    rows = await staging.session.scalars(
        text("SELECT reference FROM account_opening_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen.update(rows)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    found = await _asked(staging, [row.values["rujukan"] for row in rows])
    good = [row for row in rows if _accepted(staging, row, found)]
    if good:
        block = await asyncio.to_thread(_sealed, staging, good, found)
        await copy_text_in(staging.session, "account_opening_staging", _COLUMNS, [block])


async def _asked(staging: Staging, references: Sequence[str]) -> dict[str, tuple[UUID, str, str]]:
    """Person, programme and present outcome by reference."""
    rows = await staging.session.execute(
        text("""SELECT reference, person_id, programme, outcome FROM account_opening_line
                 WHERE reference = ANY(CAST(:references AS text[]))"""),
        {"references": list(references)},
    )
    return {row.reference: (row.person_id, row.programme, row.outcome) for row in rows}


def _accepted(staging: Staging, row: Row, found: dict[str, tuple[UUID, str, str]]) -> bool:
    values = row.values
    reference = values["rujukan"]
    if reference not in found:
        row.refuse("rujukan", "unknown-reference", "Rujukan ini tidak ada pada permintaan pembukaan rekening mana pun.", reference)
    elif found[reference][2] != "asked":
        row.refuse("rujukan", "already-answered", "Rujukan ini sudah dijawab oleh bank.", reference)
    elif reference in staging.seen:
        row.refuse("rujukan", "double-row", "Rujukan ini sudah ada di baris lain.", reference)
    elif values["hasil"] == "opened":
        for column in ("kode_bank", "nomor_rekening", "nama_pemilik"):
            if not values[column]:
                row.refuse(column, "missing", "Rekening yang berhasil dibuka harus menyebut kolom ini.")
    elif not values["alasan"]:
        row.refuse("alasan", "missing", "Rekening yang gagal dibuka harus menyebut alasannya.")
    if row.ok:
        staging.seen.add(reference)
    return row.ok


def _sealed(staging: Staging, rows: Sequence[Row], found: dict[str, tuple[UUID, str, str]]) -> str:
    """COPY's own text; one that failed has an account of nothing, which is never applied."""
    cipher, lines = staging.service.cipher, []
    for row in rows:
        values = row.values
        person_id, programme, _ = found[values["rujukan"]]
        account = copied(cipher, values["kode_bank"] or "", values["nomor_rekening"] or "", values["nama_pemilik"] or "")
        lines.append(
            f"{staging.import_id}\t{staging.line(row)}\t{values['rujukan'].translate(COPY_ESCAPES)}\t{person_id}\t{programme}"
            f"\t{values['hasil']}\t{(values['alasan'] or '').translate(COPY_ESCAPES)}\t{account}\n"
        )
    return "".join(lines)


async def _check(staging: Staging) -> Check:
    found = (
        await staging.session.execute(
            text("""SELECT count(*) AS staged, count(*) FILTER (WHERE outcome = 'opened') AS opened,
                           count(*) FILTER (WHERE outcome = 'failed') AS failed
                      FROM account_opening_staging WHERE import_id = :id"""),
            {"id": staging.import_id},
        )
    ).one()
    expected = staging.controls.count
    not_ready = [] if found.staged == expected else [f"jumlah baris {found.staged}, menurut surat bank {expected}"]
    return Check({"count": found.staged, "opened": found.opened, "failed": found.failed}, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    """Accounts without a card: the money waits until the bank reports that the card was handed over."""
    session, params = staging.session, {"id": staging.import_id, "at": staging.at}
    answered = await session.execute(
        text("""UPDATE account_opening_line l SET outcome = s.outcome, reason = s.reason, answered_at = :at
                  FROM account_opening_staging s
                 WHERE s.import_id = :id AND l.reference = s.reference AND l.outcome = 'asked'"""),
        params,
    )
    made = await session.execute(
        text("""INSERT INTO account (person_id, programme, id, version, bank_code, number_enc, holder_enc, number_index, account_ref,
                                     card_handed_over, area, changed_at, holder_index)
                SELECT s.person_id, s.programme, s.id, 1, s.bank_code, s.number_enc, s.holder_enc, s.number_index, s.account_ref,
                       false, l.area, :at, s.holder_index
                  FROM account_opening_staging s JOIN account_opening_line l ON l.reference = s.reference
                 WHERE s.import_id = :id AND s.outcome = 'opened' ORDER BY s.person_id, s.programme
                ON CONFLICT (person_id, programme) DO NOTHING"""),
        params,
    )
    accounts = int(made.rowcount)  # type: ignore[attr-defined]
    return {"answered": int(answered.rowcount), "accounts": accounts}  # type: ignore[attr-defined]


ACCOUNT_OPENING: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="account_opening_staging", whole_agency=True,
)  # fmt: skip
