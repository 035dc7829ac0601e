"""pain.001.001.09: a batch as one payment instruction, the same bytes for the same batch.

``MsgId``, ``PmtInfId`` and ``EndToEndId`` come from the batch's code and the payment's reference, so a bank that is sent the file
twice knows it (``DUPL``), and every answer names its payment. IDR has two decimals in ISO 4217; rupiah are whole here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import escape

from services.disbursement.channels.iso20022.xml import NAMESPACE, XmlUnreadable, local_name, records, value
from services.disbursement.channels.port import BatchHead, FileDiffers, FileTotals, LineNotWritable, TransferLine
from services.disbursement.domain.batch import ENTRY_HASH_MODULUS
from services.disbursement.domain.characters import SWIFT_X, CharacterRule, NotWritable
from shared.kernel.clock import JAKARTA

MESSAGE: Final = "pain.001.001.09"
_NAMES: Final = CharacterRule("ascii", SWIFT_X)
_NAME_MAX: Final = 140
_ACCOUNT_MAX: Final = 34
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


class PaymentMessage:
    """``payer``: ``debtor_name``, ``debtor_account`` and ``debtor_bank`` (BIC, or the clearing code) of the paying account."""

    media_type = "application/xml"

    def __init__(self, payer: Mapping[str, Any]) -> None:
        self._payer = payer

    def file_name(self, batch_code: str) -> str:
        return f"{batch_code}.xml"

    async def write(self, file: BinaryIO, head: BatchHead, lines: AsyncIterator[Sequence[TransferLine]]) -> FileTotals:
        file.write(self._head(head).encode())
        count = total = entries = 0
        async for block in lines:
            file.write(await asyncio.to_thread(_block, block))
            count += len(block)
            total += sum(line.amount for line in block)
            entries += sum(int(line.account_number[-10:]) for line in block)
        file.write(b"</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n")
        return FileTotals(count, total, entries % ENTRY_HASH_MODULUS)

    def check(self, line: TransferLine) -> None:
        _transfer(line)

    def _head(self, head: BatchHead) -> str:
        at = head.at.astimezone(JAKARTA).replace(microsecond=0)
        name = _written(str(self._payer["debtor_name"]), "debtor_name")
        totals = f"<NbOfTxs>{head.count}</NbOfTxs><CtrlSum>{head.sum}</CtrlSum>"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="{NAMESPACE}{MESSAGE}">\n<CstmrCdtTrfInitn>\n'
            f"<GrpHdr><MsgId>{message_id(head.code)}</MsgId><CreDtTm>{at.isoformat()}</CreDtTm>{totals}"
            f"<InitgPty><Nm>{name}</Nm></InitgPty></GrpHdr>\n"
            f"<PmtInf><PmtInfId>{head.code}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>false</BtchBookg>{totals}"
            # GOVT and SSBE are codes of ISO's external code sets: a government payment, a social security benefit.
            "<PmtTpInf><CtgyPurp><Cd>GOVT</Cd></CtgyPurp></PmtTpInf>"
            f"<ReqdExctnDt><Dt>{at.date().isoformat()}</Dt></ReqdExctnDt><Dbtr><Nm>{name}</Nm></Dbtr>"
            f"<DbtrAcct>{_account(str(self._payer['debtor_account']))}<Ccy>IDR</Ccy></DbtrAcct>"
            f"<DbtrAgt>{_bank(str(self._payer['debtor_bank']))}</DbtrAgt><ChrgBr>DEBT</ChrgBr>\n"
        )

    def read_back(self, file: BinaryIO) -> FileTotals:
        count = total = entries = 0
        announced: list[tuple[str, str]] = []
        try:
            for record in records(file, MESSAGE, "NbOfTxs", "CtrlSum", "CdtTrfTxInf"):
                name = local_name(record)
                if name != "CdtTrfTxInf":
                    announced.append((name, (record.text or "").strip()))
                    continue
                count += 1
                total += int(value(record, "Amt", "InstdAmt"))
                account = value(record, "CdtrAcct", "Id", "Othr", "Id") or value(record, "CdtrAcct", "Id", "IBAN")
                entries += int(account[-10:])
        except (XmlUnreadable, ValueError) as wrong:
            raise FileDiffers(f"the message cannot be read back: {wrong if isinstance(wrong, XmlUnreadable) else 'ValueError'}") from None
        if announced != [("NbOfTxs", str(count)), ("CtrlSum", str(total))] * 2:
            raise FileDiffers("number and sum in the heads do not fit the lines")
        return FileTotals(count, total, entries % ENTRY_HASH_MODULUS)


def message_id(batch_code: str) -> str:
    """At most 35 characters, the same for the same batch."""
    return f"RITME-{batch_code}"


def batch_of(identification: str) -> str:
    """The batch code in a message id of ours; empty where it is somebody else's."""
    return identification.removeprefix("RITME-") if identification.startswith("RITME-") else ""


def _block(lines: Sequence[TransferLine]) -> bytes:
    return "".join(map(_transfer, lines)).encode()


def _transfer(line: TransferLine) -> str:
    try:
        if len(line.account_number) > _ACCOUNT_MAX:
            raise NotWritable("too-long", "account_number")
        holder = _written(line.holder, "holder")
    except NotWritable as wrong:
        raise LineNotWritable(line.reference, wrong.field, wrong.why) from None
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>{line.reference}</InstrId><EndToEndId>{line.reference}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="IDR">{line.amount}</InstdAmt></Amt>'
        f"<CdtrAgt>{_bank(line.bank_code)}</CdtrAgt><Cdtr><Nm>{holder}</Nm></Cdtr>"
        f"<CdtrAcct><Id><Othr><Id>{escape(line.account_number)}</Id></Othr></Id></CdtrAcct>"
        "<Purp><Cd>SSBE</Cd></Purp></CdtTrfTxInf>\n"
    )


def _written(name: str, field: str) -> str:
    written = _NAMES.write(name.strip(), field)
    if len(written) > _NAME_MAX:
        raise NotWritable("too-long", field)
    return escape(written)


def _account(number: str) -> str:
    if _IBAN.fullmatch(number):
        return f"<Id><IBAN>{number}</IBAN></Id>"
    return f"<Id><Othr><Id>{escape(number)}</Id></Othr></Id>"


def _bank(code: str) -> str:
    if _BIC.fullmatch(code):
        return f"<FinInstnId><BICFI>{code}</BICFI></FinInstnId>"
    return f"<FinInstnId><ClrSysMmbId><MmbId>{escape(code)}</MmbId></ClrSysMmbId></FinInstnId>"
