"""Limits by amount, a second approver, and a role that is handed over (RELIABILITY invariant 7, "Four eyes")."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock, SystemClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import TARIFF, Office

PEOPLE = 4


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(SystemClock().now())


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(PEOPLE))
    return office


def day(office: Office, days: int = 0) -> str:
    return (office.desk.clock.today() + timedelta(days=days)).isoformat()


async def limit(
    office: Office, amount: int, *, role: str = "approver", status: int = 201, by: str = "treasurer", **more: Any
) -> dict[str, Any]:
    body = {"role": role, "amount": amount, "valid_from": day(office), "reason": "SK batas tanda tangan", **more}
    return await office.post(by, "/signing-rules", body, status=status)


async def agreed(office: Office, amount: int, **more: Any) -> None:
    rule = await limit(office, amount, **more)
    await office.post("leader", f"/signing-rules/{rule['id']}/confirmation")


async def hand_over(
    office: Office, role: str, to: str, *, days: tuple[int, int] = (0, 5), by: str = "", status: int = 201
) -> dict[str, Any]:
    body = {"role": role, "to": to, "from_day": day(office, days[0]), "to_day": day(office, days[1]), "reason": "cuti tahunan"}
    return await office.post(by or role, "/delegations", body, status=status)


async def handed_over(office: Office, role: str, to: str, *, confirmed_by: str = "leader", **more: Any) -> str:
    proposed = await hand_over(office, role, to, **more)
    await office.post(confirmed_by, f"/delegations/{proposed['id']}/confirmation")
    return str(proposed["id"])


# --- limits -----------------------------------------------------------------------------------------------------------


async def test_a_list_beyond_the_limit_is_refused_by_its_name(office: Office) -> None:
    await agreed(office, PEOPLE * TARIFF - 1)
    batch = await office.sign(await office.compose(), "check")
    refused = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}, status=409)
    assert (refused["code"], refused["limit"], refused["requested"]) == ("limit-exceeded", 1_199_999, 1_200_000)
    assert (refused["role"], refused["programme"]) == ("approver", "")
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "checked"

    await agreed(office, PEOPLE * TARIFF)  # the newer line of the same day counts
    approved = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]})
    assert approved["state"] == "approved"


async def test_a_limit_counts_for_check_and_release_too(office: Office) -> None:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    await agreed(office, 1, role="releaser")
    assert (await office.release(batch, status=409))["code"] == "limit-exceeded"
    await agreed(office, 1, role="checker")
    await office.post("operator", f"/batches/{batch['id']}/withdrawal", {"reason": "diulang"})
    again = await office.sign(await office.compose(), "submission")
    refused = await office.post("checker", f"/batches/{again['id']}/check", {"list_hash": again["list_hash"]}, status=409)
    assert refused["code"] == "limit-exceeded"


async def test_a_person_s_own_limit_and_a_programme_s(office: Office) -> None:
    await agreed(office, 1)
    await agreed(office, 10 * TARIFF, person="approver")
    await agreed(office, TARIFF, programme="KLJ")
    batch = await office.sign(await office.compose(), "check")
    path, body = f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}
    refused = await office.post("approver", path, body, status=409)
    assert (refused["programme"], refused["limit"]) == ("KLJ", TARIFF)
    await agreed(office, 10 * TARIFF, programme="KLJ")
    assert (await office.post("approver", path, body))["state"] == "approved"


async def test_a_limit_needs_two_people_and_a_day_to_come(office: Office) -> None:
    proposed = await limit(office, 1)
    batch = await office.sign(await office.compose(), "check")
    path = f"/signing-rules/{proposed['id']}/confirmation"
    assert (await office.post("treasurer", path, status=409))["code"] == "four-eyes"
    assert (await office.post("operator", path, status=403))["code"] == "not-allowed"
    later = await limit(office, 1, valid_from=day(office, 1))
    await office.post("leader", f"/signing-rules/{later['id']}/confirmation")
    approved = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]})
    assert approved["state"] == "approved", "neither a proposal nor tomorrow's line counts today"
    await office.post("leader", path)
    assert (await office.post("leader", path, status=409))["code"] == "illegal-transition"
    assert (await office.post("leader", "/signing-rules/0197c3a0-0000-7000-8000-000000000000/confirmation", status=404))[
        "code"
    ] == "not-found"


async def test_without_any_limit_in_force_nobody_signs(office: Office, desk: Desk) -> None:
    desk.sql_run("DELETE FROM signing_rule WHERE role = 'approver'")
    batch = await office.sign(await office.compose(), "check")
    refused = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}, status=409)
    assert refused["code"] == "no-limit-in-force"


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"amount": 0}, 422, "request-shape"),
        ({"amount": "7"}, 422, "request-shape"),
        ({"role": "operator"}, 422, "invalid-input"),
        ({"kind": "minimum"}, 422, "invalid-input"),
        ({"kind": "second_approver", "role": "checker"}, 422, "invalid-input"),
        ({"valid_from": "2025-01-01"}, 422, "invalid-input"),
        ({"valid_to": "2025-01-01"}, 422, "invalid-input"),
        ({"person": "Agus; DROP"}, 422, "invalid-input"),
        ({"person": "treasurer"}, 409, "four-eyes"),
        ({"reason": ""}, 422, "request-shape"),
        ({"approved_by": "leader"}, 422, "request-shape"),
    ],
)
async def test_impossible_limits(office: Office, wrong: dict[str, Any], status: int, code: str) -> None:
    body = {"role": "approver", "amount": 5, "valid_from": day(office), "reason": "SK batas"} | wrong
    assert (await office.post("treasurer", "/signing-rules", body, status=status))["code"] == code


async def test_above_the_threshold_two_approvers_sign(office: Office) -> None:
    await agreed(office, PEOPLE * TARIFF, kind="second_approver")
    batch = await office.sign(await office.compose(), "check")
    path, body = f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}
    first = await office.post("approver", path, body)
    assert (first["state"], first["approvers"]) == ("checked", 2)
    assert office.events(202) == [], "the money is not asked for by one of two"
    assert (await office.post("approver", path, body, status=409))["code"] == "four-eyes"
    assert (await office.post("checker", path, body, status=409))["code"] == "four-eyes"
    second = await office.post("approver2", path, body)
    assert second["state"] == "approved"
    assert [(one["step"], one["person"]) for one in second["signatures"]][2:] == [("approve", "approver"), ("approve", "approver2")]
    assert len(office.events(202)) == 1


async def test_below_the_threshold_one_is_enough_and_a_change_forgets_the_second(office: Office, desk: Desk) -> None:
    await agreed(office, PEOPLE * TARIFF, kind="second_approver")
    batch = await office.sign(await office.compose(), "check")
    body = {"list_hash": batch["list_hash"]}
    await office.post("approver", f"/batches/{batch['id']}/approval", body)
    for who in ("operator", "operator2"):
        done = await office.post(who, f"/batches/{batch['id']}/lines/{person(1)}/removal", {"reason": "masih diperiksa"})
    assert (done["batch"]["state"], done["batch"]["approvers"]) == ("draft", 1)
    again = await office.sign(done["batch"])
    assert (again["state"], again["payments"]) == ("approved", PEOPLE - 1)


# --- delegation -------------------------------------------------------------------------------------------------------


async def test_a_delegate_signs_for_who_handed_the_role_over(office: Office) -> None:
    await handed_over(office, "approver", "leader", confirmed_by="treasurer")
    batch = await office.sign(await office.compose(), "check")
    approved = await office.post("leader", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]})
    assert approved["state"] == "approved"
    last = approved["signatures"][-1]
    assert (last["step"], last["person"], last["on_behalf_of"]) == ("approve", "leader", "approver")
    refused = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}, status=409)
    assert (refused["code"], refused["acted_as"]) == ("four-eyes", "approve")


async def test_whoever_acted_does_not_come_back_through_a_delegate(office: Office) -> None:
    """Both ways: the delegate acted before, and the person they stand for did."""
    await handed_over(office, "approver", "checker")
    await handed_over(office, "releaser", "leader", confirmed_by="treasurer")
    batch = await office.sign(await office.compose(), "check")
    body = {"list_hash": batch["list_hash"]}
    refused = await office.post("checker", f"/batches/{batch['id']}/approval", {**body, "on_behalf_of": "approver"}, status=409)
    assert (refused["code"], refused["acted_as"]) == ("four-eyes", "check")

    await office.post("approver", f"/batches/{batch['id']}/approval", body)
    await office.reserve(batch)
    await office.pay_in(batch)
    # The approver of this list is also the releaser's stand-in's principal: a role cannot bring the same person back.
    office.desk.sql_run("UPDATE delegation SET principal = 'approver' WHERE role = 'releaser'")
    refused = await office.release(batch, who="leader", status=409)
    assert (refused["code"], refused["acted_as"]) == ("four-eyes", "approve")
    assert (await office.release(batch))["state"] == "released"


async def test_a_delegation_holds_on_its_days_only(office: Office) -> None:
    clock = office.desk.clock
    assert isinstance(clock, FrozenClock)
    await handed_over(office, "checker", "leader", days=(1, 2), confirmed_by="approver")
    batch = await office.sign(await office.compose(), "submission")
    path, body = f"/batches/{batch['id']}/check", {"list_hash": batch["list_hash"]}
    assert (await office.post("leader", path, body, status=403))["code"] == "not-allowed"
    clock.move(timedelta(days=3))
    assert (await office.post("leader", path, body, status=403))["code"] == "not-allowed"
    assert [one["state"] for one in (await office.get("/delegations"))["items"]] == ["over"]
    clock.move(timedelta(days=-1))
    assert (await office.post("leader", path, body))["state"] == "checked"


async def test_a_revoked_delegation_is_over_at_once(office: Office) -> None:
    held = await handed_over(office, "approver", "leader", confirmed_by="treasurer")
    batch = await office.sign(await office.compose(), "check")
    path = f"/delegations/{held}/revocation"
    assert (await office.post("operator", path, {"reason": "salah orang"}, status=403))["code"] == "not-allowed"
    await office.post("approver", path, {"reason": "sudah kembali"})
    body = {"list_hash": batch["list_hash"]}
    assert (await office.post("leader", f"/batches/{batch['id']}/approval", body, status=403))["code"] == "not-allowed"
    assert (await office.post("approver", path, {"reason": "sudah kembali"}, status=409))["code"] == "illegal-transition"


async def test_a_third_person_confirms_a_delegation(office: Office) -> None:
    proposed = await hand_over(office, "approver", "leader")
    path = f"/delegations/{proposed['id']}/confirmation"
    for who in ("approver", "leader"):
        assert (await office.post(who, path, status=409))["code"] == "four-eyes", who
    batch = await office.sign(await office.compose(), "check")
    body = {"list_hash": batch["list_hash"]}
    assert (await office.post("leader", f"/batches/{batch['id']}/approval", body, status=403))["code"] == "not-allowed"
    await office.post("treasurer", path)
    assert (await office.post("treasurer", path, status=409))["code"] == "illegal-transition"


async def test_two_principals_need_a_name(office: Office) -> None:
    await handed_over(office, "approver", "leader", confirmed_by="treasurer")
    await handed_over(office, "approver", "leader", by="approver2", confirmed_by="treasurer")
    batch = await office.sign(await office.compose(), "check")
    path, body = f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}
    unclear = await office.post("leader", path, body, status=422)
    assert unclear["on_behalf_of"] == ["approver", "approver2"]
    assert (await office.post("leader", path, {**body, "on_behalf_of": "checker"}, status=403))["code"] == "not-allowed"
    approved = await office.post("leader", path, {**body, "on_behalf_of": "approver2"})
    assert approved["signatures"][-1]["on_behalf_of"] == "approver2"


async def test_a_delegate_has_the_principal_s_limit_and_never_more_than_their_own(office: Office) -> None:
    await handed_over(office, "approver", "leader", confirmed_by="treasurer")
    batch = await office.sign(await office.compose(), "check")
    path, body = f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}
    await agreed(office, 1, person="approver")
    refused = await office.post("leader", path, body, status=409)
    assert (refused["code"], refused["person"]) == ("limit-exceeded", "approver")
    await agreed(office, 10 * TARIFF, person="approver")
    rule = await limit(office, 2, person="leader")
    assert (await office.post("leader", f"/signing-rules/{rule['id']}/confirmation", status=409))["code"] == "four-eyes"
    await office.post("treasurer2", f"/signing-rules/{rule['id']}/confirmation")
    refused = await office.post("leader", path, body, status=409)
    assert (refused["person"], refused["limit"]) == ("leader", 2)


@pytest.mark.parametrize(
    ("body", "who", "status", "code"),
    [
        ({"role": "operator"}, "checker", 422, "invalid-input"),
        ({"role": "approver"}, "checker", 403, "not-allowed"),
        ({"to": "checker"}, "checker", 409, "four-eyes"),
        ({"to": ""}, "checker", 422, "invalid-input"),
        ({"to": "Bu Lestari"}, "checker", 422, "invalid-input"),
        ({"days": (-1, 3)}, "checker", 422, "invalid-input"),
        ({"days": (3, 2)}, "checker", 422, "invalid-input"),
        ({"days": (0, 92)}, "checker", 422, "invalid-input"),
        ({"confirmed_by": "leader"}, "checker", 422, "request-shape"),
        ({}, "operator", 403, "not-allowed"),
        ({}, "auditor", 403, "not-allowed"),
    ],
)
async def test_impossible_delegations(office: Office, body: dict[str, Any], who: str, status: int, code: str) -> None:
    first, last = body.pop("days", (0, 3))
    sent = {"role": "checker", "to": "leader", "from_day": day(office, first), "to_day": day(office, last), "reason": "cuti"} | body
    assert (await office.post(who, "/delegations", sent, status=status))["code"] == code


async def test_the_longest_delegation_is_three_months(office: Office) -> None:
    assert (await hand_over(office, "checker", "leader", days=(0, 91)))["state"] == "proposed"
    assert date.fromisoformat((await office.get("/delegations"))["items"][0]["to_day"]) == office.desk.clock.today() + timedelta(days=91)


async def test_whose_name_is_next_and_what_would_refuse_it(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month_with_accounts(range(2))
    batch = await office.compose()
    path = f"/batches/{batch['id']}/signing"
    draft = await office.get(path)
    assert (draft["step"], draft["role"], draft["limits"]) == ("submit", "operator", [])
    assert draft["mine"] == [{"role": "operator", "on_behalf_of": "", "refused": None}]
    await office.sign(batch, "submission")

    mine = (await office.get(path, "checker"))["mine"]
    assert mine == [{"role": "checker", "on_behalf_of": "", "refused": None}]
    assert (await office.get(path, "auditor"))["mine"] == []
    today = desk.clock.today().isoformat()
    small = {"role": "checker", "person": "checker", "amount": TARIFF, "valid_from": today, "reason": "SK uji"}
    rule = await office.post("treasurer", "/signing-rules", small, status=201)
    await office.post("leader", f"/signing-rules/{rule['id']}/confirmation")
    shown = await office.get(path, "checker")
    assert shown["own_limits"] == [{"person": "checker", "programme": "", "limit": TARIFF}]
    assert [(one["programme"], one["requested"]) for one in shown["limits"]] == [("", 2 * TARIFF), ("KLJ", 2 * TARIFF)]
    (refused,) = [one["refused"] for one in shown["mine"]]
    assert (refused["code"], refused["limit"], refused["requested"]) == ("limit-exceeded", TARIFF, 2 * TARIFF)
    handed = {"role": "checker", "to": "operator", "from_day": today, "to_day": today, "reason": "cuti"}
    delegation = await office.post("checker", "/delegations", handed, status=201)
    await office.post("leader", f"/delegations/{delegation['id']}/confirmation")
    maker = {one["role"]: one for one in (await office.get(path))["mine"]}
    assert (maker["checker"]["on_behalf_of"], maker["checker"]["refused"]["code"]) == ("checker", "four-eyes")
