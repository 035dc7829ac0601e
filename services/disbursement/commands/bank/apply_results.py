"""A part of the bank's results: each row on its own, all of them in one transaction, set-based (CORE.md section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import number_index
from services.disbursement.channels.column_file import RESULTS
from services.disbursement.commands.bank.settled import publish_settled
from services.disbursement.commands.lists import batches
from services.disbursement.commands.money.post import post
from services.disbursement.domain.batch import BatchAction, after
from services.disbursement.domain.entitlement import Action
from services.disbursement.domain.reconciliation import DECISIONS
from services.disbursement.store import move
from shared.contracts.disbursement import PaymentReturned
from shared.crypto import FieldCipher
from shared.db.session import COPY_ESCAPES, WriteSession, copy_text_in
from shared.kernel import failpoints
from shared.kernel.ahead import ahead
from shared.kernel.errors import InvalidInput, NotFound
from shared.kernel.ids import uuid7
from shared.messaging import outbox
from shared.tabular.columns import Row as SheetRow
from shared.tabular.limits import FileProblem
from shared.tabular.reader import Table, open_table
from shared.web.auth import Caller

_ROWS_AT_ONCE: Final = 5_000
_LOOKED_UP_ONE_BY_ONE: Final = 100
_STAGED: Final = ("file_id", "row", "reference", "number_index", "amount", "code", "settled_on", "problem")
_NULL: Final = "\\N"


class TotalsDiffer(InvalidInput):
    """The first row of the file does not fit its rows: nothing of it is applied."""

    code = "totals-differ"


class ResultFileUnreadable(InvalidInput):
    """The file is not a result file that can be read as a whole; ``problem`` says why."""

    code = "file-unreadable"


class UnknownBatch(InvalidInput):
    """The first row names a batch that does not exist."""

    code = "unknown-batch"


@dataclass(frozen=True)
class Answer:
    """What a file did. ``applied`` = rows that took effect; ``rejected`` = those of them that the bank rejected or sent back."""

    file_id: UUID
    batch: str
    part: int
    parts: int
    applied: int
    rejected: int
    quarantined: int
    unchanged: int
    duplicate_of: UUID | None = None


class ResultSource(Protocol):
    """One batch's answers, whatever the form they came in. ``part`` 0 of 0: the bank does not number its parts."""

    @property
    def sha256(self) -> str: ...

    @property
    def batch_code(self) -> str: ...

    @property
    def part(self) -> int: ...

    @property
    def parts(self) -> int: ...

    @property
    def announced(self) -> Mapping[str, int] | None:
        """``count`` and ``sum`` as the file itself says them, or one of them; None where it says neither."""
        ...

    def blocks(self, file_id: UUID, cipher: FieldCipher, latest: date) -> Iterator[tuple[str, int, int]]:
        """Rows in COPY's format for ``result_staging``, how many and their rupiah; blocking. A day after ``latest`` is none.

        An empty number index and an amount below zero say that the bank did not repeat account or amount.
        """
        ...


