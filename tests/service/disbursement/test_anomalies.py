"""What is odd on a list is shown before the signatures, and gets a word before the approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.disbursement.channels.account_fields import holder_index
from tests.service.disbursement.desk import AREA, Desk, nik, person
from tests.service.disbursement.files import no_cooling_off
from tests.service.disbursement.paying import MONTH, TARIFF, Office

NEXT = "2025-10"


async def month(office: Office, people: range, name: str = MONTH, **account: Any) -> None:
    await office.open_month(people, name)
    for number in people:
        office.give_account(number, **account)


async def thresholds(office: Office, code: str, blocks: bool = True, **given: int) -> None:
    today = office.desk.clock.today().isoformat()
    body = {"code": code, "thresholds": given, "blocks": blocks, "valid_from": today, "reason": "ambang uji"}
    rule = await office.post("treasurer", "/anomaly-rules", body, status=201)
    await office.post("leader", f"/anomaly-rules/{rule['id']}/confirmation")


async def found(office: Office, batch: dict[str, Any], who: str = "checker") -> list[dict[str, Any]]:
    return list((await office.get(f"/batches/{batch['id']}/anomalies", who))["items"])


async def test_many_people_on_one_account_need_a_word(desk: Desk) -> None:
    office = Office(desk)
    await month(office, range(5), account="4000000000")
    await month_more(office, 5)
    batch = await office.sign(await office.compose(), "check")
    (one,) = await found(office, batch)
    assert (one["code"], one["people"], one["amount"], one["blocks"], one["open"]) == ("shared_account", 5, 5 * TARIFF, True, True)
    assert sorted(one["person_ids"]) == [str(person(number)) for number in range(5)]
    assert "4000000000" not in str(one)

    path, body = f"/batches/{batch['id']}", {"list_hash": batch["list_hash"]}
    refused = await office.post("approver", f"{path}/approval", body, status=409)
    assert (refused["code"], refused["open"], refused["by_code"]) == ("anomalies-open", 1, {"shared_account": 1})

    word = {**body, "findings": [one["finding_id"]], "word": "satu keluarga, lima anak; KK dilihat"}
    say = f"{path}/anomalies/acknowledgement"
    for who in ("operator", "operator2", "releaser", "auditor"):
        assert (await office.post(who, say, word, status=403))["code"] == "not-allowed", who
    today = desk.clock.today().isoformat()
    handed = {"role": "checker", "to": "operator", "from_day": today, "to_day": today, "reason": "cuti"}
    delegation = await office.post("checker", "/delegations", handed, status=201)
    await office.post("leader", f"/delegations/{delegation['id']}/confirmation")
    assert (await office.post("operator", say, word, status=409))["code"] == "four-eyes", "who made the list does not explain it away"
    after = await office.post("approver", say, word)
    assert after["open"] == 0
    assert (after["items"][0]["words"][0]["person"], after["items"][0]["words"][0]["role"]) == ("approver", "approver")
    assert (await office.post("approver", f"{path}/approval", body))["state"] == "approved"


async def month_more(office: Office, number: int) -> None:
    """One more in the same month, on an account of their own: not a part of the finding."""
    office.desk.sql_run(
        """INSERT INTO entitlement_month (month, programme, person_id, outcome, amount, area, area_at_cutoff, cohort, cause, changed_at)
           VALUES (%s, 'KLJ', %s, 'due', %s, %s, %s, 'existing', 'test', now())""",
        MONTH, person(number), TARIFF, AREA, AREA,
    )  # fmt: skip
    office.give_account(number)


async def test_four_on_one_account_are_a_family(desk: Desk) -> None:
    office = Office(desk)
    await month(office, range(4), account="4000000000")
    batch = await office.sign(await office.compose(), "submission")
    assert await found(office, batch) == []


async def test_a_word_is_for_this_list_and_these_facts(desk: Desk) -> None:
    """A mended account is a finding; it keeps its word while the fact stays, and asks again when the account changes again."""
    office = Office(desk)
    await no_cooling_off(desk)
    await month(office, range(3))
    batch = await office.sign(await office.compose(), "submission")
    assert await found(office, batch) == []
    await mend(office, 1, "7000000001")
    batch = await office.sign(await office.get(f"/batches/{batch['id']}"), "check")
    (first,) = await found(office, batch)
    assert (first["code"], first["people"], first["person_ids"]) == ("account_changed_late", 1, [str(person(1))])
    body = {"list_hash": "0" * 64, "findings": [first["finding_id"]], "word": "surat bank dilihat"}
    path = f"/batches/{batch['id']}/anomalies/acknowledgement"
    assert (await office.post("checker", path, body, status=409))["code"] == "list-hash-changed"
    body["list_hash"] = batch["list_hash"]
    wrong = {**body, "findings": ["0197c3a0-0000-7000-8000-000000000000"]}
    assert (await office.post("checker", path, wrong, status=404))["code"] == "not-found"
    await office.post("checker", path, body)
    elsewhere = (await desk.as_("operator", areas=["31.72"]).get(f"/batches/{batch['id']}/anomalies")).json()
    assert (elsewhere["items"][0]["people"], elsewhere["items"][0]["person_ids"]) == (1, [])

    # Somebody else is left out: another list, the same fact, the word holds.
    for who in ("operator", "operator2"):
        await office.post(who, f"/batches/{batch['id']}/lines/{person(2)}/removal", {"reason": "masih diperiksa"})
    batch = await office.sign(await office.get(f"/batches/{batch['id']}"), "check")
    (same,) = await found(office, batch)
    assert (same["finding_id"], same["open"], same["words"][0]["word"]) == (first["finding_id"], False, "surat bank dilihat")

    await mend(office, 1, "7000000002")
    batch = await office.sign(await office.get(f"/batches/{batch['id']}"), "check")
    (other,) = await found(office, batch)
    assert (other["open"], other["words"]) == (True, [])
    refused = await office.post("approver", f"/batches/{batch['id']}/approval", {"list_hash": batch["list_hash"]}, status=409)
    assert refused["code"] == "anomalies-open"


async def mend(office: Office, number: int, account: str) -> None:
    """By a file of accounts, as the bank's letter says."""
    desk = office.desk
    desk.beneficiary.niks[nik(number)] = person(number)
    content = f"nik;program;kode_bank;nomor_rekening;nama_pemilik;kartu_diserahkan\n{nik(number)};KLJ;111;{account};PEMILIK;ya\n"
    checked = await desk.as_("operator").post("/imports/accounts", files={"file": ("a.csv", content)}, data={"controls": '{"count":1}'})
    assert checked.status_code == 201, checked.text
    await office.post("operator2", f"/imports/{checked.json()['id']}/commit")


