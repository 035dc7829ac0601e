"""The doors of every import: templates, check, problems, rejected rows, mend, commit, cancel."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from sqlalchemy import text

from shared import audit
from shared.db.session import AnySession
from shared.imports import lifecycle
from shared.imports.kinds import ImportKind
from shared.kernel.errors import NotFound
from shared.tabular.mending import write_rows_csv
from shared.tabular.templates import template_csv, template_workbook
from shared.web.auth import CallerDep
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@asynccontextmanager
async def stored(upload: UploadFile) -> AsyncIterator[Path]:
    """The upload as a file with its own ending, gone afterwards."""
    suffix = Path(upload.filename or "").suffix[:8]
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        shutil.copyfileobj(upload.file, file, 1 << 20)
        file.flush()
        yield Path(file.name)


async def view(session: AnySession, import_id: UUID) -> dict[str, Any]:
    """ImportView: where a file stands, in numbers and words."""
    found = await lifecycle.load(session, import_id)
    problems = await session.scalar(text("SELECT count(*) FROM import_problem WHERE import_id = :id AND NOT warning"), {"id": import_id})
    shown = found._asdict()
    for inner in ("files", "areas", "senders"):
        shown.pop(inner)
    return {**shown, "problems": problems, "ready": found.state == "checked" and not found.not_ready}


def import_router(*kinds: ImportKind, extra_templates: tuple[Any, ...] = ()) -> APIRouter:  # noqa: C901, PLR0915 - a list of doors
    """The doors for these kinds; ``extra_templates`` are published without an import of their own (bank results)."""
    router = APIRouter(route_class=CommandRoute, tags=["imports"])
    by_name = {kind.name: kind for kind in kinds}
    templates = {kind.name: kind.template for kind in kinds} | {template.name: template for template in extra_templates}

    def kind_named(name: str) -> ImportKind:
        if name not in by_name:
            raise NotFound(f"there is no import '{name}' here", kinds=sorted(by_name))
        return by_name[name]

    @router.get("/templates/{name}.{form}")
    async def template(name: str, form: str) -> Response:
        """The published template, as XLSX or CSV, with help and an example."""
        if name not in templates or form not in ("xlsx", "csv"):
            raise NotFound(f"there is no template '{name}.{form}' here", templates=sorted(templates))
        disposition = {"content-disposition": f'attachment; filename="{name}.{form}"'}
        if form == "csv":
            return Response(template_csv(templates[name]), media_type="text/csv; charset=utf-8", headers=disposition)
        return Response(template_workbook(templates[name]), media_type=XLSX, headers=disposition)

    @router.get("/imports")
    async def imports(
        session: ReadDep, caller: CallerDep, kind: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> dict[str, Any]:
        """The newest imports first."""
        ids = await session.scalars(
            text("SELECT id FROM import_file WHERE :kind IN ('', kind) ORDER BY uploaded_at DESC LIMIT :limit"),
            {"kind": kind, "limit": limit},
        )
        return {"items": [await view(session, one) for one in ids], "kinds": sorted(by_name)}

    @router.post("/imports/{kind}", status_code=201)
    async def check(
        kind: str, file: UploadFile, request: Request, response: Response, session: WriteDep, caller: CallerDep,
        controls: Annotated[str, Form()] = "{}",
    ) -> dict[str, Any]:  # fmt: skip
        """Dry run: checks the file, keeps the good rows aside, applies nothing. The same bytes again change nothing."""
        async with stored(file) as path:
            import_id, before = await lifecycle.check_file(
                request.app.state.service,
                session,
                caller,
                kind_named(kind),
                path,
                file.filename or kind,
                controls,
                tuple(templates.values()),
            )
        shown = await view(session, import_id)
        if before:
            response.status_code = 200
            shown["duplicate_of"] = str(import_id)
        return shown

    @router.get("/imports/{import_id}")
    async def one(import_id: UUID, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
        return await view(session, import_id)

    @router.get("/imports/{import_id}/problems")
    async def problems(
        import_id: UUID, session: ReadDep, caller: CallerDep, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> dict[str, Any]:
        """Row, column, stable code and plain words; values are masked."""
        await lifecycle.load(session, import_id)
        line, _, n = after.partition(".")
        found = (
            await session.execute(
                text("""SELECT * FROM import_problem WHERE import_id = :id AND (line, n) > (:line, :n)
                        ORDER BY line, n LIMIT :limit"""),
                {"id": import_id, "line": int(line) if line.isdecimal() else -1, "n": int(n) if n.isdecimal() else -1, "limit": limit},
            )
        ).all()
        items = [
            {"row": p.row, "column": p.column_name, "code": p.code, "message": p.message, "value": p.value, "warning": p.warning}
            for p in found
        ]
        return {"items": items, "next": f"{found[-1].line}.{found[-1].n}" if len(found) == limit else None}

    @router.get("/imports/{import_id}/rejected.csv")
    async def rejected(import_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> Response:
        """The rejected rows as they came, with what is wrong in the last column: mend and send to ``/mended``."""
        service = request.app.state.service
        found = await lifecycle.load(session, import_id)
        kind = kind_named(found.kind)
        lifecycle.may(caller, kind, kind.uploaders)
        rows = await lifecycle.rejected_rows(service, session, import_id)
        await audit.record(
            session, caller, f"import.{kind.name}.rejected", "import", count=len(rows), ids_hash=found.sha256, at=service.clock.now()
        )
        content = write_rows_csv(kind.template, rows)
        return Response(
            content, media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{kind.name}-bermasalah.csv"'},
        )  # fmt: skip

    @router.post("/imports/{import_id}/mended")
    async def mended(import_id: UUID, file: UploadFile, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
        kind = kind_named((await lifecycle.load(session, import_id)).kind)
        async with stored(file) as path:
            await lifecycle.take_mended(request.app.state.service, session, caller, kind, import_id, path)
        return await view(session, import_id)

    @router.post("/imports/{import_id}/commit")
    async def commit(import_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
        """Apply the file; 409 ``four-eyes``, ``totals-differ`` or ``rows-rejected`` where it may not be."""
        kind = kind_named((await lifecycle.load(session, import_id)).kind)
        await lifecycle.commit(request.app.state.service, session, caller, kind, import_id)
        return await view(session, import_id)

    @router.post("/imports/{import_id}/cancel")
    async def cancel(import_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
        kind = kind_named((await lifecycle.load(session, import_id)).kind)
        await lifecycle.cancel(request.app.state.service, session, caller, kind, import_id)
        return await view(session, import_id)

    return router
