"""The month against its calendar: planned, warned and actual day of each step; what was announced and what was kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.calendar import Deadline, Standing, StepRule, deadlines, standing, working_days_after
from services.disbursement.queries.reached import steps_reached
from services.disbursement.store import confirmed_holidays
from shared.db.session import AnySession, ReadSession
from shared.kernel.clock import jakarta_day
from shared.kernel.month import Month
from shared.kernel.workdays import is_working_day


async def step_rules(session: AnySession) -> list[StepRule]:
    rows = await session.execute(
        text("""SELECT programme, step, from_month, version, working_day, warn_days, role, escalate_to FROM calendar_step
                 ORDER BY programme, step, from_month, version""")
    )
    return [StepRule(*row) for row in rows]


# A loose scan over the index (programme, person_id, …): one look a programme, not one a person.
_PROGRAMMES: Final = """
    WITH RECURSIVE known AS (
        (SELECT programme FROM enrolment_history ORDER BY programme LIMIT 1)
        UNION ALL
        SELECT (SELECT e.programme FROM enrolment_history e WHERE e.programme > k.programme ORDER BY e.programme LIMIT 1)
          FROM known k WHERE k.programme IS NOT NULL)
    SELECT programme FROM known WHERE programme IS NOT NULL"""


async def expected_programmes(session: AnySession, month: Month) -> list[str]:
    """Programmes that have this month, or should: sealed or opened already, or somebody is enrolled in it. Not what was carried in."""
    rows = await session.execute(
        text(f"""
            SELECT k.programme FROM ({_PROGRAMMES}) k
             WHERE NOT EXISTS (SELECT FROM programme_month m WHERE m.programme = k.programme AND m.month = :month)
               AND EXISTS (SELECT FROM enrolment_history e
                            WHERE e.programme = k.programme AND e.from_month <= :month AND :month <= e.to_month)
            UNION SELECT programme FROM programme_month WHERE month = :month AND state <> 'carried_in'
            ORDER BY 1"""),
        {"month": month},
    )
    return [row.programme for row in rows]


async def month_plan(session: AnySession, month: Month) -> dict[str, list[Deadline]]:
    """Every programme's deadlines in this month, by the rules and holidays as they are now."""
    rules, days = await step_rules(session), await confirmed_holidays(session)
    return {programme: deadlines(rules, programme, month, days) for programme in await expected_programmes(session, month)}


def step_view(
    deadline: Deadline, reached: Mapping[str, date | None], told: Mapping[tuple[str, str], datetime], today: date, days: Collection[date]
) -> dict[str, Any]:
    """One step: planned, warned, actual, days late and days left (working days), and whom to turn to."""
    rule = deadline.rule
    done, actual = rule.step in reached, reached.get(rule.step)
    stands = standing(deadline, done=done, done_on=actual, today=today)
    upto = actual if done else today
    return {
        "step": rule.step, "state": stands, "due_on": deadline.due_on, "warn_on": deadline.warn_on, "actual": actual,
        "days_late": working_days_after(deadline.due_on, upto, days) if upto is not None else 0,
        "days_left": 0 if done else working_days_after(today, deadline.due_on, days),
        "role": rule.role, "escalate_to": rule.escalate_to,
        "warned_at": told.get((rule.step, "warning")), "escalated_at": told.get((rule.step, "escalation")),
    }  # fmt: skip


async def calendar(session: ReadSession, month: Month, now: datetime) -> dict[str, Any]:
    """The published calendar of a month: by programme the steps, by cohort the announced and the actual day."""
    today = jakarta_day(now)
    plan, days = await month_plan(session, month), await confirmed_holidays(session)
    reached = await steps_reached(session, month, plan, now)
    told = await _notices(session, month)
    cohorts = await _cohorts(session, month, today, days)
    programmes = []
    for programme in sorted({*plan, *cohorts}):
        steps = [step_view(one, reached.get(programme, {}), told.get(programme, {}), today, days) for one in plan.get(programme, [])]
        programmes.append(
            {"programme": programme, "steps": steps, "cohorts": cohorts.get(programme, []),
             "now": next((one["step"] for one in steps if not _is_done(one)), None),
             "late": sum(one["state"] == Standing.LATE for one in steps)}
        )  # fmt: skip
    return {"month": month, "today": today, "today_is_working_day": is_working_day(today, days), "programmes": programmes}


def _is_done(step: Mapping[str, Any]) -> bool:
    return step["state"] in (Standing.DONE, Standing.DONE_LATE)


async def _notices(session: AnySession, month: Month) -> dict[str, dict[tuple[str, str], datetime]]:
    found: dict[str, dict[tuple[str, str], datetime]] = {}
    for row in await session.execute(text("SELECT programme, step, kind, at FROM step_notice WHERE month = :month"), {"month": month}):
        found.setdefault(row.programme, {})[row.step, row.kind] = row.at
    return found


