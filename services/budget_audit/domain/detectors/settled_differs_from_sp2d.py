"""A batch: what it was paid with (SP2D, or for a retry the holding account) against credited + returned by STS + paid on + holding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.budget_audit.domain.detectors.finding import Finding, grouped

CODE = "settled_differs_from_sp2d"


@dataclass(frozen=True)
class ProgrammeMoney:
    """One programme of a batch, in rupiah.

    ``not_credited`` is the sum over the lines that are not credited (before release: the whole list). It is counted from
    the lines, never as SP2D less the rest, or this check could not fail. ``returned`` is STS, not the bank's rejections.
    ``from_holding``: a retry's money that another list's SP2D has paid; ``paid_on``: what went out of this list's holding so.
    """

    programme: str
    sp2d: int
    credited: int
    returned: int
    not_credited: int
    from_holding: int = 0
    paid_on: int = 0

    @property
    def holding(self) -> int:
        """What is not credited, less what went back or out again. An account holds no less than nothing: an STS of money that was credited
        leaves a difference, until the return that it is for is in the results."""
        return max(0, self.not_credited - self.returned - self.paid_on)

    @property
    def expected(self) -> int:
        return self.credited + self.returned + self.paid_on + self.holding

    @property
    def paid_with(self) -> int:
        return self.sp2d + self.from_holding


def detect(batch_code: str, month: str, programmes: Sequence[ProgrammeMoney], evidence: Sequence[str]) -> list[Finding]:
    """The batch as a whole; where its totals agree but its programmes do not, each programme that differs."""
    whole = ProgrammeMoney(
        "",
        sum(p.sp2d for p in programmes),
        sum(p.credited for p in programmes),
        sum(p.returned for p in programmes),
        sum(p.not_credited for p in programmes),
        sum(p.from_holding for p in programmes),
        sum(p.paid_on for p in programmes),
    )
    findings = [_finding(batch_code, month, whole, evidence)]
    if whole.paid_with == whole.expected:
        findings += [_finding(f"{batch_code}/{p.programme}", month, p, evidence) for p in programmes if p.paid_with != p.expected]
    return findings


def _finding(subject: str, month: str, money: ProgrammeMoney, evidence: Sequence[str]) -> Finding:
    paid_on = f" + dikirim ulang dari penampungan {grouped(money.paid_on)}" if money.paid_on else ""
    from_holding = f" + dari rekening penampungan {grouped(money.from_holding)}" if money.from_holding else ""
    formula = (
        f"dikreditkan {grouped(money.credited)} + disetor kembali (STS) {grouped(money.returned)}{paid_on}"
        f" + di rekening penampungan {grouped(money.holding)} = {grouped(money.expected)}; SP2D {grouped(money.sp2d)}{from_holding}"
    )
    return Finding(CODE, subject, month, money.expected, money.paid_with, formula, tuple(evidence))
