"""The folders that are shared with the bank, and how a file appears in one: whole, with its checksum after it, or not at all.

``out``: for the bank to take. ``in``: from the bank. ``done`` and ``refused``: what was in ``in``, after it was read.
``proved`` is not shared: bytes that a release proved, until they go ``out``. They may be thrown away at any time, since the
lines of the batch give them again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

CHECKSUM: Final = ".sha256"
RECEIPT: Final = ".receipt"
PROBLEM: Final = ".problem.json"
_NAME_MAX: Final = 200
"""Bytes; a file system takes 255, and the stamp, a dot and an ending stand around them."""
_UNDER_WAY: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
"""Endings that transfer programs give a file while they still write it."""


def bank_folder(data: Path, name: str) -> Path:
    """``out``, ``in``, ``done``, ``refused`` or ``proved`` under the data folder, for its owner (and whom it lets in) only."""
    folder = data / "bank" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    return folder


def sync_folder(folder: Path) -> None:
    """The names in it are on the disk too."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def proved_place(data: Path, batch_id: UUID) -> Path:
    return bank_folder(data, "proved") / str(batch_id)


def take_proved(data: Path, batch_id: UUID, sha256: str, target: Path) -> bool:
    """Move what the release of this batch proved to ``target``; False where these bytes are not there. Blocking."""
    place = proved_place(data, batch_id)
    try:
        with place.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False
    if same:
        place.replace(target)
    return same


def forget_proved(data: Path, before: float) -> None:
    """Remove what was proved before then (seconds since 1970) and never went out: a release that was broken off. Blocking."""
    for path in plain_files(bank_folder(data, "proved")):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def put_in_place(partial: Path, sha256: str) -> Path:
    """Rename ``.NAME.partial`` to ``NAME``, then write ``NAME.sha256`` beside it, as ``sha256sum --check`` reads it.

    Whoever sees the checksum sees the whole file. Doing it again puts the same bytes there.
    """
    place = partial.with_name(partial.name.removeprefix(".").removesuffix(".partial"))
    partial.replace(place)
    sync_folder(place.parent)
    write_text(place.with_name(place.name + CHECKSUM), f"{sha256}  {place.name}\n")
    return place


def write_text(place: Path, content: str) -> None:
    """A small file that is there whole or not at all."""
    partial = place.with_name(f".{place.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(place)
    sync_folder(place.parent)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file from the bank: its SHA-256, and what its checksum file says (empty where there is none)."""

    path: Path
    sha256: str
    announced: str
    written_at: float
    """The later of the two files' times, seconds since 1970."""

    @property
    def whole(self) -> bool:
        return bool(self.announced) and self.sha256 == self.announced

    @property
    def receipt(self) -> bool:
        return self.path.name.endswith(RECEIPT)


def name_readably(folder: Path) -> None:
    """Give files whose name is no UTF-8 one that can be written down: each broken byte becomes a low line. Blocking.

    A file and its checksum get the same name. What is under way keeps its name until it is complete.
    """
    for path in list(plain_files(folder)):
        readable = os.fsencode(path.name).decode("utf-8", errors="replace").replace("\ufffd", "_")
        if readable != path.name and not path.with_name(readable).exists():
            path.rename(path.with_name(readable))


def plain_files(folder: Path) -> Iterator[Path]:
    """Files that are complete by their name, oldest first; no links, no folders, nothing hidden."""
    found = [
        (one.stat(follow_symlinks=False).st_mtime, one.name)
        for one in os.scandir(folder)
        if one.is_file(follow_symlinks=False) and not one.name.startswith(".") and not one.name.lower().endswith(_UNDER_WAY)
    ]
    for _, name in sorted(found):
        yield folder / name


def arrivals(folder: Path) -> Iterator[Arrived]:
    """Receipts, and files whose checksum file is there; the SHA-256 is counted when the file is come to. Blocking."""
    for path in plain_files(folder):
        if path.name.endswith(CHECKSUM):
            continue
        with suppress(FileNotFoundError):  # whoever put it there took it away again
            announced, at = "", path.stat().st_mtime
            if not path.name.endswith(RECEIPT):
                beside = path.with_name(path.name + CHECKSUM)
                if not beside.is_file() or beside.is_symlink():
                    continue
                announced, at = first_word(beside), max(at, beside.stat().st_mtime)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield Arrived(path, digest, announced, at)


def first_word(path: Path) -> str:
    """The hash in a checksum or receipt file: its first word, whatever stands behind it."""
    with path.open("rb") as file:
        words = file.read(1024).decode("ascii", errors="replace").split()
    return words[0].lower() if words else ""


def move_with_checksum(path: Path, folder: Path, stamp: str) -> Path:
    """Into ``folder`` under ``stamp-NAME``, so that a later file of the same name does not hide it; its checksum goes along.

    A very long name loses its beginning. A file that is not there any more was moved before.
    """
    name = path.name.encode()[-_NAME_MAX:].decode(errors="ignore")
    target = folder / f"{stamp}-{name}"
    beside = path.with_name(path.name + CHECKSUM)
    with suppress(FileNotFoundError):
        path.replace(target)
    with suppress(FileNotFoundError):
        beside.replace(target.with_name(target.name + CHECKSUM))
    sync_folder(folder)
    return target
