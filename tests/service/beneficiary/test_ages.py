"""Children who age out: counts by month, never who; birth dates are read for it, and that is audited."""

from __future__ import annotations

from typing import Any

from tests.service.beneficiary.story import Citizen, changed, decreed
from tests.support.world import World

CHILDREN = [
    Citizen(1, programme="KAJ", born="2019-09-30"),  # six in September: the last month
    Citizen(2, programme="KAJ", born="2019-10-01"),
    Citizen(3, programme="KAJ", born="2019-10-31", area="31.71.01.1001"),
    Citizen(4, programme="KAJ", born="2019-08-31"),  # over age already
    Citizen(5, programme="KAJ", born="2022-01-01"),
    Citizen(6, programme="KLJ", born="1950-09-01"),
]


async def ages(world: World, person: str = "leader", query: str = "from=2025-09&to=2025-12") -> dict[str, Any]:
    answer = await world.as_(person).get(f"/beneficiary/outlook/ages?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kaj(month: str, people: int) -> dict[str, Any]:
    return {"programme": "KAJ", "month": month, "people": people}


async def test_children_are_counted_in_the_month_of_their_last_birthday(world: World) -> None:
    await decreed(world, CHILDREN)
    found = await ages(world)
    assert found["items"] == [kaj("2025-09", 1), kaj("2025-10", 2)]
    assert found["over_age"] == {"KAJ": 1}
    assert "born" not in str(found)
    assert (await ages(world, query="from=2025-10&to=2025-10"))["over_age"] == {"KAJ": 2}


async def test_who_has_left_already_is_not_counted_and_a_suspended_child_neither(world: World) -> None:
    await decreed(world, CHILDREN)
    await changed(world, [(CHILDREN[1], "hentikan", "meninggal", "2025-10"), (CHILDREN[0], "tangguhkan", "sanggah", "2025-09")])
    assert (await ages(world))["items"] == [kaj("2025-10", 1)]


async def test_a_part_of_the_agency_counts_its_own_children(world: World) -> None:
    await decreed(world, CHILDREN)
    assert (await ages(world, "jakpus"))["items"] == [kaj("2025-10", 1)]


async def test_each_count_is_one_audit_entry_and_strangers_get_none(world: World) -> None:
    await decreed(world, CHILDREN)
    with world.sql("beneficiary") as connection:
        before = connection.execute("SELECT count(*) FROM audit_entry WHERE operation = 'people.ages'").fetchone()
    await ages(world)
    with world.sql("beneficiary") as connection:
        entries = connection.execute("SELECT person, purpose, count FROM audit_entry WHERE operation = 'people.ages'").fetchall()
    assert (before, entries) == ((0,), [("leader", "outlook", 5)])
    refused = await world.as_("warehouse").get("/beneficiary/outlook/ages?from=2025-09&to=2025-12")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")


async def test_months_must_make_sense(world: World) -> None:
    for query, code in (
        ("from=2025-09&to=2025-08", "invalid-input"),
        ("from=2025-09&to=2099-01", "invalid-input"),
        ("from=x&to=y", "request-shape"),
    ):
        answer = await world.as_("leader").get(f"/beneficiary/outlook/ages?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