async def test_the_file_of_accounts_indexes_the_holder_s_name(desk: Desk) -> None:
    office = Office(desk)
    await no_cooling_off(desk)
    await month(office, range(1))
    await mend(office, 0, "7000000001")
    ((index,),) = desk.sql("SELECT holder_index FROM account")
    assert bytes(index) == holder_index(desk.api.cipher, " pemilik.")
    assert bytes(index) != holder_index(desk.api.cipher, "PEMILIK LAIN")


async def test_one_holder_on_many_accounts_of_a_kelurahan(desk: Desk) -> None:
    office = Office(desk)
    await month(office, range(12))
    index = holder_index(desk.api.cipher, "SITI AMINAH")
    desk.sql_run("UPDATE account SET holder_index = %s WHERE person_id <= %s", index, person(9))
    batch = await office.sign(await office.compose(), "submission")
    (one,) = await found(office, batch)
    assert (one["code"], one["people"], one["numbers"]) == ("same_holder", 10, {"lines_in_kelurahan": 12})
    assert one["subject"].startswith(f"{AREA}/")


async def second_month(office: Office, first: range, new: range, **more: Any) -> dict[str, Any]:
    """September sent and paid, October composed with ``new`` people beside the first."""
    await month(office, first)
    sent = await office.released()
    await office.send_results(sent, [await office.row(sent, number) for number in first])
    await office.desk.settle()
    for number in new:
        office.desk.beneficiary.activate(person(number), from_month=NEXT, **more)
    await office.open_month((), NEXT, enrol=False)
    for number in new:
        office.give_account(number)
    return await office.sign(await office.compose(NEXT), "submission")


