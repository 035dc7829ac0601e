"""Rows in quarantine: accepted by two people with evidence, rejected, or left."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import Office

LETTER = "surat bank 77/BJ/2025"


async def quarantined(desk: Desk) -> tuple[Office, dict[str, Any], dict[str, Any]]:
    """Three sent; the bank names a payment that is not there, another amount and an unknown code."""
    office = Office(desk)
    await office.open_month_with_accounts([1, 2, 3])
    batch = await office.released()
    one, two, three = [await office.row(batch, number) for number in (1, 2, 3)]
    rows = [("TIDAK-ADA", *one[1:]), (two[0], two[1], 299_000, *two[3:]), (*three[:3], "ZZ", three[4])]
    status, answer = await office.send_results(batch, rows)
    assert (status, answer["quarantined"]) == (201, 3)
    return office, batch, answer


def door(answer: dict[str, Any], row: int, what: str) -> str:
    return f"/quarantine/{answer['file_id']}/{row}/{what}"


async def test_the_desk_lists_every_row_with_its_problem(desk: Desk) -> None:
    office, batch, _ = await quarantined(desk)
    items = (await office.get("/quarantine"))["items"]
    assert [one["problem"] for one in items] == ["unknown_payment", "changed_amount", "unknown_code"]
    assert {one["batch"] for one in items} == {batch["code"]}
    assert [one["payment_amount"] for one in items] == [None, 300_000, 300_000]
    page = await office.get("/quarantine?limit=2")
    assert [one["row"] for one in (await office.get(f"/quarantine?limit=2&after={page['next']}"))["items"]] == [items[2]["row"]]


async def test_accepted_by_two_people_a_row_pays_the_month_it_is_for(desk: Desk) -> None:
    office, batch, answer = await quarantined(desk)
    first = (await office.get("/quarantine"))["items"][0]["row"]
    reference = (await office.row(batch, 1))[0]
    accept = {"decision": "accept", "evidence": LETTER, "reference": reference}
    assert (await office.post("operator", door(answer, first, "decision"), accept))["state"] == "proposed"
    assert office.head(1) == ("in_payment", "")
    refused = await office.post("operator", door(answer, first, "confirmation"), {"agreed": True}, status=409)
    assert refused["code"] == "four-eyes"
    assert (await office.post("treasurer", door(answer, first, "confirmation"), {"agreed": True}))["state"] == "done"
    assert office.head(1) == ("paid", "")
    assert [one["row"] for one in (await office.get("/quarantine"))["items"]] == [first + 1, first + 2]
    ((_, told),) = office.events(205)[-1:]
    assert [total["credited"] for total in told["totals"]] == [1]
    assert desk.sql("SELECT count(*) FROM posting WHERE kind = 'credit'") == [(1,)]
    # It is no part of what the bank announced: the others are still waited for.
    assert not told["results_due"] or told["parts"] == 0
    again = await office.post("treasurer", door(answer, first, "decision"), accept, status=409)
    assert again["code"] == "illegal-transition"


async def test_an_unknown_code_is_accepted_as_the_code_that_the_letter_says(desk: Desk) -> None:
    office, _, answer = await quarantined(desk)
    third = (await office.get("/quarantine"))["items"][2]["row"]
    bare = await office.post("operator", door(answer, third, "decision"), {"decision": "accept", "evidence": LETTER}, status=422)
    assert (bare["code"], bare["what"]) == ("cannot-accept", "code")
    await office.post("operator", door(answer, third, "decision"), {"decision": "accept", "evidence": LETTER, "code": "03"})
    await office.post("operator2", door(answer, third, "confirmation"), {"agreed": True})
    assert office.head(3) == ("missed", "account_closed")
    assert desk.sql("SELECT kind, amount FROM posting WHERE payment_id IS NOT NULL") == [("rejection", 300_000)]


async def test_not_agreed_left_and_rejected_rows_move_nothing(desk: Desk) -> None:
    office, _, answer = await quarantined(desk)
    first, second, _ = (one["row"] for one in (await office.get("/quarantine"))["items"])
    accept = {"decision": "accept", "evidence": LETTER}
    await office.post("operator", door(answer, second, "decision"), accept)
    assert (await office.post("operator2", door(answer, second, "confirmation"), {"agreed": False}))["state"] == "refused"
    await office.post("operator", door(answer, second, "decision"), {"decision": "leave", "evidence": "menunggu surat bank"})
    assert (await office.post("operator", door(answer, first, "decision"), {"decision": "reject", "evidence": LETTER}))["state"] == "done"
    left = (await office.get("/quarantine"))["items"]
    assert [(one["row"], one["note"]) for one in left] == [(second, "menunggu surat bank"), (second + 1, None)]
    assert office.head(1) == ("in_payment", "")
    assert office.head(2) == ("in_payment", "")
    closed = await office.post("operator2", door(answer, first, "confirmation"), {"agreed": True}, status=409)
    assert closed["code"] == "illegal-transition"


async def test_what_ended_otherwise_cannot_be_accepted(desk: Desk) -> None:
    office, batch, answer = await quarantined(desk)
    third = (await office.get("/quarantine"))["items"][2]["row"]
    await office.send_results(batch, [await office.row(batch, 3, "03")], name="kedua.csv")
    wish = {"decision": "accept", "evidence": LETTER, "code": "00"}
    refused = await office.post("operator", door(answer, third, "decision"), wish, status=409)
    assert refused["code"] == "illegal-transition"
    future = {"decision": "accept", "evidence": LETTER, "code": "03", "settled_on": "2999-01-01"}
    assert (await office.post("operator", door(answer, third, "decision"), future, status=422))["what"] == "settled_on"


@pytest.mark.parametrize(("who", "status"), [("checker", 403), ("jakpus", 403), ("operator", 404)])
async def test_who_sits_at_the_desk(desk: Desk, who: str, status: int) -> None:
    body = {"decision": "leave", "evidence": "catatan"}
    missing = "/quarantine/01920000-0000-7000-8000-000000000001/1/decision"
    assert (await desk.as_(who).post(missing, json=body)).status_code == status
