"""Ibu X goes into a panti and comes out again: her card pauses by itself and comes back by two people (USERS.md, KLJ holder)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.beneficiary.story import Citizen, decreed, resolved, sealed
from tests.support.world import World

IBU_X, NEIGHBOUR = Citizen(1), Citizen(2)


@pytest.fixture
def clock() -> FrozenClock:
    """Monday 1 September 2025."""
    return FrozenClock(datetime(2025, 9, 1, 3, tzinfo=UTC))


async def post(world: World, path: str, body: dict[str, Any], *, by: str, status: int = 201) -> dict[str, Any]:
    answer = await world.as_(by).post(f"/beneficiary{path}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def line(world: World, kind: str, day: str, person: str, **more: Any) -> dict[str, Any]:
    return await post(
        world, "/panti/BM1/entries", {"kind": kind, "day": day, "person_id": person, "reason": "buku", **more}, by="panti-head"
    )


async def state_of(world: World, person: str) -> tuple[str, str, str]:
    items = (await world.as_("operator").get("/beneficiary/enrolments")).json()["items"]
    return next((i["status"], i["reason"], i["from_month"]) for i in items if i["person_id"] == person)


async def active_in(world: World, month: str) -> int:
    return int((await sealed(world, month=month))["by_status"]["active"])


async def begun(world: World) -> str:
    """A decree for both, August sealed, the book of BM1 open."""
    await decreed(world, [IBU_X, NEIGHBOUR])
    assert await active_in(world, "2025-08") == 2
    await post(world, "/panti/BM1/book", {"from_day": "2025-08-01"}, by="operator")
    (person, _) = await resolved(world, [IBU_X, NEIGHBOUR])
    assert person is not None
    return person


async def test_the_card_pauses_with_the_admission_and_comes_back_by_two(world: World, clock: FrozenClock) -> None:
    person = await begun(world)
    admitted = await line(world, "admission", "2025-08-28", person)
    assert admitted["held"] == ["KLJ"]
    assert await state_of(world, person) == ("suspended", "panti_resident", "2025-09")
    assert await active_in(world, "2025-09") == 1
    assert await active_in(world, "2025-10") == 1
    resume = {"person_id": person, "programme": "KLJ", "action": "resume", "from_month": "2025-09", "evidence": "BA-1"}
    problem = await post(world, "/status-changes", {"items": [resume]}, by="operator", status=409)
    assert problem["code"] == "still-in-panti"
    clock.move(timedelta(days=70))  # 10 November
    left = await line(world, "discharge", "2025-11-08", person, paper="BA-9/2025")
    assert left["reopened"] == ["KLJ"]
    assert await state_of(world, person) == ("suspended", "panti_resident", "2025-09")
    (case,) = (await world.as_("operator").get("/beneficiary/reopenings")).json()["items"]
    assert (case["person_id"], case["programme"], case["discharged_on"], case["state"]) == (person, "KLJ", "2025-11-08", "open")
    await post(world, f"/reopenings/{case['id']}/order", {"evidence": "BA-9/2025"}, by="panti-head", status=403)
    order = await post(world, f"/reopenings/{case['id']}/order", {"evidence": "BA-9/2025"}, by="operator")
    assert order["state"] == "proposed"
    again = await post(world, f"/reopenings/{case['id']}/order", {"evidence": "BA-9/2025"}, by="operator", status=409)
    assert again["code"] == "illegal-transition"
    own = await post(world, f"/status-changes/{order['id']}/confirmation", {}, by="operator", status=409)
    assert own["code"] == "four-eyes"
    await post(world, f"/status-changes/{order['id']}/confirmation", {}, by="operator2")
    assert await state_of(world, person) == ("active", "", "2025-11")
    assert await active_in(world, "2025-11") == 2
    (done,) = (await world.as_("operator").get("/beneficiary/reopenings", params={"state": "done"})).json()["items"]
    assert done["id"] == case["id"]


async def test_events_of_the_person_are_gapless_and_name_no_panti(world: World) -> None:
    person = await begun(world)
    await line(world, "admission", "2025-08-28", person)
    await line(world, "discharge", "2025-09-01", person)
    with world.sql("beneficiary") as connection:
        rows = connection.execute("SELECT version, type, data FROM outbox WHERE key = %s ORDER BY seq", (person,)).fetchall()
    assert [(version, kind) for version, kind, _ in rows] == [(1, 101), (2, 105), (3, 102), (4, 106)]
    assert "BM1" not in "".join(str(data) for _, _, data in rows)


async def test_an_admission_that_was_wrong_reopens_every_month(world: World) -> None:
    person = await begun(world)
    admitted = await line(world, "admission", "2025-08-28", person)
    answer = await post(world, f"/panti-entries/{admitted['entry_id']}/correction", {"reason": "salah orang"}, by="panti-head")
    assert answer["reopened"] == ["KLJ"]
    (case,) = (await world.as_("operator").get("/beneficiary/reopenings")).json()["items"]
    order = await post(world, f"/reopenings/{case['id']}/order", {"evidence": "BA-2"}, by="operator")
    await post(world, f"/status-changes/{order['id']}/confirmation", {}, by="operator2")
    assert await state_of(world, person) == ("active", "", "2025-09")


async def test_who_comes_back_before_the_resumption_is_not_resumed(world: World, clock: FrozenClock) -> None:
    person = await begun(world)
    await line(world, "admission", "2025-08-28", person)
    await line(world, "discharge", "2025-08-31", person)
    (case,) = (await world.as_("operator").get("/beneficiary/reopenings")).json()["items"]
    order = await post(world, f"/reopenings/{case['id']}/order", {"evidence": "BA-2"}, by="operator")
    await line(world, "admission", "2025-09-01", person)
    refused = await post(world, f"/status-changes/{order['id']}/confirmation", {}, by="operator2", status=409)
    assert refused["code"] == "still-in-panti"


async def test_the_dead_are_not_reopened(world: World) -> None:
    person = await begun(world)
    await line(world, "admission", "2025-08-28", person)
    died = await line(world, "death", "2025-08-30", person)
    assert (died["state"], died["reopened"]) == ("dead", [])


async def test_a_hold_whose_month_is_not_next_waits_for_the_clock(world: World, clock: FrozenClock) -> None:
    """August is the last sealed month; who is admitted in November still gets September and October."""
    person = await begun(world)
    clock.move(timedelta(days=70))
    admitted = await line(world, "admission", "2025-11-08", person)
    assert admitted["held"] == []
    assert await active_in(world, "2025-09") == 2
    await world.settle()
    assert await active_in(world, "2025-10") == 2
    await world.settle()
    assert await state_of(world, person) == ("suspended", "panti_resident", "2025-11")
    assert await active_in(world, "2025-11") == 1


async def test_a_decree_that_names_a_resident_is_held_by_the_clock(world: World) -> None:
    await begun(world)
    third = Citizen(3)
    new = {"name": third.name, "birth_date": third.born, "address": third.address, "area": third.area}
    body = {"kind": "admission", "day": "2025-08-20", "nik": third.nik, "newcomer": new, "reason": "rujukan"}
    person = (await post(world, "/panti/BM1/entries", body, by="panti-head"))["person_id"]
    await decreed(world, [third], number="101/2025")
    assert await state_of(world, person) == ("active", "", "2025-01")
    await world.settle()
    assert await state_of(world, person) == ("suspended", "panti_resident", "2025-09")
