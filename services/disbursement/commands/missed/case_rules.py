"""What has to be done in a situation of a case, by which office, until when: the dated rules, and the entries of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.domain.offices import SQL_OF_AREA
from services.disbursement.store import confirmed_holidays
from shared.db.session import WriteSession
from shared.kernel.errors import NotFound
from shared.kernel.workdays import add_working_days


@dataclass(frozen=True)
class Rule:
    """The next step of a case, who takes it, and by which day."""

    step: str
    owner: str
    due_on: date


async def rule_for(session: WriteSession, kind: str, situation: str, area: str, day: date, *, working_days: int | None = None) -> Rule:
    """The rule that is in force on ``day``; its days count from ``day``, unless others are given. Raise NotFound without a rule."""
    found = (
        await session.execute(
            text(f"""SELECT r.step, {SQL_OF_AREA.format(office="r.office", area="CAST(:area AS text)")} AS owner, r.working_days
                       FROM case_rule r WHERE r.kind = :kind AND r.situation = :situation AND r.valid_from <= :day
                      ORDER BY r.valid_from DESC LIMIT 1"""),
            {"kind": kind, "situation": situation, "area": area, "day": day},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("no rule says what has to be done here; it is reference data", kind=kind, situation=situation)
    days = found.working_days if working_days is None else working_days
    return Rule(found.step, found.owner, add_working_days(day, days, await confirmed_holidays(session)))


async def write_entry(
    session: WriteSession, case: Row[Any], what: str, *, by: str, at: datetime, body: str = "", on_day: date | None = None,
    amount: int = 0, document: str = "",
) -> None:  # fmt: skip
    """Append what happened; the case's row must be locked."""
    number = await session.scalar(text("UPDATE case_file SET entries = entries + 1 WHERE id = :id RETURNING entries"), {"id": case.id})
    await session.execute(
        text("""INSERT INTO case_entry (case_id, no, person_id, area, what, body, on_day, amount, document, by, at)
                VALUES (:id, :no, :person, :area, :what, :body, :day, :amount, :document, :by, :at)"""),
        {
            "id": case.id, "no": number, "person": case.person_id, "area": case.area, "what": what, "body": body.strip(),
            "day": on_day, "amount": amount, "document": document, "by": by, "at": at,
        },
    )  # fmt: skip


async def put(session: WriteSession, case_id: UUID, rule: Rule | None, *, at: datetime, **values: Any) -> None:
    """Change the case's row: the next step by the rule, and these columns."""
    if rule is not None:
        values |= {"step": rule.step, "owner": rule.owner, "due_on": rule.due_on}
    values["changed_at"] = at
    columns = ", ".join(f"{name} = :{name}" for name in values)
    await session.execute(text(f"UPDATE case_file SET {columns} WHERE id = :case_id"), {**values, "case_id": case_id})
