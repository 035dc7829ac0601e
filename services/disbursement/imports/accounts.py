"""Accounts and cards, as the bank's lists bring them. Several people may share one account number (TROUBLES.md O21).

A first account counts at once. Another account for somebody who has one is a change: it waits (domain/account_change.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.disbursement.channels.account_fields import COPIED, copied
from services.disbursement.commands.cards.account_changes import holds_at_once, lines_of, make_hold, tell
from services.disbursement.commands.cards.cooling_off import in_force_on
from services.disbursement.domain.account_change import AccountChangeWaiting
from services.disbursement.imports.people import NIK, PROGRAMME, Found, find_people
from shared.contracts.disbursement import AccountChangeConfirmed
from shared.db.session import copy_text_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.messaging.arrays import array_of
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


def _key(person_id: str, programme: str) -> bytes:
    return f"{person_id}{programme}".encode()


async def _begin(staging: Staging) -> None:
    rows = await staging.session.stream(
        text("SELECT person_id, programme FROM accounts_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    async for row in rows:
        staging.came.add(_key(str(row.person_id), row.programme))


async def _stage(staging: Staging, rows: list[Row]) -> None:
    people = await _without_doubles(staging, await find_people(staging, rows))
    if people:
        # Encrypting 5,000 rows takes a tenth of a second: other requests go on meanwhile.
        block = await asyncio.to_thread(_sealed, staging, people)
        await copy_text_in(staging.session, "accounts_staging", _COLUMNS, [block])


async def _without_doubles(staging: Staging, people: Sequence[Found]) -> list[Found]:
    """The first row of a person and programme stands, each later one is refused."""
    keys = [_key(found.person_id, found.row.values["program"]) for found in people]
    before = await _staged(staging, [found.person_id for found, key in zip(people, keys, strict=True) if key in staging.came])
    kept = []
    for found, key in zip(people, keys, strict=True):
        if key in before:
            found.row.refuse("nik", "double-row", "Penerima ini sudah ada di baris lain untuk program yang sama.")
            continue
        before.add(key)
        staging.came.add(key)
        kept.append(found)
    return kept


async def _staged(staging: Staging, people: Sequence[str]) -> set[bytes]:
    """Of these people, the rows that are staged already."""
    if not people:
        return set()
    rows = await staging.session.execute(
        text("SELECT person_id, programme FROM accounts_staging WHERE import_id = :id AND person_id = ANY(CAST(:people AS uuid[]))"),
        {"id": staging.import_id, "people": array_of(people)},
    )
    return {_key(str(row.person_id), row.programme) for row in rows}


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


# What a row means for the account that is there now, and for a change of it that is under way.
_STAGED: Final = """
    SELECT s.*, a.person_id IS NULL AS is_new,
           a.person_id IS NOT NULL AND a.account_ref <> s.account_ref AS other_account, a.account_ref AS ref_before, a.area AS area_now,
           a.account_ref = s.account_ref AND a.card_handed_over <> s.card_handed_over AS other_card,
           c.id IS NOT NULL AND c.state = 'waiting' AND c.account_ref = s.account_ref AND c.card_handed_over = s.card_handed_over AS waits,
           c.id IS NOT NULL AS open_change
      FROM accounts_staging s LEFT JOIN account a ON a.person_id = s.person_id AND a.programme = s.programme
      LEFT JOIN account_change c ON c.person_id = s.person_id AND c.programme = s.programme AND c.state IN ('proposed', 'waiting')
     WHERE s.import_id = :id"""


async def _check(staging: Staging) -> Check:
    found = (
        await staging.session.execute(
            text(f"""SELECT count(*) AS staged, count(*) FILTER (WHERE is_new) AS added, count(*) FILTER (WHERE other_card) AS cards,
                            count(*) FILTER (WHERE other_account AND NOT open_change) AS changes,
                            count(*) FILTER (WHERE other_account AND open_change AND NOT waits) AS blocked,
                            count(*) FILTER (WHERE card_handed_over) AS with_card FROM ({_STAGED}) AS s"""),
            {"id": staging.import_id},
        )
    ).one()
    totals = {
        "count": found.staged, "new": found.added, "changed": found.changes + found.cards, "account_changes": found.changes,
        "with_card": found.with_card,
    }  # fmt: skip
    expected = staging.controls.count
    not_ready = [] if found.staged == expected else [f"jumlah baris {found.staged}, menurut surat bank {expected}"]
    if found.blocked:
        not_ready.append(f"{found.blocked} baris: perubahan rekening lain untuk penerima yang sama belum disahkan atau belum berlaku")
    return Check(totals, not_ready)


async def _commit(staging: Staging) -> dict[str, Any]:
    """A first account, or a card that came or went, counts at once; another account waits its cooling-off.

    Whoever commits the file is the second person of each change in it.
    """
    session, id_ = staging.session, {"id": staging.import_id, "at": staging.at}
    changes, day = await _change(staging)  # before the accounts: while they are as they were, few rows join
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
                 WHERE s.is_new OR s.other_card ORDER BY s.person_id, s.programme
                ON CONFLICT (person_id, programme) DO UPDATE
                   SET version = a.version + 1, card_handed_over = excluded.card_handed_over, area = excluded.area,
                       changed_at = excluded.changed_at, holder_index = excluded.holder_index
                 WHERE a.account_ref = excluded.account_ref"""),
            id_,
        )
    ).rowcount  # type: ignore[attr-defined]
    lines = len(await lines_of(session, changes)) if changes else 0
    if day and holds_at_once(staging.caller, day, staging.at):
        await make_hold(session, changes, at=staging.at, by=staging.caller.person)
    staged = (await session.execute(text("DELETE FROM accounts_staging WHERE import_id = :id"), id_)).rowcount  # type: ignore[attr-defined]
    return {
        "accounts": staged, "applied": applied, "account_changes": len(changes), "unchanged": staged - applied - len(changes),
        "in_force_on": day, "lines_on_lists": lines,
    }  # fmt: skip


