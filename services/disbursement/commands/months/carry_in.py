"""Months from before Ritme: heads like any other, with cause ``carried_in``; they have no seal and say so (CORE.md section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.months.follow_enrolments import Followed, follow_enrolments
from services.disbursement.store import lock_programmes
from shared.db.session import WriteSession
from shared.kernel.ids import natural_id

CAUSE: Final = "carried_in"

_STAGED: Final = "SELECT * FROM carry_in_staging WHERE import_id = :id"


async def months_in_ritme(session: WriteSession, import_id: UUID, this_month: str) -> Sequence[Row[Any]]:
    """The staged programme months that Ritme itself sealed or opened, or that lie after the first such one, and the present
    month and later ones: refused. A carried-in month is never opened, so nobody else would be paid for it.
    """
    return (
        await session.execute(
            text(f"""
                SELECT s.programme, s.month, count(*) AS rows FROM ({_STAGED}) AS s
                 WHERE s.month >= :this_month OR s.month >= (SELECT min(pm.month) FROM programme_month pm
                                    WHERE pm.programme = s.programme AND pm.state IN ('sealed', 'opened', 'closed'))
                 GROUP BY s.programme, s.month ORDER BY s.programme, s.month"""),
            {"id": import_id, "this_month": this_month},
        )
    ).all()


async def already_there(session: WriteSession, import_id: UUID) -> int:
    """Staged person-months that were carried in before."""
    found = await session.scalar(
        text(f"""SELECT count(*) FROM ({_STAGED}) AS s JOIN entitlement_month h
                     ON h.month = s.month AND h.programme = s.programme AND h.person_id = s.person_id"""),
        {"id": import_id},
    )
    return int(found or 0)


async def carry_in(session: WriteSession, import_id: UUID, *, author: str, at: datetime) -> Followed:
    """Make the heads and entries of the staged months; held months that a resumption reaches become due at once."""
    key = {"id": import_id, "at": at, "author": author, "cause": CAUSE}
    # The amount is the tariff of the enrolment; a tariff that changed since then would have to come with the file.
    months = (
        await session.execute(
            text(f"""SELECT programme, month, count(*) FILTER (WHERE outcome = 'held') AS held
                       FROM ({_STAGED}) AS s GROUP BY 1, 2 ORDER BY 1, 2"""),
            key,
        )
    ).all()
    if not months:
        return Followed(0, 0, 0)
    for month in sorted({m.month for m in months}):
        await session.execute(text("SELECT ensure_month(:month)"), {"month": month})
    for m in months:
        await session.execute(
            text("""INSERT INTO programme_month AS pm (id, programme, month, state, opened_at, held)
                    VALUES (:key, :programme, :month, 'carried_in', :at, :held)
                    ON CONFLICT (id) DO UPDATE SET held = pm.held + excluded.held"""),
            {
                "key": natural_id("programme_month", m.programme, m.month), "programme": m.programme, "month": m.month, "at": at,
                "held": m.held,
            },
        )  # fmt: skip
    person = """CROSS JOIN LATERAL (
                   SELECT area, cohort, amount FROM enrolment_history h
                    WHERE h.person_id = s.person_id AND h.programme = s.programme
                    ORDER BY h.person_version DESC LIMIT 1) AS e"""
    await session.execute(
        text(f"""
            INSERT INTO entitlement_month (month, programme, person_id, outcome, reason, amount, area, area_at_cutoff, cohort,
                                           standing, cause, version, changed_at)
            SELECT s.month, s.programme, s.person_id, s.outcome, s.reason, e.amount, e.area, e.area, e.cohort, '', :cause, 1, :at
              FROM ({_STAGED}) AS s {person} ORDER BY s.month, s.programme, s.person_id"""),
        key,
    )
    await session.execute(
        text(f"""
            INSERT INTO entitlement_entry (month, programme, person_id, version, from_outcome, outcome, reason, amount, area, at,
                                           author, cause, evidence)
            SELECT s.month, s.programme, s.person_id, 1, '', s.outcome, s.reason, e.amount, e.area, :at, :author, :cause, s.evidence
              FROM ({_STAGED}) AS s {person} ORDER BY s.month, s.programme, s.person_id"""),
        key,
    )
    return await follow_enrolments(
        session, "SELECT DISTINCT person_id, programme FROM carry_in_staging WHERE import_id = :id", {"id": import_id},
        first_month=min(m.month for m in months), at=at, author=CAUSE,
    )  # fmt: skip


async def lock_staged(session: WriteSession, import_id: UUID) -> None:
    """Alone with the programmes of this file, until the transaction ends."""
    programmes = (await session.scalars(text(f"SELECT DISTINCT programme FROM ({_STAGED}) AS s"), {"id": import_id})).all()
    await lock_programmes(session, programmes, exclusive=True)
