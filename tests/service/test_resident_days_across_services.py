"""A panti's book in one service, its food in another: counts go by events, and nobody types a total."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.budget_audit.books import Books, food_key
from tests.support.world import Ground, World, open_world

MONTH = "2025-09"
PRICE = 38_500


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    """Beneficiary and budget_audit on Friday 3 October 2025."""
    clock = FrozenClock(datetime(2025, 10, 3, 3, tzinfo=UTC))
    async with open_world(ground, clock, ("beneficiary", "budget_audit")) as opened:
        yield opened


async def post(world: World, path: str, body: dict[str, Any], *, by: str = "operator") -> dict[str, Any]:
    answer = await world.as_(by).post(f"/beneficiary{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def two_residents(world: World) -> tuple[str, str]:
    """One the whole month; one from the 11th, discharged on the 21st: 30 + 10 resident-days."""
    await post(world, "/panti/BM1/book", {"from_day": f"{MONTH}-01"})
    people = []
    for name, day in (("Contoh Anggrek", "01"), ("Contoh Dahlia", "11")):
        line = {"kind": "admission", "day": f"{MONTH}-{day}", "newcomer": {"name": name}, "reason": "rujukan"}
        people.append((await post(world, "/panti/BM1/entries", line))["person_id"])
    await post(world, "/panti/BM1/entries", {"kind": "discharge", "day": f"{MONTH}-21", "person_id": people[1], "reason": "pulang"})
    return people[0], people[1]


async def paid(books: Books, amount: int) -> None:
    await books.bring("dpa", [{**food_key(), "uraian": "Makan warga binaan", "pagu": 50_000_000}])
    await books.bring("contract", [{"kode_panti": "BM1", "mulai": "2025-01-01", "sampai": "2025-12-31", "harga": PRICE}])
    row = {"nomor": "1/SP2D", "tanggal": "2025-09-30", **food_key(), "nilai": amount, "rujukan": f"BM1/{MONTH}"}
    await books.bring("sp2d", [row])


async def test_food_is_held_against_the_nights_of_the_book(world: World) -> None:
    books = Books(world)
    _, gone = await two_residents(world)
    await paid(books, 50 * PRICE)
    await world.settle()
    month = await books.get(f"/panti/BM1/months/{MONTH}")
    assert (month["resident_days"], month["food_due"], month["difference"]) == (40, 40 * PRICE, 10 * PRICE)
    assert {day["source"] for day in month["residents"]} == {"book"}
    (found,) = await books.mismatches()
    assert (found["code"], found["difference"]) == ("food_differs_from_resident_days", 10 * PRICE)
    # The discharge was wrong by ten days: with the right one everything is explained by the event.
    items = (await world.as_("operator").get("/beneficiary/panti/BM1/entries")).json()["items"]
    line = next(one for one in items if one["kind"] == "discharge" and one["person_id"] == gone)
    right = {"reason": "salah tulis", "instead": {"day": f"{MONTH}-30", "reason": "pulang"}}
    await post(world, f"/panti-entries/{line['id']}/correction", right)
    await post(world, "/panti/BM1/entries", {"kind": "admission", "day": f"{MONTH}-30", "newcomer": {"name": "Tamu"}, "reason": "rujukan"})
    await world.settle()
    month = await books.get(f"/panti/BM1/months/{MONTH}")
    assert (month["resident_days"], month["difference"]) == (50, 0)
    (found,) = await books.mismatches()
    assert (found["state"], found["difference"]) == ("explained", 0)


async def test_a_file_counts_where_no_book_does_and_never_beside_one(world: World) -> None:
    books = Books(world)
    before = [{"kode_panti": "BM1", "tanggal": f"{MONTH}-{day:02}", "penghuni": 99} for day in (1, 2)]
    await books.bring("census", before)
    await books.bring("census", [{"kode_panti": "BM2", "tanggal": f"{MONTH}-01", "penghuni": 80}])
    await two_residents(world)
    await world.settle()
    own = (await books.get(f"/panti/BM1/months/{MONTH}"))["residents"]
    assert [(day["residents"], day["source"]) for day in own[:2]] == [(1, "book"), (1, "book")]
    other = (await books.get(f"/panti/BM2/months/{MONTH}"))["residents"]
    assert [(day["residents"], day["source"]) for day in other[:2]] == [(80, "file"), (None, None)]
    late = await books.check("census", [{"kode_panti": "BM1", "tanggal": f"{MONTH}-03", "penghuni": 99}])
    assert await books.problems(late["id"]) == [(2, "tanggal", "counted-by-book")]


async def test_a_day_that_comes_again_changes_nothing(world: World) -> None:
    books = Books(world)
    await two_residents(world)
    await world.settle()
    with world.sql("budget_audit") as connection:
        rows = connection.execute("SELECT count(*), count(DISTINCT day), max(version) FROM census_count").fetchone()
    assert rows == (32, 32, 1)  # 1 September to 2 October
    assert await world.settle() == 0
    assert await books.mismatches() == []
