"""What ``disbursement`` publishes: months opened, batches on their way, payments returned, gaps."""

from __future__ import annotations

import builtins
from uuid import UUID

import msgspec

from shared.contracts.registry import Event, ProgrammeTotal, event, topic

MONTH = topic("disbursement.month", 11, partitions=3, key="programme_month or batch_id")
PAYMENT = topic("disbursement.payment", 12, partitions=3, key="payment_id")
GAP = topic("disbursement.gap", 13, partitions=3, key="gap_id")
CASE = topic("disbursement.case", 14, partitions=3, key="case_id")


@event("disbursement.month.opened.v1", 201, MONTH)
class MonthOpened(Event, frozen=True, kw_only=True):
    """The ledger has a head for every entitled person of the programme month; ``seal`` is the hash both sides hold."""

    programme: str
    month: str
    seal: str
    due: int
    held: int
    excluded: int


@event("disbursement.batch.approved.v1", 202, MONTH)
class BatchApproved(Event, frozen=True, kw_only=True):
    """Maker, checker and approver signed this list hash; whoever needs lines takes ``list``.

    ``financing``: ``sp2d``, or ``holding`` for a retry of money that an SP2D has paid already: no budget is asked for it.
    """

    batch_id: UUID
    code: str
    month: str
    list_hash: str
    list: str
    totals: builtins.list[ProgrammeTotal]  # `list` is a field's name in this class
    financing: str = "sp2d"


@event("disbursement.batch.withdrawn.v1", 203, MONTH)
class BatchWithdrawn(Event, frozen=True, kw_only=True):
    """The signatures on ``list_hash`` are void: reservations for it are free again."""

    batch_id: UUID
    list_hash: str


@event("disbursement.batch.sent.v1", 204, MONTH)
class BatchSent(Event, frozen=True, kw_only=True):
    """The file was released to the bank; count, sum and entry hash were read back from its bytes."""

    batch_id: UUID
    file_id: UUID
    count: int
    sum: int
    entry_hash: int


class SettledTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One programme of a batch, cumulative; counts are allocations, sums rupiah.

    ``from_holding_sum``: what the list was paid with from the holding account, without an SP2D of its own. ``paid_on_sum``: of
    what this list could not credit, how much went out again on such lists; their figures say what became of it.
    """

    programme: str
    released: int
    released_sum: int
    credited: int
    credited_sum: int
    rejected: int
    rejected_sum: int
    returned_late: int
    returned_late_sum: int
    unknown: int
    unknown_sum: int
    in_payment: int
    in_payment_sum: int
    from_holding_sum: int = 0
    paid_on_sum: int = 0


@event("disbursement.batch.settled.v1", 205, MONTH)
class BatchSettled(Event, frozen=True, kw_only=True):
    """Where a released batch stands now, cumulative: the highest ``result_no`` replaces the one before."""

    batch_id: UUID
    code: str
    month: str
    result_no: int
    totals: builtins.list[SettledTotal]
    file_id: UUID | None
    part: int
    parts: int
    results_due: bool
    list: str


@event("disbursement.month.closed.v1", 206, MONTH)
class MonthClosed(Event, frozen=True, kw_only=True):
    """Two people closed the programme's month by its minutes; persons by outcome, as they stood then.

    ``closing_no``: a later one counts what happened after the one before. Key: that of ``disbursement.month.opened``.
    """

    programme: str
    month: str
    closing_no: int
    paid: int
    unknown: int
    held: int
    missed: int
    excluded: int


@event("disbursement.payment.returned.v1", 211, PAYMENT)
class PaymentReturned(Event, frozen=True, kw_only=True):
    """The bank could not credit, or sent back; the months are missed and the money stays in holding."""

    batch_id: UUID
    person_id: UUID
    programme: str
    months: list[str]
    amount: int
    reason: str
    after_credit: bool


@event("disbursement.gap.detected.v1", 221, GAP)
class GapDetected(Event, frozen=True, kw_only=True):
    """A person-month is missed or unknown: with a reason, an owner (an office) and a due date."""

    person_id: UUID
    programme: str
    month: str
    outcome: str
    reason: str
    area: str
    owner: str
    due_on: str


@event("disbursement.gap.closed.v1", 222, GAP)
class GapClosed(Event, frozen=True, kw_only=True):
    """``how``: paid, excluded, or no_longer_open."""

    person_id: UUID
    programme: str
    month: str
    how: str


CALENDAR = topic("disbursement.calendar", 15, partitions=1, key="step_notice_id")


@event("disbursement.step.near.v1", 241, CALENDAR)
class StepNear(Event, frozen=True, kw_only=True):
    """A step of a programme's month is due soon and not done; ``role`` does it. Told once a step."""

    programme: str
    month: str
    step: str
    due_on: str
    role: str


@event("disbursement.step.late.v1", 242, CALENDAR)
class StepLate(Event, frozen=True, kw_only=True):
    """The day on which a step was due has passed and it is not done; ``role`` is whom it is escalated to. Told once a step."""

    programme: str
    month: str
    step: str
    due_on: str
    role: str


@event("disbursement.gap.escalated.v1", 223, GAP)
class GapEscalated(Event, frozen=True, kw_only=True):
    """Fifteen days without another answer: the next office up owns it now, with a new date (TROUBLES.md O20)."""

    person_id: UUID
    programme: str
    month: str
    reason: str
    area: str
    owner_before: str
    owner: str
    due_on: str
    escalations: int


@event("disbursement.case.warned.v1", 231, CASE)
class CaseWarned(Event, frozen=True, kw_only=True):
    """A case is past its date: a hold without notice or reply, an objection without an answer, an access problem, a claim."""

    kind: str
    about: str
    person_id: UUID
    programme: str
    step: str
    owner: str
    due_on: str


HOLIDAYS = topic("disbursement.holidays", 16, partitions=1, key="holiday_id")


@event("disbursement.holiday.changed.v1", 243, HOLIDAYS)
class HolidayChanged(Event, frozen=True, kw_only=True):
    """Two people agreed that ``day`` is a holiday, or is none any more; whoever counts working days counts by it from now on.

    ``kind``: ``libur_nasional`` or ``cuti_bersama``; empty, like ``called``, where the day is none.
    """

    day: str
    holiday: bool
    called: str
    kind: str


ACCOUNT = topic("disbursement.account", 17, partitions=3, key="account_change_id")


@event("disbursement.account.change_confirmed.v1", 251, ACCOUNT)
class AccountChangeConfirmed(Event, frozen=True, kw_only=True):
    """Two people changed where a person's money goes; it holds from ``in_force_on`` (Jakarta). ``owner`` tells the person before."""

    person_id: UUID
    programme: str
    area: str
    owner: str
    in_force_on: str


@event("disbursement.account.change_cancelled.v1", 252, ACCOUNT)
class AccountChangeCancelled(Event, frozen=True, kw_only=True):
    """A confirmed change was taken back before it held: the account stays as it is."""

    person_id: UUID
    programme: str
    area: str
    owner: str


@event("disbursement.account.changed.v1", 253, ACCOUNT)
class AccountChanged(Event, frozen=True, kw_only=True):
    """The change holds: lists made from now on go to the new account, and lists not yet sent are drafts again."""

    person_id: UUID
    programme: str
    area: str
    owner: str