# By the month's own lists: what a later month's list paid of it is back-pay, and no answer to "when does it come".
_SETTLED: Final = """
    SELECT h.programme, coalesce(nullif(h.standing, ''), h.cohort) AS cohort, min(p.settled_on) AS first, max(p.settled_on) AS last,
           count(*) AS people
      FROM batch b
      JOIN payment p ON p.batch_id = b.id AND p.outcome = 'credited'
      JOIN payment_month a ON a.payment_id = p.id AND a.batch_id = b.id AND a.month = b.month AND a.live
      JOIN entitlement_month h ON h.month = :month AND h.programme = a.programme AND h.person_id = a.person_id
     WHERE b.month = :month AND b.state <> 'withdrawn'
     GROUP BY 1, 2"""

_LATEST: Final = """
    SELECT DISTINCT ON (programme, cohort) programme, cohort, day, version, at FROM announced_date WHERE month = :month
     ORDER BY programme, cohort, version DESC"""


async def _cohorts(session: ReadSession, month: Month, today: date, days: Collection[date]) -> dict[str, list[dict[str, Any]]]:
    """Announced and kept, by programme. ``days_late`` in days of the calendar, as people wait."""
    announced = {(row.programme, row.cohort): row for row in await session.execute(text(_LATEST), {"month": month})}
    # Tables filled a minute ago have no statistics, and a nested loop over them takes minutes (apply_results.py).
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    settled = {(row.programme, row.cohort): row for row in await session.execute(text(_SETTLED), {"month": month})}
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    found: dict[str, list[dict[str, Any]]] = {}
    for programme, cohort in sorted({*announced, *settled}):
        said, kept = announced.get((programme, cohort)), settled.get((programme, cohort))
        upto = kept.first if kept is not None and kept.first is not None else today
        found.setdefault(programme, []).append(
            {
                "cohort": cohort, "announced": said.day if said else None, "announced_version": said.version if said else 0,
                "announced_is_working_day": is_working_day(said.day, days) if said else None,
                "first_credited": kept.first if kept else None, "last_credited": kept.last if kept else None,
                "people": int(kept.people) if kept else 0,
                "days_late": max((upto - said.day).days, 0) if said else None,
            }
        )  # fmt: skip
    return found


async def changes(session: ReadSession, *, state: str, kind: str, limit: int) -> dict[str, Any]:
    """Proposals and what became of them, newest first."""
    rows = await session.execute(
        text("""SELECT id, kind, content, source, state, proposed_by, proposed_at, decided_by, decided_at FROM calendar_change
                 WHERE :state IN ('', state) AND :kind IN ('', kind) ORDER BY proposed_at DESC, id DESC LIMIT :limit"""),
        {"state": state, "kind": kind, "limit": limit},
    )
    return {"items": [dict(row) for row in rows.mappings()]}


async def change(session: AnySession, change_id: Any) -> dict[str, Any]:
    row = await session.execute(
        text("""SELECT id, kind, content, source, state, proposed_by, proposed_at, decided_by, decided_at FROM calendar_change
                 WHERE id = :id"""),
        {"id": change_id},
    )
    return dict(row.mappings().one())


async def holidays(session: ReadSession, year: int | None) -> dict[str, Any]:
    """Confirmed days only, by day."""
    rows = await session.execute(
        text("""SELECT day, name, kind FROM holiday WHERE CAST(:year AS integer) IS NULL OR extract(year FROM day) = :year ORDER BY day"""),
        {"year": year},
    )
    return {"items": [dict(row) for row in rows.mappings()]}


async def rules(session: ReadSession) -> dict[str, Any]:
    """Every rule that ever held, oldest first: what was due in a past month can be counted again."""
    found: Sequence[StepRule] = await step_rules(session)
    return {
        "items": [
            {"programme": one.programme, "step": one.step, "from_month": one.from_month, "version": one.version,
             "working_day": one.working_day, "warn_days": one.warn_days, "role": one.role, "escalate_to": one.escalate_to}
            for one in found
        ]
    }  # fmt: skip


async def announcements(session: ReadSession, month: Month) -> dict[str, Any]:
    """Every day that was ever announced for this month, with who set and who confirmed it."""
    rows = await session.execute(
        text("""SELECT a.programme, a.cohort, a.version, a.day, a.at, c.source, c.proposed_by, c.decided_by AS confirmed_by
                  FROM announced_date a JOIN calendar_change c ON c.id = a.change_id
                 WHERE a.month = :month ORDER BY a.programme, a.cohort, a.version"""),
        {"month": month},
    )
    return {"month": month, "items": [dict(row) for row in rows.mappings()]}
