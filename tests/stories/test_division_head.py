"""The division head's month (USERS.md, head of division for social protection): September 2025 in Cengkareng, crosses included.

By hand. August: 700 by decree, 3 held, 697 paid. September: 1,000 by decree; 12 go into verification, 4 end (1 dead, 1 moved, 2 too
old), 3 come back with July and August, 120 of the 300 new ones have their card. List: 697 - 12 - 4 + 3 + 120 = 804 people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from ritme.replay import files
from tests.support.kecamatan import AUGUST, JULY, SEPTEMBER, Kecamatan, august_is_paid, cengkareng_in_august, september_comes_in
from tests.support.world import Ground

HEAD = "approver"
SATPEL = "satpel/31.73.01"


async def test_the_month_of_the_division_head(ground: Ground, tmp_path: Path) -> None:
    async with cengkareng_in_august(ground, tmp_path) as here:
        await august_is_paid(here)
        august = await here.month(AUGUST)
        assert (august["entitled"], august["paid"], august["held"], august["holds"]) == (700, 697, 3, True)
        await silently_suspended_is_red(here)
        await the_calendar_on_the_8th(here)
        batch = await cut_off_day(here)
        await twelve_who_are_held(here)
        batch = await approved_and_void_again(here, batch)
        await the_day_of_results(here, batch)
        await older_months(here)
        await minutes_and_closing(here, batch)


async def silently_suspended_is_red(here: Kecamatan) -> None:
    """Cross: held since July, and nobody wrote to them. More than 14 days later each is late, with an owner."""
    held = await here.get(HEAD, "/disbursement/cases", kind="hold", lacking="notice")
    assert (held["holds_without_notice"], held["overdue"]) == (3, 3)
    for one in held["items"]:
        assert (one["from_month"], one["to_month"], one["noticed_on"], one["owner"]) == (JULY, AUGUST, None, SATPEL)
        assert (one["step"], one["overdue"]) == ("send_notice", True)


async def the_calendar_on_the_8th(here: Kecamatan) -> None:
    """Step 1: today's step, who is late, how many working days are left; the 5th was a holiday (Maulid)."""
    await here.comes("2025-09-04")
    await september_comes_in(here)
    await here.comes("2025-09-08", "08:00")
    klj = await klj_of_september(here)
    assert (klj["now"], klj["late"]) == ("sealed", 0)
    left = {one["step"]: (one["due_on"], one["days_left"]) for one in klj["steps"]}
    assert left["sealed"] == ("2025-09-10", 2)
    assert left["approved"] == left["reserved"] == ("2025-09-16", 6)  # what the SPP-LS is made of
    assert left["funded"] == ("2025-09-22", 10)
    read = await here.pages(HEAD).reads("/kalender?bulan=2025-09")
    for expected in (
        "Data per 8 Sep 2025 08.00 WIB", "Batas data dikunci 10 Sep 2025 – Segera jatuh tempo, 2 hari kerja lagi Operator",
        "Daftar disetujui 16 Sep 2025 – Belum waktunya, 6 hari kerja lagi Kepala Bidang",
        "SP2D terbit 22 Sep 2025 – Belum waktunya, 10 hari kerja lagi Bendahara pengeluaran",
    ):  # fmt: skip
        assert expected in read, expected


async def klj_of_september(here: Kecamatan) -> dict[str, Any]:
    calendar = await here.get(HEAD, "/disbursement/calendar", month=SEPTEMBER)
    found: dict[str, Any] = next(one for one in calendar["programmes"] if one["programme"] == "KLJ")
    return found