async def test_many_new_in_one_kelurahan_and_a_round_number(desk: Desk) -> None:
    office = Office(desk)
    await thresholds(office, "new_in_kelurahan", people=3, percent=50)
    await thresholds(office, "round_number", blocks=False, people=2, multiple_of=2)
    await thresholds(office, "sum_jump", percent=20, rupiah=TARIFF)
    batch = await second_month(office, range(4), range(10, 14))
    seen = {one["code"]: one for one in await found(office, batch)}
    assert {code: (one["subject"], one["people"], one["numbers"]) for code, one in seen.items() if code != "sum_jump"} == {
        "new_in_kelurahan": (AREA, 4, {"before": 4, "percent": 100}), "round_number": (AREA, 4, {}),
    }  # fmt: skip
    assert seen["round_number"]["open"] is False, "this one is shown and does not block"
    jumps = {one["subject"]: one["numbers"] for one in await found(office, batch) if one["code"] == "sum_jump"}
    assert jumps == {subject: {"before": 4 * TARIFF, "difference": 4 * TARIFF} for subject in ("KLJ", "31.71")}
    batch = await office.post("checker", f"/batches/{batch['id']}/check", {"list_hash": batch["list_hash"]})
    assert {one["code"] for one in await office.explain(batch)} == {"new_in_kelurahan", "sum_jump"}


async def test_two_of_four_new_stay_below_the_seeded_thresholds(desk: Desk) -> None:
    office = Office(desk)
    batch = await second_month(office, range(4), range(10, 12))
    assert await found(office, batch) == []


async def test_who_was_excluded_last_month_and_is_back(desk: Desk) -> None:
    office = Office(desk)
    for number in range(3):
        desk.beneficiary.activate(person(number), from_month="2025-08")
    desk.beneficiary.end(person(2), from_month=MONTH, reason="died")
    await office.open_month((), MONTH, enrol=False)
    assert office.head(2) == ("excluded", "died")
    desk.beneficiary.activate(person(2), from_month=NEXT)
    await office.open_month((), NEXT, enrol=False)
    for number in range(3):
        office.give_account(number)
    batch = await office.sign(await office.compose(NEXT), "submission")
    (one,) = await found(office, batch)
    assert (one["code"], one["subject"], one["person_ids"]) == ("back_after_end", "died", [str(person(2))])


async def test_thresholds_are_dated_and_need_two_people(desk: Desk) -> None:
    office = Office(desk)
    await month(office, range(2), account="4000000000")
    today, tomorrow = desk.clock.today(), (desk.clock.today() + timedelta(days=1)).isoformat()
    body = {"code": "shared_account", "thresholds": {"people": 2}, "blocks": True, "valid_from": tomorrow, "reason": "ambang baru"}
    later = await office.post("treasurer", "/anomaly-rules", body, status=201)
    assert (await office.post("treasurer", f"/anomaly-rules/{later['id']}/confirmation", status=409))["code"] == "four-eyes"
    await office.post("leader", f"/anomaly-rules/{later['id']}/confirmation")
    assert await found(office, await office.sign(await office.compose(), "submission")) == []
    now = {**body, "valid_from": today.isoformat()}
    impossible: list[dict[str, Any]] = [
        {"code": "no_rule"},
        {"thresholds": {}},
        {"thresholds": {"people": 0}},
        {"thresholds": {"persons": 2}},
        {"valid_from": "2025-01-01"},
    ]
    for wrong in impossible:
        assert (await office.post("treasurer", "/anomaly-rules", now | wrong, status=422))["code"] == "invalid-input"
    assert (await office.post("checker", "/anomaly-rules", now, status=403))["code"] == "not-allowed"


async def test_a_draft_has_no_findings_and_a_sent_list_takes_no_words(desk: Desk) -> None:
    office = Office(desk)
    await thresholds(office, "shared_account", people=2)
    await month(office, range(2), account="4000000000")
    draft = await office.compose()
    assert await found(office, draft) == []
    batch = await office.sign(draft)
    (one,) = await found(office, batch)
    body = {"list_hash": batch["list_hash"], "findings": [one["finding_id"]], "word": "terlambat"}
    path = f"/batches/{batch['id']}/anomalies/acknowledgement"
    assert (await office.post("checker", path, body, status=409))["code"] == "illegal-transition"
    impossible: list[dict[str, Any]] = [{"word": "x"}, {"findings": []}, {"findings": ["x"]}, {"person": "checker"}]
    for wrong in impossible:
        assert (await office.post("checker", path, body | wrong, status=422))["code"] == "request-shape"


@pytest.mark.parametrize("role", ["api", "worker"])
async def test_findings_and_words_cannot_be_rewritten(desk: Desk, role: str) -> None:
    for table in ("batch_anomaly", "batch_anomaly_word", "signing_rule", "delegation", "anomaly_rule"):
        for allowed in ("has_table_privilege(%s, %s, 'DELETE')", "has_table_privilege(%s, %s, 'UPDATE')"):
            assert desk.sql(f"SELECT {allowed}", f"disbursement_{role}", table) == [(False,)], (table, allowed)
