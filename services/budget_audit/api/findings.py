"""Doors of samples (uji petik) and of BPK's recommendations about a finding."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse

from services.budget_audit.commands import bpk
from services.budget_audit.commands import sample as sampling
from services.budget_audit.queries import findings as queries
from services.budget_audit.queries.finding_file import finding_file
from services.budget_audit.schemas import findings as schemas
from shared.kernel.ids import uuid7
from shared.papers.sending import paper_file
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)

_AUDITOR = [allowed("auditor")]


@router.get("/mismatches/{mismatch_id}/file.{form}", dependencies=[allowed("auditor", "panti-head", "treasurer", "operator", "leader")])
async def file(mismatch_id: UUID, form: str, request: Request, session: ReadDep, caller: CallerDep) -> FileResponse:
    """Everything about a finding as one paper, ``xlsx`` or ``pdf``: numbers, evidence, history, samples, answers, BPK."""
    today = request.app.state.service.clock.today()
    return await paper_file(
        f"temuan-{mismatch_id}.{form}", form, lambda target: finding_file(session, mismatch_id, form, target, today=today)
    )


@router.get("/mismatches/{mismatch_id}/samples")
async def samples(mismatch_id: UUID, session: ReadDep, caller: CallerDep) -> schemas.Samples:
    return await queries.samples(session, mismatch_id)


@router.post("/mismatches/{mismatch_id}/samples", status_code=201, dependencies=_AUDITOR)
async def draw(mismatch_id: UUID, body: schemas.Drawing, request: Request, session: WriteDep, caller: CallerDep) -> schemas.Sample:
    """Draw items of the finding's evidence; seed, method and population are kept, so that anybody can draw them again."""
    sample_id, at = uuid7(), request.app.state.service.clock.now()
    await sampling.take(session, mismatch_id, sample_id=sample_id, person=caller.person, seed=body.seed, size=body.size, at=at)
    return await queries.sample(session, sample_id)


@router.post("/samples/{sample_id}/items/{position}/notes", status_code=201, dependencies=_AUDITOR)
async def note(
    sample_id: UUID, position: int, body: schemas.ItemNote, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.Sample:
    """What was seen at this item."""
    at = request.app.state.service.clock.now()
    await sampling.note(session, sample_id, position, kind="note", person=caller.person, words=body.text, at=at)
    return await queries.sample(session, sample_id)


@router.post("/samples/{sample_id}/items/{position}/supplier", status_code=201, dependencies=_AUDITOR)
async def ask_supplier(
    sample_id: UUID, position: int, body: schemas.SupplierQuestion, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.Sample:
    """Write down that a supplier was asked to confirm this item."""
    at = request.app.state.service.clock.now()
    await sampling.note(
        session, sample_id, position, kind="supplier_asked", person=caller.person, words=body.text, supplier=body.supplier, at=at
    )
    return await queries.sample(session, sample_id)


@router.post("/samples/{sample_id}/items/{position}/answer", status_code=201, dependencies=_AUDITOR)
async def answer(
    *, sample_id: UUID, position: int, supplier: Annotated[str, Form(min_length=1, max_length=200)],
    text: Annotated[str, Form(min_length=3, max_length=2_000)], file: UploadFile, request: Request, session: WriteDep, caller: CallerDep,
) -> schemas.Sample:  # fmt: skip
    """The supplier's answer, with its letter or photo attached (5 MB); 422 where this supplier was not asked about this item."""
    at = request.app.state.service.clock.now()
    attached = sampling.Attachment((file.filename or "lampiran")[-120:], await file.read(sampling.LARGEST_FILE + 1))
    await sampling.note(
        session, sample_id, position, kind="supplier_answered", person=caller.person, words=text, supplier=supplier, attached=attached,
        at=at,
    )  # fmt: skip
    return await queries.sample(session, sample_id)


@router.get("/samples/{sample_id}/notes/{note_id}/file", dependencies=_AUDITOR)
async def attached(sample_id: UUID, note_id: int, session: ReadDep, caller: CallerDep) -> Response:
    """The attached file, never shown by the browser as a page."""
    _, content = await queries.attached(session, sample_id, note_id)
    return Response(content, media_type="application/octet-stream", headers={"content-disposition": f'attachment; filename="{note_id}"'})


@router.get("/bpk")
async def recommendations(
    request: Request, session: ReadDep, caller: CallerDep, mismatch: UUID | None = None
) -> schemas.BpkRecommendations:
    """BPK's recommendations with status and clock; those that wait first."""
    return await queries.recommendations(session, today=request.app.state.service.clock.today(), mismatch_id=mismatch)


@router.post("/mismatches/{mismatch_id}/bpk", status_code=201, dependencies=_AUDITOR)
async def record(
    mismatch_id: UUID, body: schemas.Recommendation, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.BpkRecommendation:
    """Write down what an LHP recommends about this finding; the office has 60 days from the day it was received."""
    clock, recommendation_id = request.app.state.service.clock, uuid7()
    given = bpk.Recommendation(body.lhp_number, body.lhp_date, body.received_on, body.recommendation, body.amount)
    await bpk.record(
        session, mismatch_id, recommendation_id=recommendation_id, given=given, person=caller.person, at=clock.now(), today=clock.today()
    )
    return await queries.recommendation(session, recommendation_id, clock.today())


@router.post("/bpk/{recommendation_id}/reply", status_code=201, dependencies=[allowed("panti-head", "treasurer", "operator")])
async def reply(
    recommendation_id: UUID, body: schemas.Reply, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.BpkRecommendation:
    """The office says what it did; the Inspektorat verifies it before BPK sees it."""
    clock = request.app.state.service.clock
    await bpk.reply(session, recommendation_id, person=caller.person, words=body.text, evidence=body.evidence, at=clock.now())
    return await queries.recommendation(session, recommendation_id, clock.today())


@router.post("/bpk/{recommendation_id}/verification", status_code=201, dependencies=_AUDITOR)
async def verify(
    recommendation_id: UUID, body: schemas.Verification, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.BpkRecommendation:
    """The Inspektorat sends the answer to BPK (its 30 days begin) or back to the office."""
    clock = request.app.state.service.clock
    await bpk.verify(session, recommendation_id, person=caller.person, good=body.good, words=body.text, at=clock.now(), today=clock.today())
    return await queries.recommendation(session, recommendation_id, clock.today())


@router.post("/bpk/{recommendation_id}/review", status_code=201, dependencies=_AUDITOR)
async def review(
    recommendation_id: UUID, body: schemas.Review, request: Request, session: WriteDep, caller: CallerDep
) -> schemas.BpkRecommendation:
    """BPK's status: sesuai, belum sesuai, belum ditindaklanjuti or tidak dapat ditindaklanjuti."""
    clock = request.app.state.service.clock
    await bpk.review(
        session, recommendation_id, person=caller.person, status=body.status, letter=body.letter, words=body.text, at=clock.now()
    )
    return await queries.recommendation(session, recommendation_id, clock.today())
