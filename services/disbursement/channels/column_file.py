"""A file of columns by a bank's template (``domain/column_template.py``), out; and the results that come back in columns.

Nothing in a file depends on when it was written, so the same batch gives the same bytes.
"""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, BinaryIO, Final

from services.disbursement.channels.port import BatchHead, FileDiffers, FileTotals, LineNotWritable, TransferLine
from services.disbursement.domain.batch import ENTRY_HASH_MODULUS
from services.disbursement.domain.characters import NotWritable
from services.disbursement.domain.column_template import FIRST, Cell, ColumnTemplate, padded
from shared.tabular.columns import Column, Template, account_number, day, rupiah, text, whole_number

RESULTS: Final = Template(
    name="results",
    title="Hasil penyaluran dari bank",
    preamble=(
        Column("kode_batch", text(40), help="Kode batch, seperti pada berkas yang dikirim", example="2025-09-M01"),
        Column("bagian", whole_number, help="Bagian ke berapa", example="1"),
        Column("jumlah_bagian", whole_number, help="Dari berapa bagian", example="1"),
        Column("jumlah", whole_number, help="Jumlah baris berkas ini", example="804"),
        Column("nilai", rupiah, help="Jumlah nominal berkas ini", example="243000000"),
    ),
    columns=(
        Column("rujukan", text(40), help="Rujukan pembayaran, seperti pada berkas yang dikirim", example="2025-09-M01-000001"),
        Column("nomor_rekening", account_number, help="Nomor rekening yang dikredit", example="1234567890"),
        Column("nominal", rupiah, help="Rupiah", example="300000"),
        Column("kode", text(60), help="Kode atau kata status dari bank", example="00"),
        Column("tanggal", day, help="Hari transaksi", example="2025-09-25"),
    ),
)
"""What comes back: each row on its own (CORE.md sections 5 and 8)."""

_TEXTS: Final = ("holder", "reference")


