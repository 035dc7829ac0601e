"""Where a month stands: the equation, by programme and by reason, and how far it has come. One snapshot per answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text

from services.disbursement.domain.entitlement import OUTCOMES, Outcome
from services.disbursement.queries.steps import month_steps
from shared.db.session import ReadSession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month, shift

OLDER_MONTHS: Final = 12
"""How far back open months are counted; the cost of the answer must not grow with history."""

_END: Final = frozenset({Outcome.PAID, Outcome.EXCLUDED})


@dataclass
class Programme:
    """One programme of the month, counted in persons."""

    state: str
    entitled: int | None
    """By the seal, or for months from before Ritme by the entries that made the heads; None: the caller sees a part only."""
    quota: int
    seal: tuple[int, int, str] | None
    """Count, sum and hash of the list that was opened; None where there is none."""
    unreconciled: int
    outcomes: Counter[str] = field(default_factory=Counter)

    def equation(self) -> dict[str, Any]:
        """entitled = due + in_payment + unknown + paid + held + missed + excluded, and whether it is so."""
        counted = {outcome.value: self.outcomes[outcome] for outcome in OUTCOMES}
        total = sum(counted.values())
        entitled = total if self.entitled is None else self.entitled
        whole = self.entitled is not None and self.quota > 0
        return {
            "state": self.state, "entitled": entitled, **counted, "holds": entitled == total, "unreconciled": self.unreconciled,
            "quota": self.quota if whole else None, "vacant": self.quota - entitled if whole else None,
        }  # fmt: skip


async def months(session: ReadSession) -> dict[str, Any]:
    """Every month, newest first, with the state of each programme."""
    rows = await session.execute(
        text("""SELECT month, programme, state, opened_at, seal_no, due, held, excluded,
                       (SELECT max(s.seal_no) FROM seal s WHERE s.programme = pm.programme AND s.month = pm.month) AS newest_seal_no
                  FROM programme_month pm ORDER BY month DESC, programme""")
    )
    items: dict[str, dict[str, Any]] = {}
    for r in rows:
        item = items.setdefault(r.month, {"month": r.month, "programmes": []})
        item["programmes"].append(
            {"programme": r.programme, "state": r.state, "opened_at": r.opened_at, "seal_no": r.seal_no,
             "newest_seal_no": r.newest_seal_no, "due": r.due, "held": r.held, "excluded": r.excluded}
        )  # fmt: skip
    for item in items.values():
        states = {one["state"] for one in item["programmes"]}
        item["state"] = (
            states.pop() if len(states) == 1
            else "partly_closed" if states == {"opened", "closed"}
            else "partly_opened" if "opened" in states
            else "mixed"
        )  # fmt: skip
    return {"items": list(items.values())}


async def equation(session: ReadSession, month: Month, *, whole_agency: bool, as_of: datetime) -> dict[str, Any]:
    """The equation of a month and what it is made of; raise NotFound where the month was never sealed nor carried in.

    ``entitled`` comes from the seal, the outcomes from the heads: the two are counted on different ways, so ``holds`` can
    fail. A caller who sees a part of the agency gets that part's own count, and neither quota nor seal.
    """
    programmes = await _programmes(session, month, whole_agency=whole_agency)
    cells = await _cells(session, month)
    paid = [cell for cell in cells if cell.outcome == Outcome.PAID]
    for cell in cells:
        programmes[cell.programme].outcomes[cell.outcome] += cell.people
    by_programme = {name: one.equation() for name, one in programmes.items()}
    return {
        "month": month,
        **_summed(by_programme),
        "by_programme": by_programme,
        "paid_by_programme": {name: one.outcomes[Outcome.PAID] for name, one in programmes.items()},
        "paid_by_cohort": _count(paid, ("existing", "new", "reinstated"), lambda cell: cell.standing or cell.cohort),
        "paid_amount": await _credited(session, month),
        "paid_amount_month": sum(cell.amount for cell in paid),
        "unpaid_by_reason": _count([c for c in cells if c.outcome != Outcome.PAID], (), lambda cell: cell.reason or cell.outcome),
        "seal": {"disbursement": _month_hash(programmes)},
        "older_open": await _older_open(session, month),
        "steps": await month_steps(session, month, {one.state for one in programmes.values()}),
        "whole_agency": whole_agency,
        "data_as_of": as_of,
    }


@dataclass(frozen=True)
class _Cell:
    """People of one programme with the same outcome, reason, cohort and standing."""

    programme: str
    outcome: str
    reason: str
    cohort: str
    standing: str
    people: int
    amount: int


async def _cells(session: ReadSession, month: Month) -> list[_Cell]:
    rows = await session.execute(
        text("""SELECT programme, outcome, reason, cohort, standing, count(*), sum(amount)::bigint
                  FROM entitlement_month WHERE month = :month GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""),
        {"month": month},
    )
    return [_Cell(*row) for row in rows]


