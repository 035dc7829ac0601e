"""The equation of a month, and who may see which part of it."""

from __future__ import annotations

from hashlib import sha256

from tests.service.disbursement.desk import Desk, person

JAKPUS, JAKSEL = "31.71.01.1001", "31.74.01.1001"


async def opened(desk: Desk) -> str:
    """Ten in KLJ (8 active, 1 suspended, 1 ended; every second in Jakarta Pusat), two in KAJ; the month's hash."""
    for number in range(10):
        desk.beneficiary.activate(person(number), area=JAKPUS if number % 2 else JAKSEL, cohort="new" if number < 3 else "existing")
    desk.beneficiary.suspend(person(8), area=JAKSEL)
    desk.beneficiary.end(person(9), area=JAKPUS)
    for number in (20, 21):
        desk.beneficiary.activate(person(number), programme="KAJ", area=JAKPUS)
    seals = [desk.beneficiary.seal("KAJ", quota=5), desk.beneficiary.seal("KLJ", quota=12)]
    await desk.told()
    answer = await desk.as_("operator").post("/months/2025-09/opening")
    assert answer.status_code == 200, answer.text
    return sha256("".join(f"{s.programme}\t{s.count}\t{s.sum}\t{s.hash}\n" for s in seals).encode()).hexdigest()


async def test_the_equation_holds_by_programme_and_in_all(desk: Desk) -> None:
    month_hash = await opened(desk)

    found = (await desk.as_("auditor").get("/months/2025-09/equation")).json()

    assert (found["entitled"], found["due"], found["held"], found["excluded"], found["holds"]) == (12, 10, 1, 1, True)
    assert (found["quota"], found["vacant"]) == (17, 5)
    assert found["seal"] == {"disbursement": month_hash}
    assert found["by_programme"]["KAJ"]["due"] == 2
    assert found["unpaid_by_reason"] == {"died": 1, "due": 10, "verification": 1}
    assert sum(found["unpaid_by_reason"].values()) == found["entitled"] - found["paid"]
    assert [(step["step"], step["state"]) for step in found["steps"][:4]] == [
        ("sealed", "done"), ("opened", "done"), ("composed", "now"), ("submitted", "waiting"),
    ]  # fmt: skip


async def test_a_head_that_vanished_breaks_the_equation(desk: Desk) -> None:
    await opened(desk)
    desk.sql_run("DELETE FROM entitlement_month WHERE person_id = %s", person(0))

    found = (await desk.as_("auditor").get("/months/2025-09/equation")).json()

    assert (found["entitled"], found["holds"], found["by_programme"]["KAJ"]["holds"]) == (12, False, True)


async def test_a_sealed_month_that_is_not_open_does_not_hold(desk: Desk) -> None:
    desk.beneficiary.activate(person(1))
    desk.beneficiary.activate(person(2), lose=True)
    desk.beneficiary.seal()
    await desk.told()
    await desk.as_("operator").post("/months/2025-09/opening")

    found = (await desk.as_("auditor").get("/months/2025-09/equation")).json()

    assert (found["entitled"], found["holds"], found["unreconciled"]) == (2, False, 1)


async def test_an_unknown_month_is_not_found(desk: Desk) -> None:
    assert (await desk.as_("auditor").get("/months/2030-01/equation")).status_code == 404
    assert (await desk.as_("auditor").get("/months/2030-13/equation")).status_code == 422


async def test_a_part_of_the_agency_sees_its_own_people(desk: Desk) -> None:
    await opened(desk)
    jakpus = desk.as_("jakpus")

    whole = (await desk.as_("operator").get("/months/2025-09/people")).json()["items"]
    part = (await jakpus.get("/months/2025-09/people")).json()["items"]
    equation = (await jakpus.get("/months/2025-09/equation")).json()

    assert len(whole) == 12
    assert {one["area"] for one in part} == {JAKPUS}
    assert (len(part), equation["entitled"], equation["quota"], equation["seal"]) == (7, 7, None, {"disbursement": None})
    # The same pooled connections serve both: what one caller set must not stay for the next.
    assert len((await desk.as_("operator").get("/months/2025-09/people")).json()["items"]) == 12
    assert desk.sql("SELECT count(*) FROM entitlement_month", role="api") == [(0,)]
    assert desk.sql("SELECT count(*) FROM enrolment_history", role="api") == [(0,)]


async def test_who_moves_is_seen_by_the_new_office_and_no_longer_by_the_old(desk: Desk) -> None:
    await opened(desk)
    desk.beneficiary.suspend(person(1), from_month="2025-10", area=JAKSEL)
    await desk.told()

    part = (await desk.as_("jakpus").get("/months/2025-09/people")).json()["items"]

    assert str(person(1)) not in {one["person_id"] for one in part}
    assert desk.sql("SELECT area, area_at_cutoff FROM entitlement_month WHERE person_id = %s", person(1)) == [(JAKSEL, JAKPUS)]


async def test_pages_of_people_are_complete_and_filtered(desk: Desk) -> None:
    await opened(desk)
    client, after, seen = desk.as_("operator"), "", []
    while True:
        page = (await client.get("/months/2025-09/people", params={"limit": 5, "after": after, "outcome": "due"})).json()
        seen += [(one["programme"], one["person_id"]) for one in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert len(seen) == len(set(seen)) == 10
    assert (await client.get("/months/2025-09/people", params={"after": "nonsense"})).status_code == 422


async def test_breakdown_by_area_and_cohort(desk: Desk) -> None:
    await opened(desk)
    client = desk.as_("operator")

    areas = (await client.get("/months/2025-09/breakdown", params={"outcome": "due", "by": "area", "level": "city"})).json()["items"]
    cohorts = (await client.get("/months/2025-09/breakdown", params={"outcome": "due", "by": "cohort"})).json()["items"]

    assert [(one["area"], one["count"], one["sum"]) for one in areas] == [("31.71", 6, 1_800_000), ("31.74", 4, 1_200_000)]
    assert [(one["cohort"], one["count"]) for one in cohorts] == [("existing", 7), ("new", 3)]


async def test_the_ledger_as_a_file(desk: Desk) -> None:
    await opened(desk)

    answer = await desk.as_("auditor").get("/months/2025-09/ledger.csv?purpose=audit")
    lines = answer.text.splitlines()

    assert lines[0] == "person_id;programme;month;outcome;reason;amount;settled_on;payment_reference"
    assert lines[9] == f"{person(8)};KLJ;2025-09;held;verification;300000;;"
    assert len(lines) == 13
