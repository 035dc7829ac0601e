"""Samples of a finding, and what became of BPK's recommendations."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.bpk import Stage, due
from services.budget_audit.schemas import findings as schemas
from shared.db.session import AnySession
from shared.kernel.errors import NotFound


async def samples(session: AnySession, mismatch_id: UUID) -> schemas.Samples:
    """In the order in which they were drawn."""
    notes: dict[tuple[UUID, int], list[schemas.SampleNote]] = {}
    for row in await session.execute(
        text("""SELECT n.id, n.sample_id, n.position, n.at, n.person, n.kind, n.text, n.supplier, n.file_name, n.file_hash
                  FROM sample_note n JOIN sample s ON s.id = n.sample_id WHERE s.mismatch_id = :id ORDER BY n.id"""),
        {"id": mismatch_id},
    ):
        fields = {name: getattr(row, name) for name in schemas.SampleNote.model_fields}
        notes.setdefault((row.sample_id, row.position), []).append(schemas.SampleNote(**fields))
    items: dict[UUID, list[schemas.SampleItem]] = {}
    for row in await session.execute(
        text("""SELECT i.* FROM sample_item i JOIN sample s ON s.id = i.sample_id WHERE s.mismatch_id = :id ORDER BY i.position"""),
        {"id": mismatch_id},
    ):
        found = schemas.SampleItem(position=row.position, item=row.item, notes=notes.get((row.sample_id, row.position), []))
        items.setdefault(row.sample_id, []).append(found)
    drawn = await session.execute(text("SELECT * FROM sample WHERE mismatch_id = :id ORDER BY at, id"), {"id": mismatch_id})
    return schemas.Samples(items=[schemas.Sample(**row, items=items.get(row["id"], [])) for row in drawn.mappings()])


async def sample(session: AnySession, sample_id: UUID) -> schemas.Sample:
    mismatch_id = await session.scalar(text("SELECT mismatch_id FROM sample WHERE id = :id"), {"id": sample_id})
    if mismatch_id is None:
        raise NotFound("there is no such sample")
    return next(one for one in (await samples(session, mismatch_id)).items if one.id == sample_id)


async def attached(session: AnySession, sample_id: UUID, note_id: int) -> tuple[str, bytes]:
    """Name and content of the file that was attached to a note."""
    found = (
        await session.execute(
            text("SELECT file_name, file FROM sample_note WHERE id = :note AND sample_id = :sample AND file_name <> ''"),
            {"note": note_id, "sample": sample_id},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("nothing is attached to this note")
    return found.file_name, bytes(found.file)


async def recommendations(session: AnySession, *, today: date, mismatch_id: UUID | None = None) -> schemas.BpkRecommendations:
    """Those that wait first, by their date."""
    found = (
        await session.execute(
            text("""SELECT * FROM bpk_recommendation WHERE CAST(:id AS uuid) IS NULL OR mismatch_id = :id
                     ORDER BY stage = 'done', received_on, id LIMIT 1000"""),
            {"id": mismatch_id},
        )
    ).all()
    return schemas.BpkRecommendations(items=await _with_steps(session, found, today))


async def recommendation(session: AnySession, recommendation_id: UUID, today: date) -> schemas.BpkRecommendation:
    found = (await session.execute(text("SELECT * FROM bpk_recommendation WHERE id = :id"), {"id": recommendation_id})).all()
    if not found:
        raise NotFound("there is no such recommendation")
    return (await _with_steps(session, found, today))[0]


async def _with_steps(session: AnySession, found: Any, today: date) -> list[schemas.BpkRecommendation]:
    steps: dict[UUID, list[schemas.BpkStep]] = {}
    for row in await session.execute(
        text("SELECT * FROM bpk_step WHERE recommendation_id = ANY(:ids) ORDER BY id"), {"ids": [one.id for one in found]}
    ):
        fields = {name: getattr(row, name) for name in schemas.BpkStep.model_fields}
        steps.setdefault(row.recommendation_id, []).append(schemas.BpkStep(**fields))
    answer = []
    for row in found:
        due_on = due(Stage(row.stage), row.received_on, row.sent_on)
        computed: dict[str, Any] = {"due_on": due_on, "overdue": due_on is not None and due_on < today, "history": steps.get(row.id, [])}
        stored = {name: getattr(row, name) for name in schemas.BpkRecommendation.model_fields if name not in computed}
        answer.append(schemas.BpkRecommendation(**stored, **computed))
    return answer
