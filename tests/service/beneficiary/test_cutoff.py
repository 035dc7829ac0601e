"""Every change stands before or after a cut-off, never beside it, and nobody starves the seal (CORE.md section 3)."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import psycopg

from services.beneficiary.commands.cutoff import seal_cutoff
from services.beneficiary.commands.status import apply_changes
from services.beneficiary.domain.enrolment import Change
from shared.kernel.month import Month
from tests.service.beneficiary.story import Citizen, decreed, resolved, sealed
from tests.support.world import World

WRITERS, EACH = 6, 25
MONTH = Month("2025-09")


def lines(world: World, cutoff_id: str) -> dict[UUID, str]:
    with world.sql("beneficiary", "verify") as look:
        rows = look.execute("SELECT person_id, status FROM cutoff_line WHERE cutoff_id = %s", (cutoff_id,)).fetchall()
    return {row[0]: str(row[1]) for row in rows if isinstance(row[0], UUID)}


def changes_of(world: World) -> dict[UUID, int]:
    with world.sql("beneficiary", "verify") as look:
        rows = look.execute("SELECT person_id, cutoff_no FROM enrolment WHERE status = 'suspended'").fetchall()
    return {row[0]: int(str(row[1])) for row in rows if isinstance(row[0], UUID)}


async def test_six_writers_and_a_seal(world: World) -> None:
    people = [Citizen(n) for n in range(1, WRITERS * EACH + 1)]
    await decreed(world, people)
    ids = await resolved(world, people)
    started = asyncio.Semaphore(0)

    async def write(mine: list[str | None]) -> None:
        for person in mine:
            item = {
                "person_id": person,
                "programme": "KLJ",
                "action": "suspend",
                "reason": "objection",
                "from_month": MONTH,
                "evidence": "x",
            }
            answer = await world.as_("operator").post("/beneficiary/status-changes", json={"items": [item]})
            started.release()
            assert answer.status_code == 201, answer.text
            if answer.json()["state"] == "proposed":  # the month was sealed meanwhile
                confirmed = await world.as_("operator2").post(f"/beneficiary/status-changes/{answer.json()['id']}/confirmation")
                assert confirmed.status_code == 201, confirmed.text

    async def seal() -> tuple[dict[str, Any], float]:
        for _ in range(2 * WRITERS):
            await started.acquire()  # the writers are in full swing
        began = time.monotonic()
        return await sealed(world), time.monotonic() - began

    (cutoff, took), *_ = await asyncio.gather(seal(), *(write(ids[n::WRITERS]) for n in range(WRITERS)))
    found, changed = lines(world, cutoff["id"]), changes_of(world)
    assert len(found) == len(changed) == len(people)
    before = {person for person, number in changed.items() if number <= cutoff["cutoff_no"]}
    assert {person for person, status in found.items() if status == "suspended"} == before
    assert 0 < len(before) < len(people), "the seal must fall among the changes"
    assert took < 5, "the writers starved the seal"


def _waiting(look: psycopg.Connection[tuple[object, ...]]) -> bool:
    return look.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone() is not None


async def until_somebody_waits(world: World) -> None:
    """Until a transaction stands in the queue of an advisory lock; it fails by the test's own deadline."""
    async with asyncio.timeout(10):
        while True:
            with world.sql("beneficiary", "verify") as look:
                if await asyncio.to_thread(_waiting, look):
                    return
            await asyncio.sleep(0)


async def test_the_seal_waits_for_a_change_in_flight_and_takes_it_in(world: World) -> None:
    people = [Citizen(1), Citizen(2)]
    await decreed(world, people)
    first = (await resolved(world, people))[0]
    service = world.service("beneficiary")
    change = Change(UUID(first), "KLJ", "suspend", "objection", MONTH, "x")
    async with service.database.write(("31",)) as session:
        await apply_changes(session, [change], author="operator", today=service.clock.today(), at=service.clock.now(), two_people=False)
        sealing = asyncio.create_task(sealed(world))
        await until_somebody_waits(world)
        assert not sealing.done()
    cutoff = await sealing
    assert cutoff["by_status"] == {"active": 1, "suspended": 1, "ended": 0}
    assert changes_of(world) == {UUID(first): cutoff["cutoff_no"]}


async def test_a_change_waits_for_a_seal_in_flight_and_stands_after_it(world: World) -> None:
    people = [Citizen(1), Citizen(2)]
    await decreed(world, people)
    first = (await resolved(world, people))[0]
    service = world.service("beneficiary")
    item = {"person_id": first, "programme": "KLJ", "action": "suspend", "reason": "objection", "from_month": "2025-10", "evidence": "x"}
    async with service.database.write(("31",)) as session:
        cutoff_id = await seal_cutoff(session, "KLJ", MONTH, author="operator", at=service.clock.now())
        changing = asyncio.create_task(world.as_("operator").post("/beneficiary/status-changes", json={"items": [item]}))
        await until_somebody_waits(world)
        assert not changing.done()
    assert (await changing).status_code == 201
    assert set(lines(world, str(cutoff_id)).values()) == {"active"}
    assert changes_of(world) == {UUID(first): 2}


async def test_twenty_seals_of_one_month_make_one(world: World) -> None:
    await decreed(world, [Citizen(1)])
    body = {"programme": "KLJ", "month": MONTH}
    answers = await asyncio.gather(*(world.as_("operator").post("/beneficiary/cutoffs", json=body) for _ in range(20)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 19
    made = next(a.json()["id"] for a in answers if a.status_code == 201)
    assert {a.json()["cutoff_id"] for a in answers if a.status_code == 409} == {made}
    with world.sql("beneficiary", "verify") as look:
        assert look.execute("SELECT count(*) FROM outbox WHERE type = 112").fetchone() == (1,)
