"""A sealed month is sealed again, and a proposed order is listed, confirmed or taken back (CORE.md sections 2 and 3)."""

from __future__ import annotations

from tests.service.beneficiary.story import Citizen, controls, decree_file, decreed, resolved, sealed, send
from tests.service.beneficiary.story import commit as commit_import
from tests.service.beneficiary.test_status import confirm, item, order
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 5)]


async def again(
    world: World, month: str = "2025-09", *, by: str = "operator", areas: list[str] | None = None
) -> tuple[int, dict[str, object]]:
    answer = await world.as_(by, **({"areas": areas} if areas else {})).post(
        "/beneficiary/cutoffs/again", json={"programme": "KLJ", "month": month}
    )
    return answer.status_code, answer.json()


async def test_two_people_s_order_behind_the_seal_is_sealed_again_and_the_first_list_stays(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    first = await sealed(world)
    assert (await again(world))[1]["code"] == "nothing-changed"
    _, proposed = await order(world, item(ids[0], "suspend", "objection"))
    assert (await again(world))[1]["code"] == "nothing-changed", "only one person has said so"
    assert (await confirm(world, proposed["id"]))[0] == 201

    status, second = await again(world)

    assert status == 201
    assert (second["seal_no"], second["cutoff_no"], second["count"], second["sum"]) == (2, 2, 4, 1_200_000)
    assert second["by_status"] == {"active": 3, "suspended": 1, "ended": 0}
    assert second["hash"] != first["hash"]
    listed = (await world.as_("operator").get(f"/beneficiary/cutoffs/{first['id']}/list.tsv")).text
    assert listed.count("\tactive\t\t300000\n") == 4
    month = (await world.as_("operator").get("/beneficiary/months/2025-09/seal")).json()
    assert [(one["seal_no"], one["hash"]) for one in month["programmes"]] == [(2, second["hash"])]
    assert (await again(world))[1]["cutoff_id"] == second["id"]
    following = await sealed(world, month="2025-10")
    assert (following["seal_no"], following["cutoff_no"]) == (1, 3)


async def test_a_late_decree_reaches_a_sealed_month_by_a_second_seal(world: World) -> None:
    await decreed(world, PEOPLE[:3])
    first = await sealed(world)
    late = [PEOPLE[3]]
    _, view = await send(world, "decree", decree_file(late), controls(late, number="200/2025", from_month="2025-09", vacant=2))
    status, done = await commit_import(world, view["id"])
    assert (status, done["result"]["sealed_before"]) == (200, [{"programme": "KLJ", "month": "2025-09"}])

    status, second = await again(world)

    assert (status, second["count"], second["quota"]) == (201, 4, first["quota"] + 3)


async def test_who_may_not_seal_again(world: World) -> None:
    await decreed(world, PEOPLE)
    status, problem = await again(world)
    assert (status, problem["code"]) == (409, "not-sealed")
    await sealed(world)
    assert (await again(world, by="checker"))[0] == 403
    assert (await again(world, areas=["31.73"]))[0] == 403
    assert (await again(world, "2025-13"))[0] == 422


async def test_a_proposed_order_is_found_and_taken_back(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    await sealed(world)
    _, proposed = await order(world, item(ids[0], "end", "dead"))
    path = "/beneficiary/status-changes"
    (found,) = (await world.as_("operator2").get(path, params={"state": "proposed"})).json()["items"]
    assert (found["id"], found["ordered_by"], found["items"][0]["person_id"]) == (proposed["id"], "operator", ids[0])

    elsewhere = world.as_("operator", areas=["31.71"])
    assert (await elsewhere.get(path)).json()["items"] == [], "the person lives in another city"
    refused = await elsewhere.post(f"{path}/{proposed['id']}/cancellation", json={"reason": "salah orang"})
    assert refused.status_code == 404
    cancelled = await world.as_("operator").post(f"{path}/{proposed['id']}/cancellation", json={"reason": "salah orang"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")

    for refused in (
        await world.as_("operator2").post(f"{path}/{proposed['id']}/confirmation"),
        await world.as_("operator").post(f"{path}/{proposed['id']}/cancellation", json={"reason": "sekali lagi"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal-transition")
    (found,) = (await world.as_("operator").get(path)).json()["items"]
    assert (found["state"], found["cancelled_by"], found["cancel_reason"]) == ("cancelled", "operator", "salah orang")
    assert (await world.as_("operator").post(f"{path}/{proposed['id']}/cancellation", json={"reason": ""})).status_code == 422
