"""pain.001.001.09: by ISO's own schema, the same bytes each time, read back from them."""

from __future__ import annotations

import io
import resource
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from services.disbursement.channels.port import BatchHead, FileDiffers, FileTotals, LineNotWritable, TransferLine, write_and_prove

pytest.importorskip("lxml.etree", reason="lxml is not installed")

from services.disbursement.channels.iso20022.pain001 import PaymentMessage
from services.disbursement.channels.iso20022.xml import records

PAYER = {"debtor_name": "Dinas Sosial", "debtor_account": "1234567890", "debtor_bank": "BDKIIDJA"}
AT = datetime(2025, 9, 18, 3, 30, 1, 999, tzinfo=UTC)
LINES = [
    TransferLine("2025-09-M01-000001", "111", "0012345678", "SITI <AMINAH>", 300_000),
    TransferLine("2025-09-M01-000002", "BDKIIDJA", "98765432101234", 'O"NEIL & ANAK', 900_000),
]


async def blocks(lines: Sequence[TransferLine], size: int = 2) -> AsyncIterator[Sequence[TransferLine]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


async def written(lines: Sequence[TransferLine] = LINES, *, count: int = 2, total: int = 1_200_000, size: int = 2) -> bytes:
    with tempfile.TemporaryFile() as file:
        await write_and_prove(PaymentMessage(PAYER), file, BatchHead("2025-09-M01", count, total, AT), blocks(lines, size))
        file.seek(0)
        return file.read()


async def test_the_message_is_what_was_approved() -> None:
    content = await written()
    assert content == await written(size=1)
    assert PaymentMessage(PAYER).read_back(io.BytesIO(content)) == FileTotals(2, 1_200_000, 12_345_678 + 5_432_101_234)
    for part in (
        b"<MsgId>RITME-2025-09-M01</MsgId><CreDtTm>2025-09-18T10:30:01+07:00</CreDtTm>",
        b"<PmtInfId>2025-09-M01</PmtInfId>", b"<EndToEndId>2025-09-M01-000001</EndToEndId>", b'<InstdAmt Ccy="IDR">300000</InstdAmt>',
        b"<ReqdExctnDt><Dt>2025-09-18</Dt></ReqdExctnDt>", b"<Nm>SITI .AMINAH.</Nm>", b"<Nm>O.NEIL + ANAK</Nm>",
        b"<MmbId>111</MmbId>", b"<BICFI>BDKIIDJA</BICFI>", b"<Purp><Cd>SSBE</Cd></Purp>",
    ):  # fmt: skip
        assert part in content, part


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"<NbOfTxs>2<", b"<NbOfTxs>3<"), (b">300000<", b">300001<"), (b"0012345678", b"001234567X"), (b"<PmtMtd>TRF", b"<PmtMtd>XXX"),
        (b"</Document>", b""), (b"<Purp>", b"<Tujuan/><Purp>"),
    ],
)  # fmt: skip
async def test_bytes_that_say_something_else_are_noticed(was: bytes, now: bytes) -> None:
    content = await written()
    assert was in content
    with pytest.raises(FileDiffers) as differs:
        PaymentMessage(PAYER).read_back(io.BytesIO(content.replace(was, now, 1)))
    assert "AMINAH" not in str(differs.value)


async def test_the_heads_must_fit_the_lines() -> None:
    with pytest.raises(FileDiffers):
        await written(total=1_200_001)


async def test_what_has_no_place_in_it() -> None:
    with pytest.raises(LineNotWritable) as wrong:
        await written([TransferLine("2025-09-M01-000001", "111", "1" * 35, "A", 1)], count=1, total=1)
    assert (wrong.value.reference, wrong.value.field, wrong.value.why) == ("2025-09-M01-000001", "account_number", "too-long")


async def test_memory_does_not_grow_with_the_lines() -> None:
    def many(count: int) -> list[TransferLine]:
        return [TransferLine(f"2025-09-M01-{n:06d}", "111", f"{n:010d}", "SITI AMINAH", 300_000) for n in range(count)]

    async def one_by_one(count: int) -> AsyncIterator[Sequence[TransferLine]]:
        for start in range(0, count, 5_000):
            yield many(5_000) if start == 0 else [*many(5_000)]

    async def prove(count: int) -> int:
        with tempfile.TemporaryFile() as file:
            head = BatchHead("2025-09-M01", count, count * 300_000, AT)
            await write_and_prove(PaymentMessage(PAYER), file, head, one_by_one(count))
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    small, large = await prove(10_000), await prove(60_000)
    assert large - small < 20_000  # kB; 50,000 more lines are 18 MB of XML, and many times that as a tree


def test_a_message_of_another_kind_is_not_read_as_one() -> None:
    with pytest.raises(Exception, match="breaks off"):
        list(records(io.BytesIO(b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'/>"), "camt.054.001.08", "Ntry"))
