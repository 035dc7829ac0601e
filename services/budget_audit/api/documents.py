"""Doors of the treasury's papers, of advances without proof, and of how far sources have spoken."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Path, Query, Request, UploadFile

from services.budget_audit.commands import documents as commands
from services.budget_audit.queries import documents as queries
from services.budget_audit.schemas import documents as schemas
from shared import audit
from shared.kernel.errors import InvalidInput
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute)

Kind = Literal["SPP", "SPM", "SP2D", "SPJ", "BKU", "NPD", "STS"]
Nature = Literal["", "UP", "GU", "TU", "LS"]
Number = Annotated[str, Form(min_length=1, max_length=80)]
Text = Annotated[str, Form(max_length=80)]


@router.get("/documents", dependencies=[allowed(whole_agency=True)])
async def documents(
    session: ReadDep, caller: CallerDep, kind: Kind | None = None, number: Annotated[str, Query(max_length=80)] = "",
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None, differing: bool = False,
) -> schemas.Documents:  # fmt: skip
    """SPP, SPM, SP2D, SPJ, BKU, NPD, STS with every source and version; ``differing``: those that do not agree."""
    return await queries.documents(session, kind=kind or "", number=number, year=year, differing=differing)


@router.post("/documents", status_code=201, dependencies=[allowed("treasurer", "operator", whole_agency=True)])
async def type_document(
    *, request: Request, session: WriteDep, caller: CallerDep, file: UploadFile, kind: Annotated[Kind, Form()], number: Number,
    dated: Annotated[date, Form()], amount: Annotated[int, Form(gt=0, le=10**15)], nature: Annotated[Nature, Form()] = "",
    reference: Text = "", proves: Text = "",
) -> schemas.Document:  # fmt: skip
    """A paper typed with its scanned copy, of which the hash is kept. A file that brings the same number is its second source."""
    clock = request.app.state.service.clock
    content = await file.read()
    if not content:
        raise InvalidInput("the copy of the document is empty")
    if dated > clock.today():
        raise InvalidInput("a document has no day that has not come yet", dated=dated.isoformat())
    number, reference, proves = (" ".join(written.split()) for written in (number, reference, proves))
    if not number:
        raise InvalidInput("a document has a number")
    paper = commands.Paper(kind, number, dated, amount, nature, None, reference, proves)
    sha256 = hashlib.sha256(content).hexdigest()
    source = commands.Source("typed", caller.person, None, sha256, (file.filename or "")[:200])
    await commands.take(session, [paper], source, at=clock.now())
    await audit.record(session, caller, "document.type", "treasury_document", count=1, ids_hash=sha256, at=clock.now())
    found = await queries.documents(session, kind=paper.kind, number=paper.number, year=None, differing=False)
    return found.items[0]


@router.get("/documents/{document_id}", dependencies=[allowed(whole_agency=True)])
async def document(document_id: UUID, session: ReadDep, caller: CallerDep) -> schemas.Document:
    return await queries.document(session, document_id)


@router.get("/advances", dependencies=[allowed(whole_agency=True)])
async def advances(request: Request, session: ReadDep, caller: CallerDep, on: date | None = None) -> schemas.Advances:
    """UP and TU without SPJ in whole, by age: 0-30, 31-60, above 60 days."""
    return await queries.open_advances(session, on or request.app.state.service.clock.today())


@router.get("/coverage/{year}", dependencies=[allowed(whole_agency=True)])
async def coverage(year: Annotated[int, Path(ge=2000, le=2100)], session: ReadDep, caller: CallerDep) -> schemas.YearCoverage:
    """Up to which day files of each source have spoken, and the days between that no file covered."""
    return await queries.year_coverage(session, year)