def _count(cells: Sequence[_Cell], always: Sequence[str], key: Any) -> dict[str, int]:
    counted = dict.fromkeys(always, 0)
    for cell in cells:
        counted[key(cell)] = counted.get(key(cell), 0) + cell.people
    return counted


async def _programmes(session: ReadSession, month: Month, *, whole_agency: bool) -> dict[str, Programme]:
    rows = (
        await session.execute(
            text("""
                SELECT pm.programme, pm.state, pm.quota, s.count AS people, s.sum AS amount, s.hash,
                       pm.seal_no IS NOT NULL AS opened,
                       (SELECT count(*) FROM unreconciled u WHERE u.programme = pm.programme AND u.month = pm.month) AS unreconciled,
                       CASE WHEN pm.state = 'carried_in' THEN (
                            SELECT count(*) FROM entitlement_entry e
                             WHERE e.month = pm.month AND e.programme = pm.programme AND e.from_outcome = '') END AS carried_in
                  FROM programme_month pm
                  LEFT JOIN LATERAL (
                       SELECT s.count, s.sum, s.hash FROM seal s
                        WHERE s.programme = pm.programme AND s.month = pm.month AND s.seal_no = coalesce(pm.seal_no, s.seal_no)
                        ORDER BY s.seal_no DESC LIMIT 1) AS s ON true
                 WHERE pm.month = :month ORDER BY pm.programme"""),
            {"month": month},
        )
    ).mappings()
    found = {
        r["programme"]: Programme(
            state=r["state"],
            entitled=(r["carried_in"] if r["state"] == "carried_in" else r["people"]) if whole_agency else None,
            quota=r["quota"],
            seal=(r["people"], r["amount"], r["hash"]) if whole_agency and r["opened"] else None,
            unreconciled=r["unreconciled"],
        )
        for r in rows
    }
    if not found:
        raise NotFound(f"{month} was neither sealed nor carried in", month=month)
    return found


_SUMS: Final = ("entitled", *(outcome.value for outcome in OUTCOMES), "unreconciled")


def _summed(programmes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The month holds only where each programme of it holds: two errors must not cancel out."""
    total = {key: sum(one[key] for one in programmes.values()) for key in _SUMS}
    known = [one for one in programmes.values() if one["quota"] is not None]
    return total | {
        "holds": all(one["holds"] for one in programmes.values()),
        "quota": sum(one["quota"] for one in known) if known else None,
        "vacant": sum(one["vacant"] for one in known) if known else None,
    }


def _month_hash(programmes: Mapping[str, Programme]) -> str | None:
    """SHA-256 over ``programme TAB count TAB sum TAB hash LF`` in code order (CORE.md section 3), of what was opened."""
    lines = [f"{name}\t{one.seal[0]}\t{one.seal[1]}\t{one.seal[2]}\n" for name, one in sorted(programmes.items()) if one.seal]
    return sha256("".join(lines).encode()).hexdigest() if lines else None


async def _credited(session: ReadSession, month: Month) -> int:
    """Rupiah credited by the batches of this month, the older months that they carried included."""
    found = await session.scalar(
        text("""SELECT coalesce(sum(p.amount), 0)::bigint FROM payment p JOIN batch b ON b.id = p.batch_id
                 WHERE b.month = :month AND p.outcome = 'credited'"""),
        {"month": month},
    )
    return int(found or 0)


async def _older_open(session: ReadSession, month: Month) -> list[dict[str, Any]]:
    """Months before this one in which somebody is still owed money or an answer."""
    rows = await session.execute(
        text("""SELECT month, count(*) FROM entitlement_month
                 WHERE month < :month AND month >= :first AND outcome <> ALL(CAST(:ends AS text[]))
                 GROUP BY month ORDER BY month"""),
        {"month": month, "first": shift(month, -OLDER_MONTHS), "ends": sorted(_END)},
    )
    return [{"month": row[0], "open": int(row[1])} for row in rows]
