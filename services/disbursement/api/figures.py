"""The doors of official figures."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.disbursement.api.programmes import Programmes
from services.disbursement.commands.months import figures
from services.disbursement.domain.figure import Definition
from services.disbursement.queries.as_known import end_of
from services.disbursement.queries.figure_paper import figure_paper
from shared.kernel.month import PATTERN, parse_month
from shared.papers.sending import paper_file
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["figures"])


_DOORS: Final = re.compile(r"/(check|paper\.[^/]*)$")


def _no_door(name: str) -> str:
    """A name may hold slashes, but must not end as the doors beneath it do."""
    if _DOORS.search(name):
        raise ValueError("a name does not end with '/check' or '/paper.…'")
    return name


class NewFigure(BaseModel):
    """``as_of``: as it was known at the end of that day in Jakarta; today's, or none, counts what is known now."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Annotated[str, Field(min_length=3, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_no_door)]
    month: Annotated[str, Field(pattern=PATTERN)]
    programmes: Programmes = None
    area: Annotated[str, Field(pattern=r"^(31(\.\d{2}(\.\d{2}(\.\d{4})?)?)?)?$")] = ""
    cohort: Literal["existing", "new", ""] = ""
    as_of: date | None = None
    note: Annotated[str, Field(max_length=500)] = ""


@router.post("/figures", status_code=201, dependencies=[allowed("operator", "leader", whole_agency=True)])
async def freeze(body: NewFigure, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Freeze a month's figure under a name that is given once."""
    clock = request.app.state.service.clock
    at = clock.now()
    until = at if body.as_of is None else min(at, end_of(body.as_of, clock.today()))
    definition = Definition(tuple(sorted(set(body.programmes or ()))), body.area, body.cohort)
    await figures.freeze(session, body.name, parse_month(body.month), definition, until=until, note=body.note, by=caller.person, at=at)
    return await figures.figure(session, body.name)


@router.get("/figures")
async def listed(session: ReadDep, caller: CallerDep, month: str = "") -> dict[str, Any]:
    """What was published, newest first."""
    return {"items": await figures.figures(session, month)}


# A name is what the office calls it, such as "Siaran pers 12/2025": it may hold slashes, so the longer path stands first.
@router.get("/figures/{name:path}/check", dependencies=[allowed(whole_agency=True)])
async def check(name: str, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """The figure counted again from the ledger."""
    return await figures.check(session, name)


@router.get("/figures/{name:path}/paper.{form}")
async def paper(name: str, form: str, session: ReadDep, caller: CallerDep) -> FileResponse:
    """One page to be sent on, as pdf or xlsx; the same bytes whenever it is asked for."""
    found = await figures.figure(session, name)
    file = "".join(one if one.isalnum() else "-" for one in name)
    return await paper_file(f"{file}.{form}", form, lambda target: figure_paper(found, form, target))


@router.get("/figures/{name:path}")
async def one(name: str, session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    return await figures.figure(session, name)
