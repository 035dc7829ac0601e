"""Which kelurahan a cell means: a code in force, or in plain words what should stand there instead (TROUBLES.md O4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Kelurahan:
    code: str
    name: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class Successor:
    """What a kelurahan became, or will become; ``code`` is empty until the ministry gives one."""

    predecessor: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class AreaProblem:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AreaWarning:
    """The row is taken, with the area of the predecessor, until the new kelurahan has a code."""

    area: str
    message: str


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


@dataclass
class Areas:
    """All kelurahan that are or were in force, and their successors."""

    by_code: Mapping[str, Kelurahan]
    successors: Mapping[str, list[Successor]]
    _by_name: dict[str, list[Kelurahan]] = field(default_factory=lambda: defaultdict(list))
    _announced: dict[str, Successor] = field(default_factory=dict)

    @staticmethod
    def of(kelurahan: Iterable[Kelurahan], successors: Iterable[Successor]) -> Areas:
        by_predecessor: dict[str, list[Successor]] = defaultdict(list)
        for successor in successors:
            by_predecessor[successor.predecessor].append(successor)
        areas = Areas({one.code: one for one in kelurahan}, by_predecessor)
        for one in areas.by_code.values():
            if one.in_force:
                areas._by_name[_folded(one.name)].append(one)
        for group in by_predecessor.values():
            areas._announced |= {_folded(one.name): one for one in group if not one.code}
        return areas

    def read(self, cell: str) -> str | AreaWarning | AreaProblem:
        """The code in force that the cell holds; otherwise a warning with an area, or a problem that names what is meant."""
        found = self.by_code.get(cell)
        if found is not None and found.in_force:
            return cell
        if found is not None:
            now = ", ".join(f"{one.code or 'belum berkode'} ({one.name})" for one in self.successors.get(cell, []))
            return AreaProblem("area-closed", f"Kelurahan {found.name} tidak berlaku lagi." + (f" Sekarang: {now}." if now else ""))
        if not any(letter.isalpha() for letter in cell):
            return self._unknown_code(cell)
        return self._by_words(cell)

    def _unknown_code(self, cell: str) -> AreaProblem:
        digits = "".join(letter for letter in cell if letter.isdigit())
        dotted = f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:]}"
        meant = self.by_code.get(dotted)
        hint = f" Maksudnya {meant.code} ({meant.name})?" if meant else " Pakai kode Kemendagri seperti 31.73.01.1002, bukan kode BPS."
        return AreaProblem("area-unknown", f"Kode kelurahan ini tidak ada dalam tabel wilayah.{hint}")

    def _by_words(self, cell: str) -> AreaWarning | AreaProblem:
        name = _folded(cell)
        if announced := self._announced.get(name):
            mother = self.by_code[announced.predecessor]
            return AreaWarning(
                mother.code,
                f"Kelurahan {announced.name} belum mempunyai kode Kemendagri; sementara dicatat di {mother.name} ({mother.code}).",
            )
        meant = self._by_name.get(name) or [
            one for close in get_close_matches(name, self._by_name, n=2, cutoff=0.8) for one in self._by_name[close]
        ]
        if not meant:
            return AreaProblem("area-unknown", "Kelurahan ini tidak ada dalam tabel wilayah. Isi dengan kode Kemendagri.")
        listed = " atau ".join(f"{one.code} ({one.name})" for one in meant)
        return AreaProblem("area-not-a-code", f"Isi dengan kode kelurahan, bukan nama. Maksudnya {listed}?")
