"""What a detector says about one subject and period."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """Expected and actual rupiah; a finding with equal ones heals a mismatch that was there.

    ``formula`` shows the numbers; ``ruled_out`` names lawful explanations that do not explain this difference;
    ``evidence`` holds ids such as ``sp2d/<number>``.
    """

    code: str
    subject: str
    period: str
    expected: int
    actual: int
    formula: str
    evidence: tuple[str, ...]
    ruled_out: tuple[str, ...] = field(default=())

    @property
    def difference(self) -> int:
        return self.actual - self.expected


def grouped(number: int) -> str:
    """133.980.000, the office's way."""
    return f"{number:,}".replace(",", ".")
