"""The doors of cases: holds with notice and reply, objections, access problems, recovery claims; and caps of the banks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.disbursement.api.readers import PURPOSES, ReaderOrSumsDep
from services.disbursement.commands.bank import bank_caps
from services.disbursement.commands.missed import cases, recovery
from services.disbursement.queries import cases as queries
from shared import audit
from shared.db.session import AnySession
from shared.kernel.errors import NotAllowed
from shared.kernel.month import PATTERN
from shared.web.auth import CallerDep, allowed
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["cases"])

_DESK = [allowed("operator", "approver")]
_MONEY = [allowed("operator", "treasurer", "approver")]

Code = Annotated[str, Field(min_length=2, max_length=60, pattern="^[A-Za-z0-9_]+$")]
Words = Annotated[str, Field(min_length=3, max_length=1000)]
Document = Annotated[str, Field(min_length=3, max_length=200)]
MonthText = Annotated[str, Field(pattern=PATTERN)]
Rupiah = Annotated[int, Field(gt=0, le=10**12, strict=True)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Notice(_Input):
    """``how``: letter, visit, phone or message. ``reply_working_days``: the term; by default that of the rule."""

    on: date
    how: Code
    document: Document
    reply_working_days: int | None = Field(default=None, ge=1, le=60)


class Reply(_Input):
    on: date
    text: Words


class Decision(_Input):
    decision: Literal["resume", "end"]
    text: Words


class Note(_Input):
    text: Words


class Objection(_Input):
    """``decided_by``: whose decision it is, where the person knows; ``decided_on``: when they heard of it."""

    person_id: UUID
    programme: Code
    month: MonthText
    against: Code
    filed_on: date
    filed_by: Code
    text: Words
    decided_on: date | None = None
    decided_by: str = Field(default="", max_length=60)


class ObjectionAnswer(_Input):
    result: Literal["upheld", "rejected"]
    reason: Words
    document: Document


class Access(_Input):
    """``month``: where it is known; an access problem belongs to a person, not to a month."""

    person_id: UUID
    programme: Code
    month: Annotated[str, Field(pattern=f"{PATTERN}|^$")] = ""
    problem: Code
    text: Words


class NotDrawn(_Input):
    days: int = Field(default=cases.NOT_DRAWN_DAYS, ge=30, le=1000)


class Closing(_Input):
    """``result``: for an access problem one of its results; for an objection ``done``."""

    result: Code
    text: Words


class Claim(_Input):
    """``about``: died (with the day of death), or double_entitlement, moved_out, other (with the months)."""

    person_id: UUID
    programme: Code
    about: Code
    day_of_death: date | None = None
    months: list[MonthText] = Field(default=[], max_length=120)
    document: Document


class Instalment(_Input):
    on: date
    amount: Rupiah


class Plan(_Input):
    instalments: list[Instalment] = Field(min_length=1, max_length=60)


class Repayment(_Input):
    on: date
    amount: Rupiah
    document: Document


class WriteOff(_Input):
    reason: Words
    document: Document


class WriteOffDecision(_Input):
    granted: bool


class Cap(_Input):
    bank_code: Annotated[str, Field(pattern="^[0-9]{3}$")]
    valid_from: date
    max_amount: Rupiah
    document: Document


class CapConfirmation(_Input):
    bank_code: Annotated[str, Field(pattern="^[0-9]{3}$")]
    valid_from: date


@router.get("/cases")
async def all_cases(
    *, request: Request, session: WriteDep, reader: ReaderOrSumsDep, kind: Literal["hold", "objection", "access", "recovery", ""] = "",
    about: str = "", state: Literal["open", "closed", ""] = "open", person: UUID | None = None,
    lacking: Literal["notice", "reply", ""] = "", owner: str = "", late: bool = False, after: UUID | None = None,
    limit: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Cases of the caller's areas with owner, date and next step; ``lacking``: holds without a notice, or past the term to reply.

    Whoever reads no lists of people gets the sums alone (``sums_only``), as everybody does with ``limit=0``; an auditor says
    ``purpose=audit`` for the people. Looks at people are audited.
    """
    which = queries.CaseFilter(kind, about, state, person, lacking, owner, late)
    today = request.app.state.service.clock.today()
    sums = await queries.case_sums(session, which, today)
    if reader is None or not limit:
        return sums | {"items": [], "next": None, "sums_only": True}
    items = await queries.case_page(session, which, after, limit, today)
    await reader.looked("case.list", (one["person_id"] for one in items))
    return sums | {"items": items, "next": str(items[-1]["id"]) if len(items) == limit else None, "sums_only": False}