async def apply_source(
    session: WriteSession, caller: Caller, source: ResultSource, name: str, *, cipher: FieldCipher, at: datetime
) -> Answer:
    """Apply the answers. The same bytes again, whatever their name, change nothing and get the first answer.

    Raise ResultFileUnreadable, UnknownBatch, TotalsDiffer (both totals in it) or IllegalTransition: then nothing is applied.
    """
    if (before := await _seen(session, source.sha256)) is not None:
        return before
    batch = await _lock_batch(session, source.batch_code)
    if (before := await _seen(session, source.sha256)) is not None:
        return before  # a rival sent the same bytes while we waited for the batch
    if after(batch.state, BatchAction.TAKE_RESULTS) != batch.state:
        await batches.move_batch(session, batch, BatchAction.TAKE_RESULTS)  # it was closed
    file_id = uuid7()
    found = await _stage(session, source, file_id, cipher, latest=at.date() + timedelta(days=1))
    if source.announced is not None and any(found[name] != value for name, value in source.announced.items()):
        raise TotalsDiffer("the first row does not fit the rows; nothing was applied", announced=dict(source.announced), found=found)
    if not found["count"] and source.announced is not None:
        # It would be "the last part is in", and close the month for everybody the bank has not answered for.
        raise ResultFileUnreadable("Berkas tidak berisi baris hasil di bawah judul kolom.", problem="empty")
    if found["count"] > _LOOKED_UP_ONE_BY_ONE:
        # Rows loaded a moment ago have no statistics: the planner takes them for one, and a nested loop over 1,600 rows of a
        # young batch took 24 s instead of one.
        await session.execute(text("SET LOCAL enable_nestloop = off"))
    await _decide(session, file_id, batch.id)
    await take_effect(session, batch, file_id, caller.person, at)
    answer = await _record(session, batch, file_id, source, name=name, caller=caller, at=at)
    await publish_settled(
        session, batch.id, results_due=await _all_parts_in(session, batch.id), at=at, file_id=file_id, part=source.part, parts=source.parts
    )
    failpoints.hit("disbursement.results.before_commit")
    return answer


@dataclass(frozen=True)
class _ColumnResults:
    """A table by the template ``RESULTS``."""

    table: Table
    sha256: str
    batch_code: str
    part: int
    parts: int
    announced: Mapping[str, int] | None

    def blocks(self, file_id: UUID, cipher: FieldCipher, latest: date) -> Iterator[tuple[str, int, int]]:
        try:
            for rows in self.table.chunks(_ROWS_AT_ONCE):
                block, amount = staged_rows(file_id, rows, cipher, latest)
                yield block, len(rows), amount
        except FileProblem as problem:
            raise ResultFileUnreadable(problem.message, problem=problem.code, row=problem.row) from None


async def open_published(path: Path) -> ResultSource:
    """A table in the published form; raise ResultFileUnreadable where it is none."""
    try:
        table = await asyncio.to_thread(open_table, path, RESULTS)
    except FileProblem as problem:
        raise ResultFileUnreadable(problem.message, problem=problem.code, row=problem.row) from None
    said = table.preamble
    part, parts = int(said["bagian"]), int(said["jumlah_bagian"])
    if not 1 <= part <= parts:
        raise ResultFileUnreadable(f"part {part} of {parts} is not possible", problem="preamble-bad")
    announced = {"count": int(said["jumlah"]), "sum": int(said["nilai"])}
    return _ColumnResults(table, table.sha256, str(said["kode_batch"]), part, parts, announced)


async def _seen(session: WriteSession, sha256: str) -> Answer | None:
    found = (
        await session.execute(
            text("SELECT f.*, b.code AS batch FROM result_file f JOIN batch b ON b.id = f.batch_id WHERE f.sha256 = :sha256"),
            {"sha256": sha256},
        )
    ).one_or_none()
    if found is None:
        return None
    return Answer(
        found.id, found.batch, found.part, found.parts, found.applied, found.rejected, found.quarantined, found.unchanged,
        duplicate_of=found.id,
    )  # fmt: skip


async def _lock_batch(session: WriteSession, code: str) -> Row[Any]:
    try:
        return await batches.load_by_code(session, code)
    except NotFound:
        raise UnknownBatch("the first row names a batch that does not exist here") from None


# --- staging --------------------------------------------------------------------------------------------------------


def staged_rows(file_id: UUID, rows: Sequence[SheetRow], cipher: FieldCipher, latest: date) -> tuple[str, int]:
    """Rows in COPY's own format, and their rupiah; one that cannot be read is quarantined at once, with the clerk's problem.

    A day after ``latest`` is none that a bank can report, and a credit dated so would bar its own later return.
    """
    lines, total = [], 0
    for row in rows:
        values = row.values
        account, amount, day = values["nomor_rekening"], values["nominal"] or 0, values["tanggal"]
        index = number_index(cipher, account).hex() if account else ""
        wrong = next((problem for problem in row.problems if not problem.warning), None)
        problem = f"unreadable:{wrong.column}:{wrong.code}" if wrong else "unreadable:tanggal:date-future" if day and day > latest else ""
        reference, code = values["rujukan"] or "", values["kode"] or ""
        lines.append(staged_row(file_id, row.number, reference=reference, index=index, amount=amount, code=code, day=day, problem=problem))
        total += max(amount, 0)
    return "".join(lines), total


