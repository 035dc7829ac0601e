"""Cases and what has to be done about them: lists for the offices, one case with everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession, ReadSession
from shared.kernel.errors import NotFound

_SHOWN = """c.id, c.kind, c.about, c.person_id, c.programme, c.from_month, c.to_month, c.area, c.state, c.step, c.owner, c.due_on, c.amount,
    c.evidence, c.noticed_on, c.reply_due_on, c.result, c.opened_by, c.opened_at, c.closed_by, c.closed_at,
    c.state <> 'closed' AND c.due_on < :today AS overdue,
    (SELECT r.words FROM case_rule r WHERE r.kind = c.kind AND r.step = c.step AND r.valid_from <= :today
      ORDER BY r.valid_from DESC LIMIT 1) AS step_words"""

_WHICH = """:kind IN ('', c.kind) AND :about IN ('', c.about) AND (:state = '' OR (:state = 'open') = (c.state <> 'closed'))
    AND (CAST(:person AS uuid) IS NULL OR c.person_id = :person) AND :owner IN ('', c.owner)
    AND (NOT :late OR c.state <> 'closed' AND c.due_on < :today)
    AND (:lacking = '' OR c.kind = 'hold' AND c.state <> 'closed' AND (
         :lacking = 'notice' AND c.noticed_on IS NULL OR :lacking = 'reply' AND c.state = 'notified' AND c.reply_due_on < :today))"""


@dataclass(frozen=True)
class CaseFilter:
    """Empty means any. ``state``: open or closed. ``lacking``: holds without a ``notice``, or past the term to ``reply``.

    ``owner``: an office. ``late``: only those past their date.
    """

    kind: str = ""
    about: str = ""
    state: str = "open"
    person: UUID | None = None
    lacking: str = ""
    owner: str = ""
    late: bool = False

    def params(self, today: date) -> dict[str, Any]:
        return {
            "kind": self.kind, "about": self.about, "state": self.state, "person": self.person, "lacking": self.lacking,
            "owner": self.owner, "late": self.late, "today": today,
        }  # fmt: skip


async def case_sums(session: AnySession, which: CaseFilter, today: date) -> dict[str, Any]:
    """How many cases of this kind (any where empty) are open, by what they are about, what they lack, and whose they are."""
    asked = {"today": today, "kind": which.kind}
    counted = await session.execute(
        text("""SELECT c.kind, c.about, count(*) AS n, count(*) FILTER (WHERE c.due_on < :today) AS overdue,
                       count(*) FILTER (WHERE c.kind = 'hold' AND c.noticed_on IS NULL) AS without_notice,
                       count(*) FILTER (WHERE c.kind = 'hold' AND c.state = 'notified' AND c.reply_due_on < :today) AS past_reply
                  FROM case_file c WHERE c.state <> 'closed' AND :kind IN ('', c.kind)
                 GROUP BY c.kind, c.about ORDER BY c.kind, n DESC, c.about"""),
        asked,
    )
    groups = [dict(row) for row in counted.mappings()]
    owned = await session.execute(
        text("""SELECT owner, count(*) AS n, count(*) FILTER (WHERE due_on < :today) AS overdue FROM case_file
                 WHERE state <> 'closed' AND :kind IN ('', kind) GROUP BY owner ORDER BY n DESC, owner"""),
        asked,
    )
    return {
        "open": sum(group["n"] for group in groups), "overdue": sum(group["overdue"] for group in groups),
        "holds_without_notice": sum(group["without_notice"] for group in groups),
        "holds_past_reply": sum(group["past_reply"] for group in groups), "groups": groups,
        "owners": [dict(row) for row in owned.mappings()],
    }  # fmt: skip


async def case_page(session: AnySession, which: CaseFilter, after: UUID | None, limit: int, today: date) -> list[dict[str, Any]]:
    """The cases asked for, ``limit`` of them after that one."""
    found = await session.execute(
        text(f"""SELECT {_SHOWN} FROM case_file c WHERE {_WHICH} AND (CAST(:after AS uuid) IS NULL OR c.id > :after)
                  ORDER BY c.id LIMIT :limit"""),
        {**which.params(today), "after": after, "limit": limit},
    )
    return [dict(row) for row in found.mappings()]


async def case(session: AnySession, case_id: UUID, today: date) -> dict[str, Any]:
    """One case, its entries from the first on, and the months of a claim. Raise NotFound."""
    found = (
        (await session.execute(text(f"SELECT {_SHOWN} FROM case_file c WHERE c.id = :id"), {"id": case_id, "today": today}))
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFound("there is no such case", case=str(case_id))
    entries = await session.execute(
        text("""SELECT no, what, body AS text, on_day, amount, document, by, at FROM case_entry WHERE case_id = :id ORDER BY no"""),
        {"id": case_id},
    )
    shown = dict(found) | {"entries": [dict(row) for row in entries.mappings()]}
    if found["kind"] == "recovery":
        months = await session.execute(text("SELECT month, amount FROM claim_month WHERE case_id = :id ORDER BY month"), {"id": case_id})
        shown["months"] = [dict(row) for row in months.mappings()]
    return shown


async def access_alerts(session: ReadSession, at_least: int) -> dict[str, Any]:
    """Open access problems of the same kind whose month was paid by the same batch: many at once have one cause (TROUBLES.md O9)."""
    found = await session.execute(
        text("""SELECT b.code AS batch, c.about, count(*) AS count, min(c.opened_at) AS since
                  FROM case_file c
                  JOIN payment_month a ON a.person_id = c.person_id AND a.programme = c.programme AND a.month = c.from_month AND a.live
                  JOIN batch b ON b.id = a.batch_id
                 WHERE c.kind = 'access' AND c.state <> 'closed'
                 GROUP BY b.code, c.about HAVING count(*) >= :least ORDER BY count(*) DESC, b.code, c.about"""),
        {"least": at_least},
    )
    return {"items": [dict(row) for row in found.mappings()]}


async def bank_caps(session: AnySession) -> dict[str, Any]:
    """Every cap, newest first by bank; those without a second person do not count yet."""
    found = await session.execute(
        text("""SELECT bank_code, valid_from, max_amount, document, asked_by, asked_at, confirmed_by, confirmed_at FROM bank_cap
                 ORDER BY bank_code, valid_from DESC""")
    )
    return {"items": [dict(row) for row in found.mappings()]}
