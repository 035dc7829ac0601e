"""What SPD provide for a line by period, beside what is used and planned by then."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.detectors.beyond_spd import SpdPeriod
from shared.db.session import AnySession

_PERIODS = """
    WITH current AS (SELECT DISTINCT ON (number, line_id) * FROM spd WHERE line_id = ANY(:lines) ORDER BY number, line_id, version DESC),
         ends AS (SELECT DISTINCT line_id, to_month FROM current)
    SELECT e.line_id, e.to_month AS month,
           (SELECT sum(c.amount) FROM current c WHERE c.line_id = e.line_id AND c.to_month <= e.to_month)::bigint AS provided,
           (SELECT array_agg(c.number ORDER BY c.to_month, c.number) FROM current c
             WHERE c.line_id = e.line_id AND c.to_month <= e.to_month) AS numbers,
           (SELECT sum(p.planned) FROM cash_plan p WHERE p.line_id = e.line_id AND p.month <= e.to_month)::bigint AS planned,
           (coalesce((SELECT sum(r.amount) FROM sp2d_row r JOIN sp2d s ON s.id = r.sp2d_id
                       WHERE r.line_id = e.line_id AND to_char(s.date, 'YYYY-MM') <= e.to_month), 0)
            - coalesce((SELECT sum(t.amount) FROM treasury_return t
                         WHERE t.line_id = e.line_id AND to_char(t.date, 'YYYY-MM') <= e.to_month), 0)
            + coalesce((SELECT sum(v.remaining) FROM reservation_line v JOIN reservation h USING (batch_id, list_hash)
                          JOIN batch b ON b.id = v.batch_id
                         WHERE v.line_id = e.line_id AND h.state = 'made' AND b.month <= e.to_month), 0))::bigint AS used
      FROM ends e ORDER BY e.line_id, e.to_month"""


async def periods(session: AnySession, lines: Collection[UUID]) -> dict[UUID, list[SpdPeriod]]:
    """By line, in the order of months; a line without SPD is not in it: nobody has said anything of it."""
    found: dict[UUID, list[SpdPeriod]] = {}
    for row in await session.execute(text(_PERIODS), {"lines": list(lines)}):
        found.setdefault(row.line_id, []).append(SpdPeriod(row.month, row.provided, row.used, row.planned, row.numbers))
    return found