async def _stage(session: WriteSession, source: ResultSource, file_id: UUID, cipher: FieldCipher, latest: date) -> dict[str, int]:
    """COPY the rows into staging; returns their count and sum."""
    count = total = 0
    async with aclosing(ahead(source.blocks(file_id, cipher, latest))) as blocks:
        async for text_rows, rows, amount in blocks:
            await copy_text_in(session, "result_staging", _STAGED, [text_rows])
            count, total = count + rows, total + amount
    return {"count": count, "sum": total}


def staged_row(file_id: UUID, number: int, *, reference: str, index: str, amount: int, code: str, day: date | None, problem: str) -> str:
    """One row in COPY's own format; ``index``: the account's blind index in hex, empty where the bank did not name it."""
    return (
        f"{file_id}\t{number}\t{reference.translate(COPY_ESCAPES)}\t\\\\x{index}\t{amount}\t"
        f"{code.upper().translate(COPY_ESCAPES)}\t{day or _NULL}\t{problem}\n"
    )


# --- deciding -------------------------------------------------------------------------------------------------------

# In the order of RowProblem; then the table of domain/reconciliation.py. Of several good rows for one payment the first
# definite one decides, and "pending" beside it is only what was said on the way. Credited and rejected in one file tell us
# nothing that we may act on (taking the rejection would pay somebody twice): both go to a person.
_DECIDE: Final = """
    WITH looked AS (
        SELECT s.file_id, s.row, s.reference, s.code, s.settled_on, p.id AS payment_id,
               -- What the bank did not repeat is as we sent it: the reference names the payment.
               CASE WHEN s.number_index = '' THEN coalesce(p.number_index, s.number_index) ELSE s.number_index END AS number_index,
               CASE WHEN s.amount < 0 THEN coalesce(p.amount, 0) ELSE s.amount END AS amount,
               p.outcome AS payment_outcome, p.settled_on AS credited_on, c.outcome AS code_outcome,
               CASE WHEN s.problem <> '' THEN s.problem
                    WHEN p.id IS NULL THEN 'unknown_payment'
                    WHEN c.code IS NULL THEN 'unknown_code'
                    WHEN s.amount >= 0 AND p.amount <> s.amount THEN 'changed_amount'
                    WHEN s.number_index <> '' AND p.number_index <> s.number_index THEN 'changed_account'
                    ELSE '' END AS problem
          FROM result_staging s
          LEFT JOIN payment p ON p.reference = s.reference AND p.batch_id = :batch AND p.outcome <> 'withdrawn'
          LEFT JOIN bank_code c ON c.code = s.code
         WHERE s.file_id = :file),
    ranked AS (
        SELECT *, bool_or(code_outcome = 'credited') OVER same AND bool_or(code_outcome = 'rejected') OVER same AS contradicted,
               bool_or(code_outcome <> 'pending') OVER same AS definite,
               row_number() OVER (PARTITION BY payment_id, problem ORDER BY code_outcome = 'pending', row) AS nth
          FROM looked WINDOW same AS (PARTITION BY payment_id, problem)),
    decided AS (
        SELECT r.*, CASE
                 WHEN r.problem <> '' THEN 'quarantined'
                 WHEN r.definite AND r.code_outcome = 'pending' THEN 'unchanged'
                 WHEN r.contradicted THEN 'quarantined'
                 WHEN r.nth > 1 THEN 'unchanged'
                 WHEN r.payment_outcome = 'credited' AND r.code_outcome = 'rejected' AND r.settled_on < r.credited_on
                   THEN 'quarantined'
                 ELSE coalesce(d.state, 'quarantined') END AS state
          FROM ranked r
          LEFT JOIN unnest(CAST(:payments AS text[]), CAST(:codes AS text[]), CAST(:states AS text[])) AS d(payment, code, state)
            ON d.payment = r.payment_outcome AND d.code = r.code_outcome)
    INSERT INTO result_row (file_id, row, reference, number_index, amount, code, settled_on, state, problem)
    SELECT file_id, row, reference, number_index, amount, code, settled_on, state,
           CASE WHEN state = 'quarantined' AND problem = '' THEN 'against_final' ELSE problem END
      FROM decided"""


