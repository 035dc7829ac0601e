"""A line used beyond what SPD provide for its period: a finding, not a refusal (the SPD may follow; the ceiling refuses)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.budget_audit.domain.detectors.finding import Finding, grouped

CODE = "beyond_spd"


@dataclass(frozen=True)
class SpdPeriod:
    """Up to the end of ``month`` (the last month of an SPD), in rupiah from the beginning of the year.

    ``used``: realised less STS by then, and what is reserved for lists of months up to it. ``planned``: the cash plan, that an SPD
    must follow (Permendagri 77/2020); None where none is on record.
    """

    month: str
    provided: int
    used: int
    planned: int | None
    numbers: Sequence[str]


def detect(line: str, periods: Sequence[SpdPeriod], evidence: Sequence[str]) -> list[Finding]:
    """One finding per period in which more is used than provided."""
    findings = []
    for one in periods:
        if one.used <= one.provided:
            continue
        formula = (
            f"SPD s.d. {one.month} {grouped(one.provided)}; dicadangkan dan direalisasikan {grouped(one.used)};"
            f" di luar SPD {grouped(one.used - one.provided)}"
        )
        ruled_out = []
        if one.planned is not None and one.used <= one.planned:
            ruled_out.append(f"Anggaran kas s.d. {one.month} ({grouped(one.planned)}) menampungnya: SPD-nya yang belum terbit atau kurang.")
        numbers = tuple(f"spd/{number}" for number in one.numbers)
        findings.append(Finding(CODE, line, one.month, one.provided, one.used, formula, (*numbers, *evidence), tuple(ruled_out)))
    return findings
