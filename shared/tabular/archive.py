"""Whether a workbook's zip container is safe to open. A real reader sees the file only after this."""

from __future__ import annotations

import copy
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from shared.tabular.limits import FileProblem, Limits, megabytes
from shared.tabular.sheet_scan import PartScan, damaged, pieces, scan_part, shared_text_total

ZIP_MAGIC: Final = b"PK\x03\x04"
OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END_OF_DIRECTORY: Final = struct.Struct("<4s4H2LH")
_NESTED: Final = re.compile(r"\.(?:zip|xls[xmb]?|doc[xm]?|ppt[xm]?|jar|7z|rar|gz|ods)$", re.IGNORECASE)
_SHARED_TEXTS: Final = "xl/sharedstrings.xml"
_SMALL: Final = 5_000_000


class Workbook:
    """A container that was looked through: its parts by name in lower case, with what the scan found."""

    def __init__(self, path: Path, scans: dict[str, PartScan], names: dict[str, zipfile.ZipInfo]) -> None:
        self.path = path
        self.scans = scans
        self._names = names

    def small_part(self, name: str) -> bytes | None:
        """The bytes of a part that is small by nature, such as the list of sheets."""
        info = self._names.get(name.lower())
        if info is None:
            return None
        if info.file_size > _SMALL:
            raise damaged()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(info)


def refuse_ole(path: Path) -> None:
    """Tell an encrypted workbook and the format of before 2007 apart; both come in this container."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        end = file.read()
    mark = "EncryptedPackage".encode("utf-16-le")
    if mark in start or mark in end:
        raise FileProblem("encrypted", "Berkas dikunci dengan kata sandi. Buka di Excel, hapus kata sandinya, lalu kirim lagi.")
    raise FileProblem("not-a-table", "Format lama (.xls) tidak diterima. Simpan sebagai .xlsx atau CSV.")


def _check_directory(path: Path, limits: Limits) -> None:
    """Read the zip's end record alone: Python would build an object for each of a million declared entries."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557 - 20))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_OF_DIRECTORY.size:
        raise damaged()
    _, _, _, _, entries, directory_bytes, _, _ = _END_OF_DIRECTORY.unpack_from(tail, at)
    is_zip64 = b"PK\x06\x07" in tail[max(0, at - 20) : at]
    if is_zip64 or entries > limits.entries or directory_bytes > 400 * limits.entries:
        raise FileProblem("zip-bomb", f"Berkas memuat lebih dari {limits.entries} bagian. Berkas ini tidak dibuka.")


def _check_name(info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/")
    lower = name.lower()
    if name.startswith("/") or ":" in name or ".." in name.split("/"):
        raise FileProblem("not-a-table", "Berkas memuat nama bagian yang tidak diizinkan. Berkas ini tidak dibuka.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileProblem("not-a-table", "Berkas memuat tautan berkas yang tidak diizinkan. Berkas ini tidak dibuka.")
    if "vbaproject" in lower or lower.startswith("xl/macrosheets/"):
        raise FileProblem("macro", "Berkas memuat makro. Simpan sebagai Buku Kerja Excel (.xlsx) tanpa makro.")
    if _NESTED.search(lower):
        raise FileProblem("zip-bomb", "Berkas memuat berkas lain di dalamnya. Hapus lampiran, lalu simpan lagi.")
    if info.flag_bits & 0x1:
        raise FileProblem("encrypted", "Berkas dikunci dengan kata sandi. Hapus kata sandinya, lalu kirim lagi.")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise damaged()


def _check_sizes(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    total = 0
    for info in infos:
        total += info.file_size
        if info.file_size > 1_000_000 and info.file_size > limits.ratio * max(1, info.compress_size):
            raise FileProblem("zip-bomb", "Isi berkas mengembang tidak wajar saat dibuka. Berkas ini tidak dibuka.")
        if info.file_size > limits.sheet_bytes:
            raise FileProblem(
                "too-large",
                f"Lembar kerja terlalu besar: {megabytes(info.file_size)}, paling banyak "
                f"{megabytes(limits.sheet_bytes)}. Kirim sebagai CSV.",
            )
    if total > limits.unpacked_bytes:
        raise FileProblem("too-large", f"Isi berkas terlalu besar: {megabytes(total)} setelah dibuka. Kirim sebagai CSV.")


def _refuse_other_kinds(names: dict[str, zipfile.ZipInfo]) -> None:
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise FileProblem("not-a-table", "Format .xlsb tidak diterima. Simpan sebagai .xlsx atau CSV.")
    if "content.xml" in names:
        raise FileProblem("not-a-table", "Format OpenDocument (.ods) tidak diterima. Simpan sebagai .xlsx atau CSV.")
    raise FileProblem("not-a-table", "Berkas ini bukan lembar kerja Excel. Kirim .xlsx atau CSV sesuai templat.")


def inspect(path: Path, limits: Limits) -> Workbook:
    """Look through the container, cheap checks first, then every part to its real end.

    Raises FileProblem: too-large, zip-bomb, macro, encrypted, not-a-table.
    """
    _check_directory(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            names = {info.filename.replace("\\", "/").lower(): info for info in infos}
            for info in infos:
                _check_name(info)
            _check_sizes(infos, limits)
            if len(names) != len(infos):
                raise damaged()
            _refuse_other_kinds(names)
            scans = {
                name: scan_part(_opener(archive, info, limits), info.file_size, limits, shared=name == _SHARED_TEXTS)
                for name, info in names.items()
            }
            if any(name.endswith((".xml", ".rels")) and not scan.is_xml for name, scan in scans.items()):
                raise damaged()
            types = names.get("[content_types].xml")
            if types is not None and b"macroEnabled" in archive.read(types):
                raise FileProblem("macro", "Berkas memuat makro. Simpan sebagai Buku Kerja Excel (.xlsx) tanpa makro.")
            _check_shared_texts(archive, names, scans, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, UnicodeDecodeError):
        raise damaged() from None
    return Workbook(path, scans, names)


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> Callable[[], IO[bytes]]:
    """Open a part to its real end: zipfile stops at the declared size, other readers may not."""
    honest = copy.copy(info)
    honest.file_size = limits.unpacked_bytes + 1
    return lambda: archive.open(honest)


def _check_shared_texts(archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], scans: dict[str, PartScan], limits: Limits) -> None:
    """One long text that a hundred thousand cells point to takes its length in memory for each of them."""
    table = names.get(_SHARED_TEXTS)
    if table is None:
        return
    longest = scans[_SHARED_TEXTS].longest_shared_text
    for name, scan in scans.items():
        if longest * scan.shared_references <= limits.shared_text_bytes:
            continue
        with _opener(archive, table, limits)() as texts, _opener(archive, names[name], limits)() as sheet:
            total = shared_text_total(
                pieces(texts, table.file_size, limits.sheet_bytes),
                pieces(sheet, names[name].file_size, limits.sheet_bytes),
                scan.shared_references,
            )
        if total is None or total > limits.shared_text_bytes:
            raise FileProblem("too-large", "Teks di dalam lembar kerja terlalu banyak. Kirim sebagai CSV.")
