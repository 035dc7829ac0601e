"""Batches as they are shown, and their lines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, text

from services.disbursement.domain.handover import Handover, handover_state
from shared.db.session import AnySession
from shared.kernel.errors import NotFound

_STANDING = """
    SELECT count(*) FILTER (WHERE outcome = 'credited') AS credited,
           coalesce(sum(amount) FILTER (WHERE outcome = 'credited'), 0)::bigint AS credited_sum,
           count(*) FILTER (WHERE outcome = 'rejected') AS rejected,
           count(*) FILTER (WHERE outcome = 'returned') AS returned_late,
           count(*) FILTER (WHERE outcome = 'unknown') AS unknown,
           count(*) FILTER (WHERE outcome = 'in_payment') AS in_payment
      FROM payment WHERE batch_id = :id AND outcome <> 'withdrawn'"""
_NOT_SENT = {"credited": 0, "credited_sum": 0, "rejected": 0, "returned_late": 0, "unknown": 0, "in_payment": 0}
"""Before release nothing stands anywhere: a signer's answer need not count a million lines."""


async def load(session: AnySession, batch_id: UUID) -> Row[Any]:
    """The batch's row, not locked. Raise NotFound."""
    found = (await session.execute(text("SELECT * FROM batch WHERE id = :id"), {"id": batch_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such batch", batch=str(batch_id))
    return found


async def batch_view(session: AnySession, batch_id: UUID) -> dict[str, Any]:
    """One batch with its signatures, its money and where its payments stand."""
    await load(session, batch_id)
    (found,) = (await session.execute(text("SELECT * FROM batch WHERE id = :id"), {"id": batch_id})).mappings()
    return await _view(session, found)


async def batches(session: AnySession, month: str, state: str) -> list[dict[str, Any]]:
    """Batches of a month (all where empty) in a state (any where empty), newest first."""
    found = await session.execute(
        text("""SELECT * FROM batch WHERE :month IN ('', month) AND :state IN ('', state)
                 ORDER BY composed_at DESC, id DESC LIMIT 200"""),
        {"month": month, "state": state},
    )
    return [await _view(session, row) for row in found.mappings().all()]


async def _view(session: AnySession, batch: RowMapping) -> dict[str, Any]:
    signatures = await session.execute(
        text("SELECT step, person, on_behalf_of, at, void FROM batch_signature WHERE batch_id = :id ORDER BY id"), {"id": batch["id"]}
    )
    funding = await session.execute(
        text("""SELECT programme, amount, sp2d_number, date FROM batch_funding WHERE reference = :code
                 ORDER BY date, sp2d_number, programme"""),
        {"code": batch["code"]},
    )
    standing = _NOT_SENT
    if batch["released_at"] is not None:
        standing = dict((await session.execute(text(_STANDING), {"id": batch["id"]})).mappings().one())
    shown = dict(batch)
    shown.pop("version")
    if shown["changed"]:
        # The batch is the agency's, the people on it are those of their areas.
        mine = await session.scalars(
            text("SELECT DISTINCT person_id::text FROM payment WHERE batch_id = :id AND person_id = ANY(CAST(:people AS uuid[]))"),
            {"id": batch["id"], "people": shown["changed"].get("people", [])},
        )
        shown["changed"] = {**shown["changed"], "people": sorted(mine)}
    return {
        **shown,
        **standing,
        "signatures": [dict(row) for row in signatures.mappings()],
        "funding": [dict(row) for row in funding.mappings()],
        "file": await bank_file(session, batch["id"]),
        "handover": await handover(session, batch["id"]),
    }


async def bank_file(session: AnySession, batch_id: UUID) -> dict[str, Any] | None:
    """The file for the bank: name, count, sum, entry hash, SHA-256 and its form; None before release."""
    found = (
        (
            await session.execute(
                text("""SELECT f.id AS file_id, f.name, f.count, f.sum, f.entry_hash, f.sha256,
                               coalesce(m.channel, 'column_file') AS channel, m.template_id,
                               coalesce(m.media_type, 'text/csv; charset=utf-8') AS media_type
                          FROM bank_file f LEFT JOIN bank_file_form m ON m.file_id = f.id WHERE f.batch_id = :id"""),
                {"id": batch_id},
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if found is None else dict(found)


async def handover(session: AnySession, batch_id: UUID) -> dict[str, Any] | None:
    """Where the released file stands: waiting, handed_over, late or received, and since when; None before release."""
    found = (
        await session.execute(
            text("""SELECT h.at AS handed_over_at, h.receipt_due_at, r.received_at, r.received_by, r.source, r.noted_by,
                           t.problem, coalesce(t.problem = 'receipt-late', false) AS late
                      FROM bank_file f LEFT JOIN bank_handover h ON h.file_id = f.id LEFT JOIN bank_receipt r ON r.file_id = f.id
                      LEFT JOIN LATERAL (SELECT problem FROM bank_handover_trouble WHERE file_id = f.id
                                          ORDER BY id DESC LIMIT 1) AS t ON true
                     WHERE f.batch_id = :id"""),
            {"id": batch_id},
        )
    ).one_or_none()
    if found is None:
        return None
    state = handover_state(found.handed_over_at, found.received_at, late=found.late)
    problem = found.problem if state in (Handover.WAITING, Handover.LATE) else None
    shown = ("handed_over_at", "receipt_due_at", "received_at", "received_by", "source", "noted_by")
    return {"state": state.value, "problem": problem, **{key: getattr(found, key) for key in shown}}


LINES = """
    SELECT json_build_object(
               'person_id', p.person_id, 'programme', p.programme, 'reference', p.reference, 'amount', p.amount,
               'months', (SELECT json_agg(json_build_object('month', a.month, 'amount', a.amount, 'live', a.live) ORDER BY a.month)
                            FROM payment_month a WHERE a.payment_id = p.id),
               'outcome', p.outcome, 'reason', p.reason, 'settled_on', p.settled_on, 'area', p.area)
      FROM payment p WHERE p.batch_id = %(batch)s AND p.outcome <> 'withdrawn' ORDER BY p.seq"""
"""A line for each payment, without account and name; whoever needs those asks for a purpose."""


async def result_files(session: AnySession, batch: str) -> list[dict[str, Any]]:
    """The bank's files in the order in which they came; ``batch``: id or code, all where empty."""
    found = await session.execute(
        text("""SELECT f.id AS file_id, b.code AS batch, f.name, f.sha256, f.part, f.parts, f.count, f.sum, f.received_at,
                       f.received_by, f.applied, f.rejected, f.quarantined, f.unchanged
                  FROM result_file f JOIN batch b ON b.id = f.batch_id
                 WHERE :batch IN ('', b.code, b.id::text) ORDER BY f.received_at, f.id"""),
        {"batch": batch},
    )
    return [dict(row) for row in found.mappings()]


async def result_rows(session: AnySession, file_id: UUID, state: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Rows of one file in a state (any where empty), by row number; the account is not shown."""
    found = await session.execute(
        text("""SELECT row, reference, amount, code, settled_on, state, problem FROM result_row
                 WHERE file_id = :file AND :state IN ('', state) AND row > :after ORDER BY row LIMIT :limit"""),
        {"file": file_id, "state": state, "after": after, "limit": limit},
    )
    return [{**row, "message": MESSAGES.get(row["problem"].split(":")[0], "")} for row in found.mappings()]


MESSAGES = {
    "whole_file": "Bank menolak seluruh berkas; tidak ada yang dibayar. Tanyakan sebabnya ke bank.",
    "unreadable": "Baris ini tidak dapat dibaca.",
    "unknown_payment": "Rujukan ini tidak ada di batch ini.",
    "unknown_code": "Kode bank ini tidak ada di tabel kode yang disahkan.",
    "changed_amount": "Nominal berbeda dari yang dikirim.",
    "changed_account": "Nomor rekening berbeda dari yang dikirim.",
    "against_final": "Hasil ini bertentangan dengan hasil akhir yang sudah ada, atau dengan baris lain di berkas yang sama.",
}
