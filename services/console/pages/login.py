"""Who are you? The demo people as cards; the token lives in a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from services.console.doors import COOKIE, DoorProblem, Doors, Person
from services.console.view import go, page

router = APIRouter()

_ORDER = ("leader", "operator", "operator2", "checker", "approver", "treasurer", "treasurer2", "releaser")
"""As the month passes through their hands; the others follow."""


def own_path(wanted: str) -> str:
    """A path of this console, or its first page: a link must not lead somebody elsewhere after login."""
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if safe else "/"


async def _people(doors: Doors) -> list[dict[str, Any]]:
    found = await doors.people_names()
    order = {person: n for n, person in enumerate(_ORDER)}
    return [
        {"id": person, "name": name.partition(", ")[0], "office": name.partition(", ")[2]}
        for person, name in sorted(found.items(), key=lambda one: order.get(one[0], len(order)))
    ]


@router.get("/masuk")
async def login_page(request: Request, sebab: str = "", lanjut: str = "") -> Response:
    people = await _people(Doors(request.app.state.memory, ""))
    return page(request, "login.html", None, people=people, expired=sebab == "habis", onwards=own_path(lanjut))


@router.post("/masuk")
async def login(request: Request, orang: Annotated[str, Form()], lanjut: Annotated[str, Form()] = "/") -> Response:
    doors = Doors(request.app.state.memory, "")
    try:
        answer = await doors.post("/demo/token", {"person": orang})
    except DoorProblem as problem:
        people = await _people(doors)
        return page(
            request, "login.html", None, status=problem.status, people=people, expired=False, onwards=own_path(lanjut), problem=problem
        )  # fmt: skip
    token = str(answer["access_token"])
    Person.of(token)  # a token that we cannot read would send its bearer round in circles
    response = go(request, own_path(lanjut))
    response.set_cookie(
        COOKIE, token, max_age=int(answer["expires_in"]), httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
    )  # fmt: skip
    return response


@router.post("/keluar")
async def logout(request: Request) -> Response:
    response = go(request, "/masuk")
    response.delete_cookie(COOKIE, path="/")
    return response
