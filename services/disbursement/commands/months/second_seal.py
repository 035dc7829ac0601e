"""A month that was sealed again: who is new in the list, and who is no longer active in it (CORE.md section 3, docs/adr/0009)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import text

from services.disbursement.commands.months.follow_enrolments import follow_enrolments
from services.disbursement.commands.months.heads import OWN_LIST, make_heads, mark_opened, publish_opened, values_of
from services.disbursement.commands.months.own_list import Seal
from services.disbursement.commands.months.stopped import stop
from services.disbursement.commands.months.sweep import miss_unlisted
from shared.db.session import WriteSession

SHOWN_PEOPLE: Final = 50
"""Of those whose month stays as it is; the count says how many there are."""


@dataclass(frozen=True)
class Followed:
    """``due``, ``held``, ``excluded``: the counts of the new list. ``new_people`` got a head, ``now_held`` and ``now_excluded`` moved.

    ``kept``: no longer active by this seal, but on a list that is alive, or paid: their month stays as it is.
    """

    due: int
    held: int
    excluded: int
    new_people: int
    now_held: int
    now_excluded: int
    kept: int
    kept_people: list[tuple[str, str]] = field(default_factory=list)


_NEW: Final = f"""
    INSERT INTO pg_temp.own_new
    SELECT o.* FROM {OWN_LIST} o
     WHERE NOT EXISTS (SELECT FROM entitlement_month h
                        WHERE h.month = :month AND h.programme = :programme AND h.person_id = o.person_id)"""

_KEPT: Final = f"""
    FROM {OWN_LIST} o JOIN entitlement_month h ON h.month = :month AND h.programme = :programme AND h.person_id = o.person_id
   WHERE o.status <> 'active' AND (h.outcome IN ('in_payment', 'unknown', 'paid') OR h.outcome IN ('due', 'missed') AND EXISTS (
         SELECT FROM payment_month a WHERE a.person_id = h.person_id AND a.programme = h.programme AND a.month = h.month AND a.live))"""


async def follow_second_seal(session: WriteSession, author: str, seal: Seal, *, at: datetime) -> Followed:
    """Bring an open programme month behind its newest seal. ``pg_temp.own_list`` holds the list, and it equals the seal.

    The programme is locked by the caller (``store.lock_programmes``), so no list is made and no enrolment event read meanwhile.
    """
    values = values_of(seal, author, at)
    await session.execute(text("DELETE FROM unreconciled WHERE programme = :programme AND month = :month"), values)
    await session.execute(text("DROP TABLE IF EXISTS pg_temp.own_new"))
    await session.execute(text(f"CREATE TEMP TABLE own_new ON COMMIT DROP AS SELECT * FROM {OWN_LIST} WHERE false"))
    await session.execute(text(_NEW), values)
    new_people = int(await session.scalar(text("SELECT count(*) FROM pg_temp.own_new")) or 0)
    if new_people:
        await make_heads(session, "pg_temp.own_new", values, cause="second_seal")
    counts, version = await mark_opened(session, values)
    touched = f"SELECT person_id, CAST(:programme AS text) FROM {OWN_LIST} WHERE status <> 'active'"
    stopped = await stop(session, touched, values, first_month=seal.month, last_month=seal.month, at=at, author=author)
    # What was said since this cut-off holds on top of it, as at the first opening.
    await follow_enrolments(
        session,
        """SELECT DISTINCT person_id, programme FROM enrolment_history
            WHERE programme = :programme AND (resumed OR (status = 'ended' AND cutoff_no > :cutoff_no))""",
        {"programme": seal.programme, "cutoff_no": seal.cutoff_no}, first_month=seal.month, last_month=seal.month, at=at, author=author,
    )  # fmt: skip
    await miss_unlisted(session, [seal.month], at=at)
    kept = int(await session.scalar(text(f"SELECT count(*) {_KEPT}"), values) or 0)
    people = await session.execute(
        text(f"SELECT h.person_id, h.outcome {_KEPT} ORDER BY h.person_id LIMIT :shown"), {**values, "shown": SHOWN_PEOPLE}
    )
    await publish_opened(session, seal, counts, version, at=at)
    return Followed(
        *counts, new_people, stopped.held, stopped.excluded, kept, [(str(one.person_id), one.outcome) for one in people]
    )  # fmt: skip
