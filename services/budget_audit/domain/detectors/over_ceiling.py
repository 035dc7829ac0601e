"""A line that a revision (DPPA) set below what is spent, or dropped: shown in rupiah, and closed to further use (TROUBLES O13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.budget_audit.domain.detectors.finding import Finding, grouped

CODE = "over_ceiling"
DROPPED = "line_dropped_with_spending"
CODES = (CODE, DROPPED)

_PREFIX = "pos/"


def reference(line_id: UUID) -> str:
    """What findings about a budget line are kept under."""
    return f"{_PREFIX}{line_id}"


def line_of(written: str) -> UUID | None:
    """The line that a reference names, None where it names something else."""
    return UUID(written.removeprefix(_PREFIX)) if written.startswith(_PREFIX) else None


@dataclass(frozen=True)
class LineFacts:
    """A budget line as it stands, in rupiah; ``budget_version`` is the one that last changed its ceiling."""

    key: str
    year: int
    ceiling: int
    reserved: int
    realised: int
    returned: int
    dropped: bool
    budget_version: int
    evidence: Sequence[str]

    @property
    def used(self) -> int:
        return self.reserved + self.realised - self.returned


def detect(facts: LineFacts) -> list[Finding]:
    """At most one finding, of the kind that the line's state says; none where the ceiling covers what is used."""
    if facts.used <= facts.ceiling:
        return []
    code = DROPPED if facts.dropped else CODE
    ceiling = "pos dihapus" if facts.dropped else f"pagu {grouped(facts.ceiling)}"
    formula = (
        f"DPA versi {facts.budget_version}: {ceiling}; dicadangkan {grouped(facts.reserved)} + direalisasikan {grouped(facts.realised)}"
        f" - disetor kembali {grouped(facts.returned)} = {grouped(facts.used)}; tidak tertutup {grouped(facts.used - facts.ceiling)}"
    )
    return [Finding(code, facts.key, str(facts.year), facts.ceiling, facts.used, formula, tuple(facts.evidence), tuple(_ruled_out(facts)))]


def _ruled_out(facts: LineFacts) -> list[str]:
    """What may still make it smaller without a new DPA, and what is left even then."""
    if not facts.reserved:
        return []
    spent = facts.realised - facts.returned
    left = max(0, spent - facts.ceiling)
    return [f"Cadangan {grouped(facts.reserved)} belum dicairkan; bila dilepas, yang tidak tertutup menjadi {grouped(left)}."]
