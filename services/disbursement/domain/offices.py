"""Offices that own work: which one is next above, which follows a person who moves, who may speak for one.

An office is a code such as ``satpel/31.71.01`` (kecamatan unit), ``sudin/31.71`` (city office), or one of the whole agency,
such as ``bidang-linjamsos`` or ``bank-jakarta``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

TOP: Final = "kepala-dinas"
"""The head of the agency: nobody is above."""

_ABOVE_BANK: Final = "bidang-linjamsos"
_OFFICE: Final = re.compile(r"(?:satpel/31\.[0-9]{2}\.[0-9]{2}|sudin/31\.[0-9]{2}|[a-z]+(?:-[a-z]+)*)")
_BY_AREA: Final = ("satpel", "sudin")

ESCALATION_DAYS: Final = 15
"""Calendar days of the same answer after which a gap goes to the next office up (TROUBLES.md O20)."""


def is_office(code: str) -> bool:
    """Whether this is written as an office: by area with its code, or by name."""
    return _OFFICE.fullmatch(code) is not None and code not in _BY_AREA


def area_of(office: str) -> str:
    """The area an office serves; empty for one of the whole agency."""
    kind, _, area = office.partition("/")
    return area if kind in _BY_AREA else ""


def next_up(office: str) -> str:
    """Kecamatan unit, then city office, then the agency's head; the bank answers to the division first. Empty above the head."""
    kind, _, area = office.partition("/")
    if kind == "satpel":
        return f"sudin/{area.rsplit('.', 1)[0]}"
    if office == TOP:
        return ""
    return _ABOVE_BANK if office == "bank-jakarta" else TOP


def speaks_for(office: str, areas: Collection[str]) -> bool:
    """Whether somebody with these areas may answer for the office: its own people, and everybody above them."""
    served = area_of(office) or "31"
    return any(served == area or served.startswith(f"{area}.") for area in areas)


SQL_NEXT_UP: Final = """CASE WHEN {owner} LIKE 'satpel/%' THEN 'sudin/' || substring({owner} FROM '^satpel/([0-9]+[.][0-9]+)')
     WHEN {owner} = 'bank-jakarta' THEN 'bidang-linjamsos' ELSE 'kepala-dinas' END"""
"""``next_up`` for sets; not to be asked above ``kepala-dinas``."""

SQL_FOLLOW: Final = """CASE
     WHEN {owner} LIKE 'satpel/%' THEN coalesce('satpel/' || substring({area} FROM '^[0-9]+[.][0-9]+[.][0-9]+'), {owner})
     WHEN {owner} LIKE 'sudin/%' THEN coalesce('sudin/' || substring({area} FROM '^[0-9]+[.][0-9]+'), {owner})
     ELSE {owner} END"""
"""The office of the same kind where the person lives now; one of the whole agency stays."""

SQL_OF_AREA: Final = """replace(replace({office}, '{{kecamatan}}', coalesce(substring({area} FROM '^[0-9]+[.][0-9]+[.][0-9]+'), {area})),
     '{{city}}', coalesce(substring({area} FROM '^[0-9]+[.][0-9]+'), {area}))"""
"""An office pattern filled in with the person's area."""
