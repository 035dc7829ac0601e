"""Versions of a year's budget, and what differs between any two, or between the one in force and a checked file."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.budget import Change, Covers
from services.budget_audit.schemas import versions as schemas
from services.budget_audit.store import line_key, spd
from services.budget_audit.store.revisions import LineChange, changes_of, staged_changes
from shared.db.session import AnySession
from shared.kernel.errors import NotFound

SHOWN = 2_000
"""Lines of one answer; the counts and sums are of all."""


async def versions(session: AnySession, year: int) -> schemas.Versions:
    found = await session.execute(text("SELECT * FROM budget_version WHERE year = :year ORDER BY version DESC"), {"year": year})
    fields = schemas.Version.model_fields
    return schemas.Versions(
        year=year, items=[schemas.Version(**{name: row[name] for name in fields}) for row in found.mappings()]
    )  # fmt: skip


async def difference(session: AnySession, year: int, first: int | None, second: int | None) -> schemas.Difference:
    """From version ``first`` to ``second``: by default the newest against the one before. Version 0 is before any document.

    Raise NotFound for a version that the year does not have.
    """
    newest = int(await session.scalar(text("SELECT max(version) FROM budget_version WHERE year = :year"), {"year": year}) or 0)
    second = newest if second is None else second
    first = max(0, second - 1) if first is None else first
    for one in (first, second):
        if not 0 <= one <= newest:
            raise NotFound(f"budget year {year} has no version {one}", newest=newest)
    found = await session.execute(
        text("""WITH a AS (SELECT DISTINCT ON (v.line_id) v.line_id, v.ceiling, v.dropped FROM ceiling_version v
                             JOIN budget_line l ON l.id = v.line_id AND l.year = :year
                            WHERE v.budget_version <= :first ORDER BY v.line_id, v.version DESC),
                     b AS (SELECT DISTINCT ON (v.line_id) v.line_id, v.ceiling, v.dropped FROM ceiling_version v
                             JOIN budget_line l ON l.id = v.line_id AND l.year = :year
                            WHERE v.budget_version <= :second ORDER BY v.line_id, v.version DESC)
                SELECT l.*, CASE WHEN NOT a.dropped THEN a.ceiling END AS before, CASE WHEN NOT b.dropped THEN b.ceiling END AS after,
                       l.reserved + l.realised - l.returned AS used
                  FROM a FULL JOIN b USING (line_id) JOIN budget_line l ON l.id = line_id
                 ORDER BY l.sub_skpd, l.sub_activity, l.account, l.programme, l.panti"""),
        {"year": year, "first": first, "second": second},
    )
    return _difference(year, first, second, changes_of(found))


async def proposed(session: AnySession, import_id: UUID) -> schemas.Difference:
    """What a checked budget file would change. Raise NotFound for another kind of file, or one that is no longer waiting."""
    found = (
        await session.execute(
            text("SELECT controls FROM import_file WHERE id = :id AND kind = 'dpa' AND state = 'checked'"), {"id": import_id}
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no checked budget file with this id")
    year = int(await session.scalar(text("SELECT min(year) FROM dpa_staging WHERE import_id = :id"), {"id": import_id}) or 0)
    first = int(await session.scalar(text("SELECT max(version) FROM budget_version WHERE year = :year"), {"year": year}) or 0)
    changes = await staged_changes(session, import_id, Covers(found.controls.get("covers") or Covers.LINES))
    return _difference(year, first, None, changes)


async def year_spd(session: AnySession, year: int) -> schemas.YearSpd:
    """SPD beside cash plan and use, by line and period."""
    lines = (
        await session.execute(
            text("SELECT * FROM budget_line l WHERE year = :year AND EXISTS (SELECT FROM spd WHERE spd.line_id = l.id) ORDER BY id"),
            {"year": year},
        )
    ).all()
    found = await spd.periods(session, [line.id for line in lines])
    items = [
        schemas.SpdLine(
            line_id=line.id, key=line_key(line), description=line.description,
            periods=[
                schemas.SpdPeriod(
                    month=one.month, provided=one.provided, planned=one.planned, used=one.used, beyond=max(0, one.used - one.provided),
                    above_plan=0 if one.planned is None else max(0, one.provided - one.planned), numbers=list(one.numbers),
                )
                for one in found[line.id]
            ],
        )
        for line in lines
    ]  # fmt: skip
    return schemas.YearSpd(year=year, items=sorted(items, key=lambda item: item.key))


def _difference(year: int, first: int, second: int | None, changes: list[LineChange]) -> schemas.Difference:
    items = [
        schemas.LineDifference(
            line_id=one.line_id, key=one.key, description=one.description, change=one.change.value, before=one.before, after=one.after,
            difference=(one.after or 0) - (one.before or 0), used=one.used, uncovered=one.uncovered,
        )
        for one in sorted(changes, key=lambda one: -abs((one.after or 0) - (one.before or 0)))
    ]  # fmt: skip
    counts = {kind.value: sum(one.change is kind for one in changes) for kind in Change}
    return schemas.Difference(
        year=year, first=first, second=second, difference=sum(one.difference for one in items),
        uncovered=sum(one.uncovered for one in items), items=items[:SHOWN], **counts,
    )  # fmt: skip
