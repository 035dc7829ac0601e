"""The money of a month's batches: SP2D = credited + returned to treasury + still in the holding account (CORE.md section 6).

A retry may be paid from the holding account instead of an SP2D (docs/adr/0013): then a list has ``from_holding`` on the left, and
the list whose rupiah they were has ``paid_on`` on the right. Where both are of one month they are the same number.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from shared.db.session import ReadSession

# Holding is counted over the lines that are not credited, less STS; never as SP2D minus the rest, or it could not fail.
# Before SP2D no money of a batch is in the holding account, and no account holds less than nothing: an STS of money that was
# credited leaves a difference.
_MONEY = """
    WITH own AS (
        SELECT b.id, b.code, b.state IN ('released', 'results_in', 'closed') OR b.state = 'funded' AND b.financing = 'sp2d'
                   OR EXISTS (SELECT FROM batch_funding f WHERE f.reference = b.code) AS holds
          FROM batch b WHERE b.month = :month AND b.state <> 'withdrawn'),
    sp2d AS (
        SELECT b.id, f.programme, sum(f.amount) AS amount FROM batch_funding f JOIN batch b ON b.code = f.reference
         WHERE b.month = :month GROUP BY b.id, f.programme),
    sts AS (
        SELECT own.id, s.programme, sum(s.amount) AS amount FROM batch_sts s JOIN own ON own.id = s.batch_id
         GROUP BY own.id, s.programme),
    lines AS (
        SELECT own.id, p.programme, coalesce(sum(p.amount) FILTER (WHERE p.outcome = 'credited'), 0) AS credited,
               coalesce(sum(p.amount) FILTER (WHERE p.outcome <> 'credited'), 0) AS waiting
          FROM payment p JOIN own ON own.id = p.batch_id AND own.holds WHERE p.outcome <> 'withdrawn' GROUP BY own.id, p.programme),
    drawn AS (
        SELECT own.id, p.programme, sum(r.amount) AS amount FROM repayment r JOIN own ON own.id = r.batch_id
          JOIN payment p ON p.id = r.payment_id AND p.outcome <> 'prepared' WHERE r.live GROUP BY own.id, p.programme),
    gone AS (
        SELECT own.id, s.programme, sum(r.amount) AS amount FROM repayment r JOIN payment s ON s.id = r.source_id
          JOIN own ON own.id = s.batch_id JOIN payment p ON p.id = r.payment_id AND p.outcome <> 'prepared'
         WHERE r.live GROUP BY own.id, s.programme)
    SELECT programme, coalesce(sum(sp2d.amount), 0)::bigint AS sp2d, coalesce(sum(drawn.amount), 0)::bigint AS from_holding,
           coalesce(sum(lines.credited), 0)::bigint AS credited, coalesce(sum(sts.amount), 0)::bigint AS returned,
           coalesce(sum(gone.amount), 0)::bigint AS paid_on,
           sum(greatest(coalesce(lines.waiting, 0) - coalesce(sts.amount, 0) - coalesce(gone.amount, 0), 0))::bigint AS holding
      FROM sp2d FULL JOIN lines USING (id, programme) FULL JOIN sts USING (id, programme) FULL JOIN drawn USING (id, programme)
      FULL JOIN gone USING (id, programme)
     GROUP BY programme ORDER BY programme"""

_KEYS = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding")


def _balanced(money: dict[str, int]) -> bool:
    return money["sp2d"] + money["from_holding"] == money["credited"] + money["returned"] + money["paid_on"] + money["holding"]


async def month_money(session: ReadSession, month: str) -> dict[str, Any]:
    """By programme and in total, in rupiah; ``balanced`` only where every programme is."""
    rows = (await session.execute(text(_MONEY), {"month": month})).mappings().all()
    by_programme = {row["programme"]: {key: int(row[key]) for key in _KEYS} for row in rows}
    total = {key: sum(money[key] for money in by_programme.values()) for key in _KEYS}
    balanced = all(_balanced(money) for money in by_programme.values())
    shown = {programme: {**money, "balanced": _balanced(money)} for programme, money in by_programme.items()}
    return {"month": month, **total, "balanced": balanced, "by_programme": shown}
