"""The way to beneficiary's people: who a NIK is, and who an id is, asked with the caller's own token and audited there."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import httpx

from shared.kernel.errors import Refusal
from shared.runtime import Service
from shared.web.auth import Caller

PEOPLE_MAX: Final = 5_000
"""NIKs or ids in one question."""


class PeopleUnavailable(Refusal):
    """beneficiary did not answer for these people; nothing was kept, ask again."""

    code = "people-unavailable"
    status = 503


async def resolve(service: Service, caller: Caller, niks: Sequence[str]) -> list[str | None]:
    """Person ids in the order of the NIKs; None where beneficiary knows nobody in the caller's areas. Raise PeopleUnavailable."""
    ids: list[str | None] = (await _ask(service, caller, "people:resolve", {"niks": list(niks), "purpose": "import"}))["ids"]
    if len(ids) != len(niks):
        raise PeopleUnavailable("beneficiary answered for another number of people")
    return ids


async def reveal(
    service: Service, caller: Caller, people: Sequence[UUID], *, purpose: str, fields: Sequence[str]
) -> Mapping[UUID, Mapping[str, Any]]:
    """The asked fields of all these people by id. Raise PeopleUnavailable where one of them is missing in the answer."""
    ids = [str(one) for one in dict.fromkeys(people)]
    body = {"ids": ids, "purpose": purpose, "fields": list(fields)}
    found = {UUID(one["id"]): one for one in (await _ask(service, caller, "people:reveal", body))["people"]}
    if len(found) != len(ids):
        raise PeopleUnavailable(f"beneficiary answered for {len(found)} of {len(ids)} people; nothing was written")
    return found


async def reasons_to_hold(service: Service, caller: Caller) -> frozenset[str]:
    """The codes of beneficiary's signed table for which an enrolment may be suspended. Raise PeopleUnavailable."""
    found = _answered(await _sent(service.http.get("/beneficiary/status-reasons", headers=caller.headers())))
    return frozenset(one["code"] for one in found["items"] if one["action"] == "suspend")


async def _ask(service: Service, caller: Caller, door: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return _answered(await _sent(service.http.post(f"/beneficiary/{door}", json=body, headers=caller.headers())))


async def _sent(question: Awaitable[httpx.Response]) -> httpx.Response:
    try:
        return await question
    except httpx.HTTPError as error:
        raise PeopleUnavailable(f"beneficiary does not answer: {type(error).__name__}") from None


def _answered(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != 200:
        raise PeopleUnavailable(f"beneficiary answered {answer.status_code}", answered=answer.status_code)
    found: dict[str, Any] = answer.json()
    return found
