"""What a bank says of payments: pain.002 (status), camt.054 (movements) and camt.053 (the day's statement), line by line.

A line's code is ``ISO:`` and what the bank said: ``ISO:RJCT:AC04``, ``ISO:ACCP``, ``ISO:DBIT:BOOK`` (the debit of our account is
booked), ``ISO:RTRN:AC04`` (the money came back). What that means is for the signed table of codes to say; a code that is not in it
is never "failed".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, Final

from services.disbursement.channels.iso20022.pain001 import batch_of
from services.disbursement.channels.iso20022.xml import XmlUnreadable, child, children, local_name, message_of, records, value
from shared.kernel.clock import JAKARTA, jakarta_day

WHOLE_FILE: Final = "whole_file"
"""The bank refused the whole file: nobody was paid, and that is said of no single payment."""

_READABLE: Final = ("pain.002.", "camt.053.", "camt.054.")


class TotalsWrong(Exception):
    """The message's own count, sum or balances do not fit its lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """``batch``: the code of the list that it is about. ``amount`` None and ``account`` empty: the bank did not say it again."""

    number: int
    batch: str
    reference: str
    account: str
    amount: int | None
    code: str
    day: date | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """``batch``, ``count`` and ``sum``: of the original message, as a status report names it; empty or None for a statement."""

    message: str
    batch: str = ""
    count: int | None = None
    sum: int | None = None
    accepted: bool = False
    at: datetime | None = None


def read_head(file: BinaryIO) -> Head:
    """Raise XmlUnreadable where this is no message that Ritme reads."""
    message = message_of(file)
    if not message.startswith(_READABLE):
        raise XmlUnreadable(f"a message {message} is not read here; pain.002, camt.053 and camt.054 are")
    if not message.startswith("pain.002."):
        return Head(message)
    created: datetime | None = None
    for record in records(file, message, "GrpHdr", "OrgnlGrpInfAndSts"):
        if local_name(record) == "GrpHdr":
            created = _instant(value(record, "CreDtTm"))
            continue
        count = value(record, "OrgnlNbOfTxs")
        return Head(
            message, batch_of(value(record, "OrgnlMsgId")), int(count) if count.isdigit() else None, rupiah(value(record, "OrgnlCtrlSum")),
            value(record, "GrpSts") not in ("", "RJCT"), created,
        )  # fmt: skip
    raise XmlUnreadable("the report does not say which message it is about")


def read_lines(file: BinaryIO, head: Head) -> Iterator[Line]:
    """Every line, in order. Raise XmlUnreadable or TotalsWrong, perhaps at the end only: then nothing of it holds."""
    return _statuses(file, head) if head.message.startswith("pain.002.") else _movements(file, head)


# --- pain.002 ---------------------------------------------------------------------------------------------------------


def _statuses(file: BinaryIO, head: Head) -> Iterator[Line]:
    created: date | None = None
    number, refused = 0, ""
    for record in records(file, head.message, "GrpHdr", "OrgnlGrpInfAndSts", "TxInfAndSts", "OrgnlPmtInfAndSts"):
        name = local_name(record)
        if name == "GrpHdr":
            created = day_of(value(record, "CreDtTm"))
            continue
        if name != "TxInfAndSts":
            if "RJCT" in (value(record, "GrpSts"), value(record, "PmtInfSts")):
                refused = refused or _reason(record) or "NARR"
            continue
        number += 1
        reference = value(record, "OrgnlEndToEndId") or value(record, "OrgnlInstrId")
        status = value(record, "TxSts")
        original = child(record, "OrgnlTxRef")
        amount, problem = _amount(child(child(original, "Amt"), "InstdAmt"))
        yield Line(
            number, head.batch or _batch_of_reference(reference), reference, _account(child(original, "CdtrAcct")), amount,
            f"ISO:RJCT:{_reason(record)}" if status == "RJCT" else f"ISO:{status}", day_of(value(record, "AccptncDtTm")) or created,
            problem,
        )  # fmt: skip
    if refused and not number:
        yield Line(1, head.batch, "", "", None, f"ISO:RJCT:{refused}", created, WHOLE_FILE)


def _reason(record: Any) -> str:
    """The first reason's code; NARR where it is given in words only, empty where none is given."""
    for information in children(record, "StsRsnInf"):
        reason = child(information, "Rsn")
        return value(reason, "Cd") or value(reason, "Prtry") or "NARR"
    return ""


# --- camt -------------------------------------------------------------------------------------------------------------


@dataclass
class _Report:
    """One statement or notification, its movements added up."""

    count: int = 0
    sum: Decimal = Decimal(0)
    net: Decimal = Decimal(0)


