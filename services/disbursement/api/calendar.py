"""The doors of the calendar: holidays, steps with their deadlines, announced days; each change by two people."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.commands.dates import calendar as commands
from services.disbursement.queries import calendar as queries
from shared.kernel.month import PATTERN, Month, month_of, parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["calendar"])

_OFFICE = [allowed("operator", "approver", whole_agency=True)]
"""Two different people of these propose and confirm: the calendar is the whole agency's."""

Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]
Role = Literal["operator", "checker", "approver", "releaser", "treasurer", "leader"]


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    source: str = Field(min_length=3, max_length=300, description="The decree, circular or minutes that it rests on.")


class HolidayAdded(_Change):
    kind: Literal["holiday_added"]
    day: date
    name: str = Field(min_length=3, max_length=200)
    sort: Literal["libur_nasional", "cuti_bersama"]

    def change(self) -> commands.Change:
        return commands.holiday_change(self.kind, self.day, self.name, self.sort, self.source)


class HolidayRemoved(_Change):
    kind: Literal["holiday_removed"]
    day: date

    def change(self) -> commands.Change:
        return commands.holiday_change(self.kind, self.day, "", "", self.source)


class Step(_Change):
    """``programme`` ``*``: every programme without a rule of its own."""

    kind: Literal["step"]
    programme: Code | Literal["*"]
    step: str = Field(max_length=40)
    from_month: str = Field(pattern=PATTERN)
    working_day: int = Field(ge=1, le=60)
    warn_days: int = Field(ge=0, le=20)
    role: Role
    escalate_to: Role

    def change(self) -> commands.Change:
        return commands.step_change(self.model_dump(exclude={"kind", "source"}), self.source)


class Announcement(_Change):
    kind: Literal["announcement"]
    programme: Code
    month: str = Field(pattern=PATTERN)
    cohort: Literal["existing", "new", "reinstated"]
    day: date

    def change(self) -> commands.Change:
        return commands.announcement(self.programme, Month(self.month), self.cohort, self.day, self.source)


AnyChange = Annotated[HolidayAdded | HolidayRemoved | Step | Announcement, Field(discriminator="kind")]


@router.get("/calendar")
async def calendar(request: Request, session: ReadDep, caller: CallerDep, month: str = "") -> dict[str, Any]:
    """Every step of a month with its planned, warned and actual day, and per cohort the announced and the actual day.

    Without ``month``: this month in Jakarta. Actual days and people are those of the caller's areas.
    """
    clock = request.app.state.service.clock
    return await queries.calendar(session, parse_month(month) if month else month_of(clock.today()), clock.now())


@router.get("/calendar/holidays")
async def holidays(session: ReadDep, caller: CallerDep, year: Annotated[int | None, Query(ge=2000, le=2100)] = None) -> dict[str, Any]:
    """Days that two people agreed on."""
    return await queries.holidays(session, year)


@router.get("/calendar/steps")
async def steps(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Rules of the steps, with the month from which each holds."""
    return await queries.rules(session)


@router.get("/calendar/announcements")
async def announcements(session: ReadDep, caller: CallerDep, month: str) -> dict[str, Any]:
    """Every day that was announced for a month, the replaced ones too."""
    return await queries.announcements(session, parse_month(month))


@router.get("/calendar/changes")
async def changes(
    *, session: ReadDep, caller: CallerDep, state: Literal["proposed", "confirmed", "withdrawn", ""] = "",
    kind: Literal["holiday_added", "holiday_removed", "step", "announcement", ""] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:  # fmt: skip
    """Proposals and what became of them."""
    return await queries.changes(session, state=state, kind=kind, limit=limit)


@router.post("/calendar/changes", status_code=201, dependencies=_OFFICE)
async def propose(body: AnyChange, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose a change; it holds once another person confirms it."""
    change_id = await commands.propose(session, body.change(), by=caller.person, at=request.app.state.service.clock.now())
    return await queries.change(session, change_id)


@router.post("/calendar/changes/{change_id}/confirmation", dependencies=_OFFICE)
async def confirmation(change_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; 409 ``four-eyes`` for whoever proposed it."""
    await commands.confirm(session, change_id, by=caller.person, at=request.app.state.service.clock.now())
    return await queries.change(session, change_id)


@router.post("/calendar/changes/{change_id}/withdrawal", dependencies=_OFFICE)
async def withdrawal(change_id: UUID, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Take a proposal back, or refuse it."""
    await commands.withdraw(session, change_id, by=caller.person, at=request.app.state.service.clock.now())
    return await queries.change(session, change_id)
