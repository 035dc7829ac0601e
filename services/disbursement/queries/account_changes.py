"""Changes of accounts: what waits for whom, from when it holds, and whether the person was told."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.channels.account_fields import open_account
from services.disbursement.domain.account_change import COOLING_OFF_DAYS, SQL_OWNER
from shared.crypto import FieldCipher
from shared.db.session import AnySession, ReadSession
from shared.kernel.errors import NotFound

_UNSENT: Final = "('draft', 'submitted', 'checked', 'approved', 'refused', 'reserved', 'funded')"

# Lists that are not at the bank yet and carry the account of now: their signatures go when the change holds.
_VIEW: Final = f"""
    SELECT c.id, c.person_id, c.programme, c.state, c.area, {SQL_OWNER} AS owner, c.bank_code, c.card_handed_over, c.reason, c.document,
           c.import_id, c.asked_by, c.asked_at, c.confirmed_by, c.confirmed_at, c.in_force_on, c.in_force_at, c.cancelled_by,
           c.cancelled_at, c.cancelled_because, c.told_on, c.told_by, c.told_how,
           CASE WHEN c.state IN ('proposed', 'waiting') THEN ARRAY(
                SELECT DISTINCT b.code FROM payment_month m JOIN batch b ON b.id = m.batch_id AND b.state IN {_UNSENT}
                 WHERE m.person_id = c.person_id AND m.programme = c.programme AND m.live ORDER BY b.code) ELSE '{{}}' END AS lists
      FROM account_change c"""


async def changes(
    session: ReadSession, *, state: str, person: UUID | None, told: bool | None, before: UUID | None, limit: int
) -> dict[str, Any]:
    """In the caller's areas, newest first; no account number and no name in it."""
    found = await session.execute(
        text(f"""{_VIEW} WHERE (:state = '' OR c.state = :state) AND (CAST(:person AS uuid) IS NULL OR c.person_id = :person)
                    AND (CAST(:told AS boolean) IS NULL OR (c.told_on IS NOT NULL) = :told)
                    AND (CAST(:before AS uuid) IS NULL OR c.id < :before) ORDER BY c.id DESC LIMIT :limit"""),
        {"state": state, "person": person, "told": told, "before": before, "limit": limit},
    )
    items = [dict(row) for row in found.mappings()]
    return {"items": items, "next": str(items[-1]["id"]) if len(items) == limit else None}


async def change(session: AnySession, change_id: UUID) -> dict[str, Any]:
    found = (await session.execute(text(f"{_VIEW} WHERE c.id = :id"), {"id": change_id})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no such change of account", change=str(change_id))
    return dict(found)


async def accounts_of(session: AnySession, cipher: FieldCipher, change_id: UUID) -> dict[str, Any]:
    """Old and new side by side, for whoever compares them with the paper: holder, and the last four digits."""
    row = (
        await session.execute(
            text("""SELECT c.account_id, c.bank_code, c.number_enc, c.holder_enc, k.id AS old_id, k.bank_code AS old_bank,
                           k.number_enc AS old_number, k.holder_enc AS old_holder
                      FROM account_change c JOIN account k ON k.person_id = c.person_id AND k.programme = c.programme WHERE c.id = :id"""),
            {"id": change_id},
        )
    ).one()

    def shown(account_id: UUID, bank: str, number: bytes, holder: bytes) -> dict[str, str]:
        digits, name = open_account(cipher, account_id, number, holder)
        return {"bank_code": bank, "ends_with": digits[-4:], "holder": name}

    return {
        "account_now": shown(row.old_id, row.old_bank, row.old_number, row.old_holder),
        "account_asked": shown(row.account_id, row.bank_code, row.number_enc, row.holder_enc),
    }


async def rules(session: AnySession) -> dict[str, Any]:
    """Every rule, newest day first; ``otherwise`` counts where none does."""
    found = await session.execute(text("SELECT * FROM account_cooling_off ORDER BY valid_from DESC"))
    return {"items": [dict(row) for row in found.mappings()], "otherwise": {"working_days": COOLING_OFF_DAYS, "assumed": True}}