async def _change(staging: Staging) -> tuple[list[UUID], date | None]:
    """The changes of this file, confirmed by its second person, and from when they hold. Raise AccountChangeWaiting."""
    session = staging.session
    day = await in_force_on(session, staging.at)
    found = (
        await session.execute(
            text(f"""WITH wanted AS MATERIALIZED (SELECT * FROM ({_STAGED}) AS s WHERE s.other_account AND NOT s.waits),
                     made AS (
                         INSERT INTO account_change (id, person_id, programme, state, version, account_id, bank_code, number_enc,
                                holder_enc, number_index, account_ref, holder_index, card_handed_over, ref_before, area, reason,
                                document, import_id, asked_by, asked_at, confirmed_by, confirmed_at, in_force_on)
                         SELECT uuidv7(), s.person_id, s.programme, 'waiting', 1, s.id, s.bank_code, s.number_enc, s.holder_enc,
                                s.number_index, s.account_ref, s.holder_index, s.card_handed_over, s.ref_before, s.area_now,
                                'berkas rekening', f.file_name, f.id, f.uploaded_by, f.uploaded_at, :by, :at, :day
                           FROM wanted s JOIN import_file f ON f.id = s.import_id ORDER BY s.person_id, s.programme
                         ON CONFLICT DO NOTHING RETURNING id)
                     SELECT (SELECT count(*) FROM wanted) AS wanted, ARRAY(SELECT id FROM made ORDER BY id) AS made"""),
            {"id": staging.import_id, "at": staging.at, "by": staging.caller.person, "day": day},
        )
    ).one()
    if found.wanted != len(found.made):
        raise AccountChangeWaiting("another change of some of these accounts was asked for just now; check the file again")
    if found.made:
        await tell(session, AccountChangeConfirmed, found.made, at=staging.at)
    return found.made, day if found.made else None


ACCOUNTS: Final = ImportKind(
    TEMPLATE, Controls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="accounts_staging",
)  # fmt: skip
