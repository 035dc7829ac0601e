"""Lists to the bank and its answers (invariants 5, 6, 8, 10)."""

from __future__ import annotations

import csv
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from ritme.verify.agreed import SENT, SIGNED
from ritme.verify.inquiries import asked_before_changed
from ritme.verify.looking import counted, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot, Sources

_MODULUS: Final = 10**10


def files_as_approved(look: Sources, line: Invariant) -> None:
    """Count, sum and entry hash of every bank file: as recorded, as on the list, as counted again from its bytes."""
    ledger = look["disbursement"]
    counted(line, ledger, "bank_file")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ': file', f.count, f.sum, 'list', l.count, l.sum, 'approved', b.payments, b.sum)
             FROM batch b LEFT JOIN bank_file f ON f.batch_id = b.id AND f.id = b.file_id
             LEFT JOIN (SELECT batch_id, count(*) AS count, sum(amount) AS sum FROM payment WHERE outcome <> 'withdrawn'
                         GROUP BY batch_id) AS l ON l.batch_id = b.id
            WHERE b.state = ANY(%(sent)s) AND ((f.count, f.sum) IS DISTINCT FROM (l.count, l.sum)
                                            OR (f.count, f.sum) IS DISTINCT FROM (b.payments, b.sum))""",
        {"sent": list(SENT)},
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ':', count(*), 'files') FROM bank_file f JOIN batch b ON b.id = f.batch_id
            GROUP BY b.id, b.code, b.state HAVING count(*) > 1 OR NOT b.state = ANY(%(sent)s)""",
        {"sent": list(SENT)},
    )
    if look.files is None:
        line.note("the data folder is not at hand: the files' bytes were not read again")
        return
    folder = look.files / "bank" / "out"
    # A released file is in its place once it was handed over; the bank may take it away once it said that it has it.
    for name, count, total, entries, digest, handed_over, received, first_form in ledger.rows(
        """SELECT f.name, f.count, f.sum, f.entry_hash, f.sha256, h.file_id IS NOT NULL, r.file_id IS NOT NULL,
                  coalesce(m.channel = 'column_file' AND m.template_id IS NULL, true)
             FROM bank_file f LEFT JOIN bank_handover h ON h.file_id = f.id LEFT JOIN bank_receipt r ON r.file_id = f.id
             LEFT JOIN bank_file_form m ON m.file_id = f.id ORDER BY f.name"""
    ):
        if not handed_over or (received and not (folder / name).exists()):
            continue
        _one_file(line, folder / name, (count, total, entries), digest, readable=first_form)
    _nothing_else(line, folder, {name for (name,) in ledger.rows("SELECT name FROM bank_file")})


def _nothing_else(line: Invariant, folder: Path, released: set[str]) -> None:
    """What lies in the bank's folder was released (a file that is being written has a name with a dot before it)."""
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        if not path.name.startswith(".") and path.name.removesuffix(".sha256") not in released:
            line.add(f"{path.name}: lies in the folder for the bank, and was never released")


def _one_file(line: Invariant, path: Path, recorded: tuple[int, int, int], digest: str, *, readable: bool) -> None:
    """``readable``: in the first template, whose rows are counted here; of every other form the bytes are compared alone."""
    if not path.exists():
        line.add(f"{path.name}: the file is not there")
        return
    with path.open("rb") as raw:
        if file_digest(raw, "sha256").hexdigest() != digest:
            line.add(f"{path.name}: other bytes than those that were released")
    beside = path.with_name(f"{path.name}.sha256")
    if beside.exists() and beside.read_text().split()[:1] != [digest]:
        line.add(f"{beside.name}: another checksum than that of the release")
    if not readable:
        return
    count = total = entries = 0
    with path.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text, delimiter=";")
        head, _titles = next(rows), next(rows)
        for row in rows:
            count, total, entries = count + 1, total + int(row[4]), entries + int(row[2][-10:])
    found = (count, total, entries % _MODULUS)
    if found != recorded or tuple(int(value) for value in head[1:4]) != recorded:
        line.add(f"{path.name}: its rows are {found}, its first row {head[1:4]}, recorded {recorded}")


def everything_answered(look: Sources, line: Invariant) -> None:
    """Of each sent batch: credited + rejected + returned + still open = sent; each result file's rows add up to what it said."""
    ledger = look["disbursement"]
    counted(line, ledger, "batch", "state IN ('released', 'results_in', 'closed')")
    counted(line, ledger, "result_file")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ': sent', f.count, f.sum, 'answered and open', p.count, p.sum)
             FROM batch b JOIN bank_file f ON f.batch_id = b.id
             LEFT JOIN (SELECT batch_id, count(*) AS count, sum(amount) AS sum FROM payment
                         WHERE outcome IN ('credited', 'rejected', 'returned', 'unknown', 'in_payment') GROUP BY batch_id) AS p
               ON p.batch_id = b.id
            WHERE b.state = ANY(%(sent)s) AND (p.count, p.sum) IS DISTINCT FROM (f.count, f.sum)""",
        {"sent": list(SENT)},
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'result file', f.id || ':', f.count, f.sum, 'announced,', r.count, r.sum, 'rows; applied', f.applied,
                            'rejected', f.rejected, 'quarantined', f.quarantined, 'unchanged', f.unchanged)
             FROM result_file f LEFT JOIN (
                  SELECT file_id, count(*) AS count, sum(amount) AS sum, count(*) FILTER (WHERE state IN ('applied',
                      'rejected')) AS applied,
                         count(*) FILTER (WHERE state = 'rejected') AS rejected,
                         count(*) FILTER (WHERE state = 'quarantined') AS quarantined,
                         count(*) FILTER (WHERE state = 'unchanged') AS unchanged
                    FROM result_row GROUP BY file_id) AS r ON r.file_id = f.id
            WHERE (f.count, f.sum, f.applied, f.rejected, f.quarantined, f.unchanged)
                  IS DISTINCT FROM (coalesce(r.count, 0), coalesce(r.sum, 0), coalesce(r.applied, 0), coalesce(r.rejected, 0),
                                    coalesce(r.quarantined, 0), coalesce(r.unchanged, 0))""",
    )


