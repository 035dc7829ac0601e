"""The treasury's papers of a list before its SP2D: SPP by the treasurer, its verification, SPM by the budget user.

Chain: Permendagri 77/2020 (SPP, SPM, SP2D). Ritme keeps their numbers and days; the papers themselves are signed outside, and only
the SP2D opens the way to the bank. Every paper is for one list hash: a list that changes needs new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.disbursement.domain.batch import SENT, BatchState
from shared.kernel.errors import IllegalTransition, InvalidInput, Refusal


class PaperStep(StrEnum):
    """What was written down last of a list."""

    NONE = "none"
    REQUESTED = "requested"
    """SPP-LS: the treasurer asks for payment."""
    RETURNED = "returned"
    """The PPK-SKPD sent the SPP back, with a reason."""
    VERIFIED = "verified"
    """The PPK-SKPD found the SPP complete and lawful."""
    ORDERED = "ordered"
    """SPM-LS: the budget user (PA) or their proxy (KPA) orders the payment."""


_S = PaperStep

TRANSITIONS: Final[Mapping[tuple[PaperStep, PaperStep], bool]] = MappingProxyType(
    {
        (_S.NONE, _S.REQUESTED): True,
        (_S.RETURNED, _S.REQUESTED): True,
        (_S.REQUESTED, _S.VERIFIED): True,
        (_S.REQUESTED, _S.RETURNED): True,
        (_S.VERIFIED, _S.ORDERED): True,
    }
)

APPROVED: Final = (BatchState.APPROVED, BatchState.REFUSED, BatchState.RESERVED, BatchState.FUNDED, *SENT)
"""From here on there is a list that an SPP may ask for. After the release too: papers come late where SIPD is down for weeks."""

SIGNERS: Final[Mapping[str, str]] = MappingProxyType({"PA": "Pengguna Anggaran", "KPA": "Kuasa Pengguna Anggaran"})


class NumberUsed(Refusal):
    """This number stands on another paper of the treasury path already."""

    code = "document-number-used"


class NoSp2dNeeded(Refusal):
    """The list is paid from the holding account: an SP2D has paid its rupiah, and no SPP, SPM or SP2D is made again."""

    code = "no-sp2d-needed"


def refuse_step(before: str, to: PaperStep) -> None:
    """Raise IllegalTransition unless ``to`` may follow."""
    if (PaperStep(before), to) not in TRANSITIONS:
        raise IllegalTransition(before, to.value)


def refuse_day(day: date, *, today: date, not_before: date | None) -> None:
    """Raise InvalidInput for a paper of the future, or one that is older than the paper it rests on."""
    if day > today:
        raise InvalidInput("a paper cannot be of a day to come", day=day.isoformat())
    if not_before is not None and day < not_before:
        raise InvalidInput("this paper cannot be older than the one it rests on", day=day.isoformat(), not_before=not_before.isoformat())
