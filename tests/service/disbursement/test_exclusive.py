"""Two cards, and a rule that one of them gives way (TROUBLES.md O10): dated, by two people, never for what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import Office
from tests.service.disbursement.test_second_seal import OF_THE_LEDGER

SEPTEMBER, OCTOBER, NOVEMBER = "2025-09", "2025-10", "2025-11"
PAPERS = {"reason": "satu orang satu bantuan", "document": "Kepgub 99/2025"}
PAIRS = "/exclusive-programmes"


@pytest.fixture
async def office(desk: Desk) -> Office:
    """1 has KPDJ alone, 2 KLJ alone, 3 and 4 both; each with account and card. September is open in both, and sent."""
    office = Office(desk)
    for number, programmes in ((1, ["KPDJ"]), (2, ["KLJ"]), (3, ["KLJ", "KPDJ"]), (4, ["KLJ", "KPDJ"])):
        for programme in programmes:
            desk.beneficiary.activate(person(number), programme=programme, from_month=SEPTEMBER)
            office.give_account(number, programme=programme, account=f"40{number:07d}{len(programme) % 10}")
    return office


async def opened(office: Office, month: str, *programmes: str) -> dict[str, Any]:
    for programme in programmes:
        office.desk.beneficiary.seal(programme, month)
    await office.desk.told()
    answer = await office.desk.as_("operator").post(f"/months/{month}/opening")
    found: dict[str, Any] = answer.json()
    return found


async def pair(office: Office, keeps: str = "KLJ", gives_way: str = "KPDJ", month: str = OCTOBER, *, status: int = 201, **more: Any) -> Any:
    body = {"keeps": keeps, "gives_way": gives_way, "from_month": month, **PAPERS, **more}
    return await office.post("operator", PAIRS, body, status=status)


async def agreed(office: Office, *args: str, **more: Any) -> str:
    proposed = await pair(office, *args, **more)
    done = await office.post("approver", f"{PAIRS}/{proposed['id']}/confirmation")
    assert (done["state"], done["decided_by"], done["in_force"]) == ("confirmed", "approver", True)
    return str(done["id"])


def heads(office: Office, month: str, programme: str = "KPDJ") -> dict[int, tuple[str, str]]:
    rows = office.desk.sql(
        "SELECT person_id, outcome, reason FROM entitlement_month WHERE month = %s AND programme = %s ORDER BY person_id", month, programme
    )
    return {who.int & 0xFF: (outcome, reason) for who, outcome, reason in rows}


async def test_o10_the_second_right_gives_way_from_the_next_month_and_what_was_sent_stays(office: Office, desk: Desk) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    sent = await office.released(SEPTEMBER)
    assert sent["payments"] == 6, "no rule: a person may be in any two programmes"
    rule = await agreed(office)
    shown = await opened(office, OCTOBER, "KLJ", "KPDJ")
    assert shown["opened"] is True
    assert heads(office, OCTOBER) == {1: ("due", ""), 3: ("excluded", "other_aid"), 4: ("excluded", "other_aid")}
    assert heads(office, OCTOBER, "KLJ") == {2: ("due", ""), 3: ("due", ""), 4: ("due", "")}
    assert {outcome for outcome, _ in heads(office, SEPTEMBER).values()} == {"in_payment"}
    ((cause, evidence, author),) = desk.sql(
        "SELECT cause, evidence, author FROM entitlement_entry WHERE month = %s AND person_id = %s AND programme = 'KPDJ' AND version = 2",
        OCTOBER, person(3),
    )  # fmt: skip
    assert (cause, evidence, author) == ("exclusive", f"exclusive/{rule}", "operator")
    batch = await office.compose(OCTOBER)
    assert {(line["person_id"], line["programme"]) for line in await office.lines(batch)} == {
        (str(person(1)), "KPDJ"), (str(person(2)), "KLJ"), (str(person(3)), "KLJ"), (str(person(4)), "KLJ"),
    }  # fmt: skip
    rest = (await office.get(f"/batches/{batch['id']}/comparison", "approver"))["not_on_list"]
    assert {(one["programme"], one["reason"], one["detail"]): one["people"] for one in rest["reasons"]} == {
        ("KPDJ", "excluded", "other_aid"): 2
    }
    assert rest["holds"] is True
    equation = await office.get(f"/months/{OCTOBER}/equation")
    assert (equation["entitled"], equation["due"], equation["excluded"], equation["holds"]) == (6, 4, 2, True)
    await desk.settle()
    assert desk.broken(OF_THE_LEDGER) == []


async def test_it_does_not_matter_which_programme_is_opened_first(office: Office) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    await agreed(office)
    await opened(office, OCTOBER, "KPDJ")
    assert heads(office, OCTOBER)[3] == ("due", ""), "KLJ has no October yet"
    await opened(office, OCTOBER, "KLJ")
    assert heads(office, OCTOBER)[3] == ("excluded", "other_aid")


async def test_who_lost_the_first_right_keeps_the_second_and_a_held_month_gives_way_when_it_turns_due(office: Office, desk: Desk) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    await agreed(office)
    desk.beneficiary.end(person(3), programme="KLJ", from_month=OCTOBER)
    desk.beneficiary.suspend(person(4), programme="KPDJ", from_month=OCTOBER)
    await opened(office, OCTOBER, "KLJ", "KPDJ")
    assert heads(office, OCTOBER) == {1: ("due", ""), 3: ("due", ""), 4: ("held", "verification")}
    desk.beneficiary.resume(person(4), programme="KPDJ", from_month=OCTOBER)
    await desk.told()
    assert heads(office, OCTOBER)[4] == ("due", "")
    batch = await office.compose(OCTOBER)
    assert heads(office, OCTOBER)[4] == ("excluded", "other_aid")
    (still,) = [one for one in await office.lines(batch) if (one["person_id"], one["programme"]) == (str(person(4)), "KPDJ")]
    assert [one["month"] for one in still["months"]] == [SEPTEMBER], "from before the rule"


async def test_the_rule_ends_as_it_began(office: Office) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    await agreed(office)
    await agreed(office, "KLJ", "KPDJ", NOVEMBER, holds=False)
    await opened(office, OCTOBER, "KLJ", "KPDJ")
    await opened(office, NOVEMBER, "KLJ", "KPDJ")
    assert heads(office, OCTOBER)[3] == ("excluded", "other_aid")
    assert heads(office, NOVEMBER)[3] == ("due", "")
    assert [(one["from_month"], one["holds"], one["in_force"]) for one in (await office.get(PAIRS, "auditor"))["items"]] == [
        (NOVEMBER, False, True), (OCTOBER, True, False),
    ]  # fmt: skip


async def test_two_people_and_nothing_before_the_second(office: Office, desk: Desk) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    proposed = await pair(office)
    path = f"{PAIRS}/{proposed['id']}"
    assert (await office.post("operator", f"{path}/confirmation", status=409))["code"] == "four-eyes"
    assert (await office.post("checker", f"{path}/confirmation", status=403))["code"] == "not-allowed"
    assert (await desk.as_("jakpus").post(f"{path}/confirmation", json={})).status_code == 403
    assert (await pair(office, status=409))["code"] == "pair-known"
    await opened(office, OCTOBER, "KLJ", "KPDJ")
    assert heads(office, OCTOBER)[3] == ("due", "")
    late = await office.post("approver", f"{path}/confirmation", status=409)
    assert (late["code"], late["opened"]) == ("month-is-open", OCTOBER)
    assert (await office.post("operator2", f"{path}/refusal"))["state"] == "refused"
    assert (await office.post("approver", f"{path}/confirmation", status=409))["code"] == "illegal-transition"


async def test_pairs_that_cannot_be(office: Office) -> None:
    await opened(office, SEPTEMBER, "KLJ", "KPDJ")
    for args, more, status, code in (
        (("KLJ", "KLJ"), {}, 422, "invalid-input"),
        (("KLJ", "KJP"), {}, 404, "not-found"),
        (("KLJ", "kpdj"), {}, 422, "request-shape"),
        (("KLJ", "KPDJ", SEPTEMBER), {}, 409, "month-is-open"),
        (("KLJ", "KPDJ", "2025-13"), {}, 422, "request-shape"),
        (("KLJ", "KPDJ"), {"document": ""}, 422, "request-shape"),
        (("KLJ", "KPDJ"), {"decided_by": "approver"}, 422, "request-shape"),
    ):
        assert (await pair(office, *args, status=status, **more))["code"] == code, (args, more)
    await agreed(office)
    assert (await pair(office, "KPDJ", "KLJ", NOVEMBER, status=409))["code"] == "exclusive-circle"
