"""Cases: holds, objections, money that cannot be reached, claims. A list for the offices, and one page a case with its next step."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import casework, words
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import Form, form_of, typed_of
from services.console.pages.people import MAY_LOOK, person_of, revealed
from services.console.view import go, link, page

router = APIRouter()

PAGE: Final = 50
ORDER_DECISIONS: Final = {"sahkan": "confirmation", "batalkan": "cancellation"}


async def _list(
    request: Request, doors: Doors, which: dict[str, str], problem: DoorProblem | None = None, typed: dict[str, str] | None = None,
    sent: str = "",
) -> Response:  # fmt: skip
    asked = {
        "kind": which.get("jenis"), "owner": which.get("pemilik"), "late": "true" if which.get("lewat") else "",
        "lacking": which.get("kurang"), "state": which.get("status") or "open", "after": which.get("sesudah"),
    }  # fmt: skip
    found, whole, alerts, orders, areas, names = await together(
        doors.get("/disbursement/cases", **asked, limit=PAGE, purpose=doors.purpose),
        doors.get("/disbursement/cases", limit=0), doors.ask("/disbursement/cases/alerts"),
        doors.ask("/beneficiary/status-changes", state="proposed"), doors.area_names(), doors.people_names(),
    )  # fmt: skip
    here = {key: value for key, value in which.items() if key != "sesudah"}
    owners = [one["owner"] for one in whole["owners"]]
    owners += [which["pemilik"]] if which.get("pemilik", "") not in ("", *owners) else []
    return page(
        request, "cases.html", doors, status=problem.status if problem else 200, cases=found, whole=whole, areas=areas, names=names,
        casework=casework,
        alerts=[] if isinstance(alerts, DoorProblem) else alerts["items"],
        orders=[] if isinstance(orders, DoorProblem) else orders["items"],
        which={"jenis": "", "pemilik": "", "lewat": "", "kurang": "", "status": "", **which},
        owners={code: words.office(code, areas) for code in owners},
        more=link("/kasus", **here, sesudah=found["next"]) if found["next"] else "",
        not_drawn=casework.NOT_DRAWN if casework.NOT_DRAWN.offered_to(doors.person) else None,
        new=[(kind, form) for kind, form in casework.NEW.items() if form.offered_to(doors.person)],
        problem=problem, typed=typed or {}, sent=sent,
    )  # fmt: skip


@router.get("/kasus")
async def cases_page(
    request: Request, doors: DoorsDep, *, jenis: str = "", pemilik: str = "", lewat: str = "", kurang: str = "", status: str = "",
    sesudah: str = "",
) -> Response:  # fmt: skip
    """``jenis``: a kind, ``pemilik``: an office, ``lewat``: only late ones, ``kurang``: holds without notice or reply."""
    which = {"jenis": jenis, "pemilik": pemilik, "lewat": lewat, "kurang": kurang, "status": status, "sesudah": sesudah}
    return await _list(request, doors, which)


@router.post("/kasus/tidak-ditarik")
async def not_drawn(request: Request, doors: DoorsDep) -> Response:
    """Visits for everybody whose money lies untouched for long."""
    typed = await typed_of(request)
    try:
        await doors.post("/disbursement/cases/access/not-drawn", casework.NOT_DRAWN.body(typed))
    except DoorProblem as problem:
        return await _list(request, doors, {}, problem, typed, casework.NOT_DRAWN.action)
    return go(request, link("/kasus", jenis="access", selesai="kunjungan-dibuka"))


@router.post("/kasus/perintah/{order_id}/{decision}")
async def decide_order(order_id: str, decision: str, request: Request, doors: DoorsDep) -> Response:
    """The second person confirms an order about an enrolment, or somebody takes it back with a reason."""
    if decision not in ORDER_DECISIONS:
        raise DoorProblem(404, "not-found", "there is no such decision")
    typed = await typed_of(request)
    body = {"reason": typed.get("alasan", "")} if decision == "batalkan" else {}
    try:
        await doors.post(f"/beneficiary/status-changes/{order_id}/{ORDER_DECISIONS[decision]}", body)
    except DoorProblem as problem:
        return await _list(request, doors, {}, problem)
    return go(request, link("/kasus", selesai=f"{decision}-perintah"))


# --- a new case -------------------------------------------------------------------------------------------------------


def _new(
    request: Request, doors: Doors, kind: str, proposed: dict[str, str], problem: DoorProblem | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    return page(
        request, "case_new.html", doors, status=problem.status if problem else 200, form=_new_form(kind), casework=casework,
        kind=casework.NEW_KINDS[kind], problem=problem, typed=typed or {}, sent=kind if typed else "",
        proposed={"tanggal": request.app.state.clock.today().isoformat(), **{key: value for key, value in proposed.items() if value}},
    )  # fmt: skip


def _new_form(kind: str) -> Form:
    if kind not in casework.NEW:
        raise DoorProblem(404, "not-found", "there is no such kind of case")
    return casework.NEW[kind]


@router.get("/kasus/baru/{kind}")
async def new_page(
    kind: str, request: Request, doors: DoorsDep, orang: str = "", program: str = "", bulan: str = "", atas: str = ""
) -> Response:
    """An empty form, or one that a gap has filled in (``orang``, ``program``, ``bulan``, ``atas``)."""
    _new_form(kind)
    return _new(request, doors, kind, {"orang": orang, "program": program, "bulan": bulan, "atas": atas})


@router.post("/kasus/baru/{kind}")
async def open_case(kind: str, request: Request, doors: DoorsDep) -> Response:
    form = _new_form(kind)
    typed = await typed_of(request)
    try:
        body = form.body(typed)
        body["person_id"] = await person_of(doors, body["person_id"])
        if "months" in body:
            body["months"] = [one.strip() for one in str(body["months"]).split(",") if one.strip()]
        opened = await doors.post(f"/disbursement/cases/{form.door}", body)
    except DoorProblem as problem:
        return _new(request, doors, kind, {}, problem, typed)
    return go(request, link(f"/kasus/{opened['id']}", selesai="kasus-dibuka"))


# --- one case ---------------------------------------------------------------------------------------------------------


async def _show(
    request: Request, doors: Doors, case_id: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None,
    sent: str = "", who: Any = None,
) -> Response:  # fmt: skip
    case, areas, names = await together(
        doors.get(f"/disbursement/cases/{case_id}", purpose=doors.purpose), doors.area_names(), doors.people_names()
    )
    person = doors.person
    forms = [one for one in casework.case_forms(case) if one.offered_to(person)]
    if case["kind"] == "hold" and case["state"] == "decided" and casework.ORDER.offered_to(person):
        forms.insert(0, casework.ORDER.choosing("alasan", await _order_reasons(doors, case["result"])))
    return page(
        request, "case.html", doors, status=problem.status if problem else 200, case=case, areas=areas, names=names, casework=casework,
        forms=forms, may_look=person is not None and person.is_any(*MAY_LOOK), who=who, problem=problem, typed=typed or {}, sent=sent,
        proposed={"tanggal": request.app.state.clock.today().isoformat(), "bulan": case["from_month"]},
    )  # fmt: skip


async def _order_reasons(doors: Doors, action: str) -> dict[str, str]:
    """Lawful reasons of what was decided, in the office's words."""
    found = await doors.ask("/beneficiary/status-reasons")
    if isinstance(found, DoorProblem):
        return {}
    return {one["code"]: one["words"].capitalize() for one in found["items"] if one["action"] == action}


