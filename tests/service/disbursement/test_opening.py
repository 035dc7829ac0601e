"""A month opens only where disbursement's own list, as of the cut-off, equals beneficiary's seal (CORE.md section 3)."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.service.disbursement.desk import Desk, person

MONTH = "2025-09"


async def opening(desk: Desk, month: str = MONTH) -> tuple[int, dict[str, Any]]:
    answer = await desk.as_("operator").post(f"/months/{month}/opening")
    return answer.status_code, answer.json()


def enrol_ten(desk: Desk) -> None:
    """Eight active, one suspended, one ended."""
    for number in range(10):
        desk.beneficiary.activate(person(number), cohort="new" if number == 3 else "existing")
    desk.beneficiary.suspend(person(8))
    desk.beneficiary.end(person(9))


async def test_opens_where_both_lists_are_equal(desk: Desk) -> None:
    enrol_ten(desk)
    sealed = desk.beneficiary.seal(quota=12)
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["opened"]) == (200, True)
    assert body["programmes"] == [{"programme": "KLJ", "state": "opened", "due": 8, "held": 1, "excluded": 1, "seal": sealed.hash}]
    assert desk.outcomes() == {"due": 8, "excluded": 1, "held": 1}
    entries = desk.sql("SELECT from_outcome, outcome, reason, author, cause, version FROM entitlement_entry ORDER BY person_id")
    assert entries[8] == ("", "held", "verification", "operator", "opened", 1)
    assert len(entries) == 10
    (event,) = desk.sql("SELECT version, data::json ->> 'seal', data::json ->> 'due' FROM outbox")
    assert event == (1, sealed.hash, "8")


async def test_opening_again_changes_nothing(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.seal()
    await desk.told()
    await opening(desk)

    status, body = await opening(desk)

    assert (status, body["programmes"][0]["state"], body["programmes"][0]["due"]) == (200, "already_open", 8)
    assert desk.sql("SELECT count(*) FROM entitlement_entry") == [(10,)]
    assert desk.sql("SELECT count(*) FROM outbox") == [(1,)]


async def test_a_lost_activation_is_named_and_the_month_opens_once_it_is_healed(desk: Desk) -> None:
    enrol_ten(desk)
    lost = desk.beneficiary.activate(person(11), lose=True)
    desk.beneficiary.seal()
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["code"], body["refused"], body["opened"]) == (409, "seal-differs", "seal_differs", False)
    assert (body["only_in_beneficiary"], body["only_in_disbursement"], body["differs"]) == (1, 0, 0)
    assert body["programmes"][0]["people"] == [{"person_id": str(person(11)), "kind": "only_in_beneficiary"}]
    assert desk.outcomes() == {}
    assert desk.sql("SELECT person_id, kind FROM unreconciled") == [(person(11), "only_in_beneficiary")]

    await desk.beneficiary.publish(lost)
    await desk.settle()
    status, body = await opening(desk)

    assert (status, body["programmes"][0]["due"]) == (200, 9)
    assert desk.sql("SELECT count(*) FROM unreconciled") == [(0,)]


async def test_a_lost_suspension_shows_though_everybody_is_on_both_lists(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.suspend(person(0), lose=True)
    desk.beneficiary.seal()
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["refused"], body["differs"]) == (409, "seal_differs", 1)
    assert body["programmes"][0]["people"] == [{"person_id": str(person(0)), "kind": "status"}]
    assert desk.outcomes() == {}


async def test_events_pending_says_how_many(desk: Desk) -> None:
    enrol_ten(desk)
    late = [desk.beneficiary.activate(person(20 + n)) for n in range(3)]
    sealed = desk.beneficiary.seal()
    await desk.beneficiary.publish()
    # The seal's topic is read, the people's is not: between two topics no order is promised.
    await desk.worker.run_once()
    desk.sql_run("UPDATE consumer_position SET next_offset = next_offset - 1 WHERE topic = 'beneficiary.person'")
    behind = desk.sql("SELECT count(*) FROM consumer_position WHERE topic = 'beneficiary.person'")[0][0]

    status, body = await opening(desk)

    assert late
    assert sealed.count == 13
    assert (status, body["code"], body["programmes"][0]["pending"]) == (409, "events-pending", behind)
    assert desk.outcomes() == {}


async def test_a_programme_without_a_seal_is_refused_and_the_others_open(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.activate(person(30), programme="KAJ")
    desk.beneficiary.seal("KLJ")
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["code"]) == (409, "not-sealed")
    assert [(p["programme"], p["state"]) for p in body["programmes"]] == [("KAJ", "not_sealed"), ("KLJ", "opened")]
    assert desk.outcomes() == {"due": 8, "excluded": 1, "held": 1}


async def test_a_month_that_nobody_knows_is_not_sealed(desk: Desk) -> None:
    status, body = await opening(desk, "2031-01")

    assert (status, body["code"], body["programmes"]) == (409, "not-sealed", [])


async def test_a_change_after_the_cut_off_does_not_disturb_it(desk: Desk) -> None:
    enrol_ten(desk)
    sealed = desk.beneficiary.seal()
    desk.beneficiary.suspend(person(0), from_month="2025-10")
    desk.beneficiary.end(person(1), from_month="2025-10")
    desk.beneficiary.activate(person(40), from_month="2025-10")
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["programmes"][0]["seal"]) == (200, sealed.hash)
    assert desk.outcomes() == {"due": 8, "excluded": 1, "held": 1}


async def test_a_seal_whose_list_was_changed_opens_nothing(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.activate(person(11), lose=True)
    sealed = desk.beneficiary.seal()
    desk.beneficiary.lists[str(sealed.cutoff_id)] = desk.beneficiary.lists[str(sealed.cutoff_id)].replace(b"300000", b"300001", 1)
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["code"]) == (502, "list-not-sealed")
    assert desk.outcomes() == {}


async def test_only_an_operator_of_the_whole_agency_opens(desk: Desk) -> None:
    assert (await desk.as_("checker").post(f"/months/{MONTH}/opening")).status_code == 403
    assert (await desk.as_("jakpus").post(f"/months/{MONTH}/opening")).status_code == 403


async def test_two_operators_at_once_open_it_once(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.seal()
    await desk.told()

    answers = await asyncio.gather(*(opening(desk) for _ in range(3)))

    assert sorted(body["programmes"][0]["state"] for _, body in answers) == ["already_open", "already_open", "opened"]
    assert desk.sql("SELECT count(*), count(DISTINCT person_id) FROM entitlement_entry") == [(10, 10)]
    assert desk.sql("SELECT count(*) FROM outbox") == [(1,)]


async def test_resumptions_that_arrive_while_the_month_opens_are_all_followed(desk: Desk) -> None:
    """Either the opening sees the event's row or the event sees the head: nobody falls between."""
    for round_no in range(4):
        month = f"2025-{9 + round_no:02d}"
        people = [person(1000 * round_no + n) for n in range(300)]
        for who in people:
            desk.beneficiary.activate(who, from_month=month, to_month=month)
            desk.beneficiary.suspend(who, from_month=month, to_month=month)
        desk.beneficiary.seal(month=month)
        await desk.told()
        for who in people:
            desk.beneficiary.resume(who, from_month=month, to_month=month)
        await desk.beneficiary.publish()

        (status, _), _ = await asyncio.gather(opening(desk, month), desk.settle())
        await desk.settle()

        assert (status, desk.outcomes(month)) == (200, {"due": 300})


