"""camt.053 as a statement of the holding account: its head, and its booked movements as lines, one for each payment that it names.

There is no schema of camt.053 with Ritme (NOTICE.md): elements are read by their names, and the message must prove itself by its own
balances and summary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.disbursement.channels.iso20022.answers import TotalsWrong, day_of, decimal, rupiah, signed, status_of
from services.disbursement.channels.iso20022.pain001 import batch_of
from services.disbursement.channels.iso20022.xml import XmlUnreadable, child, children, local_name, message_of, records, value
from shared.tabular.columns import Problem, Row
from shared.tabular.limits import FileProblem

MESSAGE: Final = "camt.053."
_NONE: Final = ("", "NOTPROVIDED")


@dataclass(frozen=True, slots=True)
class Movement:
    """``amount``: positive in, negative out, as the bank wrote it (a part of a rupiah is for the reader to refuse)."""

    day: date | None
    reference: str
    amount: Decimal
    words: str


@dataclass
class StatementHead:
    """What the message says of itself; of several statements in one, from the first to the last. Balances in whole rupiah."""

    account: str = ""
    foreign: bool = False
    opening: int | None = None
    closing: int | None = None
    statements: int = 0


def is_statement(file: BinaryIO) -> bool:
    """Whether this is a camt.053; leaves the file at its beginning."""
    try:
        return message_of(file).startswith(MESSAGE)
    except XmlUnreadable:
        return False


def movements(file: BinaryIO, head: StatementHead) -> Iterator[Movement]:
    """Every booked movement, in order, in flat memory; ``head`` is complete after the last one.

    Raise XmlUnreadable; TotalsWrong where a movement is missing by the message's own balances or summary, where a statement does
    not go on from the one before it, or where there is more than one account in it.
    """
    balances: dict[str, Decimal] = {}
    account, count, net, summary = "", 0, Decimal(0), ""
    for record in records(file, message_of(file), "Acct", "Bal", "TxsSummry", "Ntry", "Stmt"):
        match local_name(record):
            case "Acct" if local_name(record.getparent()) == "Stmt":
                account = (value(record, "Id", "Othr", "Id") or value(record, "Id", "IBAN")).replace(" ", "")
            case "Bal":
                balances[value(record, "Tp", "CdOrPrtry", "Cd")] = signed(record)
                head.foreign = head.foreign or _currency(record) != "IDR"
            case "TxsSummry":
                summary = value(record, "TtlNtries", "NbOfNtries")
            case "Ntry":
                count += 1
                if status_of(record) == "BOOK":
                    net += signed(record)
                    yield from _movements(record)
            case "Stmt":
                _add(head, account, balances, net)
                if summary and summary != str(count):
                    raise TotalsWrong("the summary counts other movements than there are")
                balances, account, count, net, summary = {}, "", 0, Decimal(0), ""
    if not head.statements:
        raise XmlUnreadable("the message has no statement")


def _add(head: StatementHead, account: str, balances: dict[str, Decimal], net: Decimal) -> None:
    opening, closing = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    if opening is None or closing is None:
        raise TotalsWrong("the statement has no opening or no closing balance")
    if opening + net != closing:
        raise TotalsWrong("opening balance and movements do not give the closing balance: a movement is missing")
    if head.statements and (account != head.account or Decimal(head.closing or 0) != opening):
        raise TotalsWrong("the statements in the message are of several accounts, or do not go on from one another")
    first, last = rupiah(str(opening)), rupiah(str(closing))
    if first is None or last is None:
        raise TotalsWrong("a balance is not a whole number of rupiah, or below nothing")
    if not head.statements:
        head.account, head.opening = account, first
    head.closing = last
    head.statements += 1


def _movements(entry: Any) -> list[Movement]:
    """One movement for each payment that the entry names with an amount, where these come to the entry; else the entry as one."""
    booked = day_of(value(entry, "BookgDt", "Dt") or value(entry, "BookgDt", "DtTm") or value(entry, "ValDt", "Dt"))
    side = -1 if value(entry, "CdtDbtInd") == "DBIT" else 1
    total = signed(entry)
    details = [tx for detail in children(entry, "NtryDtls") for tx in children(detail, "TxDtls")]
    stated = [(tx, amount) for tx in details if (amount := _amount(tx)) is not None]
    if len(details) > 1 and len(stated) == len(details) and side * sum((amount for _, amount in stated), Decimal(0)) == total:
        return [Movement(booked, _reference(tx), side * amount, _words(entry, tx)) for tx, amount in stated]
    only = details[0] if len(details) == 1 else None
    return [Movement(booked, _reference(only) or _batch(entry), total, _words(entry, only))]


def _currency(balance: Any) -> str:
    amount = child(balance, "Amt")
    return "" if amount is None else str(amount.get("Ccy", ""))


def _amount(tx: Any) -> Decimal | None:
    stated = child(tx, "Amt")
    if stated is None:
        stated = child(child(child(tx, "AmtDtls"), "TxAmt"), "Amt")
    return None if stated is None else decimal((stated.text or "").strip())


def _reference(tx: Any) -> str:
    """The payer's own reference, before the one of the instruction."""
    given = (value(tx, "Refs", name) for name in ("EndToEndId", "InstrId"))
    return next((one for one in given if one not in _NONE), "")