@router.get("/cases/alerts")
async def alerts(session: ReadDep, caller: CallerDep, at_least: Annotated[int, Query(ge=2, le=1000)] = 10) -> dict[str, Any]:
    """Access problems of one kind and one batch, where there are many: one cause, most likely at the bank."""
    return await queries.access_alerts(session, at_least)


@router.get("/cases/{case_id}")
async def one_case(case_id: UUID, request: Request, session: WriteDep, caller: CallerDep, reader: ReaderOrSumsDep) -> dict[str, Any]:
    """One case with everything that happened in it; the leader reads claims, whose write-off they decide. Audited."""
    clock = request.app.state.service.clock
    shown = await _full(session, case_id, clock.today())
    if reader is not None:
        await reader.looked("case.show", [shown["person_id"]])
        return shown
    if "leader" not in caller.roles or shown["kind"] != "recovery":
        raise NotAllowed("cases are read by who works on them; sums are open to you", roles=list(PURPOSES))
    await audit.record(session, caller, "case.show", "write-off", count=1, ids_hash=audit.hash_ids([shown["person_id"]]), at=clock.now())
    return shown


async def _full(session: AnySession, case_id: UUID, today: date) -> dict[str, Any]:
    shown = await queries.case(session, case_id, today)
    return shown | ({"balance": await recovery.balance(session, case_id)} if shown["kind"] == "recovery" else {})


async def _shown(request: Request, session: WriteDep, caller: CallerDep, case_id: UUID, operation: str) -> dict[str, Any]:
    """The case as it stands after the command, which is written into the audit chain."""
    clock = request.app.state.service.clock
    shown = await _full(session, case_id, clock.today())
    await audit.record(session, caller, operation, "case", count=1, ids_hash=audit.hash_ids([shown["person_id"]]), at=clock.now())
    return shown


