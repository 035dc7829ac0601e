"""Papers of the treasury, advances without proof, coverage of sources."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain import advances
from services.budget_audit.schemas import documents as schemas
from services.budget_audit.store import line_key
from services.budget_audit.store.coverage import SPENDING, coverage_of, data_until
from shared.db.session import AnySession
from shared.kernel.errors import NotFound

SHOWN = 500
SOURCES = (SPENDING, "sts", "documents")

_NEWEST = """SELECT DISTINCT ON (d.id) d.id, d.kind, d.number, e.* FROM treasury_document d
               JOIN treasury_document_entry e ON e.document_id = d.id ORDER BY d.id, e.n DESC"""


async def documents(
    session: AnySession, *, kind: str, number: str, year: int | None, differing: bool, only: UUID | None = None
) -> schemas.Documents:
    """The newest first. ``differing``: those whose sources or files do not agree."""
    found = (
        await session.execute(
            text(f"""WITH newest AS ({_NEWEST})
                     SELECT n.*, l.year, l.sub_skpd, l.sub_activity, l.account, l.programme, l.panti
                       FROM newest n LEFT JOIN budget_line l ON l.id = n.line_id
                      WHERE :kind IN ('', n.kind) AND :number IN ('', n.number) AND (NOT :differing OR n.version > 1)
                        AND (CAST(:year AS integer) IS NULL OR extract(year FROM n.dated) = :year)
                        AND (CAST(:only AS uuid) IS NULL OR n.id = :only)
                      ORDER BY n.dated DESC, n.kind, n.number LIMIT :limit"""),
            {"kind": kind, "number": number, "year": year, "differing": differing, "only": only, "limit": SHOWN},
        )
    ).all()
    entries: dict[UUID, list[schemas.Entry]] = {}
    for row in await session.execute(
        text("SELECT * FROM treasury_document_entry WHERE document_id = ANY(:ids) ORDER BY document_id, n"), {"ids": [r.id for r in found]}
    ):
        entry = schemas.Entry(**{name: getattr(row, name) for name in schemas.Entry.model_fields})
        entries.setdefault(row.document_id, []).append(entry)
    items = [
        schemas.Document(
            id=row.id, kind=row.kind, number=row.number, nature=row.nature, dated=row.dated, amount=row.amount, line_id=row.line_id,
            line=line_key(row) if row.line_id and row.year else "", reference=row.reference, proves=row.proves, versions=row.version,
            sources=sorted({entry.source for entry in entries[row.id]}), entries=entries[row.id],
        )
        for row in found
    ]  # fmt: skip
    return schemas.Documents(items=items)


async def document(session: AnySession, document_id: UUID) -> schemas.Document:
    found = await documents(session, kind="", number="", year=None, differing=False, only=document_id)
    if not found.items:
        raise NotFound("there is no such document")
    return found.items[0]


async def open_advances(session: AnySession, on: date) -> schemas.Advances:
    """UP and TU that are not accounted for in whole, the oldest first."""
    found = await session.execute(
        text(f"""WITH newest AS ({_NEWEST})
                 SELECT s.*, l.year, l.sub_skpd, l.sub_activity, l.account, l.programme, l.panti,
                        coalesce((SELECT sum(p.amount) FROM newest p WHERE p.proves = s.number AND p.kind = 'SPJ'), 0)::bigint AS proven,
                        coalesce((SELECT sum(p.amount) FROM newest p WHERE p.proves = s.number AND p.kind = 'STS'), 0)::bigint AS returned
                   FROM newest s LEFT JOIN budget_line l ON l.id = s.line_id
                  WHERE s.kind = 'SP2D' AND s.nature = ANY(:natures) AND s.dated <= :on ORDER BY s.dated, s.number"""),
        {"natures": list(advances.NATURES), "on": on},
    )
    items = []
    for row in found:
        money = advances.Advance(row.amount, row.proven, row.returned)
        if not money.open:
            continue
        days, age = advances.age_of(row.dated, on)
        items.append(
            schemas.Advance(
                number=row.number, nature=row.nature, dated=row.dated, given=money.given, proven=money.proven, returned=money.returned,
                open=money.open, days=days, age=age, line=line_key(row) if row.line_id and row.year else "", reference=row.reference,
            )
        )  # fmt: skip
    sums = [
        schemas.AgeSum(age=age, count=sum(one.age == age for one in items), open=sum(one.open for one in items if one.age == age))
        for age in advances.GROUPS
    ]
    return schemas.Advances(on=on, data_until=await data_until(session, on.year, "documents"), by_age=sums, items=items)


async def year_coverage(session: AnySession, year: int) -> schemas.YearCoverage:
    items = []
    for source in SOURCES:
        found = (await coverage_of(session, [year], source))[year]
        holes = [schemas.Hole(first=first, last=last) for first, last in found.holes]
        items.append(schemas.SourceCoverage(source=source, until=found.until, holes=holes))
    return schemas.YearCoverage(year=year, items=items)
