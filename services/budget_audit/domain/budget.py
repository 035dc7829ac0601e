"""Budget documents of a year: what a version changes, line by line, and which codes a line of this agency may have."""

from __future__ import annotations

from enum import StrEnum

URUSAN = "1.06"
"""Urusan sosial: the first two levels of every code of this agency and of its activities (Kepmendagri 050-5889/2021)."""

SUB_ACTIVITY_LEVELS = 6
"""urusan (2), program, kewenangan, kegiatan, subkegiatan: a shorter code names a heading, not what money is planned for."""

ACCOUNT_LEVELS = 6
"""akun, kelompok, jenis, objek, rincian objek, subrincian objek (Permendagri 90/2019): only the last level carries money."""


class Covers(StrEnum):
    """What a file speaks for: a line of it that the file does not name is dropped."""

    LINES = "lines"
    """Only the lines that it names; every other line stays."""
    SUB_SKPD = "sub_skpd"
    """Every line of each sub-SKPD that it names."""
    YEAR = "year"
    """Every line of the year."""


class Change(StrEnum):
    ADDED = "added"
    DROPPED = "dropped"
    RAISED = "raised"
    LOWERED = "lowered"


def changed(before: int | None, after: int | None) -> Change | None:
    """How a line's ceiling differs, in rupiah; None on a side where the line is not in the budget."""
    if before is None:
        return None if after is None else Change.ADDED
    if after is None:
        return Change.DROPPED
    if after == before:
        return None
    return Change.RAISED if after > before else Change.LOWERED


def is_ours(code: str) -> bool:
    """Does a code of a sub-SKPD or an activity belong to this agency?"""
    return code == URUSAN or code.startswith(f"{URUSAN}.")


def levels(code: str) -> int:
    return code.count(".") + 1