@router.post("/cases/{case_id}/notes", dependencies=_MONEY)
async def notes(case_id: UUID, body: Note, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    await cases.note(session, caller, case_id, body.text, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "case.note")


@router.post("/cases/{case_id}/notice", dependencies=_DESK)
async def notice(case_id: UUID, body: Notice, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The person was told of the hold; the term to reply begins."""
    at = request.app.state.service.clock.now()
    await cases.notify(session, caller, case_id, body.on, body.how, body.document, body.reply_working_days, at=at)
    return await _shown(request, session, caller, case_id, "hold.notice")


@router.post("/cases/{case_id}/reply", dependencies=_DESK)
async def reply(case_id: UUID, body: Reply, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """What the person says to the hold."""
    await cases.reply(session, caller, case_id, body.on, body.text, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "hold.reply")


@router.post("/cases/{case_id}/decision", dependencies=_DESK)
async def decision(case_id: UUID, body: Decision, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Resume or end; the order itself is given in beneficiary, and ends the case."""
    await cases.decide_hold(session, caller, case_id, body.decision, body.text, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "hold.decision")


@router.post("/cases/objections", status_code=201, dependencies=_DESK)
async def objections(body: Objection, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """An objection to a hold, a missed or excluded month, an end, or an amount."""
    case_id = await cases.object_to(
        session, caller, person_id=body.person_id, programme=body.programme, month=body.month, against=body.against,
        filed_on=body.filed_on, filed_by=body.filed_by, body=body.text, decided_on=body.decided_on, decided_by=body.decided_by,
        at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return await _shown(request, session, caller, case_id, "objection.file")


@router.post("/cases/{case_id}/answer", dependencies=_DESK)
async def answer(case_id: UUID, body: ObjectionAnswer, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Upheld or rejected, with the reason, by somebody who did not decide."""
    at = request.app.state.service.clock.now()
    await cases.answer_objection(session, caller, case_id, body.result, body.reason, body.document, at=at)
    return await _shown(request, session, caller, case_id, "objection.answer")


@router.post("/cases/access", status_code=201, dependencies=_DESK)
async def access(body: Access, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The money is in the account and the person cannot reach it."""
    case_id = await cases.open_access(
        session, caller, person_id=body.person_id, programme=body.programme, month=body.month, problem=body.problem, body=body.text,
        at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return await _shown(request, session, caller, case_id, "access.open")


@router.post("/cases/access/not-drawn", dependencies=[allowed("operator", whole_agency=True)])
async def not_drawn(body: NotDrawn, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """A visit for everybody whose money the bank reports as not drawn for long; nothing is stopped or pulled back."""
    at = request.app.state.service.clock.now()
    opened = await cases.visit_not_drawn(session, caller, body.days, at=at)
    await audit.record(session, caller, "access.not_drawn", "case", count=opened, ids_hash="", at=at)
    return {"opened": opened}


@router.post("/cases/{case_id}/closing", dependencies=_DESK)
async def closing(case_id: UUID, body: Closing, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """An access problem ends with a result; an answered objection, when what had to be done is done."""
    await cases.close(session, caller, case_id, body.result, body.text, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "case.close")


@router.post("/cases/recovery", status_code=201, dependencies=_MONEY)
async def claims(body: Claim, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Claim back what was paid for months after the month of death, or for the months named."""
    case_id = await recovery.claim(
        session, caller, person_id=body.person_id, programme=body.programme, about=body.about, day_of_death=body.day_of_death,
        months=body.months, document=body.document, at=request.app.state.service.clock.now(),
    )  # fmt: skip
    return await _shown(request, session, caller, case_id, "recovery.claim")


@router.post("/cases/{case_id}/instalments", dependencies=_MONEY)
async def instalments(case_id: UUID, body: Plan, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    plan = [(one.on, one.amount) for one in body.instalments]
    await recovery.plan(session, caller, case_id, plan, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "recovery.plan")


@router.post("/cases/{case_id}/repayments", dependencies=[allowed("treasurer")])
async def repayments(case_id: UUID, body: Repayment, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Money that came back; the case closes when nothing is owed any more."""
    at = request.app.state.service.clock.now()
    await recovery.repay(session, caller, case_id, body.on, body.amount, body.document, at=at)
    return await _shown(request, session, caller, case_id, "recovery.repay")


@router.post("/cases/{case_id}/write-off", dependencies=_MONEY)
async def write_off(case_id: UUID, body: WriteOff, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Ask that what is owed be given up."""
    await recovery.ask_write_off(session, caller, case_id, body.document, body.reason, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "recovery.write_off")


@router.post("/cases/{case_id}/write-off/decision", dependencies=[allowed("approver", "leader")])
async def write_off_decision(
    case_id: UUID, body: WriteOffDecision, *, request: Request, session: WriteDep, caller: CallerDep
) -> dict[str, Any]:
    """The second person gives the claim up, or lets it be claimed on."""
    await recovery.decide_write_off(session, caller, case_id, granted=body.granted, at=request.app.state.service.clock.now())
    return await _shown(request, session, caller, case_id, "recovery.write_off_decision")


@router.get("/bank-caps")
async def caps(session: ReadDep, caller: CallerDep) -> dict[str, Any]:
    """Most rupiah that each bank takes in one transfer, and since when."""
    return await queries.bank_caps(session)


@router.post("/bank-caps", status_code=201, dependencies=[allowed("operator", "treasurer", whole_agency=True)])
async def new_cap(body: Cap, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """Propose a cap; a second person confirms it."""
    at = request.app.state.service.clock.now()
    await bank_caps.ask(session, caller, body.bank_code, body.valid_from, body.max_amount, body.document, at=at)
    return await queries.bank_caps(session)


@router.post("/bank-caps/confirmation", dependencies=[allowed("operator", "treasurer", "approver", whole_agency=True)])
async def confirm_cap(body: CapConfirmation, *, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any]:
    """The second person; lists made from that day on respect the cap."""
    at = request.app.state.service.clock.now()
    await bank_caps.confirm(session, caller, body.bank_code, body.valid_from, at=at)
    return await queries.bank_caps(session)