def signed_lists(look: Sources, line: Invariant) -> None:
    """Valid signatures are for the hash that the list has now, counted again from its lines; nothing odd on it went without a word."""
    ledger = look["disbursement"]
    batches = ledger.rows(
        """SELECT id, code, month, kind || CASE financing WHEN 'sp2d' THEN '' ELSE '+' || financing END, state, list_hash, approvers
             FROM batch ORDER BY code"""
    )
    for batch_id, code, month, kind, state, list_hash, approvers in batches:
        line.checked += 1
        if state not in SIGNED:
            every(
                line,
                ledger,
                """SELECT concat_ws(' ', 'batch', %(code)s::text || ':', state_now, 'with a valid signature by', person)
                     FROM batch_signature, (SELECT %(state)s::text AS state_now) AS s
                    WHERE batch_id = %(id)s AND NOT void AND list_hash <> ''""",
                {"id": batch_id, "code": code, "state": state},
            )
            continue
        now = _hash_of_list(ledger, batch_id, month, kind)
        if now != list_hash:
            line.add(f"batch {code}: {state} for {list_hash}, its lines give {now}")
        signed = ledger.rows(
            "SELECT step, list_hash FROM batch_signature WHERE batch_id = %(id)s AND NOT void AND step <> 'remove' ORDER BY id",
            {"id": batch_id},
        )
        if sorted(step for step, _ in signed) not in _expected(state, approvers) or {one for _, one in signed} != {list_hash}:
            line.add(f"batch {code}: {state} with signatures {sorted(step for step, _ in signed)} for {sorted({h for _, h in signed})}")

    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ':', b.state, 'without a word about', a.code, a.subject)
             FROM batch b JOIN batch_anomaly a ON a.batch_id = b.id AND a.list_hash = b.list_hash AND a.blocks
            WHERE b.state NOT IN ('draft', 'submitted', 'checked', 'withdrawn')
              AND NOT EXISTS (SELECT FROM batch_anomaly_word w WHERE w.batch_id = a.batch_id AND w.finding_id = a.finding_id)""",
    )


def _expected(state: str, approvers: int) -> list[list[str]]:
    """While the second approver is missing, the list is checked and bears one approval already."""
    needed = sorted([*SIGNED[state], *(["approve"] * (approvers - 1) if "approve" in SIGNED[state] else [])])
    return [needed, sorted([*needed, "approve"])] if state == "checked" and approvers > 1 else [needed]


def _hash_of_list(ledger: Snapshot, batch_id: object, month: str, kind: str) -> str:
    params: dict[str, Any] = {"id": batch_id}
    on_it = "FROM payment_month a JOIN payment p ON p.id = a.payment_id WHERE a.batch_id = %(id)s AND p.outcome <> 'withdrawn'"
    count, total = ledger.row(f"SELECT count(*), coalesce(sum(a.amount), 0) {on_it}", params)
    digest = sha256(f"{batch_id}\t{month}\t{kind}\t{count}\t{total}\n".encode())
    lines = f"SELECT a.person_id, a.programme, a.month, a.amount, a.account_ref {on_it} ORDER BY a.person_id, a.programme, a.month"
    for block in ledger.lines(lines, params):
        digest.update(block)
    return digest.hexdigest()


def answers_apply_once(look: Sources, line: Invariant) -> None:
    """One effect per payment and outcome; only rows with amount and account as sent have one; no file is taken twice."""
    ledger = look["disbursement"]
    counted(line, ledger, "result_row")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', r.reference || ':', r.state, count(*), 'times') FROM result_row r
            WHERE r.state IN ('applied', 'rejected') GROUP BY r.reference, r.state HAVING count(*) > 1""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', r.reference || ':', r.state, 'by row', r.row, 'of', r.file_id, 'with', r.amount, 'of',
                            coalesce(p.amount::text, 'an unknown payment'),
                                CASE WHEN p.number_index <> r.number_index THEN 'to another account' END)
             FROM result_row r JOIN result_file f ON f.id = r.file_id
             LEFT JOIN payment p ON p.reference = r.reference AND p.batch_id = f.batch_id
             LEFT JOIN bank_code c ON c.code = r.code
            WHERE r.state IN ('applied', 'rejected')
              AND (p.id IS NULL OR p.amount <> r.amount OR p.number_index <> r.number_index
                   OR c.outcome IS DISTINCT FROM CASE r.state WHEN 'applied' THEN 'credited' ELSE 'rejected' END)""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'quarantined row', row, 'of', file_id, 'without a reason') FROM result_row
            WHERE (state = 'quarantined') <> (problem <> '')""",
    )
    every(
        line,
        ledger,
        "SELECT concat_ws(' ', 'bytes', sha256, 'were taken', count(*), 'times') FROM result_file GROUP BY sha256 HAVING count(*) > 1",
    )
    asked_before_changed(look, line)