async def test_the_amount_and_the_reason_are_compared_too(desk: Desk) -> None:
    enrol_ten(desk)
    desk.beneficiary.seal(amount=250_000)
    await desk.told()

    status, body = await opening(desk)

    assert (status, body["refused"], body["differs"]) == (409, "seal_differs", 10)
    assert {one["kind"] for one in body["programmes"][0]["people"]} == {"amount"}


async def test_a_second_programme_of_the_same_person_is_another_line(desk: Desk) -> None:
    desk.beneficiary.activate(person(1))
    desk.beneficiary.activate(person(1), programme="KPDJ")
    desk.beneficiary.seal("KLJ")
    desk.beneficiary.seal("KPDJ")
    await desk.told()

    status, body = await opening(desk)

    assert (status, [(p["programme"], p["due"]) for p in body["programmes"]]) == (200, [("KLJ", 1), ("KPDJ", 1)])


async def test_a_bus_that_was_lost_and_filled_again_does_not_stop_the_opening(desk: Desk) -> None:
    """Ends noted on the old log may lie beyond the new one: today's ends bound them."""
    enrol_ten(desk)
    desk.beneficiary.seal()
    await desk.told()
    desk.sql_run("UPDATE seal_end SET end_offset = end_offset + 1000")

    status, _ = await opening(desk)

    assert status == 200
