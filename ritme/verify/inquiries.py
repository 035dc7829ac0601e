"""Payments that were changed by asking the bank, and the inquiries that say so."""

from __future__ import annotations

from ritme.verify.looking import counted, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Sources


def asked_before_changed(look: Sources, line: Invariant) -> None:
    """Each row of a result that came by asking has its one inquiry, with that code and day; each inquiry that claims one has it."""
    ledger = look["disbursement"]
    counted(line, ledger, "inquiry")
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'payment', coalesce(r.reference, p.reference, i.payment_id::text) || ':',
                            CASE WHEN i.id IS NULL THEN 'changed by asking, without an inquiry'
                                 WHEN r.file_id IS NULL THEN 'an inquiry that claims to have changed it'
                                 ELSE 'its inquiry says something else' END)
             FROM (SELECT r.* FROM result_row r JOIN result_file f ON f.id = r.file_id WHERE f.received_by = 'bank_inquiry') AS r
             FULL JOIN (SELECT i.*, p.reference FROM inquiry i JOIN payment p ON p.id = i.payment_id
                         WHERE i.result_file_id IS NOT NULL) AS i ON i.result_file_id = r.file_id AND i.reference = r.reference
             LEFT JOIN payment p ON p.id = i.payment_id
            WHERE i.id IS NULL OR r.file_id IS NULL OR i.table_code <> r.code OR i.settled_on IS DISTINCT FROM r.settled_on
               OR i.meaning <> CASE r.state WHEN 'applied' THEN 'credited' ELSE 'rejected' END""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'inquiry', id || ':', meaning, 'cannot change a payment') FROM inquiry
            WHERE result_file_id IS NOT NULL AND meaning NOT IN ('credited', 'rejected')""",
    )
