"""The calendar: holidays and rules by two people, steps with deadlines, who is told, what was announced and what was kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from services.disbursement.seed import seed
from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office

CHANGES = "/calendar/changes"
NEAR, LATE = 241, 242
HOLIDAY = {"kind": "holiday_added", "day": "2025-09-11", "name": "Libur daerah", "sort": "libur_nasional", "source": "SE Sekda 12/2025"}


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(datetime(2025, 9, 3, 3, 0, tzinfo=UTC))  # Wednesday, ten in the morning in Jakarta


@pytest.fixture
async def office(desk: Desk) -> Office:
    return Office(desk)


async def changed(office: Office, body: dict[str, Any], *, second: str = "approver") -> dict[str, Any]:
    proposed = await office.post("operator", CHANGES, body, status=201)
    return await office.post(second, f"{CHANGES}/{proposed['id']}/confirmation")


async def steps(office: Office, programme: str = "KLJ", month: str = MONTH) -> dict[str, dict[str, Any]]:
    shown = await office.get(f"/calendar?month={month}")
    (found,) = [one for one in shown["programmes"] if one["programme"] == programme]
    return {one["step"]: one for one in found["steps"]}


async def enrolled(office: Office, *people: int) -> None:
    for number in people or (1,):
        office.desk.beneficiary.activate(person(number))
    await office.desk.told()


async def refused(
    office: Office, who: str, path: str, body: dict[str, Any] | None = None, *, areas: list[str] | None = None
) -> tuple[int, str]:
    answer = await office.desk.as_(who, areas=areas).post(path, json=body)
    return answer.status_code, answer.json()["code"]


# --- holidays and rules -------------------------------------------------------------------------------------------------


async def test_a_holiday_holds_when_a_second_person_confirms_it_and_deadlines_follow(office: Office) -> None:
    await enrolled(office)
    assert (await steps(office))["opened"]["due_on"] == "2025-09-11"
    proposed = await office.post("operator", CHANGES, HOLIDAY, status=201)
    assert (proposed["state"], proposed["proposed_by"], proposed["source"]) == ("proposed", "operator", "SE Sekda 12/2025")
    assert (await steps(office))["opened"]["due_on"] == "2025-09-11"  # a proposal is no holiday
    assert await refused(office, "operator", f"{CHANGES}/{proposed['id']}/confirmation") == (409, "four-eyes")
    confirmed = await office.post("operator2", f"{CHANGES}/{proposed['id']}/confirmation")
    assert (confirmed["state"], confirmed["decided_by"]) == ("confirmed", "operator2")
    assert (await steps(office))["opened"]["due_on"] == "2025-09-12"
    assert (await steps(office))["sealed"]["due_on"] == "2025-09-10"  # before it nothing moves
    september = [one["day"] for one in (await office.get("/calendar/holidays?year=2025"))["items"] if one["day"].startswith("2025-09")]
    assert september == ["2025-09-05", "2025-09-11"]
    assert await refused(office, "approver", f"{CHANGES}/{proposed['id']}/confirmation") == (409, "illegal-transition")


async def test_a_holiday_that_was_taken_away_does_not_come_back_with_the_next_migration(office: Office) -> None:
    await enrolled(office)
    await changed(office, {"kind": "holiday_removed", "day": "2025-09-05", "source": "SKB 3 Menteri, perubahan"})
    assert (await steps(office))["sealed"]["due_on"] == "2025-09-09"
    owner = office.desk.postgres.address("ritme_disbursement", "disbursement_owner").replace("+psycopg", "")
    with psycopg.connect(owner) as connection:
        seed(connection)
    assert (await steps(office))["sealed"]["due_on"] == "2025-09-09"
    await changed(office, {**HOLIDAY, "day": "2025-09-05"})
    assert (await steps(office))["sealed"]["due_on"] == "2025-09-10"
    history = (await office.get(f"{CHANGES}?state=confirmed"))["items"]
    assert [(one["kind"], one["content"]["day"]) for one in history] == [
        ("holiday_added", "2025-09-05"),
        ("holiday_removed", "2025-09-05"),
    ]


async def test_what_cannot_be_a_holiday_is_refused_with_a_reason(office: Office) -> None:
    assert await refused(office, "operator", CHANGES, {**HOLIDAY, "day": "2025-09-05"}) == (409, "already-a-holiday")
    taken = {"kind": "holiday_removed", "day": "2025-09-11", "source": "SKB"}
    assert await refused(office, "operator", CHANGES, taken) == (409, "not-a-holiday")
    assert await refused(office, "operator", CHANGES, {**HOLIDAY, "day": "2025-02-30"}) == (422, "request-shape")
    assert await refused(office, "operator", CHANGES, {**HOLIDAY, "source": ""}) == (422, "request-shape")
    assert await refused(office, "operator", CHANGES, {**HOLIDAY, "kind": "party"}) == (422, "request-shape")
    assert await refused(office, "warehouse", CHANGES, HOLIDAY) == (403, "not-allowed")
    assert await refused(office, "operator", CHANGES, HOLIDAY, areas=["31.71"]) == (403, "not-allowed")
    unknown = f"{CHANGES}/{person(1)}/confirmation"
    assert await refused(office, "approver", unknown) == (404, "not-found")


async def test_two_proposals_for_one_day_do_not_stand_side_by_side(office: Office) -> None:
    first = await office.post("operator", CHANGES, HOLIDAY, status=201)
    answer = await office.desk.as_("operator2").post(CHANGES, json={**HOLIDAY, "name": "Libur lain"})
    assert (answer.status_code, answer.json()["code"], answer.json()["change"]) == (409, "change-pending", first["id"])
    withdrawn = await office.post("operator", f"{CHANGES}/{first['id']}/withdrawal")
    assert withdrawn["state"] == "withdrawn"
    await changed(office, {**HOLIDAY, "name": "Libur lain"})
    assert await refused(office, "approver", f"{CHANGES}/{first['id']}/withdrawal") == (409, "illegal-transition")


async def test_results_of_a_list_at_the_bank_are_due_later_when_a_holiday_comes_between(office: Office) -> None:
    office.give_account(1)
    await office.open_month([1])
    batch = await office.released()  # Wednesday the 3rd; the 5th is a holiday, so: Tuesday the 9th
    assert datetime.fromisoformat(batch["results_due_at"]) == datetime(2025, 9, 9, 3, 0, tzinfo=UTC)
    await changed(office, {**HOLIDAY, "day": "2025-09-08"})
    shown = await office.get(f"/batches/{batch['id']}")
    assert datetime.fromisoformat(shown["results_due_at"]) == datetime(2025, 9, 10, 3, 0, tzinfo=UTC)


async def test_a_programme_may_have_its_own_rule_from_a_month_on(office: Office) -> None:
    await enrolled(office)
    office.desk.beneficiary.activate(person(2), programme="KAJ")
    await office.desk.told()
    rule = {
        "kind": "step", "programme": "KAJ", "step": "sealed", "from_month": "2025-10", "working_day": 3, "warn_days": 1,
        "role": "operator", "escalate_to": "leader", "source": "Notula rapat 3 September 2025",
    }  # fmt: skip
    await changed(office, rule)
    assert (await steps(office, "KAJ"))["sealed"]["due_on"] == "2025-09-10"
    october = await steps(office, "KAJ", "2025-10")
    assert (october["sealed"]["due_on"], october["sealed"]["escalate_to"]) == ("2025-10-03", "leader")
    assert (await steps(office, "KLJ", "2025-10"))["sealed"]["due_on"] == "2025-10-09"
    await changed(office, {**rule, "working_day": 4})
    assert (await steps(office, "KAJ", "2025-10"))["sealed"]["due_on"] == "2025-10-06"
    kept = [(one["version"], one["working_day"]) for one in (await office.get("/calendar/steps"))["items"] if one["programme"] == "KAJ"]
    assert kept == [(1, 3), (2, 4)]
    assert await refused(office, "operator", CHANGES, {**rule, "from_month": "2025-08"}) == (422, "invalid-input")
    assert await refused(office, "operator", CHANGES, {**rule, "step": "breakfast"}) == (422, "invalid-input")
    assert await refused(office, "operator", CHANGES, {**rule, "working_day": 0}) == (422, "request-shape")


# --- steps --------------------------------------------------------------------------------------------------------------


async def test_a_step_that_is_near_and_then_late_is_told_once_each(office: Office, clock: FrozenClock) -> None:
    await enrolled(office)
    assert office.events(NEAR) == []
    clock.move(timedelta(days=5))  # Monday the 8th: two working days before the cut-off
    await office.desk.settle()
    near = {"programme": "KLJ", "month": MONTH, "step": "sealed", "due_on": "2025-09-10", "role": "operator"}
    assert office.events(NEAR) == [(1, near)]
    await office.desk.settle()
    assert (len(office.events(NEAR)), office.events(LATE)) == (1, [])
    clock.move(timedelta(days=3))  # Thursday the 11th
    await office.desk.settle()
    await office.desk.settle()
    assert office.events(LATE) == [(1, {**near, "role": "approver"})]
    shown = await steps(office)
    assert (shown["sealed"]["state"], shown["sealed"]["days_late"], shown["sealed"]["escalate_to"]) == ("late", 1, "approver")
    assert shown["sealed"]["warned_at"] == "2025-09-08T03:00:00Z"
    assert shown["sealed"]["escalated_at"] == "2025-09-11T03:00:00Z"
    assert (shown["opened"]["state"], shown["funded"]["state"]) == ("soon", "ahead")
    # Thursday the 11th to Monday the 22nd: seven working days are left to the SP2D, none for what is late.
    assert (shown["opened"]["days_left"], shown["funded"]["days_left"], shown["sealed"]["days_left"]) == (0, 7, 0)


async def test_a_step_that_is_done_is_told_to_nobody_and_keeps_its_day(office: Office, clock: FrozenClock) -> None:
    await office.open_month([1])
    clock.move(timedelta(days=9))  # Friday the 12th
    await office.desk.settle()
    told = {data["step"] for number in (NEAR, LATE) for _, data in office.events(number)}
    assert "sealed" not in told
    assert "opened" not in told
    assert {"composed", "submitted"} <= told
    shown = await steps(office)
    assert (shown["sealed"]["state"], shown["sealed"]["actual"], shown["sealed"]["days_late"]) == ("done", "2025-09-03", 0)


async def test_every_step_of_a_whole_month_has_its_day(office: Office, clock: FrozenClock) -> None:
    office.give_account(1)
    await office.open_month([1, 2])
    clock.move(timedelta(days=12))  # Monday the 15th
    batch = await office.released()
    clock.move(timedelta(days=1))
    status, _ = await office.send_results(batch, [await office.row(batch, 1, day="2025-09-15")])
    assert status == 201
    await office.desk.settle()
    shown = await steps(office)
    assert {step: one["actual"] for step, one in shown.items()} == {
        "sealed": "2025-09-03", "opened": "2025-09-03", "composed": "2025-09-15", "submitted": "2025-09-15", "checked": "2025-09-15",
        "approved": "2025-09-15", "reserved": "2025-09-15", "funded": "2025-09-18", "released": "2025-09-15",
        "credited": "2025-09-15", "results_in": "2025-09-16", "gaps_owned": "2025-09-16", "closed": None,
    }  # fmt: skip
    assert (shown["submitted"]["state"], shown["submitted"]["days_late"]) == ("done_late", 1)  # due on Friday the 12th
    assert (shown["released"]["state"], shown["released"]["days_late"]) == ("done", 0)
    (programme,) = (await office.get(f"/calendar?month={MONTH}"))["programmes"]
    assert (programme["now"], programme["late"]) == ("closed", 0)


async def test_a_month_that_is_replayed_years_later_calls_nobody(office: Office, clock: FrozenClock) -> None:
    clock.move(timedelta(days=400))
    await office.open_month([1])
    await office.desk.settle()
    assert office.desk.sql("SELECT count(*) FROM step_notice") == [(0,)]
    assert (await steps(office))["composed"]["state"] == "late"  # the page says so all the same


async def test_nobody_waits_for_a_month_in_which_nobody_is_enrolled(office: Office) -> None:
    await enrolled(office)
    assert (await office.get("/calendar?month=2026-01"))["programmes"] == []
    assert (await office.get("/calendar"))["month"] == MONTH
    answer = await office.desk.as_("operator").get("/calendar?month=2025-13")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


# --- announced and kept -------------------------------------------------------------------------------------------------

ANNOUNCED = {
    "kind": "announcement", "programme": "KLJ", "month": MONTH, "cohort": "existing", "day": "2025-09-12",
    "source": "Siaran pers 3 September 2025",
}  # fmt: skip


async def cohorts(office: Office) -> dict[str, dict[str, Any]]:
    (programme,) = (await office.get(f"/calendar?month={MONTH}"))["programmes"]
    return {one["cohort"]: one for one in programme["cohorts"]}


async def test_the_announced_day_stands_beside_the_day_on_which_people_had_the_money(office: Office, clock: FrozenClock) -> None:
    office.give_account(1)
    office.give_account(2)
    office.desk.beneficiary.activate(person(2), from_month=MONTH, cohort="new")
    await office.open_month([1])
    await changed(office, ANNOUNCED)
    assert (await cohorts(office))["existing"]["days_late"] == 0
    clock.move(timedelta(days=11))  # Sunday the 14th: two days of waiting
    assert (await cohorts(office))["existing"]["days_late"] == 2
    batch = await office.released()
    clock.move(timedelta(days=4))
    rows = [await office.row(batch, 1, day="2025-09-16"), await office.row(batch, 2, day="2025-09-17")]
    assert (await office.send_results(batch, rows))[0] == 201
    shown = await cohorts(office)
    assert shown["existing"] == {
        "cohort": "existing", "announced": "2025-09-12", "announced_version": 1, "announced_is_working_day": True,
        "first_credited": "2025-09-16", "last_credited": "2025-09-16", "people": 1, "days_late": 4,
    }  # fmt: skip
    assert (shown["new"]["announced"], shown["new"]["first_credited"], shown["new"]["days_late"]) == (None, "2025-09-17", None)


async def test_a_new_day_keeps_the_old_one_with_both_names(office: Office) -> None:
    await changed(office, ANNOUNCED)
    await changed(office, {**ANNOUNCED, "day": "2025-09-15", "source": "Siaran pers 8 September 2025"}, second="operator2")
    kept = (await office.get(f"/calendar/announcements?month={MONTH}"))["items"]
    assert [(one["version"], one["day"], one["proposed_by"], one["confirmed_by"]) for one in kept] == [
        (1, "2025-09-12", "operator", "approver"),
        (2, "2025-09-15", "operator", "operator2"),
    ]
    assert (await cohorts(office))["existing"]["announced"] == "2025-09-15"


async def test_a_day_without_banks_is_not_announced_and_one_that_became_a_holiday_is_marked(office: Office) -> None:
    assert await refused(office, "operator", CHANGES, {**ANNOUNCED, "day": "2025-09-13"}) == (422, "no-working-day")  # Saturday
    assert await refused(office, "operator", CHANGES, {**ANNOUNCED, "day": "2025-09-05"}) == (422, "no-working-day")  # Maulid
    assert await refused(office, "operator", CHANGES, {**ANNOUNCED, "cohort": "friends"}) == (422, "request-shape")
    await changed(office, {**ANNOUNCED, "day": "2025-09-11"})
    assert (await cohorts(office))["existing"]["announced_is_working_day"] is True
    await changed(office, HOLIDAY)
    assert (await cohorts(office))["existing"]["announced_is_working_day"] is False


async def test_the_database_keeps_what_was_announced_and_who_was_told(desk: Desk) -> None:
    forbidden = (
        "UPDATE announced_date SET day = day", "DELETE FROM announced_date", "UPDATE calendar_step SET working_day = 1",
        "UPDATE step_notice SET role = ''", "DELETE FROM calendar_change", "UPDATE calendar_change SET content = '{}'",
        "UPDATE holiday SET day = day", "DELETE FROM holiday",
    )  # fmt: skip
    for statement in forbidden:
        for role in ("api", "worker"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                desk.sql(statement, role=role)


async def test_the_database_takes_no_holiday_away_without_two_people(office: Office) -> None:
    change = {"kind": "holiday_removed", "day": "2025-09-05", "source": "SKB 3 Menteri, perubahan"}
    proposed = await office.post("operator", CHANGES, change, status=201)
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        office.desk.sql("SELECT take_holiday_away(%s)", proposed["id"], role="api")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.desk.sql("SELECT take_holiday_away(%s)", proposed["id"], role="worker")
    with pytest.raises(psycopg.errors.CheckViolation):
        office.desk.sql(
            "UPDATE calendar_change SET state = 'confirmed', decided_by = 'operator', decided_at = now() RETURNING id", role="api"
        )