def _movements(file: BinaryIO, head: Head) -> Iterator[Line]:
    number, seen = 0, _Report()
    balances: dict[str, Decimal] = {}
    summary: Any = {}
    for record in records(file, head.message, "Bal", "TxsSummry", "Ntry", "Stmt", "Ntfctn"):
        name = local_name(record)
        if name == "Bal":
            balances[value(record, "Tp", "CdOrPrtry", "Cd")] = signed(record)
        elif name == "TxsSummry":
            total = child(record, "TtlNtries")
            summary = {"count": value(total, "NbOfNtries"), "sum": value(total, "Sum")}
        elif name == "Ntry":
            seen.count += 1
            seen.sum += abs(signed(record))
            seen.net += signed(record) if status_of(record) == "BOOK" else 0
            for line in _entry(record, number):
                number = line.number
                yield line
        else:
            _reconcile(seen, balances, summary)
            seen, balances, summary = _Report(), {}, {}


def _reconcile(seen: _Report, balances: dict[str, Decimal], summary: dict[str, str]) -> None:
    opening = balances.get("OPBD", balances.get("PRCD"))
    if opening is not None and "CLBD" in balances and opening + seen.net != balances["CLBD"]:
        raise TotalsWrong("opening balance and movements do not give the closing balance: a movement is missing")
    if summary.get("count") and summary["count"] != str(seen.count):
        raise TotalsWrong("the summary counts other movements than there are")
    if summary.get("sum") and decimal(summary["sum"]) != seen.sum:
        raise TotalsWrong("the summary's sum is not that of the movements")


def _entry(entry: Any, before: int) -> Iterator[Line]:
    """The transactions of one movement that name a payment of ours; other movements are the statement's business."""
    side, status = value(entry, "CdtDbtInd"), status_of(entry)
    day = day_of(value(entry, "BookgDt", "Dt") or value(entry, "BookgDt", "DtTm") or value(entry, "ValDt", "Dt"))
    details = [tx for detail in children(entry, "NtryDtls") for tx in children(detail, "TxDtls")]
    for tx in details:
        reference = value(tx, "Refs", "EndToEndId")
        batch = _batch_of_reference(reference)
        if not batch:
            continue
        before += 1
        stated = child(tx, "Amt")
        if stated is None:
            stated = child(child(child(tx, "AmtDtls"), "TxAmt"), "Amt")
        if stated is None and len(details) == 1:
            stated = child(entry, "Amt")
        amount, problem = _amount(stated)
        account = _account(child(child(tx, "RltdPties"), "CdtrAcct"))
        yield Line(before, batch, reference, account, amount, _code(entry, tx, side, status), day, problem)


def _code(entry: Any, tx: Any, side: str, status: str) -> str:
    side = value(tx, "CdtDbtInd") or side
    if value(entry, "RvslInd").lower() in ("true", "1"):
        return f"ISO:RVSL:{side}"
    returned = child(tx, "RtrInf")
    if side == "CRDT" and returned is not None and status == "BOOK":
        return f"ISO:RTRN:{value(returned, 'Rsn', 'Cd') or value(returned, 'Rsn', 'Prtry') or 'NARR'}"
    return f"ISO:{side}:{status}"


def status_of(entry: Any) -> str:
    return value(entry, "Sts", "Cd") or value(entry, "Sts", "Prtry") or value(entry, "Sts")


def signed(record: Any) -> Decimal:
    amount = decimal(value(record, "Amt"))
    return -amount if value(record, "CdtDbtInd") == "DBIT" else amount


# --- values -----------------------------------------------------------------------------------------------------------


def _batch_of_reference(reference: str) -> str:
    """``2025-09-M01-000001`` is a payment of ``2025-09-M01``; whatever looks otherwise is not ours."""
    batch, _, sequence = reference.rpartition("-")
    return batch if len(sequence) >= 6 and sequence.isdigit() and batch[4:5] == "-" and batch[:4].isdigit() else ""


def _account(account: Any) -> str:
    number = value(account, "Id", "Othr", "Id") or value(account, "Id", "IBAN")
    return number.replace(" ", "")


def _amount(stated: Any) -> tuple[int | None, str]:
    """Whole rupiah; anything else is a row that cannot be read."""
    if stated is None:
        return None, ""
    amount = rupiah((stated.text or "").strip())
    if stated.get("Ccy", "IDR") != "IDR":
        return 0, "unreadable:nominal:currency"
    return (0, "unreadable:nominal:rupiah") if amount is None else (amount, "")


def rupiah(text: str) -> int | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and amount == amount.to_integral_value() and 0 <= amount < 10**18 else None


def decimal(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise XmlUnreadable("an amount is not a number") from None
    if not amount.is_finite():
        raise XmlUnreadable("an amount is not a number")
    return amount


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=JAKARTA)  # a bank in Jakarta, by its own clock


def day_of(text: str) -> date | None:
    found = _instant(text)
    return jakarta_day(found) if found is not None and "T" in text else found.date() if found is not None else None
