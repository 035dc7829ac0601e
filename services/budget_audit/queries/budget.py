"""Budget lines, the months ahead, reservations."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.schemas import budget as schemas
from services.budget_audit.store import line_key
from services.budget_audit.store.coverage import coverage_of
from shared.db.session import AnySession
from shared.kernel.month import Month


async def lines(session: AnySession, year: int | None) -> schemas.Lines:
    found = await session.execute(
        text("""SELECT l.*, coalesce((SELECT sum(planned) FROM cash_plan c WHERE c.line_id = l.id), 0)::bigint AS planned
                  FROM budget_line l WHERE CAST(:year AS integer) IS NULL OR year = :year
                 ORDER BY year, programme, panti, sub_skpd, sub_activity, account"""),
        {"year": year},
    )
    rows = found.all()
    spoken = await coverage_of(session, {row.year for row in rows})
    items = [
        schemas.Line(
            **{name: getattr(row, name) for name in schemas.Line.model_fields if name not in ("key", "available", "data_until")},
            key=line_key(row),
            data_until=spoken[row.year].until,
            available=row.ceiling - row.reserved - row.realised + row.returned,
        )
        for row in rows
    ]
    return schemas.Lines(items=items)


async def outlook(session: AnySession, first: Month, last: Month) -> schemas.Outlook:
    """The lines of cash aid for every year from ``first`` to ``last``, each with its whole cash plan."""
    found = await session.execute(
        text("""SELECT l.programme, l.year, l.ceiling, l.reserved, l.realised, l.returned,
                       l.ceiling - l.reserved - l.realised + l.returned AS available,
                       coalesce((SELECT json_agg(json_build_object('month', c.month, 'planned', c.planned) ORDER BY c.month)
                                   FROM cash_plan c WHERE c.line_id = l.id), '[]') AS plan
                  FROM budget_line l
                 WHERE l.programme <> '' AND l.account = :account AND NOT l.dropped AND l.year BETWEEN :first AND :last
                 ORDER BY l.programme, l.year"""),
        {"account": CASH_AID_ACCOUNT, "first": int(first[:4]), "last": int(last[:4])},
    )
    return schemas.Outlook(lines=[schemas.AheadLine(**row) for row in found.mappings()])


async def reservations(session: AnySession, batch_id: UUID | None, today: date) -> schemas.Reservations:
    rows = (
        await session.execute(
            text("SELECT * FROM reservation WHERE CAST(:id AS uuid) IS NULL OR batch_id = :id ORDER BY at DESC, list_hash LIMIT 500"),
            {"id": batch_id},
        )
    ).mappings()
    found = list(rows)
    lines_of: dict[tuple[UUID, str], list[schemas.ReservationLine]] = {}
    for line in await session.execute(
        text("SELECT * FROM reservation_line WHERE batch_id = ANY(:ids) ORDER BY programme"), {"ids": [row["batch_id"] for row in found]}
    ):
        shown = schemas.ReservationLine(line_id=line.line_id, programme=line.programme, amount=line.amount, remaining=line.remaining)
        lines_of.setdefault((line.batch_id, line.list_hash), []).append(shown)
    items = [
        schemas.Reservation(
            **row,
            overdue=row["state"] == "made" and row["expires_on"] < today,
            lines=lines_of.get((row["batch_id"], row["list_hash"]), []),
        )
        for row in found
    ]
    return schemas.Reservations(items=items)