@router.get("/kasus/{case_id}")
async def case_page(case_id: str, request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors, case_id)


@router.post("/kasus/{case_id}/orang")
async def reveal(case_id: str, request: Request, doors: DoorsDep) -> Response:
    """The name behind the case, for whoever serves this person; written into the audit chain by its door."""
    case = await doors.get(f"/disbursement/cases/{case_id}")
    try:
        who = await revealed(doors, case["person_id"])
    except DoorProblem as problem:
        return await _show(request, doors, case_id, problem)
    return await _show(request, doors, case_id, who=who)


@router.post("/kasus/{case_id}/perintah")
async def order(case_id: str, request: Request, doors: DoorsDep) -> Response:
    """Order in beneficiary what was decided here; it ends the case by itself."""
    typed = await typed_of(request)
    case = await doors.get(f"/disbursement/cases/{case_id}")
    try:
        item = {"person_id": case["person_id"], "programme": case["programme"], "action": case["result"], **casework.ORDER.body(typed)}
        made = await doors.post("/beneficiary/status-changes", {"items": [item]})
    except DoorProblem as problem:
        return await _show(request, doors, case_id, problem, typed, casework.ORDER.action)
    return go(request, link(f"/kasus/{case_id}", selesai="perintah-menunggu" if made["state"] == "proposed" else "perintah-terbit"))


@router.post("/kasus/{case_id}/{action}")
async def act(case_id: str, action: str, request: Request, doors: DoorsDep) -> Response:
    """The next step of the case; a refusal comes back with what was typed."""
    case = await doors.get(f"/disbursement/cases/{case_id}")
    typed = await typed_of(request)
    form = form_of(casework.forms_of_kind(case["kind"]), action)
    try:
        await doors.post(f"/disbursement/cases/{case_id}/{form.door}", form.body(typed))
    except DoorProblem as problem:
        return await _show(request, doors, case_id, problem, typed, action)
    return go(request, link(f"/kasus/{case_id}", selesai=form.done))