async def cut_off_day(here: Kecamatan) -> dict[str, Any]:
    """Step 2: the list against August, by city and reason, and the three who stand out with their months."""
    await here.comes("2025-09-10")
    for programme in ("KLJ", "KPDJ", "KAJ"):
        await here.post("operator", "/beneficiary/cutoffs", {"programme": programme, "month": SEPTEMBER})
    await here.world.settle()
    await here.comes("2025-09-12")
    late = next(one for one in (await klj_of_september(here))["steps"] if one["state"] == "late")
    assert (late["step"], late["days_late"], late["role"], late["escalate_to"]) == ("opened", 1, "operator", "approver")
    read = await here.pages(HEAD).reads("/kalender?bulan=2025-09")
    assert "Bulan dibuka 11 Sep 2025 – Terlambat 1 hari kerja Operator · Kepala Bidang diberi tahu 12 Sep 2025" in read

    await here.post("operator", f"/disbursement/months/{SEPTEMBER}/opening")
    batch = await here.post("operator", "/disbursement/batches", {"month": SEPTEMBER, "kind": "main"})
    batch = await here.step("operator", batch, "submission")
    assert (batch["payments"], batch["allocations"], batch["sum"]) == (804, 810, 243_000_000)
    found = await here.get(HEAD, f"/disbursement/batches/{batch['id']}/comparison")
    assert (found["against"], found["holds"]) == ({"month": AUGUST, "batches": ["2025-08-M01"]}, True)
    assert {side: found[side]["people"] for side in ("before", "left", "changed", "stayed", "entered", "now")} == {
        "before": 697, "left": 16, "changed": 0, "stayed": 681, "entered": 123, "now": 804,
    }  # fmt: skip
    assert {one["area"] for one in found["cells"]} == {"31.73"}
    assert by_reason(found, "left") == {"under_review": 12, "dead": 1, "moved_out": 1, "over_age": 2}
    assert by_reason(found, "entered") == {"new": 120, "released_late": 3}
    assert found["back_pay"] == [{"months": 2, "people": 3, "sum": 1_800_000}]
    rest = found["not_on_list"]
    assert (rest["entitled"], rest["on_list"], rest["not_on_list"], rest["holds"]) == (1000, 804, 196, True)
    lines = (await here.world.as_("operator").get(f"/disbursement/batches/{batch['id']}/lines.ndjson")).text.splitlines()
    dear = [line for line in lines if '"amount":900000' in line.replace(" ", "")]
    assert len(dear) == 3
    assert all(month in line for line in dear for month in (JULY, AUGUST, SEPTEMBER))
    return batch


