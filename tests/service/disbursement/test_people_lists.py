"""Who reads which person was not paid and why: those who make, check, pay and audit; everybody else gets sums (RELIABILITY 22, 24)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.service.disbursement.desk import AREA, Desk, person
from tests.service.disbursement.files import no_cooling_off
from tests.service.disbursement.paying import MONTH, Office
from tests.service.disbursement.test_anomalies import mend

READERS = ("operator", "checker", "approver", "releaser", "treasurer")
SUMS_ONLY = ("leader", "warehouse", "panti-head")


@pytest.fixture
async def office(desk: Desk) -> Office:
    """Two people of four on a list that was sent; one was rejected, two have no account."""
    office = Office(desk)
    await office.open_month(range(4))
    for number in (0, 1):
        office.give_account(number)
    return office


async def missed(office: Office) -> dict[str, Any]:
    """The list, with everybody's month ended."""
    batch = await office.released()
    await office.send_results(batch, [await office.row(batch, 0), await office.row(batch, 1, "03")])
    await office.desk.settle()
    return batch


def doors_of(batch: dict[str, Any], gap: str) -> Sequence[str]:
    return (
        f"/months/{MONTH}/people", f"/months/{MONTH}/people?outcome=missed&as_of=2025-10-30", f"/months/{MONTH}/ledger.csv",
        f"/months/{MONTH}/proof", f"/gaps/{gap}", "/exclusions", f"/batches/{batch['id']}/lines.ndjson",
        f"/batches/{batch['id']}/list.tsv", f"/batches/{batch['id']}/not-listed.csv", f"/batches/{batch['id']}/comparison/people.ndjson",
        f"/batches/{batch['id']}/repayments", "/holding/people", "/home-services",
    )  # fmt: skip


