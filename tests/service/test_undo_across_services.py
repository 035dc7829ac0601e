"""A file of status changes that was taken back: disbursement opens the month as if it had never come, and the seals agree."""

from __future__ import annotations

from ritme import verify
from tests.service.beneficiary.story import Citizen, changed, decreed, sealed
from tests.service.beneficiary.test_undo_import import undone
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 6)]
AGREED = (4, 16, 17, 18, 19, 20, 24)


async def test_the_month_opens_as_if_the_file_had_not_come(world: World) -> None:
    """By hand: of five, one is rightly suspended; the wrong file's suspension and end are taken back."""
    await decreed(world, PEOPLE)
    await sealed(world, month="2025-08")
    await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")])
    wrong = await changed(world, [(PEOPLE[1], "tangguhkan", "sanggah", "2025-09"), (PEOPLE[2], "hentikan", "pindah", "2025-09")])
    await world.settle()
    await undone(world, wrong["id"])
    await sealed(world)
    await world.settle()
    opened = await world.as_("operator").post("/disbursement/months/2025-09/opening")
    (klj,) = (one for one in opened.json()["programmes"] if one["programme"] == "KLJ")
    assert (klj["state"], klj["due"], klj["held"], klj["excluded"]) == ("opened", 4, 1, 0)
    await world.settle()
    people = (await world.as_("operator").get("/disbursement/months/2025-09/people")).json()["items"]
    assert {one["standing"] for one in people} == {""}, "nobody was suspended, so nobody is reinstated"
    postgres = world.ground.postgres
    addresses = {name: postgres.address(f"ritme_{name}", f"{name}_verify") for name in ("beneficiary", "disbursement")}
    found = verify.run(addresses | {"bus": postgres.address("ritme_bus", "bus_worker")}, None, AGREED)
    assert [(line.name, list(line.found)) for line in found.invariants if not line.ok] == []
