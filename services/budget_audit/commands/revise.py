"""A budget document takes hold: a new version of the year's lines, kept beside those before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.domain.budget import Change, Covers
from services.budget_audit.domain.reservation import CASH_AID_ACCOUNT
from services.budget_audit.store import revisions
from shared.contracts.budget_audit import BudgetRevised
from shared.db.session import WriteSession
from shared.kernel.errors import Refusal
from shared.kernel.ids import natural_id
from shared.messaging import outbox


class SecondLine(Refusal):
    """A programme has one line of cash aid a year."""

    code = "second-line"


@dataclass(frozen=True)
class Document:
    """What stands on the signed paper. ``kind``: dpa, dppa, pergeseran, or empty where nobody typed it."""

    kind: str
    number: str
    dated: date | None
    covers: Covers


async def revise(session: WriteSession, import_id: UUID, document: Document, *, person: str, at: datetime) -> dict[str, int]:
    """Apply a staged file to its year. A file that changes no ceiling makes no version.

    A ceiling below what is used and a dropped line with spending are taken as they are: the paper is in force, whether or
    not it is right. Such a line takes nothing more until it is covered again.
    """
    # One document at a time: versions of a year have one order, and two files may each bring a programme's first line.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('budget_audit.dpa'))"))
    if second := await revisions.second_lines(session, import_id, document.covers, CASH_AID_ACCOUNT):
        raise SecondLine("a programme of this file has another cash aid line in that year", programmes=second)
    await store.lock_lines(session, [one.line_id for one in await revisions.staged_changes(session, import_id, document.covers)])
    changes = await revisions.staged_changes(session, import_id, document.covers)
    counts = {kind: sum(one.change is kind for one in changes) for kind in Change}
    lines = int(await session.scalar(text("SELECT count(*) FROM dpa_staging WHERE import_id = :id"), {"id": import_id}) or 0)
    year = await session.scalar(text("SELECT min(year) FROM dpa_staging WHERE import_id = :id"), {"id": import_id})
    version = 0
    if changes and year is not None:
        version = 1 + int(await session.scalar(text("SELECT max(version) FROM budget_version WHERE year = :year"), {"year": year}) or 0)
        await _keep_ceilings(session, import_id, changes, version, at=at)
    await _set_lines(session, import_id, [one.line_id for one in changes if one.change is Change.DROPPED])
    if version:
        await _record_version(session, import_id, document, (year, version), counts, person=person, at=at)
    return {"lines": lines, "ceilings_changed": len(changes), "version": version} | {kind.value: n for kind, n in counts.items()}


async def _keep_ceilings(
    session: WriteSession, import_id: UUID, changes: list[revisions.LineChange], version: int, *, at: datetime
) -> None:
    await session.execute(
        text("""INSERT INTO ceiling_version (line_id, version, ceiling, import_id, at, budget_version, dropped, uncovered)
                SELECT n.line_id, coalesce((SELECT max(v.version) FROM ceiling_version v WHERE v.line_id = n.line_id), 0) + 1,
                       n.ceiling, :id, :at, :version, n.dropped, n.uncovered
                  FROM unnest(CAST(:lines AS uuid[]), CAST(:ceilings AS bigint[]), CAST(:dropped AS boolean[]),
                              CAST(:uncovered AS bigint[])) AS n(line_id, ceiling, dropped, uncovered)"""),
        {
            "id": import_id, "at": at, "version": version, "lines": [one.line_id for one in changes],
            "ceilings": [one.after or 0 for one in changes], "dropped": [one.after is None for one in changes],
            "uncovered": [one.uncovered for one in changes],
        },
    )  # fmt: skip


async def _set_lines(session: WriteSession, import_id: UUID, dropped: list[UUID]) -> None:
    """Dropped ones first: a programme's new line may take the place of its old one."""
    await session.execute(
        text("""UPDATE budget_line SET ceiling = 0, dropped = true, uncovered = greatest(0, reserved + realised - returned)
                 WHERE id = ANY(:ids)"""),
        {"ids": dropped},
    )
    await session.execute(
        text("""INSERT INTO budget_line (id, year, sub_skpd, sub_activity, account, programme, panti, description, ceiling)
                SELECT line_id, year, sub_skpd, sub_activity, account, programme, panti, description, ceiling FROM dpa_staging
                 WHERE import_id = :id
                ON CONFLICT (id) DO UPDATE SET ceiling = excluded.ceiling, description = excluded.description, dropped = false,
                    uncovered = greatest(0, budget_line.reserved + budget_line.realised - budget_line.returned - excluded.ceiling)"""),
        {"id": import_id},
    )


async def _record_version(
    session: WriteSession, import_id: UUID, document: Document, key: tuple[int, int], counts: dict[Change, int], *,
    person: str, at: datetime,
) -> None:  # fmt: skip
    year, version = key
    year_id = natural_id("budget_year", str(year))
    sums = (
        await session.execute(
            text("""SELECT coalesce(sum(ceiling), 0)::bigint AS ceiling, coalesce(sum(uncovered), 0)::bigint AS uncovered
                      FROM budget_line WHERE year = :year"""),
            {"year": year},
        )
    ).one()
    event_version = 1 + int(
        await session.scalar(text("SELECT max(event_version) FROM budget_version WHERE year = :year"), {"year": year}) or 0
    )
    await session.execute(
        text("""INSERT INTO budget_version VALUES (:year, :version, :year_id, :event_version, :document, :number, :dated, :covers, :id,
                :person, :at, :added, :dropped, :raised, :lowered, :ceiling, :uncovered)"""),
        {
            "year": year, "version": version, "year_id": year_id, "event_version": event_version, "document": document.kind,
            "number": document.number, "dated": document.dated, "covers": document.covers.value, "id": import_id, "person": person,
            "at": at, "ceiling": sums.ceiling, "uncovered": sums.uncovered, **{kind.value: n for kind, n in counts.items()},
        },
    )  # fmt: skip
    data = BudgetRevised(
        year=year, budget_version=version, document=document.kind, document_number=document.number, ceiling=sums.ceiling,
        uncovered=sums.uncovered, **{kind.value: n for kind, n in counts.items()},
    )  # fmt: skip
    await outbox.append(session, [outbox.Outgoing(year_id, event_version, data)], at=at)