async def _decide(session: WriteSession, file_id: UUID, batch_id: UUID) -> None:
    await session.execute(
        text(_DECIDE),
        {
            "file": file_id, "batch": batch_id, "payments": [payment.value for payment, _ in DECISIONS],
            "codes": [code.value for _, code in DECISIONS], "states": [state.value for state in DECISIONS.values()],
        },
    )  # fmt: skip
    await session.execute(text("DELETE FROM result_staging WHERE file_id = :file"), {"file": file_id})


# --- effect ---------------------------------------------------------------------------------------------------------

_EFFECTIVE: Final = """
      FROM result_row r JOIN payment p ON p.reference = r.reference AND p.batch_id = :batch JOIN bank_code c ON c.code = r.code
     WHERE r.file_id = :file"""

_MONTHS: Final = """
    SELECT a.month, a.programme, a.person_id, {reason}, :name || '/' || r.row
      FROM result_row r JOIN payment p ON p.reference = r.reference AND p.batch_id = :batch JOIN bank_code c ON c.code = r.code
      JOIN payment_month a ON a.payment_id = p.id AND a.batch_id = :batch
     WHERE r.file_id = :file AND r.state = '{state}' AND p.outcome {standing}"""

_OPEN: Final = "IN ('in_payment', 'unknown')"


