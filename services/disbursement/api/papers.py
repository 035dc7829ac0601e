"""The doors of papers: the treasury path's, of a batch, and the month's, for signature."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from services.disbursement.queries import batches, papers
from shared import audit
from shared.kernel.month import parse_month
from shared.papers.sending import paper_file
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["papers"])


@router.get("/batches/{batch_id}/papers/{paper}.{form}", dependencies=[allowed("operator", "treasurer", "releaser", whole_agency=True)])
async def batch_paper(batch_id: UUID, paper: str, form: str, *, request: Request, session: WriteDep, caller: CallerDep) -> FileResponse:
    """``spp-ls`` (from approval on) or ``payment-list`` (from release on), as xlsx or pdf. Names people: audited."""
    service = request.app.state.service
    batch = await batches.load(session, batch_id)
    desk = papers.Desk(session, caller, service)

    async def write(target: Path) -> None:
        await papers.batch_paper(desk, batch, paper, form, target)
        await audit.record(
            session, caller, f"batch.paper.{paper}", "payment-file", count=batch.payments, ids_hash=batch.list_hash, at=service.clock.now()
        )

    return await paper_file(f"{paper}-{batch.code}.{form}", form, write)


@router.get("/months/{month}/papers/{paper}.{form}", dependencies=[allowed(whole_agency=True)])
async def month_paper(month: str, paper: str, form: str, *, request: Request, session: ReadDep, caller: CallerDep) -> FileResponse:
    """``reconciliation`` or ``minutes`` (berita acara), as xlsx or pdf; they name nobody."""
    service = request.app.state.service
    parsed = parse_month(month)
    desk = papers.Desk(session, caller, service)
    return await paper_file(f"{paper}-{parsed}.{form}", form, lambda target: papers.month_paper(desk, parsed, paper, form, target))