def _batch(entry: Any) -> str:
    """The list that a movement as a whole is for: by the file's own names, as they went out in pain.001."""
    for detail in children(entry, "NtryDtls"):
        for where in (child(detail, "Btch"), child(child(detail, "TxDtls"), "Refs")):
            information = value(where, "PmtInfId")
            if information not in _NONE:
                return information
            message = batch_of(value(where, "MsgId"))
            if message:
                return message
    return ""


def _words(entry: Any, tx: Any) -> str:
    spoken = [value(child(tx, "RmtInf"), "Ustrd"), value(tx, "AddtlTxInf"), value(entry, "AddtlNtryInf")]
    return " ".join(one for one in spoken if one)[:200]


# --- as a file that an import reads -------------------------------------------------------------------------------------


class CamtStatement:
    """A camt.053 as rows of the statement's template. The whole message is proved before its first row is given.

    Each row also says under ``rekening``, ``saldo_awal`` and ``saldo_akhir`` what the message's head says, for whoever has the
    signed paper. Raise FileProblem. Blocking: use a thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.head = StatementHead()
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            try:
                for _ in movements(file, self.head):
                    pass
            except XmlUnreadable as wrong:
                raise FileProblem("not-a-table", f"Pesan camt.053 ini tidak dapat dibaca ({wrong}).") from None
            except TotalsWrong as wrong:
                raise FileProblem("totals", f"Pesan camt.053 ini tidak lengkap menurut saldonya sendiri ({wrong}).") from None
        if self.head.foreign:
            raise FileProblem("totals", "Rekening koran ini bukan dalam rupiah.")

    def chunks(self, size: int = 5_000) -> Iterator[list[Row]]:
        with self._path.open("rb") as file:
            rows = (self._row(number, one) for number, one in zip(numbers(1), movements(file, StatementHead()), strict=False))
            while chunk := list(islice(rows, size)):
                yield chunk

    def column_problems(self) -> list[Problem]:
        return []

    def _row(self, number: int, one: Movement) -> Row:
        whole = rupiah(str(abs(one.amount)))
        inward = one.amount > 0
        cells = {
            "tanggal": one.day, "rujukan": one.reference[:60] or None, "masuk": whole if inward else None,
            "keluar": None if inward else whole, "keterangan": one.words or None,
        }  # fmt: skip
        said = {"rekening": self.head.account, "saldo_awal": self.head.opening, "saldo_akhir": self.head.closing}
        row = Row(number, {**cells, **said}, ["" if cell is None else str(cell) for cell in cells.values()])
        if one.day is None:
            row.refuse("tanggal", "missing", "Mutasi ini tidak menyebut hari pembukuan.")
        if whole is None:
            row.refuse("masuk" if inward else "keluar", "rupiah", "Jumlah mutasi ini bukan rupiah bulat.")
        return row
