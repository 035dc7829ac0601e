"""Open a benefit month: only where disbursement's own list equals beneficiary's seal (CORE.md section 3, "Opening")."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import text

from services.disbursement.commands.months.exclusive import give_way
from services.disbursement.commands.months.follow_enrolments import follow_enrolments
from services.disbursement.commands.months.heads import OWN_LIST, make_heads, mark_opened, publish_opened, values_of
from services.disbursement.commands.months.own_list import ListValues, Seal, compute_own, fetch_sealed, keep_differences
from services.disbursement.commands.months.second_seal import Followed, follow_second_seal
from services.disbursement.store import lock_programmes
from shared.contracts.beneficiary import PERSON
from shared.db.session import WriteSession
from shared.kernel import failpoints
from shared.kernel.errors import IllegalTransition
from shared.kernel.month import Month
from shared.messaging.log import BusUnavailable
from shared.runtime import Service
from shared.web.auth import Caller

SHOWN_PEOPLE = 50
"""People named in the answer; all of them are kept as ``unreconciled``."""

State = Literal["opened", "already_open", "second_seal_followed", "not_sealed", "events_pending", "seal_differs"]
WORST_FIRST: tuple[State, ...] = ("seal_differs", "events_pending", "not_sealed")


@dataclass
class Opening:
    """What became of one programme of the month."""

    programme: str
    state: State
    due: int = 0
    held: int = 0
    excluded: int = 0
    seal: str = ""
    pending: int = 0
    differences: dict[str, int] = field(default_factory=dict)
    people: list[tuple[str, str]] = field(default_factory=list)
    followed: Followed | None = None
    """What a second seal did."""

    @property
    def opened(self) -> bool:
        return self.state in ("opened", "already_open", "second_seal_followed")

    @property
    def differs(self) -> int:
        return sum(self.differences.get(kind, 0) for kind in ("status", "reason", "amount"))


async def open_month(session: WriteSession, service: Service, caller: Caller, month: Month, at: datetime) -> list[Opening]:
    """Each programme of the month by itself, in code order; those that can open do, the others say why not.

    Repeatable: what is open stays as it is, unless it was sealed again since: then it follows the newest seal. A refused
    programme that is healed opens at the next call.
    """
    programmes = (
        await session.scalars(
            text("""SELECT programme FROM seal WHERE month = :month
                    UNION SELECT programme FROM enrolment_history WHERE from_month <= :month AND :month <= to_month
                    ORDER BY 1"""),
            {"month": month},
        )
    ).all()
    await lock_programmes(session, programmes, exclusive=True)
    openings = [await _open(session, service, caller, month=month, programme=programme, at=at) for programme in programmes]
    opened = [one.programme for one in openings if one.opened]
    await give_way(session, opened, [month], author=caller.person, at=at)  # of both programmes there are heads now, or at a later call
    failpoints.hit("disbursement.opening.before_commit")
    return openings


async def _open(session: WriteSession, service: Service, caller: Caller, *, month: Month, programme: str, at: datetime) -> Opening:
    key = {"programme": programme, "month": month}
    seal = await _newest_seal(session, key)
    current = (
        await session.execute(text("SELECT * FROM programme_month WHERE programme = :programme AND month = :month FOR UPDATE"), key)
    ).one_or_none()
    behind = current is not None and current.state in ("opened", "closed") and seal is not None and current.seal_no < seal.seal_no
    if current is not None and current.state in ("opened", "closed") and not behind:
        opened_seal = await session.scalar(
            text("SELECT hash FROM seal WHERE programme = :programme AND month = :month AND seal_no = :seal_no"),
            {**key, "seal_no": current.seal_no},
        )
        return Opening(programme, "already_open", current.due, current.held, current.excluded, opened_seal or "")
    if seal is None or current is None:
        return Opening(programme, "not_sealed")
    if current.state != "sealed" and not behind:
        raise IllegalTransition(current.state, "open", programme=programme, month=month)
    pending = await _pending(session, service, seal)
    if pending:
        return Opening(programme, "events_pending", seal=seal.hash, pending=pending)
    own = await compute_own(session, programme, month, seal.cutoff_no)
    if own != seal.values:
        return await _refuse(session, service, caller, seal, at)
    if behind:
        followed = await follow_second_seal(session, caller.person, seal, at=at)
        return Opening(programme, "second_seal_followed", followed.due, followed.held, followed.excluded, seal.hash, followed=followed)
    return await _make_heads(session, caller, seal, at)


async def _newest_seal(session: WriteSession, key: dict[str, str]) -> Seal | None:
    found = (
        (
            await session.execute(
                text("SELECT * FROM seal WHERE programme = :programme AND month = :month ORDER BY seal_no DESC LIMIT 1"), key
            )
        )
        .mappings()
        .one_or_none()
    )
    if found is None:
        return None
    return Seal(
        found["programme"], found["month"], found["seal_no"], found["cutoff_id"], found["cutoff_no"],
        ListValues(found["count"], found["sum"], found["hash"]), found["quota"], found["list"],
    )  # fmt: skip


async def _pending(session: WriteSession, service: Service, seal: Seal) -> int:
    """Events of ``beneficiary.person`` that stand before the seal and were not read yet.

    Where the bus is another one than when the seal came (it lost its data and was filled again), today's ends bound the
    old ones; whoever is missing then shows as a difference.
    """
    try:
        now = await service.ends(PERSON)
    except BusUnavailable:
        now = {}
    rows = await session.execute(
        text("""
            SELECT s.partition, s.end_offset, coalesce(p.next_offset, 0) AS next_offset
              FROM seal_end s LEFT JOIN consumer_position p ON p.topic = :topic AND p.partition = s.partition
             WHERE s.programme = :programme AND s.month = :month AND s.seal_no = :seal_no"""),
        {"topic": PERSON.name, "programme": seal.programme, "month": seal.month, "seal_no": seal.seal_no},
    )
    return sum(max(0, min(r.end_offset, now.get(r.partition, r.end_offset)) - r.next_offset) for r in rows)


async def _refuse(session: WriteSession, service: Service, caller: Caller, seal: Seal, at: datetime) -> Opening:
    """Name the difference person by person and keep it in sight; open nothing of this programme."""
    await fetch_sealed(session, service, caller, seal.list, seal.hash)
    differences = await keep_differences(session, seal.programme, seal.month, at)
    people = await session.execute(
        text("""SELECT person_id, kind FROM unreconciled WHERE programme = :programme AND month = :month
                ORDER BY person_id LIMIT :shown"""),
        {"programme": seal.programme, "month": seal.month, "shown": SHOWN_PEOPLE},
    )
    return Opening(
        seal.programme, "seal_differs", seal=seal.hash, differences=differences,
        people=[(str(person), kind) for person, kind in people],
    )  # fmt: skip


async def _make_heads(session: WriteSession, caller: Caller, seal: Seal, at: datetime) -> Opening:
    """One head and one entry for each person of the seal, the programme month, and the event."""
    values = values_of(seal, caller.person, at)
    await session.execute(text("DELETE FROM unreconciled WHERE programme = :programme AND month = :month"), values)
    await make_heads(session, OWN_LIST, values, cause="opened")
    counts, version = await mark_opened(session, values)
    await follow_enrolments(
        session,
        """SELECT DISTINCT person_id, programme FROM enrolment_history
            WHERE programme = :programme AND (resumed OR (status = 'ended' AND cutoff_no > :cutoff_no))""",
        {"programme": seal.programme, "cutoff_no": seal.cutoff_no},
        first_month=seal.month,
        last_month=seal.month,
        at=at,
        author="opening",
    )
    await publish_opened(session, seal, counts, version, at=at)
    return Opening(seal.programme, "opened", *counts, seal.hash)
