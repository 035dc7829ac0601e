"""The files as offices and the bank write them: CSV with ``;``, headers of the published templates (CORE.md section 8)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ritme.replay.people import BANK, Person

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "decree": ("nik", "nama", "tanggal_lahir", "alamat", "kode_kelurahan", "program", "penerima", "nominal"),
    "status": ("nik", "program", "tindakan", "alasan", "mulai_bulan", "dokumen"),
    "accounts": ("nik", "program", "kode_bank", "nomor_rekening", "nama_pemilik", "kartu_diserahkan"),
    "carry-in": ("nik", "program", "bulan", "keadaan", "alasan", "dokumen"),
    "dpa": ("tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "uraian", "program", "panti", "pagu"),
    "cash-plan": ("tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "program", "panti", "bulan", "rencana"),
    "sp2d": ("nomor", "tanggal", "tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "program", "panti", "nilai", "rujukan"),
    "sts": ("nomor", "tanggal", "program", "nilai", "rujukan"),
    "census": ("kode_panti", "tanggal", "penghuni"),
    "contract": ("kode_panti", "mulai", "sampai", "harga"),
    "results": ("rujukan", "nomor_rekening", "nominal", "kode", "tanggal"),
}  # fmt: skip


class CsvFile(AbstractContextManager["CsvFile"]):
    """Rows into one file, as they come; the header is that of its template."""

    def __init__(self, folder: Path, kind: str, name: str = "") -> None:
        self.kind = kind
        self.path = folder / f"{name or kind}.csv"
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, delimiter=";", lineterminator="\r\n")
        self._writer.writerow(HEADERS[kind])
        self.rows = 0

    def add(self, *cells: object) -> None:
        self._writer.writerow(cells)
        self.rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


def write(folder: Path, kind: str, lines: Iterable[Sequence[object]], name: str = "") -> Path:
    """A whole small file."""
    with CsvFile(folder, kind, name) as file:
        for line in lines:
            file.add(*line)
    return file.path


def decree_row(person: Person, cohort: str, amount: int) -> tuple[object, ...]:
    """``cohort``: lama or baru."""
    return (
        person.nik, person.name, person.birth_date.isoformat(), person.address, person.kelurahan, person.programme, cohort, amount,
    )  # fmt: skip


def account_row(person: Person, *, card_handed_over: bool) -> tuple[object, ...]:
    return person.nik, person.programme, BANK, person.account, person.holder, "ya" if card_handed_over else "belum"


@dataclass(frozen=True)
class BudgetLine:
    """The key of a line as the budget document writes it; program or panti, never both."""

    year: int
    sub_skpd: str
    sub_activity: str
    account: str
    programme: str = ""
    panti: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return self.year, self.sub_skpd, self.sub_activity, self.account

    @property
    def owner(self) -> tuple[str, str]:
        return self.programme, self.panti


def bank_results(
    released: Path, target: Path, *, day: str, code_of: Callable[[str], str | None], part: int = 1, parts: int = 1
) -> tuple[int, int]:
    """What the bank sends back for a file that was released to it: count and sum of its rows.

    The bank's side knows the file and its own accounts: ``code_of(account number)`` is its result code, None for no answer.
    """
    count, total = _answered(released, code_of)
    with released.open(encoding="utf-8", newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
        rows = csv.reader(source, delimiter=";")
        batch_code = next(rows)[0]
        columns = next(rows)
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow((batch_code, part, parts, count, total))
        writer.writerow(HEADERS["results"])
        for row in rows:
            line = dict(zip(columns, row, strict=True))
            code = code_of(line["nomor_rekening"])
            if code is not None:
                writer.writerow((line["rujukan"], line["nomor_rekening"], line["nominal"], code, day))
    return count, total


def _answered(released: Path, code_of: Callable[[str], str | None]) -> tuple[int, int]:
    count = total = 0
    with released.open(encoding="utf-8", newline="") as source:
        rows = csv.reader(source, delimiter=";")
        next(rows)
        columns = next(rows)
        account, amount = columns.index("nomor_rekening"), columns.index("nominal")
        for row in rows:
            if code_of(row[account]) is not None:
                count += 1
                total += int(row[amount])
    return count, total


def totals_of(lines: Mapping[str, tuple[int, int, int]]) -> dict[str, Any]:
    """Control totals of a decree as typed from its signed page, by programme: people, rupiah, quota."""
    return {code: {"count": count, "sum": total, "quota": quota} for code, (count, total, quota) in lines.items()}
