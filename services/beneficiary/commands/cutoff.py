"""The cut-off: one programme's list of one month, written, hashed and sealed while every change stands still."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.beneficiary import store
from services.beneficiary.domain.decree import tariff_of
from services.beneficiary.domain.seal import AlreadySealed, NobodyNamed, NothingChanged, NotSealed
from shared.contracts.beneficiary import CutoffSealed
from shared.db.session import WriteSession, copy_out
from shared.kernel import failpoints
from shared.kernel.ids import natural_id
from shared.kernel.month import Month
from shared.messaging import outbox
from shared.messaging.outbox import Outgoing

LIST = "SELECT person_id, status, reason, amount FROM cutoff_line WHERE cutoff_id = %(cutoff)s ORDER BY person_id"
"""COPY of this gives the bytes of CORE.md section 3; the door that serves the list uses the same text."""


async def seal_cutoff(session: WriteSession, programme: str, month: Month, *, author: str, at: datetime) -> UUID:
    """Write and seal the list; returns the cut-off's id. Waits for the changes in flight and holds off new ones.

    Raise AlreadySealed (with ``cutoff_id``) for a month that has its seal, NobodyNamed where no decree names anybody.
    """
    await store.require_programme(session, programme)
    await store.close_cutoff_queue(session, programme)
    newest = await _newest(session, programme, month)
    if newest is not None:
        raise AlreadySealed(f"{programme} {month} is sealed", cutoff_id=str(newest.id))
    cutoff_id, _ = await _seal(session, programme, month, seal_no=1, author=author, at=at)
    return cutoff_id


async def seal_again(session: WriteSession, programme: str, month: Month, *, author: str, at: datetime) -> UUID:
    """Seal a sealed month once more, because orders of two people reached behind its seal (CORE.md section 3).

    The full list as of a new cut-off, under the next ``seal_no``; the seals before it stay as they were. What is in it was
    ordered by two people each (a decree's list, a status order for a sealed month), so one person may seal it.
    Raise NotSealed for a month without a seal, NothingChanged (with ``cutoff_id``) where the list is still the sealed one.
    """
    await store.require_programme(session, programme)
    await store.close_cutoff_queue(session, programme)
    newest = await _newest(session, programme, month)
    if newest is None:
        raise NotSealed(f"{programme} {month} has no seal yet", programme=programme, month=month)
    cutoff_id, digest = await _seal(session, programme, month, seal_no=newest.seal_no + 1, author=author, at=at)
    if digest == newest.hash:
        raise NothingChanged(f"nothing reaches {programme} {month} since its seal", cutoff_id=str(newest.id))
    return cutoff_id


async def _newest(session: WriteSession, programme: str, month: Month) -> Row[Any] | None:
    return (
        await session.execute(
            text("SELECT id, seal_no, hash FROM cutoff WHERE programme = :programme AND month = :month ORDER BY seal_no DESC LIMIT 1"),
            {"programme": programme, "month": month},
        )
    ).one_or_none()


async def _seal(
    session: WriteSession, programme: str, month: Month, *, seal_no: int, author: str, at: datetime
) -> tuple[UUID, str]:  # fmt: skip
    """List, seal and event, under the cut-off's lock; returns the cut-off's id and the list's hash."""
    cutoff_no = (await store.cutoff_numbers(session))[programme]
    amount = tariff_of(await store.tariffs(session), programme, month)
    cutoff_id = natural_id("cutoff", programme, month, str(seal_no))
    await _write_lines(session, cutoff_id, programme=programme, month=month, cutoff_no=cutoff_no, amount=amount)
    totals = (
        await session.execute(
            text("""SELECT count(*) AS people, coalesce(sum(amount), 0) AS sum, count(*) FILTER (WHERE status = 'active') AS active,
                           count(*) FILTER (WHERE status = 'suspended') AS suspended, count(*) FILTER (WHERE status = 'ended') AS ended
                      FROM cutoff_line WHERE cutoff_id = :id"""),
            {"id": cutoff_id},
        )
    ).one()
    if totals.people == 0:
        raise NobodyNamed(f"no decree in force names anybody for {programme} {month}")
    digest = sha256()
    async for block in copy_out(session, LIST, {"cutoff": cutoff_id}):
        digest.update(block)
    quota = await session.scalar(
        text("""SELECT coalesce(sum(dp.quota), 0) FROM decree_programme dp JOIN decree d ON d.id = dp.decree_id
                 WHERE dp.programme = :programme AND d.from_month <= :month AND :month <= d.to_month"""),
        {"programme": programme, "month": month},
    )
    values = {
        "id": cutoff_id, "programme": programme, "month": month, "seal_no": seal_no, "cutoff_no": cutoff_no,
        "count": totals.people, "sum": int(totals.sum), "hash": digest.hexdigest(), "quota": int(quota or 0),
        "active": totals.active, "suspended": totals.suspended, "ended": totals.ended, "author": author, "at": at,
    }  # fmt: skip
    columns = ", ".join(values)
    await session.execute(text(f"INSERT INTO cutoff ({columns}) VALUES ({', '.join(f':{name}' for name in values)})"), values)
    await session.execute(text("UPDATE programme SET next_cutoff_no = next_cutoff_no + 1 WHERE code = :code"), {"code": programme})
    key, version = await store.next_stream_version(session, programme)
    event = CutoffSealed(
        cutoff_id=cutoff_id, programme=programme, month=month, seal_no=seal_no, cutoff_no=cutoff_no, count=totals.people,
        sum=int(totals.sum), hash=digest.hexdigest(), quota=int(quota or 0), list=f"/beneficiary/cutoffs/{cutoff_id}/list.tsv",
    )  # fmt: skip
    await outbox.append(session, [Outgoing(key, version, event)], at=at)
    failpoints.hit("beneficiary.seal.before_commit")
    return cutoff_id, digest.hexdigest()


async def _write_lines(session: WriteSession, cutoff_id: UUID, *, programme: str, month: Month, cutoff_no: int, amount: int) -> None:
    """The state of each person at this cut-off: the highest version among those that cover the month."""
    await session.execute(
        text("""INSERT INTO cutoff_line (cutoff_id, person_id, status, reason, amount)
                SELECT DISTINCT ON (person_id) CAST(:id AS uuid), person_id, status, reason, CAST(:amount AS bigint)
                  FROM enrolment
                 WHERE programme = :programme AND from_month <= :month AND :month <= to_month AND cutoff_no <= :cutoff_no
                 ORDER BY person_id, person_version DESC"""),
        {"id": cutoff_id, "programme": programme, "month": month, "cutoff_no": cutoff_no, "amount": amount},
    )
