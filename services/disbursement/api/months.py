"""The doors of months: opening, the equation, where people stand, the ledger as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.disbursement.api.readers import ReaderDep
from services.disbursement.commands.months.open_month import WORST_FIRST, Opening, open_month
from services.disbursement.queries import as_known
from services.disbursement.queries import months as month_queries
from services.disbursement.queries import people as people_queries
from services.disbursement.queries.people import By, Level
from shared.kernel.month import parse_month
from shared.web.auth import CallerDep, allowed
from shared.web.problems import problem
from shared.web.transactions import CommandRoute, ReadDep, WriteDep

router = APIRouter(route_class=CommandRoute, tags=["months"])


_DETAIL = {
    "not_sealed": "beneficiary has not sealed every programme of {month}",
    "events_pending": "{pending} events that stand before the seal were not read yet; ask again in a moment",
    "seal_differs": "our list of {month} differs from beneficiary's seal; nobody of these programmes is paid before it is healed",
}


def _shown(opening: Opening) -> dict[str, Any]:
    shown: dict[str, Any] = {"programme": opening.programme, "state": opening.state}
    if opening.opened:
        shown |= {"due": opening.due, "held": opening.held, "excluded": opening.excluded, "seal": opening.seal}
        followed = opening.followed
        return shown if followed is None else shown | {
            "new_people": followed.new_people, "now_held": followed.now_held, "now_excluded": followed.now_excluded,
            "kept": followed.kept,
            "kept_people": [{"person_id": person, "outcome": outcome} for person, outcome in followed.kept_people],
        }  # fmt: skip
    if opening.state == "events_pending":
        return shown | {"pending": opening.pending}
    if opening.state == "seal_differs":
        shown |= {
            "only_in_beneficiary": opening.differences["only_in_beneficiary"],
            "only_in_disbursement": opening.differences["only_in_disbursement"],
            "differs": opening.differs,
            "people": [{"person_id": person, "kind": kind} for person, kind in opening.people],
        }
    return shown


@router.post("/months/{month}/opening", dependencies=[allowed("operator", whole_agency=True)], response_model=None)
async def opening(month: str, request: Request, session: WriteDep, caller: CallerDep) -> dict[str, Any] | Response:
    """Open every programme whose seal equals our own list; 409 where one is refused (what could open is open then)."""
    parsed = parse_month(month)
    service = request.app.state.service
    openings = await open_month(session, service, caller, parsed, service.clock.now())
    programmes = [_shown(one) for one in openings]
    if openings and all(one.opened for one in openings):
        return {"month": month, "opened": True, "programmes": programmes}
    refused = next((state for state in WORST_FIRST if any(one.state == state for one in openings)), "not_sealed")
    sums = {
        "only_in_beneficiary": sum(one.differences.get("only_in_beneficiary", 0) for one in openings),
        "only_in_disbursement": sum(one.differences.get("only_in_disbursement", 0) for one in openings),
        "differs": sum(one.differs for one in openings),
        "pending": sum(one.pending for one in openings),
    }
    # Answered, not raised: the difference found must stay, and so must the programmes that opened.
    return problem(
        409, refused.replace("_", "-"), _DETAIL[refused].format(month=month, **sums),
        month=month, opened=False, refused=refused, programmes=programmes, **sums,
    )  # fmt: skip


@router.get("/months")
async def months(session: ReadDep) -> dict[str, Any]:
    """Every month that was sealed or carried in, newest first."""
    return await month_queries.months(session)


@router.get("/months/{month}/equation")
async def equation(month: str, *, request: Request, session: ReadDep, caller: CallerDep, as_of: date | None = None) -> dict[str, Any]:
    """entitled = due + in_payment + unknown + paid + held + missed + excluded, and everything around it, from one snapshot.

    ``as_of``: the equation alone, as it was known at the end of that day in Jakarta.
    """
    clock = request.app.state.service.clock
    if as_of is not None:
        until = as_known.end_of(as_of, clock.today())
        return await as_known.equation(session, parse_month(month), until, whole_agency=caller.whole_agency)
    return await month_queries.equation(session, parse_month(month), whole_agency=caller.whole_agency, as_of=clock.now())


@router.get("/months/{month}/breakdown")
async def breakdown(
    *, month: str, session: ReadDep, by: By = "reason", level: Level = "city", outcome: str = "", reason: str = "", programme: str = ""
) -> dict[str, Any]:
    """Persons and rupiah by outcome and reason, and by area or cohort where asked."""
    return await people_queries.breakdown(
        session, parse_month(month), by=by, level=level, outcome=outcome, reason=reason, programme=programme
    )


@router.get("/months/{month}/people")
async def people(
    *, month: str, request: Request, session: WriteDep, reader: ReaderDep, outcome: str = "", reason: str = "", programme: str = "",
    area: str = "", after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200, as_of: date | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Person-months of the caller's areas, page by page; ``as_of``: as they were known at the end of that day in Jakarta. Audited."""
    if as_of is not None:
        found = await as_known.people(
            session, parse_month(month), as_known.end_of(as_of, request.app.state.service.clock.today()), limit=limit,
            after=people_queries.cursor(after) if after else ("", as_known.FIRST_PERSON), outcome=outcome, reason=reason,
            programme=programme, area=area,
        )  # fmt: skip
    else:
        found = await people_queries.people(
            session, parse_month(month), limit=limit, after=after, outcome=outcome, reason=reason, programme=programme, area=area
        )
    await reader.looked("month.people", (one["person_id"] for one in found["items"]))
    return found


@router.get("/months/{month}/ledger.csv")
async def ledger(month: str, request: Request, session: WriteDep, reader: ReaderDep) -> StreamingResponse:
    """The month as a file, streamed from one snapshot in flat memory. Audited."""
    parsed = parse_month(month)
    database, caller = request.app.state.service.database, reader.caller
    await reader.record("month.ledger", await people_queries.counted(session, parsed), parsed)

    async def rows() -> AsyncIterator[bytes]:
        # A snapshot of its own: the request's session ends before the first byte goes out.
        async with database.read(caller.areas) as reading:
            async for block in people_queries.ledger_csv(reading, parsed):
                yield block

    disposition = {"content-disposition": f'attachment; filename="ledger-{parsed}.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=disposition)
