"""A list that its checker or approver gives back, with a reason; and an empty draft that is taken up again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_second_seal import OF_THE_LEDGER

REASON = "rekening nomor 2 belum dicocokkan"


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    found = Office(desk)
    await found.open_month_with_accounts([1, 2])
    yield found
    await desk.settle()
    assert desk.broken(OF_THE_LEDGER | {16}) == []


def door(batch: dict[str, Any]) -> str:
    return f"/batches/{batch['id']}/sending-back"


async def test_the_checker_sends_a_list_back_and_checks_the_mended_one(office: Office) -> None:
    batch = await office.sign(await office.compose(), "submission")
    back = await office.post("checker", door(batch), {"list_hash": batch["list_hash"], "reason": REASON})
    assert (back["state"], back["list_hash"]) == ("draft", "")
    assert (back["changed"]["reason"], back["changed"]["by"]) == (f"sent_back: {REASON}", "checker")
    assert [(one["step"], one["void"]) for one in back["signatures"]] == [("submit", True)]
    assert office.desk.outcomes() == {"due": 2}, "a list changes no outcome before it is sent"
    again = await office.sign(await office.get(f"/batches/{batch['id']}"))
    assert (again["state"], again["payments"]) == ("approved", 2)


async def test_what_was_reserved_is_free_and_the_next_signatures_ask_anew(office: Office) -> None:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "funded"
    await office.post("approver", door(batch), {"list_hash": batch["list_hash"], "reason": REASON})
    ((_, withdrawn),) = office.events(203)
    assert (withdrawn["batch_id"], withdrawn["list_hash"]) == (batch["id"], batch["list_hash"])
    # Nothing of the list changed, so its hash is the same; the reservation is asked for and made once more, the SP2D is there.
    again = await office.sign(await office.get(f"/batches/{batch['id']}"))
    assert len(office.events(202)) == 2
    await office.reserve(again)
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "funded"
    sent = await office.release(again)
    assert sent["state"] == "released"


async def test_who_may_send_back_what(office: Office) -> None:
    draft = await office.compose()
    body = {"list_hash": "", "reason": REASON}
    assert (await office.post("checker", door(draft), body, status=409))["code"] == "illegal-transition"
    batch = await office.sign(draft, "submission")
    body = {"list_hash": batch["list_hash"], "reason": REASON}
    for who in ("operator", "releaser", "treasurer"):
        assert (await office.post(who, door(batch), body, status=403))["code"] == "not-allowed"
    assert (await office.post("checker", door(batch), {**body, "list_hash": "0" * 64}, status=409))["code"] == "list-hash-changed"
    assert (await office.post("checker", door(batch), {**body, "reason": ""}, status=422))["code"] == "request-shape"
    office.desk.sql_run("UPDATE batch SET composed_by = 'checker' WHERE id = %s", batch["id"])
    assert (await office.post("checker", door(batch), body, status=409))["code"] == "four-eyes"
    office.desk.sql_run("UPDATE batch SET composed_by = 'operator' WHERE id = %s", batch["id"])
    sent = await office.sign(await office.post("approver", door(batch), body))
    await office.reserve(sent)
    await office.pay_in(sent)
    await office.release(sent)
    assert (await office.post("approver", door(batch), body, status=409))["code"] == "illegal-transition"


async def test_an_empty_draft_is_filled_by_the_next_look(office: Office) -> None:
    main = await office.released()
    await office.send_results(main, [await office.row(main, 1), await office.row(main, 2, "03")])
    await office.desk.settle()
    first, second = await office.compose(kind="retry"), await office.compose(kind="retry")
    assert (first["payments"], second["id"], second["code"]) == (0, first["id"], "2025-09-R01")
    assert len((await office.get("/batches?month=2025-09"))["items"]) == 2
    wave = await office.compose(kind="wave")
    assert wave["id"] != first["id"], "another kind is another list"
    office.give_account(2, account="9990000002")
    filled = await office.compose(kind="retry")
    assert (filled["id"], filled["payments"]) == (first["id"], 1)
    assert [line["person_id"] for line in await office.lines(filled)] == [str(person(2))]
    third = await office.post("operator", "/batches", {"month": "2025-09", "kind": "retry"}, status=409)
    assert third["code"] == "batch-exists"
