"""The seal: hash of one programme's list, and of a month's programmes together (CORE.md section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from shared.kernel.errors import Refusal


class AlreadySealed(Refusal):
    code = "already-sealed"


class NotSealed(Refusal):
    """A month is sealed again only after it was sealed."""

    code = "not-sealed"


class NothingChanged(Refusal):
    """The list as of now is the one that was sealed: a second seal would say nothing new."""

    code = "nothing-changed"


class NobodyNamed(Refusal):
    """No decree in force names anybody for this programme and month: there is nothing to seal."""

    code = "nobody-named"


@dataclass(frozen=True, slots=True)
class ProgrammeSeal:
    programme: str
    count: int
    sum: int
    hash: str


def line(person_id: UUID, status: str, reason: str, amount: int) -> bytes:
    """One person of the list, as its bytes are hashed and served."""
    return f"{person_id}\t{status}\t{reason}\t{amount}\n".encode("ascii")


def month_hash(programmes: Iterable[ProgrammeSeal]) -> str:
    """SHA-256 over ``programme TAB count TAB sum TAB hash LF`` in code order."""
    digest = sha256()
    for one in sorted(programmes, key=lambda p: p.programme):
        digest.update(f"{one.programme}\t{one.count}\t{one.sum}\t{one.hash}\n".encode("ascii"))
    return digest.hexdigest()