class ColumnFile:
    """One template's files. Raise ValueError where the template has no place for what the totals are made of."""

    def __init__(self, template: ColumnTemplate = FIRST) -> None:
        self._template = template
        named = [cell.field for cell in template.columns]
        self._account, self._amount = named.index("account_number"), named.index("amount")
        rule = template.characters
        self._as_it_is = template.form == "delimited" and rule.plain and not any(c.length or not c.field for c in template.columns)

    @property
    def media_type(self) -> str:
        kind = "text/csv" if self._template.suffix == "csv" else "text/plain"
        return f"{kind}; charset={self._template.characters.encoding}"

    def file_name(self, batch_code: str) -> str:
        return f"{batch_code}.{self._template.suffix}"

    # --- out ----------------------------------------------------------------------------------------------------------

    async def write(self, file: BinaryIO, head: BatchHead, lines: AsyncIterator[Sequence[TransferLine]]) -> FileTotals:
        template, begin = self._template, file.tell()
        if template.first:
            file.write(self._totals_row(template.first, head.code, FileTotals(0, 0, 0)))
        if template.titles:
            file.write(self._encoded([self._row([padded(cell, cell.title) for cell in template.columns])]))
        count = total = entries = 0
        async for block in lines:
            file.write(await asyncio.to_thread(self._block, block, count))
            count += len(block)
            total += sum(line.amount for line in block)
            entries += sum(int(line.account_number[-10:]) for line in block)
        totals = FileTotals(count, total, entries % ENTRY_HASH_MODULUS)
        if template.last:
            file.write(self._totals_row(template.last, head.code, totals))
        if template.first:  # the totals are known now; their columns are as wide as before
            file.seek(begin)
            file.write(self._totals_row(template.first, head.code, totals))
        return totals

    def check(self, line: TransferLine) -> None:
        self._cells(line, 1)

    def _block(self, lines: Sequence[TransferLine], before: int) -> bytes:
        if self._as_it_is:
            getters = [_GETTERS[cell.field] for cell in self._template.columns]
            rows = [[get(line, before + nth) for get in getters] for nth, line in enumerate(lines, start=1)]
            return self._encoded_rows(rows)
        return self._encoded_rows([self._cells(line, before + nth) for nth, line in enumerate(lines, start=1)])

    def _cells(self, line: TransferLine, sequence: int) -> list[str]:
        try:
            values = [str(_GETTERS[cell.field](line, sequence)) if cell.field else cell.value for cell in self._template.columns]
            return [self._cell(cell, value) for cell, value in zip(self._template.columns, values, strict=True)]
        except NotWritable as wrong:
            raise LineNotWritable(line.reference, wrong.field, wrong.why) from None

    def _cell(self, cell: Cell, value: str) -> str:
        if cell.field in _TEXTS:
            value = self._template.characters.write(value, cell.field)
        if self._template.form == "fixed" and ("\r" in value or "\n" in value):
            raise NotWritable("characters", cell.field)
        return padded(cell, value)

    def _totals_row(self, cells: Sequence[Cell], code: str, totals: FileTotals) -> bytes:
        values = {"batch_code": code, "count": totals.count, "sum": totals.sum, "entry_hash": totals.entry_hash}
        try:
            shown = [padded(cell, str(values[cell.field]) if cell.field else cell.value) for cell in cells]
        except NotWritable as wrong:
            raise LineNotWritable("", wrong.field, wrong.why) from None
        return self._encoded([self._row(shown)])

    def _row(self, values: Sequence[str]) -> str:
        if self._template.form == "fixed":
            return "".join(values) + self._template.line_end
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self._template.delimiter, lineterminator=self._template.line_end).writerow(values)
        return out.getvalue()

    def _encoded_rows(self, rows: Sequence[Sequence[object]]) -> bytes:
        if self._template.form == "fixed":
            return self._encoded(["".join(map(str, row)) + self._template.line_end for row in rows])
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self._template.delimiter, lineterminator=self._template.line_end).writerows(rows)
        return self._encoded([out.getvalue()])

    def _encoded(self, texts: Sequence[str]) -> bytes:
        return "".join(texts).encode(self._template.characters.encoding)

    # --- read back ----------------------------------------------------------------------------------------------------

    def read_back(self, file: BinaryIO) -> FileTotals:
        count = total = entries = 0
        with_totals: list[tuple[Sequence[Cell], list[str]]] = []
        try:
            for kind, row in self._rows(file):
                if kind == "row":
                    count += 1
                    total += int(row[self._amount])
                    entries += int(row[self._account].strip()[-10:])
                elif kind != "titles":
                    with_totals.append((self._template.first if kind == "first" else self._template.last, row))
            found = FileTotals(count, total, entries % ENTRY_HASH_MODULUS)
            if len(with_totals) != bool(self._template.first) + bool(self._template.last):
                raise FileDiffers("a row with the totals is not there")
            for cells, row in with_totals:
                _compare(cells, row, found)
        except (ValueError, IndexError) as garbled:
            raise FileDiffers(f"the file cannot be read back: {type(garbled).__name__}") from None
        return found

    def _rows(self, file: BinaryIO) -> Iterator[tuple[str, list[str]]]:
        """Each row with its kind: ``first``, ``titles``, ``row`` or ``last``."""
        template = self._template
        kinds = ["first"] * bool(template.first) + ["titles"] * template.titles
        text_file = io.TextIOWrapper(file, encoding=template.characters.encoding, newline="")
        try:
            records: Iterator[Any] = text_file if template.form == "fixed" else csv.reader(text_file, delimiter=template.delimiter)
            waiting = next(records, None)
            for nth in itertools.count():
                if waiting is None:
                    return
                record, waiting = waiting, next(records, None)
                kind = kinds[nth] if nth < len(kinds) else "last" if waiting is None and template.last else "row"
                yield kind, self._cut(kind, record) if template.form == "fixed" else record
        finally:
            text_file.detach()  # the file stays its owner's

    def _cut(self, kind: str, line: str) -> list[str]:
        cells = {"first": self._template.first, "last": self._template.last}.get(kind, self._template.columns)
        line = line.removesuffix(self._template.line_end)
        if len(line) != sum(cell.length for cell in cells):
            raise FileDiffers("a line is not as wide as its columns")
        ends = list(itertools.accumulate(cell.length for cell in cells))
        return [line[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _compare(cells: Sequence[Cell], row: Sequence[str], found: FileTotals) -> None:
    if len(row) != len(cells):
        raise FileDiffers("the row with the totals is not there")
    for cell, value in zip(cells, row, strict=True):
        if cell.field in ("count", "sum", "entry_hash") and int(value) != getattr(found, cell.field):
            raise FileDiffers(f"'{cell.field}' in the totals' row does not fit the rows")


_GETTERS: Final[dict[str, Callable[[TransferLine, int], object]]] = {
    "reference": lambda line, _: line.reference,
    "bank_code": lambda line, _: line.bank_code,
    "account_number": lambda line, _: line.account_number,
    "holder": lambda line, _: line.holder,
    "amount": lambda line, _: line.amount,
    "sequence": lambda _, sequence: sequence,
}
