"""What BPK recommends and what became of it (Peraturan BPK 2/2017): four statuses, two clocks, the Inspektorat first."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.kernel.errors import FourEyes, IllegalTransition

REPLY_DAYS: Final = 60
"""Calendar days after the LHP was received in which the office answers."""

REVIEW_DAYS: Final = 30
"""Calendar days after the answer reached BPK in which BPK says its status."""


class Status(StrEnum):
    """BPK's words for a recommendation; only BPK gives the other three."""

    FOLLOWED = "sesuai"
    NOT_YET = "belum_sesuai"
    NOTHING_DONE = "belum_ditindaklanjuti"
    IMPOSSIBLE = "tidak_dapat_ditindaklanjuti"


class Stage(StrEnum):
    """Whose turn it is."""

    OFFICE = "office"
    INSPEKTORAT = "inspektorat"
    BPK = "bpk"
    DONE = "done"


class Step(StrEnum):
    REPLY = "reply"
    VERIFY = "verify"
    """The Inspektorat verified the answer; it goes to BPK."""
    RETURN = "return"
    """The Inspektorat gives it back to the office."""
    REVIEW = "review"


ALLOWED: Final = {
    (Stage.OFFICE, Step.REPLY): Stage.INSPEKTORAT,
    (Stage.INSPEKTORAT, Step.RETURN): Stage.OFFICE,
    (Stage.INSPEKTORAT, Step.VERIFY): Stage.BPK,
}


def after(stage: Stage, step: Step, status: Status) -> Stage:
    """Raise IllegalTransition for what is not possible; a review ends it, or sends it back to the office."""
    if (stage, step) == (Stage.BPK, Step.REVIEW):
        return Stage.DONE if status in (Status.FOLLOWED, Status.IMPOSSIBLE) else Stage.OFFICE
    try:
        return ALLOWED[stage, step]
    except KeyError:
        raise IllegalTransition(stage.value, step.value) from None


def due(stage: Stage, received_on: date, sent_on: date | None) -> date | None:
    """The day until which whoever's turn it is must act; none once it is done. An answer before the 60 days includes its verification."""
    if stage is Stage.DONE:
        return None
    if stage is Stage.BPK and sent_on is not None:
        return sent_on + timedelta(days=REVIEW_DAYS)
    return received_on + timedelta(days=REPLY_DAYS)


def check_other_person(person: str, replied: set[str]) -> None:
    """Raise FourEyes where who answered would verify the answer."""
    if person in replied:
        raise FourEyes("whoever answered cannot verify the answer", acted=sorted(replied))