async def take_effect(session: WriteSession, batch: Row[Any], file_id: UUID, by: str, at: datetime) -> None:
    """Heads and entries first, while the payments still say where they stood; then the payments themselves."""
    months = await batches.months_of(session, batch.id)
    params = {"file": file_id, "batch": batch.id, "name": f"result/{file_id}", "months": months}
    named = {"file": file_id, "batch": batch.id}

    async def step(action: Action, reason: str, state: str, standing: str) -> None:
        select = _MONTHS.format(reason=reason, state=state, standing=standing)
        await move(session, action, select, params, at=at, author=by, cause=batch.code, extra_guard=batches.IN_MONTHS)

    await step(Action.CREDIT, "''", "applied", _OPEN)
    await step(Action.REJECT, "c.reason", "rejected", _OPEN)
    # The payment row stays, and so does the entry that says paid: this one reverses it.
    await step(Action.LATE_RETURN, "'bank_return'", "rejected", "= 'credited'")
    await outbox.append_from(
        session,
        PaymentReturned,
        f"""SELECT p.id, 1, json_build_object(
                       'batch_id', p.batch_id, 'person_id', p.person_id, 'programme', p.programme,
                       'months', (SELECT json_agg(a.month ORDER BY a.month) FROM payment_month a WHERE a.payment_id = p.id),
                       'amount', p.amount, 'reason', CASE WHEN p.outcome = 'credited' THEN 'bank_return' ELSE c.reason END,
                       'after_credit', p.outcome = 'credited')
            {_EFFECTIVE} AND r.state = 'rejected' ORDER BY p.seq""",
        named,
        at=at,
    )
    await session.execute(
        text(f"""UPDATE payment_month SET live = false
                  WHERE payment_id IN (SELECT p.id {_EFFECTIVE} AND r.state = 'rejected')"""),
        named,
    )
    await post(
        session,
        """SELECT CASE outcome WHEN 'credited' THEN 'credit' WHEN 'returned' THEN 'late_return' ELSE 'rejection' END, day,
                  CAST(:code AS text), programme, CASE WHEN outcome <> 'credited' THEN id END, sum(amount)::bigint, CAST(:name AS text)
             FROM changed GROUP BY 1, 2, 4, 5""",
        {**named, "code": batch.code, "name": params["name"]},
        at=at,
        by=by,
        before=f"""
            WITH changed AS (UPDATE payment AS paid SET
                   outcome = n.outcome, code = n.code, reason = n.reason, settled_on = n.settled_on,
                   withdrawn_on = coalesce(paid.withdrawn_on, n.withdrawn_on)
              FROM (SELECT p.id, c.code, r.settled_on AS day,
                           CASE WHEN r.state = 'applied' THEN 'credited' WHEN p.outcome = 'credited' THEN 'returned'
                                ELSE 'rejected' END AS outcome,
                           CASE WHEN r.state = 'applied' THEN '' WHEN p.outcome = 'credited' THEN 'bank_return'
                                ELSE c.reason END AS reason,
                           CASE WHEN r.state = 'applied' THEN r.settled_on ELSE p.settled_on END AS settled_on,
                           CASE WHEN c.withdrawn THEN r.settled_on END AS withdrawn_on
                    {_EFFECTIVE} AND r.state IN ('applied', 'rejected')) AS n
             WHERE paid.id = n.id RETURNING paid.id, paid.outcome, paid.programme, paid.amount, n.day)""",
    )
    # Credited and drawn are two facts: a credited payment may turn out to be drawn without any other change (O7).
    await session.execute(
        text(f"""UPDATE payment AS drawn SET withdrawn_on = n.day
                   FROM (SELECT p.id, min(r.settled_on) AS day {_EFFECTIVE} AND r.state = 'unchanged' AND c.withdrawn
                            AND p.outcome = 'credited' AND p.withdrawn_on IS NULL GROUP BY p.id) AS n
                  WHERE drawn.id = n.id"""),
        named,
    )


async def _record(
    session: WriteSession, batch: Row[Any], file_id: UUID, source: ResultSource, *, name: str, caller: Caller, at: datetime
) -> Answer:
    rows = (
        await session.execute(
            text("SELECT state, count(*) AS n, sum(amount)::bigint AS sum FROM result_row WHERE file_id = :file GROUP BY state"),
            {"file": file_id},
        )
    ).all()
    by_state = {row.state: int(row.n) for row in rows}
    rejected = by_state.get("rejected", 0)
    answer = Answer(
        file_id, batch.code, source.part, source.parts,
        by_state.get("applied", 0) + rejected, rejected, by_state.get("quarantined", 0), by_state.get("unchanged", 0),
    )  # fmt: skip
    await session.execute(
        text("""INSERT INTO result_file (id, sha256, name, batch_id, part, parts, count, sum, received_at, received_by,
                                         applied, rejected, quarantined, unchanged)
                VALUES (:id, :sha256, :name, :batch, :part, :parts, :count, :sum, :at, :by,
                        :applied, :rejected, :quarantined, :unchanged)"""),
        {
            "id": file_id, "sha256": source.sha256, "name": name[:200], "batch": batch.id, "part": answer.part, "parts": answer.parts,
            "count": sum(by_state.values()), "sum": sum(int(row.sum) for row in rows), "at": at, "by": caller.person,
            "applied": answer.applied, "rejected": answer.rejected, "quarantined": answer.quarantined, "unchanged": answer.unchanged,
        },
    )  # fmt: skip
    return answer


async def _all_parts_in(session: WriteSession, batch_id: UUID) -> bool:
    """Every part of some number of parts has come, in whatever order."""
    return bool(
        await session.scalar(
            text("""SELECT EXISTS (SELECT FROM result_file WHERE batch_id = :batch
                     GROUP BY parts HAVING count(DISTINCT part) = parts)"""),
            {"batch": batch_id},
        )
    )
