"""What ``beneficiary`` publishes: who is entitled, since when, by which decree, and why not."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.registry import Event, event, topic

PERSON = topic("beneficiary.person", 1, partitions=6, key="person_id")
PROGRAMME = topic("beneficiary.programme", 2, partitions=1, key="programme")
PANTI = topic("beneficiary.panti", 3, partitions=1, key="panti_id")


class EnrolmentState(Event, frozen=True, kw_only=True):
    """The whole state of one enrolment after the change; ``version`` of the envelope is the person's version.

    ``amount`` is the tariff of ``from_month`` in rupiah. ``cutoff_no`` tells before which cut-off the change stands.
    """

    programme: str
    decree_id: UUID
    cohort: str
    area: str
    amount: int
    reason: str
    from_month: str
    to_month: str
    cutoff_no: int


@event("beneficiary.enrolment.activated.v1", 101, PERSON)
class EnrolmentActivated(EnrolmentState, frozen=True, kw_only=True):
    """A decree's list was committed and names this person; or a change was taken back, and the active state before it holds again."""


@event("beneficiary.enrolment.suspended.v1", 102, PERSON)
class EnrolmentSuspended(EnrolmentState, frozen=True, kw_only=True):
    """Stopped for now; the right is kept, months from ``from_month`` are held. Also where its end or resumption was taken back."""


@event("beneficiary.enrolment.resumed.v1", 103, PERSON)
class EnrolmentResumed(EnrolmentState, frozen=True, kw_only=True):
    """Resumed; ``from_month`` reaches back to the first suspended month, which is owed."""


@event("beneficiary.enrolment.ended.v1", 104, PERSON)
class EnrolmentEnded(EnrolmentState, frozen=True, kw_only=True):
    """Over for a lawful reason; the person stays in the set as excluded until the decree's last month."""


@event("beneficiary.decree.issued.v1", 111, PROGRAMME)
class DecreeIssued(Event, frozen=True, kw_only=True):
    """A decree's list for one programme was committed by a second person."""

    decree_id: UUID
    decree_number: str
    programme: str
    from_month: str
    to_month: str
    count: int
    sum: int
    quota: int


@event("beneficiary.cutoff.sealed.v1", 112, PROGRAMME, barrier=True)
class CutoffSealed(Event, frozen=True, kw_only=True):
    """The publisher's own list of a programme month, as of a cut-off (CORE.md section 3).

    ``hash``: SHA-256 over the sorted lines person, status, reason, amount. ``list``: path that serves exactly these bytes.
    """

    cutoff_id: UUID
    programme: str
    month: str
    seal_no: int
    cutoff_no: int
    count: int
    sum: int
    hash: str
    quota: int
    list: str


class BookLine(Event, frozen=True, kw_only=True):
    """A line of a panti's daily book about a person. The panti is left out: some are for one illness or one disability.

    ``taken_back``: the line was wrong, and is taken back by a counter-line.
    """

    day: str
    entry_id: UUID
    taken_back: bool = False


@event("beneficiary.person.admitted_to_panti.v1", 105, PERSON)
class PersonAdmittedToPanti(BookLine, frozen=True, kw_only=True):
    """Lives in a panti since ``day``; whoever pays the person monthly will hear of the enrolment by its own event."""


@event("beneficiary.person.discharged.v1", 106, PERSON)
class PersonDischarged(BookLine, frozen=True, kw_only=True):
    """Left the panti on ``day`` for good."""


@event("beneficiary.person.died.v1", 107, PERSON)
class PersonDied(BookLine, frozen=True, kw_only=True):
    """Died on ``day``, as a panti's book says."""


@event("beneficiary.person.identified.v1", 108, PERSON)
class PersonIdentified(Event, frozen=True, kw_only=True):
    """Somebody without NIK turned out to be ``person_id``: what was written about the one counts for the other."""

    person_id: UUID


@event("beneficiary.panti.day_counted.v1", 121, PANTI)
class PantiDayCounted(Event, frozen=True, kw_only=True):
    """So many residents slept in the panti on that day, by its book; ``count_no`` counts the versions of the day."""

    panti: str
    day: str
    residents: int
    count_no: int
