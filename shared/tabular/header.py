"""Finding the table inside a file: its header row, and words for the clerk when it is another table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from shared.tabular.cells import Cell, cell_text
from shared.tabular.columns import MEND_COLUMN, Column, Template, header_key
from shared.tabular.limits import FileProblem

SEARCH_ROWS: Final = 20
"""Titles may stand above the header, but not more rows than this."""

_IGNORED: Final = frozenset({MEND_COLUMN, "no", "nomor_urut", "no_urut", "baris", "#"})
_WORDS_MAX: Final = 8

NumberedRow = tuple[int, Sequence[Cell]]


@dataclass(frozen=True)
class Header:
    """Where the header stands and, for each column of the template, in which place its cells are (-1: not there)."""

    row: int
    places: tuple[int, ...]
    width: int
    unknown: tuple[str, ...]


def _names(column: Column) -> set[str]:
    return {header_key(column.name), *map(header_key, column.aliases)}


def _keys(cells: Sequence[Cell]) -> list[str]:
    return [header_key(cell_text(cell)) if cell != "" and cell is not None else "" for cell in cells]


def _known(template: Template) -> set[str]:
    return set().union(*map(_names, template.columns))


def score(template: Template, cells: Sequence[Cell]) -> int:
    """How many of the template's headers stand in these cells."""
    return len(_known(template).intersection(_keys(cells)))


def listed(words: Iterable[str]) -> str:
    """A list in a sentence, shortened. Headers are short: a long word is somebody's data and is cut."""
    all_words = [word if len(word) <= 30 else word[:4] + "…" for word in words]
    shown = ", ".join(all_words[:_WORDS_MAX])
    return shown + (f" dan {len(all_words) - _WORDS_MAX} lainnya" if len(all_words) > _WORDS_MAX else "")


def _looks_like(keys: Sequence[str], template: Template, others: Iterable[Template]) -> Template | None:
    """The published template whose header this is rather than that of `template`."""
    present = set(keys)

    def share(candidate: Template) -> float:
        known = _known(candidate)
        return len(known & present) / max(1, len(known))

    best = max((other for other in others if other.name != template.name), key=share, default=None)
    return best if best is not None and share(best) >= 0.7 and share(best) > share(template) else None


def match(template: Template, number: int, cells: Sequence[Cell], others: Iterable[Template] = ()) -> Header:
    """Match one row as the header. Raises FileProblem `wrong-workbook` with what is missing, twice there or unknown."""
    keys = _keys(cells)
    places: list[int] = []
    missing: list[str] = []
    taken: set[int] = set()
    for column in template.columns:
        at = [place for place, key in enumerate(keys) if key in _names(column)]
        if len(at) > 1:
            raise FileProblem("wrong-workbook", f"Kolom {column.name} muncul {len(at)} kali di judul (baris {number}).", row=number)
        if not at and column.required:
            missing.append(column.name)
        places.append(at[0] if at else -1)
        taken.update(at)
    unknown = [cell_text(cells[place]).strip() for place, key in enumerate(keys) if key and place not in taken and key not in _IGNORED]
    unread = [column.name for column, place in zip(template.columns, places, strict=True) if place < 0]
    misspelt = [name for word in unknown for name in get_close_matches(header_key(word), unread, n=1, cutoff=0.75)]
    if missing or misspelt:
        raise _wrong(
            template.title,
            row=number,
            missing=missing,
            misspelt=misspelt,
            unknown=unknown,
            looks_like=_looks_like(keys, template, others),
        )
    width = max((place for place, key in enumerate(keys) if key), default=-1) + 1
    return Header(number, tuple(places), width, tuple(unknown))


def _wrong(
    title: str, *, row: int, missing: list[str], misspelt: list[str], unknown: list[str], looks_like: Template | None
) -> FileProblem:
    words = [f"Judul kolom (baris {row}) tidak sesuai templat {title}."]
    if missing:
        words.append(f"Tidak ada: {listed(missing)}.")
    if unknown:
        words.append(f"Tidak dikenal: {listed(unknown)}.")
    if misspelt:
        words.append(f"Mungkin salah tulis: {listed(misspelt)}.")
    if looks_like is not None:
        words.append(f"Berkas ini tampaknya {looks_like.title}.")
    elif missing:
        words.append("Judul harus dalam satu baris, satu sel per kolom, tanpa sel gabungan.")
    return FileProblem("wrong-workbook", " ".join(words), row=row)


def find(template: Template, rows: Sequence[NumberedRow], others: Sequence[Template] = ()) -> Header:
    """Find the header among the first rows. Raises `empty`, `header-missing` or `wrong-workbook`."""
    if not rows:
        raise FileProblem("empty", "Berkas kosong.")
    scored = [(score(template, cells), number, cells) for number, cells in rows]
    best, number, cells = max(scored, key=lambda item: item[0])
    # One word in common is chance, unless the template has hardly more.
    if best >= min(2, len(template.columns)) or best == len(template.columns):
        return match(template, number, cells, others)
    for other in others:
        found = max(rows, key=lambda row: score(other, row[1]))
        if score(other, found[1]) >= min(2, len(other.columns)):
            return match(template, *found, others)
    number, cells = rows[0]
    filled = [cell_text(cell) for cell in cells if cell not in ("", None)]
    if len(filled) >= 3 and not any(character.isdigit() for word in filled for character in word):
        return match(template, number, cells, others)
    raise FileProblem(
        "header-missing",
        f"Baris judul kolom tidak ditemukan. Templat {template.title} memuat: {listed(column.name for column in template.columns)}.",
    )
