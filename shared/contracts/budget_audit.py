"""What ``budget_audit`` publishes: reservations, treasury documents, and where money and reality differ."""

from __future__ import annotations

from uuid import UUID

import msgspec

from shared.contracts.registry import Event, event, topic

RESERVATION = topic("budget_audit.reservation", 21, partitions=1, key="batch_id")
TREASURY = topic("budget_audit.treasury", 22, partitions=1, key="sp2d_id or return_id")
MISMATCH = topic("budget_audit.mismatch", 23, partitions=1, key="mismatch_id")
BUDGET = topic("budget_audit.budget", 24, partitions=1, key="budget_year_id")
EVIDENCE = topic("budget_audit.evidence", 25, partitions=1, key="import_id, setting_id or audit_id")


class ReservedLine(msgspec.Struct, frozen=True, kw_only=True):
    """``line``: the budget line's id; ``amount`` in rupiah."""

    line: UUID
    programme: str
    amount: int


@event("budget_audit.reservation.made.v1", 301, RESERVATION)
class ReservationMade(Event, frozen=True, kw_only=True):
    """The whole batch is reserved for this list hash, until ``expires_on`` (a day)."""

    batch_id: UUID
    list_hash: str
    lines: list[ReservedLine]
    expires_on: str


@event("budget_audit.reservation.refused.v1", 302, RESERVATION)
class ReservationRefused(Event, frozen=True, kw_only=True):
    """Nothing is reserved: ``line`` (text: the line's key, or the programme without one) has too little."""

    batch_id: UUID
    list_hash: str
    line: str
    requested: int
    available: int


class Sp2dRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an SP2D, by budget line; ``programme`` is empty where the line belongs to a panti."""

    line: UUID
    programme: str
    amount: int


@event("budget_audit.sp2d.recorded.v1", 311, TREASURY)
class Sp2dRecorded(Event, frozen=True, kw_only=True):
    """The treasury released money. ``reference``: batch code, panti and month, or delivery."""

    sp2d_number: str
    date: str
    rows: list[Sp2dRow]
    reference: str


@event("budget_audit.sp2d.corrected.v1", 313, TREASURY)
class Sp2dCorrected(Event, frozen=True, kw_only=True):
    """A later file of the treasury brought another amount for a recorded SP2D: all its rows as they are now.

    Never an SP2D of a payment list: those stay as they were recorded.
    """

    sp2d_number: str
    rows: list[Sp2dRow]
    reference: str


@event("budget_audit.treasury_return.recorded.v1", 312, TREASURY)
class TreasuryReturnRecorded(Event, frozen=True, kw_only=True):
    """Money went back to Kas Daerah by STS; ``batch_id`` where it came from a batch's holding."""

    sts_number: str
    date: str
    batch_id: UUID | None
    programme: str
    amount: int


@event("budget_audit.mismatch.detected.v1", 321, MISMATCH)
class MismatchDetected(Event, frozen=True, kw_only=True):
    """Expected and actual differ; one per (code, subject, period), its numbers versioned."""

    code: str
    subject: str
    period: str
    expected: int
    actual: int
    difference: int
    formula: str
    evidence: list[str]
    owner: str
    due_on: str


@event("budget_audit.mismatch.explained.v1", 322, MISMATCH)
class MismatchExplained(Event, frozen=True, kw_only=True):
    """Explained in part or whole by the office concerned, or by an event (then ``by_event`` names it)."""

    explained: int
    open: int
    by_event: str = ""


@event("budget_audit.mismatch.agreed.v1", 323, MISMATCH)
class MismatchAgreed(Event, frozen=True, kw_only=True):
    """What is open has a solution, an owner and a date."""

    open: int
    solution: str
    owner: str
    due_on: str


@event("budget_audit.mismatch.closed.v1", 324, MISMATCH)
class MismatchClosed(Event, frozen=True, kw_only=True):
    """Verified by another person."""

    evidence: str


@event("budget_audit.mismatch.explanation_asked.v1", 325, MISMATCH)
class MismatchAsked(Event, frozen=True, kw_only=True):
    """An auditor asks the office concerned to explain the open rupiah until ``due_on``."""

    open: int
    owner: str
    due_on: str


@event("budget_audit.mismatch.explanation_accepted.v1", 326, MISMATCH)
class MismatchAccepted(Event, frozen=True, kw_only=True):
    """An auditor accepts the explanation of that many rupiah; the rest is open."""

    accepted: int
    open: int


@event("budget_audit.mismatch.reopened.v1", 327, MISMATCH)
class MismatchReopened(Event, frozen=True, kw_only=True):
    """Closed before, and asked again for a reason."""

    open: int
    reason: str
    due_on: str


@event("budget_audit.mismatch.escalated.v1", 328, MISMATCH)
class MismatchEscalated(Event, frozen=True, kw_only=True):
    """``due_on`` passed without an answer or a solution: the office above is told."""

    open: int
    owner: str
    due_on: str
    to: str


@event("budget_audit.evidence.recorded.v1", 341, EVIDENCE)
class EvidenceRecorded(Event, frozen=True, kw_only=True):
    """Rows of papers or counts of a panti came in: contract items, standard prices, minutes, invoices, kitchen log, staff, movements."""

    kind: str
    year: int
    rows: int


@event("budget_audit.detector_setting.changed.v1", 342, EVIDENCE)
class DetectorSettingChanged(Event, frozen=True, kw_only=True):
    """Two people changed a threshold; it holds from ``from_day`` on."""

    setting: str
    value: int
    from_day: str


@event("budget_audit.year_audit.asked.v1", 343, EVIDENCE)
class YearAuditAsked(Event, frozen=True, kw_only=True):
    """Somebody asked for every detector to look at the whole year."""

    year: int


@event("budget_audit.budget.revised.v1", 331, BUDGET)
class BudgetRevised(Event, frozen=True, kw_only=True):
    """A budget document made a new version of a year's lines (DPA, DPPA, pergeseran).

    ``added``, ``dropped``, ``raised``, ``lowered`` count lines. ``ceiling``: of all lines of the year now; ``uncovered``: rupiah
    of the year that are reserved or spent above a ceiling that was lowered or dropped.
    """

    year: int
    budget_version: int
    document: str
    document_number: str
    added: int
    dropped: int
    raised: int
    lowered: int
    ceiling: int
    uncovered: int
