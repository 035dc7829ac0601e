"""Who reads lists of people: those who make, check, pay and audit them; everybody else works with sums.

That somebody was not paid, and why, is a fact about that person, with an id as much as with a name. Panti, warehouse and
leadership see counts, reasons and owners (USERS.md: "names of the owners, not of the citizens"). Whoever had a signing role
handed to them reads what they sign. Each look is one audit entry with its purpose (RELIABILITY invariants 22 and 24).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import text

from shared import audit
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import Clock
from shared.kernel.errors import NotAllowed, Refusal
from shared.web.auth import Caller, CallerDep
from shared.web.transactions import WriteDep

Purpose = Literal["", "payment", "audit"]

PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "operator": "payment", "checker": "payment", "approver": "payment", "releaser": "payment", "treasurer": "payment",
        "auditor": "audit",
    }
)  # fmt: skip
"""For what each role reads lists of people. Payment is the work itself and needs no word; an auditor says what the look is for."""


class PurposeNeeded(Refusal):
    """The caller reads people for a purpose that must be said: ``?purpose=audit``."""

    code = "purpose-needed"
    status = 403


@dataclass(frozen=True)
class Reader:
    """Somebody who may read lists of people in this request, and for what."""

    session: WriteSession
    caller: Caller
    purpose: str
    clock: Clock

    async def looked(self, operation: str, people: Iterable[UUID | str | None]) -> None:
        """Write this look into the audit chain, by its ids."""
        ids = {UUID(str(one)) for one in people if one}
        await self.record(operation, len(ids), audit.hash_ids(ids))

    async def record(self, operation: str, count: int, ids_hash: str) -> None:
        """Where the ids are too many to be read here: how many, and what names the list (its hash, its month)."""
        await audit.record(self.session, self.caller, operation, self.purpose, count=count, ids_hash=ids_hash, at=self.clock.now())


async def _roles(session: AnySession, caller: Caller, today: date) -> Collection[str]:
    """The caller's own roles that read people; without any, those that were handed to them for today."""
    own = caller.roles & set(PURPOSES)
    if own:
        return own
    handed = await session.scalars(
        text("""SELECT DISTINCT role FROM delegation
                 WHERE delegate = :person AND confirmed_by <> '' AND revoked_by = '' AND :on BETWEEN from_day AND to_day"""),
        {"person": caller.person, "on": today},
    )
    return set(handed) & set(PURPOSES)


async def _reader(request: Request, session: WriteDep, caller: CallerDep, purpose: Purpose = "") -> Reader | None:
    clock: Clock = request.app.state.service.clock
    purposes = {PURPOSES[role] for role in await _roles(session, caller, clock.today())}
    if not purposes:
        return None
    if not purpose and "payment" not in purposes:
        return Reader(session, caller, "", clock)
    if purpose and purpose not in purposes:
        raise NotAllowed(f"your role does not read people for the purpose '{purpose}'", purposes=sorted(purposes))
    return Reader(session, caller, purpose or "payment", clock)


async def _only_readers(found: Annotated[Reader | None, Depends(_reader)]) -> Reader:
    if found is None:
        raise NotAllowed(f"lists of people are for the roles {', '.join(PURPOSES)}; sums are open to you", roles=list(PURPOSES))
    if not found.purpose:
        raise PurposeNeeded("say what this look at people is for: purpose=audit", purposes=["audit"])
    return found


async def _or_sums(found: Annotated[Reader | None, Depends(_reader)]) -> Reader | None:
    return found if found is not None and found.purpose else None


ReaderDep = Annotated[Reader, Depends(_only_readers)]
"""403 ``not-allowed`` for who works with sums, ``purpose-needed`` for an auditor who did not say why."""

ReaderOrSumsDep = Annotated[Reader | None, Depends(_or_sums)]
"""None: this caller gets the sums of the door and no people."""
