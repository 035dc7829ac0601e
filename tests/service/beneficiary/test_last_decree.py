"""Before a decree is saved, its list stands beside the one that it follows."""

from __future__ import annotations

from tests.service.beneficiary.story import Citizen, changed, controls, decree_file, decreed, send
from tests.support.world import World

FIRST = [Citizen(n) for n in range(1, 7)]


async def test_entered_left_and_changed_against_the_list_before(world: World) -> None:
    """By hand: six before; 1 and 5 are not named again, 6 had died; 2 lives elsewhere; 7 and 8 are new."""
    first = await decreed(world, FIRST, number="50/2025", from_month="2025-01", to_month="2025-06")
    assert "beside" not in first["totals"], "there was none before it"
    await changed(world, [(Citizen(6), "hentikan", "meninggal", "2025-05")])
    now = [Citizen(2, area="31.71.01.1001"), Citizen(3), Citizen(4), Citizen(7), Citizen(8), Citizen(9, "KAJ", born="2023-05-12")]
    status, view = await send(world, "decree", decree_file(now), controls(now, number="60/2025", from_month="2025-07", to_month="2025-12"))
    assert (status, view["ready"]) == (201, True)
    assert view["totals"]["beside"] == {
        "against": ["50/2025"],
        "programmes": {
            "KLJ": {"before": 6, "now": 5, "entered": 2, "left": 3, "left_ended": 1, "changed_amount": 0, "changed_area": 1},
        },
    }  # fmt: skip


async def test_a_list_that_adds_to_one_whose_months_run_is_beside_none(world: World) -> None:
    await decreed(world, FIRST, number="50/2025", from_month="2025-01", to_month="2025-12")
    more = [Citizen(7)]
    _, view = await send(world, "decree", decree_file(more), controls(more, number="51/2025", from_month="2025-09", to_month="2025-12"))
    assert view["ready"]
    assert "beside" not in view["totals"]
