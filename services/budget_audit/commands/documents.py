"""Papers of the treasury: typed with a copy or brought by file, matched by kind and number, never doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from shared.db.session import WriteSession
from shared.kernel.ids import natural_id


@dataclass(frozen=True)
class Paper:
    """One document as one source tells it. ``nature``: UP, GU, TU, LS or empty; ``proves``: the SP2D that an SPJ or STS accounts for."""

    kind: str
    number: str
    dated: date
    amount: int
    nature: str = ""
    line_id: UUID | None = None
    reference: str = ""
    proves: str = ""


@dataclass(frozen=True)
class Source:
    """``kind``: typed or imported."""

    kind: str
    person: str
    import_id: UUID | None = None
    copy_sha256: str = ""
    copy_name: str = ""


_TAKE = """
    WITH given AS (
        SELECT d.id, g.* FROM unnest(CAST(:kinds AS text[]), CAST(:numbers AS text[]), CAST(:days AS date[]), CAST(:amounts AS bigint[]),
                       CAST(:natures AS text[]), CAST(:lines AS uuid[]), CAST(:references AS text[]), CAST(:proven AS text[]))
                       AS g(kind, number, dated, amount, nature, line_id, reference, proves)
          JOIN treasury_document d USING (kind, number)),
         beside AS (
        SELECT g.*, e.n, e.version AS at_version, e.nature AS e_nature, e.line_id AS e_line, e.reference AS e_reference,
               e.proves AS e_proves,
               e.dated = g.dated AND e.amount = g.amount AND (g.nature IN ('', e.nature) OR e.nature = '')
                   AND (g.reference IN ('', e.reference) OR e.reference = '') AND (g.proves IN ('', e.proves) OR e.proves = '')
                   AND (g.line_id IS NULL OR e.line_id IS NULL OR g.line_id = e.line_id) AS same
          FROM given g
          LEFT JOIN LATERAL (SELECT * FROM treasury_document_entry x WHERE x.document_id = g.id ORDER BY x.n DESC LIMIT 1) AS e ON true)
    INSERT INTO treasury_document_entry
    SELECT b.id, coalesce(b.n, 0) + 1, CASE WHEN b.n IS NULL THEN 1 WHEN b.same THEN b.at_version ELSE b.at_version + 1 END, :source,
           coalesce(nullif(b.nature, ''), b.e_nature, ''), b.dated, b.amount, coalesce(b.line_id, b.e_line),
           coalesce(nullif(b.reference, ''), b.e_reference, ''), coalesce(nullif(b.proves, ''), b.e_proves, ''),
           :copy, :copy_name, CAST(:import_id AS uuid), :person, :at
      FROM beside b
     WHERE b.n IS NULL OR NOT b.same
        OR NOT EXISTS (SELECT FROM treasury_document_entry x
                        WHERE x.document_id = b.id AND x.version = b.at_version AND x.source = :source
                          AND (:source = 'imported' OR x.copy_sha256 = :copy))
    RETURNING document_id, n, version"""


async def take(session: WriteSession, papers: Sequence[Paper], source: Source, *, at: datetime) -> dict[str, int]:
    """Keep what this source says; how many documents were new, changed (another version), or confirmed by a second source.

    The same again from the same source has no effect. What a source leaves empty is kept from the one before it. One paper
    per kind and number.
    """
    if not papers:
        return {"new": 0, "changed": 0, "confirmed": 0}
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('budget_audit.documents'))"))
    ids = [natural_id("treasury_document", one.kind, one.number) for one in papers]
    parameters = {"kinds": [one.kind for one in papers], "numbers": [one.number for one in papers]}
    await session.execute(
        text("""INSERT INTO treasury_document (id, kind, number)
                SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:numbers AS text[]))
                ON CONFLICT (kind, number) DO NOTHING"""),
        {"ids": ids, **parameters},
    )
    before = await _versions(session, parameters)
    kept = await session.execute(
        text(_TAKE),
        {
            **parameters, "days": [one.dated for one in papers], "amounts": [one.amount for one in papers],
            "natures": [one.nature for one in papers], "lines": [one.line_id for one in papers],
            "references": [one.reference for one in papers], "proven": [one.proves for one in papers], "source": source.kind,
            "copy": source.copy_sha256, "copy_name": source.copy_name, "import_id": source.import_id, "person": source.person, "at": at,
        },
    )  # fmt: skip
    counts = {"new": 0, "changed": 0, "confirmed": 0}
    for row in kept:
        was = before.get(row.document_id)
        counts["new" if was is None else "confirmed" if was == row.version else "changed"] += 1
    return counts


async def _versions(session: WriteSession, parameters: dict[str, list[str]]) -> dict[UUID, int]:
    found = await session.execute(
        text("""SELECT e.document_id, max(e.version) AS version
                  FROM treasury_document d JOIN treasury_document_entry e ON e.document_id = d.id
                 WHERE (d.kind, d.number) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:numbers AS text[])))
                 GROUP BY e.document_id"""),
        parameters,
    )
    return {row.document_id: row.version for row in found}


async def cover(
    session: WriteSession, source: str, import_id: UUID, first: date | None, last: date | None, *, at: datetime
) -> None:  # fmt: skip
    """A file of a source has spoken up to ``last``; without rows and without a typed day it has said nothing."""
    if last is not None:
        await session.execute(
            text("INSERT INTO source_coverage VALUES (:source, :id, :first, :last, :at)"),
            {"source": source, "id": import_id, "first": first, "last": last, "at": at},
        )