def by_reason(comparison: dict[str, Any], kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for cell in comparison["cells"]:
        if cell["kind"] == kind:
            found[cell["detail"]] = found.get(cell["detail"], 0) + cell["people"]
    return found


async def twelve_who_are_held(here: Kecamatan) -> None:
    """Step 3: reason, since when, notice sent on, reply due."""
    await here.world.settle()
    held = await here.get(HEAD, "/disbursement/cases", kind="hold")
    assert (held["open"], held["holds_without_notice"], held["overdue"]) == (12, 12, 0)  # the three of August have ended
    assert {(one["about"], one["from_month"], one["due_on"]) for one in held["items"]} == {("under_review", SEPTEMBER, "2025-09-19")}
    notice = {"on": "2025-09-12", "how": "letter", "document": "Surat 41/IX/2025"}
    for one in held["items"][:11]:
        told = await here.post("operator", f"/disbursement/cases/{one['id']}/notice", notice)
        assert (told["noticed_on"], told["reply_due_on"]) == ("2025-09-12", "2025-10-02")  # 14 working days
    await here.comes("2025-09-15")
    held = await here.get(HEAD, "/disbursement/cases", kind="hold")
    assert (held["holds_without_notice"], held["overdue"]) == (1, 0)


async def approved_and_void_again(here: Kecamatan, batch: dict[str, Any]) -> dict[str, Any]:
    """Step 4, and the cross: after the approval one account is mended, and its cooling-off ends."""
    await here.step("checker", batch, "check")
    await here.comes("2025-09-16")
    page = f"/penyaluran/{batch['id']}"
    short = " ".join(batch["list_hash"][at : at + 4] for at in (0, 4, 8))
    read = await here.pages(HEAD).reads(page)
    for expected in ("804 orang", "810 hak bulan", "Rp243.000.000", f"Kode daftar {short}", "Langkah Anda"):
        assert expected in read, expected
    await here.pages(HEAD).does(f"{page}/setujui", {"list_hash": batch["list_hash"]})
    await here.world.settle()
    assert (await here.get(HEAD, f"/disbursement/batches/{batch['id']}"))["state"] == "reserved"

    person = here.cast.resumed[0]
    (who,) = (await here.post("operator", "/beneficiary/people:resolve", {"niks": [person.nik], "purpose": "import"}))["ids"]
    row = (person.nik, person.programme, "111", f"{int(person.account) + 1:0{len(person.account)}d}", person.holder, "ya")
    mended = files.write(here.folder, "accounts", [row], "rekening-diperbaiki")
    await here.bring_in("accounts", mended, {"count": 1})
    assert (await here.get(HEAD, f"/disbursement/batches/{batch['id']}"))["state"] == "reserved", "a change of account waits"
    await here.comes("2025-09-19")  # three working days later it holds
    void = await here.get(HEAD, f"/disbursement/batches/{batch['id']}")
    assert (void["state"], void["list_hash"]) == ("draft", "")
    assert (void["changed"]["reason"], void["changed"]["count"], void["changed"]["people"]) == ("account_changed", 1, [who])
    assert {one["step"]: one["void"] for one in void["signatures"]} == {"submit": True, "check": True, "approve": True}
    read = await here.pages(HEAD).reads(page)
    assert "Batal karena daftar berubah" in read
    stale = await here.pages(HEAD).sends(f"{page}/setujui", {"list_hash": batch["list_hash"]})
    assert stale.status_code == 409

    again = await here.step("operator", batch, "submission")
    assert (again["sum"], again["list_hash"] == batch["list_hash"]) == (243_000_000, False)
    await here.step("checker", again, "check")
    odd = (await here.get(HEAD, f"/disbursement/batches/{batch['id']}/anomalies"))["items"]
    assert [(one["code"], one["people"], one["open"]) for one in odd] == [("account_changed_late", 1, True)]
    await here.step(HEAD, again, "approval", status=409)  # the word comes first
    await here.explain(again, "rekening lama salah ketik, surat bank 12/IX/2025", who=HEAD)
    approved = await here.step(HEAD, again, "approval")
    await here.world.settle()
    return approved


async def the_day_of_results(here: Kecamatan, batch: dict[str, Any]) -> None:
    """Step 5: five returns with an owner by reason; three that the bank has not answered for, and no way to send them again."""
    await here.comes("2025-09-22")
    await here.pay_in(batch, "00917/SP2D/LS/2025 (sintetis)", "2025-09-22")
    await here.step("releaser", batch, "release")
    await here.world.settle()
    await here.comes("2025-09-25")
    answer = await here.bank_answers(batch, "2025-09-25", lambda account: here.cast.bank.get(account, "00"))
    assert (answer["applied"], answer["rejected"], answer["quarantined"]) == (801, 5, 0)
    month = await here.month(SEPTEMBER)
    assert {one: month[one] for one in ("paid", "unknown", "held", "missed", "excluded", "due", "in_payment")} == {
        "paid": 796, "unknown": 3, "held": 12, "missed": 185, "excluded": 4, "due": 0, "in_payment": 0,
    }  # fmt: skip
    returns = [one for one in await here.gaps(month=SEPTEMBER) if one["reason"].startswith(("account_", "name_"))]
    assert sorted((one["reason"], one["owner"]) for one in returns) == [
        ("account_closed", SATPEL), ("account_closed", SATPEL), ("account_dormant", SATPEL), ("account_dormant", SATPEL),
        ("name_mismatch", SATPEL),
    ]  # fmt: skip
    other_name = next(one for one in returns if one["reason"] == "name_mismatch")
    body = {"owner": "sudin/31.73", "reason": "nama di bank lain dari KTP: Sudin yang bersurat"}
    handed_on = await here.post(HEAD, f"/disbursement/gaps/{other_name['id']}/owner", body)
    assert (handed_on["owner"], handed_on["notes"][-1]["by"]) == ("sudin/31.73", HEAD)

    assert "3 Menunggu Bank" in await here.pages(HEAD).reads(f"/bulan/{SEPTEMBER}/unknown")
    for person in (HEAD, "releaser"):
        assert f"/penyaluran/{batch['id']}/kirim" not in (await here.pages(person).http.get(f"/penyaluran/{batch['id']}")).text
    await here.step("releaser", batch, "release", status=409)
    retry = await here.post("operator", "/disbursement/batches", {"month": SEPTEMBER, "kind": "retry"})
    assert retry["payments"] == 0  # neither the three, nor the five before their account is another
    await here.post("operator", f"/disbursement/batches/{retry['id']}/withdrawal", {"reason": "tidak ada yang dapat dikirim"})


async def older_months(here: Kecamatan) -> None:
    """Step 6, and its cross: nobody has September paid while July or August is open."""
    september = await here.month(SEPTEMBER)
    assert (september["older_open"], september["paid_by_cohort"]) == ([], {"existing": 673, "new": 120, "reinstated": 3})
    for month, entitled in ((JULY, 3), (AUGUST, 700)):
        older = await here.month(month)
        assert (older["entitled"], older["paid"], older["holds"]) == (entitled, entitled, True)


async def minutes_and_closing(here: Kecamatan, batch: dict[str, Any]) -> None:
    """Step 7: the equality with its annex by reason; closed once everything has an answer; a late return is a correction."""
    door = f"/disbursement/batches/{batch['id']}/closing"
    refused = await here.post(HEAD, door, {"minutes": "BA-9/IX/2025"}, status=409)
    assert (refused["code"], refused["unanswered"]) == ("not-everything-named", 3)

    await here.comes("2025-09-29")
    late = [account for account, code in here.cast.bank.items() if code is None]
    found = await here.bank_answers(batch, "2025-09-26", lambda account: "00" if account in late else None)
    assert (found["applied"], found["rejected"]) == (3, 0)
    await here.comes("2025-09-30")
    paper = await minutes(here)
    assert paper["Persamaan bulan"][-1] == ["Jumlah", 1000, 799, 0, 0, 12, 185, 4, 0]
    annex = paper["Lampiran  belum dibayar menurut"]
    assert annex[-1] == ["Jumlah", None, None, 201, 60_300_000]
    assert ["terlewat", "Kartu belum diserahkan", "KLJ", 120, 36_000_000] in annex
    assert ["dikecualikan", "Meninggal", "KLJ", 1, 300_000] in annex
    asked = await here.post(HEAD, door, {"minutes": "BA-9/IX/2025"})
    own = await here.post(HEAD, f"/disbursement/orders/{asked['id']}/confirmation", {}, status=409)
    assert own["code"] == "four-eyes"
    await here.post("treasurer", f"/disbursement/orders/{asked['id']}/confirmation")
    assert (await here.get(HEAD, f"/disbursement/batches/{batch['id']}"))["state"] == "closed"
    await the_month_is_closed(here)

    await here.comes("2025-10-06")
    back = await here.bank_answers(batch, "2025-10-06", lambda account: "03" if account == late[0] else None)
    assert (back["applied"], back["rejected"]) == (1, 1)
    assert (await here.get(HEAD, f"/disbursement/batches/{batch['id']}"))["state"] == "results_in"
    (gap,) = [one for one in await here.gaps(month=SEPTEMBER) if one["reason"] == "bank_return"]
    assert (gap["owner"], gap["state"]) == ("bank-jakarta", "open")
    now = await here.month(SEPTEMBER)
    assert (now["paid"], now["missed"], now["holds"]) == (798, 186, True)
    closing = (await here.get(HEAD, f"/disbursement/months/{SEPTEMBER}/closing"))["programmes"]
    assert {one["state"] for one in closing} == {"closed"}
    after = [(each["was"], each["now"], each["reason"], each["people"]) for one in closing for each in one["after_closing"]]
    assert after == [("paid", "missed", "bank_return", 1)]
    signed = await here.get(HEAD, f"/disbursement/months/{SEPTEMBER}/equation", as_of="2025-09-30")
    assert (signed["paid"], signed["missed"], signed["holds"]) == (799, 185, True)  # what the minutes said stays sayable


async def minutes(here: Kecamatan) -> dict[str, list[list[Any]]]:
    """The minutes as a workbook: its sheets by name."""
    answer = await here.world.as_(HEAD).get(f"/disbursement/months/{SEPTEMBER}/papers/minutes.xlsx")
    assert answer.status_code == 200, answer.text
    file = here.folder / "berita-acara.xlsx"
    file.write_bytes(answer.content)
    book = load_workbook(file, read_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}


async def the_month_is_closed(here: Kecamatan) -> None:
    """The last step of the calendar: refused while the bank's statement was not compared, then signed by two for each programme."""
    door = f"/disbursement/months/{SEPTEMBER}/closing"
    refused = await here.post(HEAD, door, {"programme": "KLJ", "minutes": "BA-10/IX/2025"}, status=409)
    assert (refused["code"], [one["lack"] for one in refused["lacks"]]) == ("month-not-finished", ["statement"])
    await _the_bank_agrees(here, "2025-09-29")
    for programme in ("KAJ", "KLJ", "KPDJ"):
        asked = await here.post(HEAD, door, {"programme": programme, "minutes": f"BA-10/{programme}/IX/2025"})
        await here.post("treasurer", f"/disbursement/orders/{asked['id']}/confirmation")
    found = (await here.get(HEAD, door))["programmes"]
    signed = [one["closings"][0]["numbers"] for one in found]
    assert sum(one["paid"]["people"] for one in signed) == 799
    assert sum(each["people"] for one in signed for each in one.values()) == 1000
    assert "Bulan ini sudah ditutup." in await here.pages(HEAD).reads(f"/bulan/{SEPTEMBER}")


async def _the_bank_agrees(here: Kecamatan, last: str) -> None:
    """One statement over both months: each SP2D, each list as one line, and the five that came back."""
    rows, balance = [], 0
    for one in (await here.get("operator", "/disbursement/batches"))["items"]:
        batch = await here.get("operator", f"/disbursement/batches/{one['id']}")
        if batch["released_at"] is None:
            continue
        paid_in: dict[tuple[str, str], int] = {}
        for row in batch["funding"]:
            key = (row["date"], row["sp2d_number"])
            paid_in[key] = paid_in.get(key, 0) + row["amount"]
        rows += [f"{day};{number};{amount};;DROPPING" for (day, number), amount in paid_in.items()]
        rows.append(f"{last};{batch['code']};;{batch['sum']};PKD")
        balance += sum(paid_in.values()) - batch["sum"]
    held = (await here.get("treasurer", "/disbursement/holding/people"))["items"]
    rows += [f"{last};{one['reference']};{one['amount']};;RETUR" for one in held]
    file = here.folder / "rekening-koran.csv"
    file.write_text("\n".join(["tanggal;rujukan;masuk;keluar;keterangan", *sorted(rows), ""]))
    controls = {
        "account": "1010101010", "from_day": min(rows)[:10], "to_day": last, "opening": 0,
        "closing": balance + sum(one["amount"] for one in held),
    }  # fmt: skip
    await here.bring_in("statement", file, controls, by="treasurer", second="treasurer")
    await here.post("treasurer2", f"/disbursement/statement-days/{last}/closing")
