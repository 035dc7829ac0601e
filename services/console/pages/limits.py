"""Who signs up to how much and for whom; from when on something on a list is odd. One proposes, another confirms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console.doors import DoorProblem, Doors, DoorsDep, Person, together
from services.console.figures import typed_number
from services.console.forms import typed_of
from services.console.view import go, link, page
from shared.kernel.clock import jakarta_day

router = APIRouter()

PROPOSERS: Final = ("operator", "treasurer", "leader")
CONFIRMERS: Final = ("treasurer", "leader")
SIGNERS: Final = ("checker", "approver", "releaser")
THIRD_PEOPLE: Final = ("approver", "treasurer", "leader")
"""Who may act in which part; the service decides, this only spares people useless forms."""
CONFIRMED: Final = {"batas": "signing-rules", "ambang": "anomaly-rules", "delegasi": "delegations"}


def standing(lines: Iterable[Mapping[str, Any]], today: str) -> dict[str, list[Mapping[str, Any]]]:
    """Lines by what they are today: proposed, in force or later, over."""
    found: dict[str, list[Mapping[str, Any]]] = {"proposed": [], "confirmed": [], "over": []}
    for line in lines:
        over = bool(line.get("valid_to")) and str(line["valid_to"]) < today
        found["over" if over else line["state"]].append(line)
    return found


def newest_thresholds(lines: Iterable[Mapping[str, Any]], today: str) -> dict[str, Mapping[str, Any]]:
    """By rule, the confirmed line that holds; the door gives the newest first within a rule."""
    found: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if line["state"] == "confirmed" and str(line["valid_from"]) <= today:
            found.setdefault(line["code"], line)
    return found


def may_end(person: Person | None, delegation: Mapping[str, Any]) -> bool:
    """Whoever is part of it, and the leader."""
    if person is None or delegation["state"] not in ("proposed", "confirmed", "holds"):
        return False
    return person.is_any("leader") or person.id in (delegation["principal"], delegation["delegate"], delegation["confirmed_by"])


async def _show(request: Request, doors: Doors, problem: DoorProblem | None = None, typed: dict[str, str] | None = None) -> Response:
    rules, delegations, thresholds, names = await together(
        doors.get("/disbursement/signing-rules"), doors.get("/disbursement/delegations"), doors.get("/disbursement/anomaly-rules"),
        doors.people_names(),
    )  # fmt: skip
    today, person = jakarta_day(request.app.state.clock.now()).isoformat(), doors.person
    return page(
        request, "limits.html", doors, status=problem.status if problem else 200, rules=standing(rules["items"], today), today=today,
        delegations=[one for one in delegations["items"] if one["state"] not in ("over", "revoked")],
        past=[one for one in delegations["items"] if one["state"] in ("over", "revoked")],
        thresholds=newest_thresholds(thresholds["items"], today),
        proposed_thresholds=[one for one in thresholds["items"] if one["state"] == "proposed"], names=names, problem=problem,
        typed=typed or {}, may_end=lambda one: may_end(person, one),
        may_propose=person is not None and person.is_any(*PROPOSERS), may_confirm=person is not None and person.is_any(*CONFIRMERS),
        own_roles=[role for role in SIGNERS if person is not None and person.is_any(role)],
        may_confirm_delegation=person is not None and person.is_any(*THIRD_PEOPLE),
    )  # fmt: skip


@router.get("/tanda-tangan")
async def limits_page(request: Request, doors: DoorsDep) -> Response:
    return await _show(request, doors)


async def _knock(request: Request, doors: Doors, door: str, body: Mapping[str, Any], done: str, typed: dict[str, str]) -> Response:
    try:
        await doors.post(f"/disbursement/{door}", body)
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed)
    return go(request, link("/tanda-tangan", selesai=done))


def _number(text: str) -> int:
    try:
        return typed_number(text)
    except ValueError:
        raise DoorProblem(422, "typed-number", "an amount is not a number") from None


@router.post("/tanda-tangan/batas")
async def propose_limit(request: Request, doors: DoorsDep) -> Response:
    """A limit, or the amount from which two approvers sign."""
    typed = await typed_of(request)
    try:
        amount = _number(typed.get("jumlah", ""))
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed)
    body = {
        "kind": typed.get("jenis", ""), "role": typed.get("peran", ""), "person": typed.get("orang", ""),
        "programme": typed.get("program", ""), "amount": amount, "valid_from": typed.get("mulai", ""),
        "valid_to": typed.get("sampai") or None, "reason": typed.get("alasan", ""),
    }  # fmt: skip
    return await _knock(request, doors, "signing-rules", body, "usulkan", typed)


@router.post("/tanda-tangan/ambang")
async def propose_thresholds(request: Request, doors: DoorsDep) -> Response:
    """Other thresholds for one rule; every one of them is in the form."""
    typed = await typed_of(request)
    given = {key.removeprefix("ambang."): value for key, value in typed.items() if key.startswith("ambang.")}
    try:
        thresholds = {key: _number(value) for key, value in given.items()}
    except DoorProblem as problem:
        return await _show(request, doors, problem, typed)
    body = {
        "code": typed.get("kode", ""), "thresholds": thresholds, "blocks": typed.get("menahan", "") == "ya",
        "valid_from": typed.get("mulai", ""), "reason": typed.get("alasan", ""),
    }  # fmt: skip
    return await _knock(request, doors, "anomaly-rules", body, "usulkan", typed)


@router.post("/tanda-tangan/delegasi")
async def hand_over(request: Request, doors: DoorsDep) -> Response:
    """The one who looks hands a role of their own to another person for some days."""
    typed = await typed_of(request)
    body = {
        "role": typed.get("peran", ""), "to": typed.get("kepada", ""), "from_day": typed.get("mulai", ""),
        "to_day": typed.get("sampai", ""), "reason": typed.get("alasan", ""),
    }  # fmt: skip
    return await _knock(request, doors, "delegations", body, "delegasikan", typed)


@router.post("/tanda-tangan/{what}/{line_id}/setujui")
async def confirm(what: str, line_id: str, request: Request, doors: DoorsDep) -> Response:
    """Another person's word; for a delegation a third one's."""
    if what not in CONFIRMED:
        raise DoorProblem(404, "not-found", "there is no such proposal")
    return await _knock(request, doors, f"{CONFIRMED[what]}/{line_id}/confirmation", {}, "setujui-usulan", {})


@router.post("/tanda-tangan/delegasi/{line_id}/cabut")
async def end(line_id: str, request: Request, doors: DoorsDep) -> Response:
    """It ends now; what was signed stays signed."""
    typed = await typed_of(request)
    return await _knock(request, doors, f"delegations/{line_id}/revocation", {"reason": typed.get("alasan", "")}, "cabut-delegasi", typed)
