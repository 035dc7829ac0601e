"""Open and closed gaps: who waits, why, who acts, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession, ReadSession
from shared.kernel.errors import NotFound

_WHICH = """:month IN ('', g.month) AND :state IN ('', g.state) AND :reason IN ('', g.reason) AND :programme IN ('', g.programme)
        AND (:area = '' OR g.area = :area OR g.area LIKE :area || '.%') AND :owner IN ('', g.owner)
        AND (NOT :late OR g.state = 'open' AND g.due_on < :today)"""


# What has to be done, by the rule of today; '*' where the reason has no rule of its own.
_STEP = """LEFT JOIN LATERAL (
        SELECT step, words FROM gap_step r WHERE r.reason IN (g.reason, '*') AND r.valid_from <= :today
         ORDER BY r.reason = '*', r.valid_from DESC LIMIT 1) AS s ON true"""


@dataclass(frozen=True)
class GapFilter:
    """Empty means any; ``area`` is a prefix of area codes, ``owner`` an office; ``late``: only those past their date."""

    month: str = ""
    state: str = "open"
    reason: str = ""
    area: str = ""
    programme: str = ""
    owner: str = ""
    late: bool = False

    def params(self, today: date) -> dict[str, Any]:
        return {
            "month": self.month, "state": self.state, "reason": self.reason, "area": self.area, "programme": self.programme,
            "owner": self.owner, "late": self.late, "today": today,
        }  # fmt: skip


async def gap_sums(session: AnySession, which: GapFilter, today: date) -> dict[str, Any]:
    """Counts of the open gaps of this month, area and programme.

    Parked people (a gap of theirs has no month) are counted apart and shown in every month.
    """
    counted = {**which.params(today), "state": "open", "reason": ""}
    rows = await session.execute(
        text(f"""SELECT reason, count(*) AS n, count(*) FILTER (WHERE owner = '') AS no_owner,
                         count(*) FILTER (WHERE escalations > 0) AS escalated FROM gap g
                  WHERE g.kind = 'month' AND {_WHICH} GROUP BY reason ORDER BY n DESC, reason"""),
        counted,
    )
    by_reason, without_owner, escalated = {}, 0, 0
    for row in rows:
        by_reason[row.reason] = row.n
        without_owner += row.no_owner
        escalated += row.escalated
    without_due_date = await session.scalar(
        text(f"SELECT count(*) FROM gap g WHERE g.kind = 'month' AND g.due_on IS NULL AND {_WHICH}"), counted
    )
    parked = await session.scalar(
        text("""SELECT count(*) FROM gap g WHERE g.kind = 'system_parked' AND g.state = 'open'
                   AND (:area = '' OR g.area = :area OR g.area LIKE :area || '.%')"""),
        {"area": which.area},
    )
    return {
        "open": sum(by_reason.values()), "by_reason": by_reason, "without_owner": without_owner,
        "without_due_date": without_due_date, "parked": parked, "escalated": escalated,
    }  # fmt: skip


async def gap_page(session: AnySession, which: GapFilter, after: UUID | None, limit: int, today: date) -> list[dict[str, Any]]:
    """The gaps asked for, ``limit`` of them after that one."""
    found = await session.execute(
        text(f"""SELECT g.id, g.kind, g.person_id, g.programme, g.month, g.outcome, g.reason, g.area, g.owner, g.due_on, g.state, g.how,
                        g.opened_at, g.closed_at, g.state = 'open' AND g.due_on < :today AS overdue, g.answer, g.expected_on, g.answered_at,
                        g.escalations, g.escalated_at, s.step AS next_step, s.words AS next_step_words
                   FROM gap g {_STEP}
                  WHERE ({_WHICH} OR (g.kind = 'system_parked' AND :state IN ('', g.state) AND :reason IN ('', g.reason)
                         AND :programme = '' AND (:area = '' OR g.area = :area OR g.area LIKE :area || '.%') AND :owner IN ('', g.owner)
                         AND (NOT :late OR g.state = 'open' AND g.due_on < :today)))
                    AND (CAST(:after AS uuid) IS NULL OR g.id > :after) ORDER BY g.id LIMIT :limit"""),
        {**which.params(today), "after": after, "limit": limit},
    )
    return [dict(row) for row in found.mappings()]


async def groups(session: ReadSession, which: GapFilter, today: date) -> list[dict[str, Any]]:
    """Open gaps of the same month, outcome, reason and office: how many, how many of them too late, the nearest date.

    The late ones first: it is the list from which an office takes its work, however many people wait.
    """
    found = await session.execute(
        text(f"""SELECT g.month, g.outcome, g.reason, g.owner, count(*) AS count, min(g.due_on) AS due_on,
                        count(*) FILTER (WHERE g.due_on < :today) AS overdue, count(*) FILTER (WHERE g.escalations > 0) AS escalated,
                        min(s.step) AS next_step, min(s.words) AS next_step_words
                   FROM gap g {_STEP} WHERE g.kind = 'month' AND {_WHICH}
                  GROUP BY g.month, g.outcome, g.reason, g.owner
                  ORDER BY count(*) FILTER (WHERE g.due_on < :today) DESC, min(g.due_on), count(*) DESC, g.month, g.reason, g.owner"""),
        {**which.params(today), "state": "open"},
    )
    return [dict(row) for row in found.mappings()]


async def gap(session: AnySession, gap_id: UUID, today: date) -> dict[str, Any]:
    """One gap with its next step, its notes from the first on, and orders to exclude its month. Raise NotFound."""
    found = (
        (
            await session.execute(
                text(f"""SELECT g.id, g.kind, g.person_id, g.programme, g.month, g.outcome, g.reason, g.area, g.owner, g.due_on, g.state,
                            g.how, g.opened_at, g.closed_at, g.state = 'open' AND g.due_on < :today AS overdue, g.answer, g.expected_on,
                            g.answered_at, g.escalations, g.escalated_at, s.step AS next_step, s.words AS next_step_words
                       FROM gap g {_STEP} WHERE g.id = :id"""),
                {"id": gap_id, "today": today},
            )
        )
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFound("there is no such gap", gap=str(gap_id))
    notes = await session.execute(
        text("""SELECT what, body AS text, expected_on, owner_before, owner, by, at FROM gap_note WHERE gap_id = :id ORDER BY at, id"""),
        {"id": gap_id},
    )
    orders = await session.execute(
        text("""SELECT id, reason, document, asked_by, asked_at, state, decided_by, decided_at FROM exclusion_order
                 WHERE gap_id = :id ORDER BY asked_at"""),
        {"id": gap_id},
    )
    return dict(found) | {
        "notes": [dict(row) for row in notes.mappings()], "exclusions": [dict(row) for row in orders.mappings()],
    }  # fmt: skip


async def exclusions(session: AnySession, state: str, limit: int) -> list[dict[str, Any]]:
    """Orders to exclude a missed month, newest first (of a state; any where empty), with the gap that each is about."""
    found = await session.execute(
        text("""SELECT id, gap_id, person_id, programme, month, area, reason, document, asked_by, asked_at, state, decided_by, decided_at
                  FROM exclusion_order WHERE :state IN ('', state) ORDER BY asked_at DESC, id LIMIT :limit"""),
        {"state": state, "limit": limit},
    )
    return [dict(row) for row in found.mappings()]
