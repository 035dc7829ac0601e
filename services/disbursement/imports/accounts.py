"""Accounts and cards, as the bank's opening lists bring them. Several people may share one account number (TROUBLES.md O21)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.disbursement.channels.account_fields import COPIED, copied
from services.disbursement.commands.sign import void_signatures
from services.disbursement.imports.people import NIK, PROGRAMME, Found, find_people
from shared.db.session import copy_text_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.tabular.columns import Column, Row, Template, account_number, code, yes_no
from shared.tabular.columns import text as words

TEMPLATE: Final = Template(
    "accounts",
    "Rekening dan kartu penerima",
    (
        NIK,
        PROGRAMME,
        Column("kode_bank", code("[0-9A-Z]{2,12}", "Kode bank"), help="Kode bank, misalnya 111", example="111"),
        Column("nomor_rekening", account_number, help="Nomor rekening, berformat teks", example="50123456789"),
        Column("nama_pemilik", words(100), help="Nama pemilik rekening seperti di bank", example="SITI AMINAH"),
        Column("kartu_diserahkan", yes_no, help="ya bila kartu sudah di tangan penerima, selain itu tidak", example="ya"),
    ),
)

_COLUMNS: Final = ("import_id", "line", "person_id", "programme", "card_handed_over", *COPIED)


class Controls(BaseModel):
    """What stands on the bank's letter."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=0)


async def _begin(staging: Staging) -> None:
    rows = await staging.session.execute(
        text("SELECT person_id, programme FROM accounts_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen.update((str(r.person_id), r.programme) for r in rows)


async def _stage(staging: Staging, rows: list[Row]) -> None:
    people = [found for found in await find_people(staging, rows) if _first(staging, found)]
    if people:
        # Encrypting 5,000 rows takes a tenth of a second: other requests go on meanwhile.
        block = await asyncio.to_thread(_sealed, staging, people)
        await copy_text_in(staging.session, "accounts_staging", _COLUMNS, [block])


def _first(staging: Staging, found: Found) -> bool:
    key = (found.person_id, found.row.values["program"])
    if key in staging.seen:
        found.row.refuse("nik", "double-row", "Penerima ini sudah ada di baris lain untuk program yang sama.")
        return False
    staging.seen.add(key)
    return True


def _sealed(staging: Staging, people: Sequence[Found]) -> str:
    cipher, lines = staging.service.cipher, []
    for found in people:
        values = found.row.values
        account = copied(cipher, values["kode_bank"], values["nomor_rekening"], values["nama_pemilik"])
        lines.append(
            f"{staging.import_id}\t{staging.line(found.row)}\t{found.person_id}\t{values['program']}"
            f"\t{'t' if values['kartu_diserahkan'] else 'f'}\t{account}\n"
        )
    return "".join(lines)


# What a row means for the account that is there now.
_STAGED: Final = """
    SELECT s.*, a.person_id IS NULL AS is_new,
           a.account_ref IS DISTINCT FROM s.account_ref OR a.card_handed_over IS DISTINCT FROM s.card_handed_over AS differs,
           a.person_id IS NOT NULL AND a.account_ref <> s.account_ref AS other_account
      FROM accounts_staging s LEFT JOIN account a ON a.person_id = s.person_id AND a.programme = s.programme
     WHERE s.import_id = :id"""


async def _check(staging: Staging) -> Check:
    found = (
        await staging.session.execute(
            text(f"""SELECT count(*) AS staged, count(*) FILTER (WHERE is_new) AS added,
                            count(*) FILTER (WHERE differs AND NOT is_new) AS changed,
                            count(*) FILTER (WHERE card_handed_over) AS with_card FROM ({_STAGED}) AS s"""),
            {"id": staging.import_id},
        )
    ).one()
    totals = {"count": found.staged, "new": found.added, "changed": found.changed, "with_card": found.with_card}
    expected = staging.controls.count
    not_ready = [] if found.staged == expected else [f"jumlah baris {found.staged}, menurut surat bank {expected}"]
    return Check(totals, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    """Upsert what differs. A changed account of a live line in a signed batch voids the signatures: people approved another one."""
    session, id_ = staging.session, {"id": staging.import_id, "at": staging.at}
    # Lists that hold one of these people on another account; those at the bank keep what was sent (commands.sign knows).
    lines = (
        await session.execute(
            text(f"""
                SELECT m.batch_id, s.person_id FROM ({_STAGED}) AS s
                  JOIN payment_month m ON m.person_id = s.person_id AND m.programme = s.programme AND m.live
                 WHERE s.other_account GROUP BY m.batch_id, s.person_id ORDER BY m.batch_id, s.person_id"""),
            id_,
        )
    ).all()
    applied = (
        await session.execute(
            text(f"""
                INSERT INTO account AS a (person_id, programme, id, version, bank_code, number_enc, holder_enc, number_index,
                                          account_ref, card_handed_over, area, changed_at, holder_index)
                SELECT s.person_id, s.programme, s.id, 1, s.bank_code, s.number_enc, s.holder_enc, s.number_index, s.account_ref,
                       s.card_handed_over, e.area, :at, s.holder_index
                  FROM ({_STAGED}) AS s
                 CROSS JOIN LATERAL (SELECT area FROM enrolment_history h WHERE h.person_id = s.person_id
                                      ORDER BY h.person_version DESC LIMIT 1) AS e
                 WHERE s.differs ORDER BY s.person_id, s.programme
                ON CONFLICT (person_id, programme) DO UPDATE
                   SET id = excluded.id, version = a.version + 1, bank_code = excluded.bank_code,
                       number_enc = excluded.number_enc, holder_enc = excluded.holder_enc, number_index = excluded.number_index,
                       account_ref = excluded.account_ref, card_handed_over = excluded.card_handed_over,
                       area = excluded.area, changed_at = excluded.changed_at, holder_index = excluded.holder_index"""),
            id_,
        )
    ).rowcount  # type: ignore[attr-defined]
    by_batch: dict[UUID, list[UUID]] = {}
    for line in lines:
        by_batch.setdefault(line.batch_id, []).append(line.person_id)
    for batch_id, people in by_batch.items():
        await void_signatures(session, [batch_id], people, staging.at, by=staging.caller.person)
    staged = (await session.execute(text("DELETE FROM accounts_staging WHERE import_id = :id"), id_)).rowcount  # type: ignore[attr-defined]
    return {"accounts": staged, "applied": applied, "unchanged": staged - applied, "lines_on_lists": len(lines)}


ACCOUNTS: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator",), committers=("operator",), second_person=False,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="accounts_staging",
)  # fmt: skip
