"""Two facts about one batch in two transactions at the same moment: neither is lost, nothing is counted twice."""

from __future__ import annotations

import asyncio

from services.budget_audit import store
from services.budget_audit.commands import detect, reserve
from services.budget_audit.domain.detectors import settled_differs_from_sp2d as settled
from tests.service.budget_audit.books import LIST, Books, approved, sp2d_rows

MORE = {**LIST, "KLJ": LIST["KLJ"] + 3_000_000}


async def approve(books: Books, *, looked: asyncio.Event, go_on: asyncio.Event) -> None:
    """What the reaction to batch.approved does; it has looked at everything and then waits before it commits."""
    context = books.world.worker("budget_audit").service
    event = approved()
    at, today = context.clock.now(), context.clock.today()
    async with context.database.write() as session:
        await store.lock_references(session, {event.code})
        await reserve.approve(session, event, at=at, today=today)
        await detect.evaluate(session, settled.CODE, event.code, cause="test-approved", at=at, today=today)
        looked.set()
        await go_on.wait()


async def test_an_sp2d_recorded_while_its_approval_is_under_way(books: Books) -> None:
    await books.dpa(ceiling=200_000_000)
    view = await books.check("sp2d", sp2d_rows(MORE))
    looked, go_on = asyncio.Event(), asyncio.Event()
    approving = asyncio.create_task(approve(books, looked=looked, go_on=go_on))
    await looked.wait()
    recording = asyncio.create_task(books.as_("treasurer").post(f"/budget_audit/imports/{view['id']}/commit"))
    await books.lock_waited_for()
    go_on.set()
    await approving
    assert (await recording).status_code == 200
    line = next(item for item in (await books.get("/lines?year=2025"))["items"] if item["programme"] == "KLJ")
    assert (line["reserved"], line["realised"]) == (0, MORE["KLJ"])
    await books.world.settle()
    (found,) = await books.mismatches()
    assert found["difference"] == 3_000_000


async def test_files_that_race_for_one_line_never_pass_its_ceiling(books: Books) -> None:
    times = 3
    await books.dpa(ceiling=LIST["KLJ"] * times)
    views = [await books.check("sp2d", sp2d_rows({"KLJ": LIST["KLJ"]}, number=f"{n:04d}", reference=f"2025-09-W{n:02d}")) for n in range(8)]
    assert all(view["ready"] for view in views)
    answers = await asyncio.gather(*(books.as_("treasurer").post(f"/budget_audit/imports/{view['id']}/commit") for view in views))
    assert sorted(answer.status_code for answer in answers) == [200] * times + [409] * (8 - times)
    line = next(item for item in (await books.get("/lines?year=2025"))["items"] if item["programme"] == "KLJ")
    assert (line["realised"], line["available"]) == (LIST["KLJ"] * times, 0)


async def test_the_same_document_in_two_files_at_once_is_recorded_once(books: Books) -> None:
    await books.dpa()
    first = await books.check("sp2d", sp2d_rows())
    second = await books.check("sp2d", list(reversed(sp2d_rows())))
    answers = await asyncio.gather(*(books.as_("treasurer").post(f"/budget_audit/imports/{v['id']}/commit") for v in (first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"recorded-meanwhile"}
    assert len(books.outbox("budget_audit.sp2d.recorded.v1")) == 1
