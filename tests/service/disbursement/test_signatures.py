"""Four people, one list hash (CORE.md section 5; RELIABILITY invariants 7 and 8)."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from shared.kernel import failpoints
from tests.service.disbursement.desk import Desk, nik, person
from tests.service.disbursement.files import no_cooling_off
from tests.service.disbursement.paying import MONTH, TARIFF, Office

STEPS = ("check", "approval", "release")


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(4))
    return office


async def funded(office: Office) -> dict[str, str]:
    batch = await office.approved()
    await office.reserve(batch)
    await office.pay_in(batch)
    return await office.get(f"/batches/{batch['id']}")


async def test_composer_checker_and_approver_cannot_take_another_step(office: Office) -> None:
    batch = await funded(office)
    assert batch["state"] == "funded"
    for who in ("operator", "checker", "approver"):
        refused = await office.release(batch, who=who, status=409)
        assert refused["code"] == "four-eyes", who
    assert (await office.release(batch))["state"] == "released"


async def test_each_step_refuses_who_acted_before(office: Office) -> None:
    batch = await office.sign(await office.compose(), "submission")
    path, body = f"/batches/{batch['id']}", {"list_hash": batch["list_hash"]}
    assert (await office.post("operator", f"{path}/check", body, status=409))["code"] == "four-eyes"
    await office.post("checker", f"{path}/check", body)
    for who in ("operator", "checker"):
        assert (await office.post(who, f"{path}/approval", body, status=409))["code"] == "four-eyes"
    assert (await office.post("checker", f"{path}/check", body, status=409))["code"] == "four-eyes"
    await office.post("approver", f"{path}/approval", body)


@pytest.mark.parametrize("step", STEPS)
async def test_a_wrong_hash_is_answered_first(office: Office, step: str) -> None:
    """By the composer, in a state where the step is not possible: still the hash."""
    batch = await office.sign(await office.compose(), "submission")
    refused = await office.post("operator", f"/batches/{batch['id']}/{step}", {"list_hash": "0" * 64}, status=409)
    assert refused["code"] == "list-hash-changed"


async def test_a_step_out_of_order_and_a_wrong_role(office: Office) -> None:
    batch = await office.sign(await office.compose(), "submission")
    path, body = f"/batches/{batch['id']}", {"list_hash": batch["list_hash"]}
    assert (await office.post("approver", f"{path}/approval", body, status=409))["code"] == "illegal-transition"
    assert (await office.post("releaser", f"{path}/release", body, status=409))["code"] == "illegal-transition"
    assert (await office.post("approver", f"{path}/check", body, status=403))["code"] == "not-allowed"
    assert (await office.post("auditor", f"{path}/check", body, status=403))["code"] == "not-allowed"
    assert (await office.post("jakpus", "/batches", {"month": MONTH, "kind": "main"}, status=403))["code"] == "not-allowed"


async def test_a_line_changed_in_the_tables_is_seen_at_each_signature(office: Office, desk: Desk) -> None:
    batch = await funded(office)
    desk.sql_run("UPDATE payment_month SET account_ref = repeat('0', 32) WHERE person_id = %s", person(2))
    refused = await office.release(batch, status=409)
    assert refused["code"] == "list-hash-changed"
    assert desk.outcomes() == {"due": 4}


async def test_a_mended_account_voids_the_signatures(office: Office, desk: Desk) -> None:
    """The whole way: a file of accounts, committed, while the batch waits for the releaser."""
    await no_cooling_off(desk)
    batch = await funded(office)
    desk.beneficiary.niks[nik(2)] = person(2)
    content = f"nik;program;kode_bank;nomor_rekening;nama_pemilik;kartu_diserahkan\n{nik(2)};KLJ;111;5555500002;PEMILIK;ya\n"
    checked = await desk.as_("operator").post("/imports/accounts", files={"file": ("a.csv", content)}, data={"controls": '{"count":1}'})
    assert checked.status_code == 201, checked.text
    await office.post("operator2", f"/imports/{checked.json()['id']}/commit")

    now = await office.get(f"/batches/{batch['id']}")
    assert (now["state"], now["list_hash"]) == ("draft", "")
    assert now["changed"]["people"] == [str(person(2))]
    elsewhere = (await desk.as_("operator", areas=["31.72"]).get(f"/batches/{batch['id']}")).json()
    assert (elsewhere["changed"]["count"], elsewhere["changed"]["people"]) == (1, []), "the people of a list are their areas'"
    assert all(signature["void"] for signature in now["signatures"])
    assert [data["list_hash"] for _, data in office.events(203)] == [batch["list_hash"]]
    assert (await office.release(batch, status=409))["code"] == "list-hash-changed"

    again = await office.sign(now)
    assert again["list_hash"] != batch["list_hash"]
    assert (again["payments"], again["sum"]) == (4, 4 * TARIFF)
    await office.reserve(again)
    released = await office.release(again)
    assert "5555500002" in (await office.bank_file(released)).decode()
    assert released["file"]["count"] == 4


async def test_a_line_is_left_out_by_two_people_only(office: Office, desk: Desk) -> None:
    batch = await office.approved()
    path = f"/batches/{batch['id']}/lines/{person(1)}/removal"
    assert (await office.post("operator", path, {"reason": "masih diperiksa"}))["state"] == "proposed"
    assert (await office.get(f"/batches/{batch['id']}"))["state"] == "approved"
    assert (await office.post("operator", path, {"reason": "masih diperiksa"}, status=409))["code"] == "four-eyes"
    done = await office.post("operator2", path, {"reason": "masih diperiksa"})
    assert (done["state"], done["batch"]["state"], done["batch"]["payments"]) == ("done", "draft", 3)
    assert len(office.events(203)) == 1

    again = await office.sign(done["batch"])
    await office.reserve(again)
    await office.pay_in(again)
    released = await office.release(again)
    await office.send_results(released, [await office.row(released, n) for n in (0, 2, 3)])
    await desk.settle()
    assert office.head(1) == ("missed", "left_out")


async def test_an_empty_list_cannot_be_submitted(desk: Desk) -> None:
    office = Office(desk)
    await office.open_month(range(2))
    batch = await office.compose()
    assert (batch["payments"], batch["state"]) == (0, "draft")
    assert (await office.post("operator", f"/batches/{batch['id']}/submission", status=409))["code"] == "empty-list"


async def test_a_month_that_is_not_open_has_no_list(desk: Desk) -> None:
    refused = await Office(desk).post("operator", "/batches", {"month": MONTH, "kind": "main"}, status=409)
    assert refused["code"] == "month-not-opened"


async def test_a_person_month_is_on_one_live_list(office: Office, desk: Desk) -> None:
    first = await office.compose()
    second = await office.compose(kind="wave")
    assert (first["payments"], second["payments"]) == (4, 0)
    await office.post("operator", f"/batches/{first['id']}/withdrawal", {"reason": "salah bulan"})
    third = await office.compose(kind="wave")
    assert third["payments"] == 4
    assert desk.sql("SELECT count(*) FROM payment_month WHERE live") == [(4,)]


async def test_a_release_that_dies_has_released_nothing(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = await funded(office)
    out = desk.api.settings.data / "bank" / "out" / f"{batch['code']}.csv"
    out.unlink(missing_ok=True)
    for name in ("disbursement.release.proved", "disbursement.release.before_commit"):
        failpoints._hits.clear()
        monkeypatch.setenv("FAILPOINT", f"{name}:1:raise")
        with pytest.raises(failpoints.FailpointHit):
            await office.release(batch)
        await desk.settle()
        assert not out.exists()
        assert (await office.get(f"/batches/{batch['id']}"))["state"] == "funded"
        assert desk.outcomes() == {"due": 4}
    monkeypatch.delenv("FAILPOINT")
    released = await office.release(batch)
    await desk.settle()
    assert hashlib.sha256(out.read_bytes()).hexdigest() == released["file"]["sha256"]
    assert len(office.events(204)) == 1


async def test_an_account_that_changed_behind_the_list_stops_the_release(office: Office, desk: Desk) -> None:
    """Should a change ever slip past the import's own look at the lists, the releaser's signature does not."""
    batch = await funded(office)
    office.give_account(3, account="8888800003")
    refused = await office.release(batch, status=409)
    assert (refused["code"], refused["people"]) == ("list-hash-changed", [str(person(3))])
    assert desk.outcomes() == {"due": 4}


async def test_a_list_composed_on_an_older_account_is_submitted_on_the_new_one(office: Office) -> None:
    draft = await office.compose()
    office.give_account(3, account="8888800003")
    office.give_account(0, card=False)
    batch = await office.sign(draft, "submission")
    assert (batch["payments"], batch["sum"]) == (3, 3 * TARIFF)
    references = [line["reference"] for line in await office.lines(batch)]
    assert references == [f"2025-09-M01-{seq:06d}" for seq in (2, 3, 5)]


async def test_two_releases_at_once_are_one(office: Office) -> None:
    batch = await funded(office)
    path, body = f"/batches/{batch['id']}/release", {"list_hash": batch["list_hash"]}
    answers = await asyncio.gather(*[office.desk.as_("releaser").post(path, json=body) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(office.events(204)) == 1