async def test_people_are_read_by_who_works_with_them_and_by_nobody_else(office: Office, desk: Desk) -> None:
    batch = await missed(office)
    gap = (await office.get(f"/gaps?month={MONTH}"))["items"][0]["id"]
    for path in doors_of(batch, gap):
        for who in READERS:
            found = await desk.as_(who).get(path)
            assert found.status_code == 200, (who, path, found.text)
        for who in SUMS_ONLY:
            refused = await desk.as_(who).get(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed"), (who, path)
            assert str(person(1)) not in refused.text


async def test_an_auditor_says_what_a_look_at_people_is_for(office: Office, desk: Desk) -> None:
    batch = await missed(office)
    gap = (await office.get(f"/gaps?month={MONTH}"))["items"][0]["id"]
    for path in doors_of(batch, gap):
        silent = await desk.as_("auditor").get(path)
        assert (silent.status_code, silent.json()["code"]) == (403, "purpose-needed"), path
        join = "&" if "?" in path else "?"
        assert (await desk.as_("auditor").get(f"{path}{join}purpose=audit")).status_code == 200, path
        other = await desk.as_("auditor").get(f"{path}{join}purpose=payment")
        assert (other.status_code, other.json()["code"]) == (403, "not-allowed"), path
    assert (await desk.as_("operator").get(f"/months/{MONTH}/people?purpose=audit")).status_code == 403
    assert (await desk.as_("auditor").get(f"/months/{MONTH}/people?purpose=curiosity")).status_code == 422


@pytest.mark.parametrize("who", SUMS_ONLY)
async def test_sums_are_open_to_everybody(office: Office, desk: Desk, who: str) -> None:
    batch = await missed(office)
    found = await office.get(f"/gaps?month={MONTH}", who)
    assert (found["open"], found["by_reason"], found["without_owner"]) == (3, {"cause_not_known": 2, "account_closed": 1}, 0)
    assert (found["items"], found["next"], found["sums_only"]) == ([], None, True)
    assert [(one["reason"], one["count"]) for one in (await office.get(f"/gaps/groups?month={MONTH}", who))["items"]] != []
    assert (await office.get(f"/months/{MONTH}/equation", who))["missed"] == 3
    assert (await office.get(f"/months/{MONTH}/breakdown", who))["items"] != []
    assert (await office.get(f"/batches/{batch['id']}/comparison", who))["not_on_list"]["not_on_list"] == 2
    cases = await office.get("/cases", who)
    assert (cases["open"], cases["items"], cases["sums_only"]) == (0, [], True)
    assert str(person(1)) not in str(found) + str(cases)


async def test_each_look_is_on_record_with_its_purpose_and_how_many(office: Office, desk: Desk) -> None:
    batch = await missed(office)
    await office.get(f"/months/{MONTH}/people?outcome=missed&limit=2", "checker")
    await desk.as_("auditor").get(f"/months/{MONTH}/ledger.csv?purpose=audit")
    await office.get(f"/gaps?month={MONTH}&reason=account_closed", "treasurer")
    await office.get(f"/gaps?month={MONTH}&limit=0", "treasurer")
    await office.get(f"/gaps?month={MONTH}", "leader")
    await desk.as_("releaser").get(f"/batches/{batch['id']}/list.tsv")
    looks = ("month.people", "month.ledger", "gap.list", "batch.list")
    assert desk.sql("SELECT person, operation, purpose, count FROM audit_entry WHERE operation = ANY(%s) ORDER BY seq", list(looks)) == [
        ("checker", "month.people", "payment", 2),
        ("auditor", "month.ledger", "audit", 4),
        ("treasurer", "gap.list", "payment", 1),
        ("releaser", "batch.list", "payment", 2),
    ]
    assert desk.broken([24]) == []


async def test_whom_an_oddity_concerns_is_for_who_reads_people(office: Office, desk: Desk) -> None:
    await no_cooling_off(desk)
    batch = await office.sign(await office.compose(), "submission")
    await mend(office, 1, "7000000001")
    batch = await office.sign(await office.get(f"/batches/{batch['id']}"), "check")
    path = f"/batches/{batch['id']}/anomalies"
    named = [one for one in (await office.get(path, "checker"))["items"] if one["person_ids"]]
    assert [one["person_ids"] for one in named] == [[str(person(1))]], "an account that changed late"
    assert desk.sql("SELECT count(*) FROM audit_entry WHERE operation = 'anomaly.people' AND person = 'checker'") == [(1,)]
    for who in SUMS_ONLY:
        seen = (await office.get(path, who))["items"]
        assert [one["finding_id"] for one in seen] != []
        assert all(one["person_ids"] == [] for one in seen)


async def test_a_reader_of_one_area_sees_nobody_of_another(office: Office, desk: Desk) -> None:
    await missed(office)
    assert AREA.startswith("31.71")
    west = await desk.as_("checker", areas=["31.73"]).get(f"/months/{MONTH}/people")
    assert (west.status_code, west.json()["items"]) == (200, [])
    assert len((await desk.as_("checker", areas=["31.71"]).get(f"/months/{MONTH}/people")).json()["items"]) == 4


async def test_who_signs_for_another_reads_what_they_sign(office: Office, desk: Desk) -> None:
    path = f"/months/{MONTH}/people"
    assert (await desk.as_("leader").get(path)).status_code == 403
    today = desk.clock.today().isoformat()
    body = {"role": "approver", "to": "leader", "from_day": today, "to_day": today, "reason": "cuti, surat 1"}
    handed = await office.post("approver", "/delegations", body, status=201)
    assert (await desk.as_("leader").get(path)).status_code == 403, "nobody has confirmed it"
    await office.post("treasurer", f"/delegations/{handed['id']}/confirmation")
    assert len((await office.get(path, "leader"))["items"]) == 4
    await office.post("approver", f"/delegations/{handed['id']}/revocation", {"reason": "kembali lebih awal"})
    assert (await desk.as_("leader").get(path)).status_code == 403
