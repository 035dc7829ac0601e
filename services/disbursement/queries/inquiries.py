"""What the bank was asked and said; what is known of the accounts of a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession

MEANINGS = {
    "credited": "Bank menyatakan berhasil dikreditkan.",
    "rejected": "Bank menyatakan gagal dengan alasan yang dikenal.",
    "in_process": "Masih diproses di bank; ditanyakan lagi.",
    "not_found": "Bank belum mengenal rujukan ini. Bukan berarti gagal; jangan dikirim ulang.",
    "unknown_code": "Kode bank tidak ada di tabel kode yang disahkan; nasib pembayaran belum diketahui.",
    "differs": "Rekening, nominal, atau rujukan dalam jawaban bank berbeda dari yang dikirim; perlu diperiksa orang.",
    "unreadable": "Jawaban bank tidak dapat dibaca; ditanyakan lagi.",
    "our_mistake": "Bank menolak pertanyaan kita (kunci, tanda tangan, jam, atau isian); pengelola sistem perlu memeriksa.",
    "try_later": "Bank tidak menjawab atau minta menunggu; ditanyakan lagi.",
}


async def inquiries(
    session: AnySession, *, batch: str, payment: UUID | None, meaning: str, before: UUID | None, limit: int
) -> dict[str, Any]:
    """Newest first; ``next`` is the ``before`` of the page after."""
    rows = await session.execute(
        text("""
            SELECT i.id, i.payment_id, p.reference, b.code AS batch, i.attempt, i.at, i.http, i.code, i.status, i.table_code,
                   i.meaning, i.settled_on, i.result_file_id, i.next_at, p.outcome AS payment_outcome
              FROM inquiry i JOIN payment p ON p.id = i.payment_id JOIN batch b ON b.id = i.batch_id
             WHERE :batch IN ('', b.code, b.id::text) AND (CAST(:payment AS uuid) IS NULL OR i.payment_id = :payment)
               AND :meaning IN ('', i.meaning) AND (CAST(:before AS uuid) IS NULL OR i.id < :before)
             ORDER BY i.id DESC LIMIT :limit"""),
        {"batch": batch, "payment": payment, "meaning": meaning, "before": before, "limit": limit},
    )
    items = [{**row, "message": MEANINGS[row["meaning"]]} for row in rows.mappings()]
    return {"items": items, "next": str(items[-1]["id"]) if len(items) == limit else None}


async def account_checks(session: AnySession, batch_id: UUID) -> dict[str, Any]:
    """Of the accounts on a list: how many were looked at, and those that somebody should look at. Nobody is taken off for it."""
    rows = await session.execute(
        text("""
            WITH latest AS (
                SELECT p.id AS payment_id, p.person_id, p.programme, k.result, k.at
                  FROM payment p LEFT JOIN LATERAL (SELECT result, at FROM account_check k WHERE k.account_id = p.account_id
                                                     ORDER BY at DESC LIMIT 1) AS k ON true
                 WHERE p.batch_id = :batch AND p.outcome <> 'withdrawn')
            SELECT coalesce(result, 'not_asked') AS result, count(*) AS n FROM latest GROUP BY 1 ORDER BY 1"""),
        {"batch": batch_id},
    )
    counts = {row.result: int(row.n) for row in rows}
    lines = await session.execute(
        text("""
            SELECT p.id AS payment_id, p.person_id, p.programme, k.result, k.at AS checked_at
              FROM payment p JOIN LATERAL (SELECT result, at FROM account_check k WHERE k.account_id = p.account_id
                                            ORDER BY at DESC LIMIT 1) AS k ON true
             WHERE p.batch_id = :batch AND p.outcome <> 'withdrawn' AND k.result NOT IN ('exists', 'name_similar')
             ORDER BY p.seq LIMIT 1000"""),
        {"batch": batch_id},
    )
    return {"batch_id": str(batch_id), "counts": counts, "warnings": [dict(row) for row in lines.mappings()]}
