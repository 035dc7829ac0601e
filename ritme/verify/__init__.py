"""``ritme verify``: the promises of the reliability page, looked at from outside.

SQL of its own on read-only snapshots of all databases; no code of any service, so that a mistake there does not excuse
itself here. What needs two databases is compared by sums of hashes first, and row by row, in sorted streams, where these
differ: memory stays flat however many people there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from ritme.verify import batches, events, money, months, people, stock
from ritme.verify.report import Invariant, Report
from ritme.verify.snapshots import BUS, Sources, open_sources

__all__ = ["Invariant", "Report", "run"]

_B, _D, _M, _A = "beneficiary", "disbursement", "budget_audit", "assistive_devices"


class _Check(NamedTuple):
    number: int
    name: str
    needs: tuple[str, ...]
    look: Callable[[Sources, Invariant], None]


CHECKS: Final = (
    _Check(1, "paid at most what is entitled, once", (_D,), money.paid_at_most_once),
    _Check(2, "one live allocation per person-month; a payment is the sum of its months", (_D,), money.one_live_allocation),
    _Check(3, "one calendar per programme month; a person-month is on one live list", (_D,), money.one_calendar),
    _Check(4, "seal = projection = ledger; nobody without an answer", (_D,), months.sealed_and_complete),
    _Check(5, "bank files are the approved lists, byte for byte", (_D,), batches.files_as_approved),
    _Check(6, "credited + rejected + open = sent", (_D,), batches.everything_answered),
    _Check(7, "maker, checker, approver and releaser are four people", (_D,), people.four_people),
    _Check(8, "signatures are for the list as it is", (_D,), batches.signed_lists),
    _Check(9, "every person-month went by legal steps; a credit is undone only by its return", (_D,), months.legal_chain),
    _Check(10, "each answer of the bank has one effect", (_D,), batches.answers_apply_once),
    _Check(11, "no payment without an outcome has a successor", (_D,), money.unknown_has_no_successor),
    _Check(12, "debits = credits; whole rupiah; entries cannot be changed", (), money.books_balance),
    _Check(13, "reserved + realised - returned within the ceiling", (_M,), money.within_the_ceiling),
    _Check(14, "SP2D = credited + returned + held, or a mismatch says so", (_M,), money.money_is_somewhere),
    _Check(15, "every device has one holder; received = on hand + issued + scrapped", (_A,), stock.every_unit_is_somewhere),
    _Check(16, "every version of an aggregate has one outbox row", (), events.every_version_once),
    _Check(17, "the bus carries what was published, and nothing else", (BUS,), events.carried_whole),
    _Check(18, "every event has one effect or is parked", (), events.heard_once),
    _Check(19, "applied versions have no gaps", (_D,), events.in_order),
    _Check(20, "projections are what their owners have", (_B, _D), events.understood_the_same),
    _Check(22, "rows with a person's area are fenced by area", (), people.fenced_by_area),
    _Check(24, "the audit chain is whole", (), people.audit_chain),
)


def run(addresses: Mapping[str, str], files: Path | None, only: Collection[int] = ()) -> Report:
    """Look at every invariant that applies, or at these numbers.

    ``addresses``: SQLAlchemy or libpq URLs of the verify role by service name, and ``bus`` (any role that reads it) where
    the bus is embedded. ``files``: the data folder of the instance, for the bytes of bank files; None where it is not at
    hand. Raise psycopg.Error where a database cannot be read.
    """
    started = time.monotonic()
    invariants, left_out = [], []
    with open_sources(addresses, files) as look:
        for check in CHECKS:
            if only and check.number not in only:
                continue
            missing = [name for name in check.needs if name not in look]
            if missing:
                left_out.append(f"{check.number} {check.name}: needs {', '.join(missing)}")
                continue
            line = Invariant(check.number, check.name)
            check.look(look, line)
            invariants.append(line)
        left_out += look.waiting
        return Report(invariants, look.quiesced, round(time.monotonic() - started, 2), left_out)
