"""Fixture C: kecamatan Cengkareng, benefit month 2025-09, a thousand people (USERS.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from ritme.client import Json
from ritme.replay import files, report
from ritme.replay.drive import Office
from ritme.replay.files import BudgetLine, CsvFile
from ritme.replay.people import People, Person, kelurahan_of
from ritme.terminal import number

MONTH: Final = "2025-09"
AREA: Final = "31.73.01"
SEED: Final = 202509
AMOUNT: Final = 300_000
DECREE: Final = "Kepgub 900/2025 (sintetis)"
DECREE_MONTHS: Final = ("2025-07", "2025-12")
PROGRAMMES: Final = ("KLJ", "KPDJ", "KAJ")
OLDER: Final = ("2025-07", "2025-08")
YEAR: Final = 2025
SUB_SKPD: Final = "1.06.0.00.0.00.01.0000"
SUB_ACTIVITY: Final = "1.06.05.1.01.0001"
CASH_AID: Final = "5.1.06.01.01.0001"
SP2D_NUMBER: Final = "00917/SP2D/LS/2025 (sintetis)"


@dataclass(frozen=True)
class Group:
    """So many people of one programme who have the same month."""

    programme: str
    count: int
    cohort: str = "lama"
    card: bool = True
    fate: str = ""
    """Words of the status file: held, resumed, dead, moved, over_age; at the bank: a code, or silent."""


GROUPS: Final = (
    Group("KLJ", 541), Group("KLJ", 9, fate="held"), Group("KLJ", 2, fate="resumed"), Group("KLJ", 1, fate="dead"),
    Group("KLJ", 2, fate="03"), Group("KLJ", 1, fate="09"), Group("KLJ", 1, fate="14"), Group("KLJ", 2, fate="silent"),
    Group("KLJ", 81, cohort="baru"), Group("KLJ", 120, cohort="baru", card=False),
    Group("KPDJ", 55), Group("KPDJ", 2, fate="held"), Group("KPDJ", 1, fate="resumed"), Group("KPDJ", 1, fate="moved"),
    Group("KPDJ", 1, fate="09"), Group("KPDJ", 10, cohort="baru"), Group("KPDJ", 20, cohort="baru", card=False),
    Group("KAJ", 77), Group("KAJ", 1, fate="held"), Group("KAJ", 2, fate="over_age"), Group("KAJ", 1, fate="silent"),
    Group("KAJ", 29, cohort="baru"), Group("KAJ", 40, cohort="baru", card=False),
)  # fmt: skip

ENDS: Final = {"dead": "dead", "moved": "moved_out", "over_age": "over_age"}
ASSUMED: Final = (
    "300 of the 1,000 are new, 120 of them with their card handed over; the split by programme is the fixture's own",
    "the 5 returns are 2 closed accounts, 2 dormant ones, 1 other name; the 12 held months are under review",
    "the decree holds from 2025-07, so that the 3 reinstated people are owed July and August by it",
    "people, accounts and document numbers are synthetic",
)


@dataclass
class Cast:
    """The input files, and what the people outside of Ritme know: the office's letter, the bank's own books."""

    decree: Path
    accounts: Path
    status: Path
    carry_in: Path
    counts: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    resumed: list[Person] = field(default_factory=list)
    bank: dict[str, str | None] = field(default_factory=dict)


def write_cast(folder: Path) -> Cast:
    """Everybody of the fixture, in files."""
    people = People(SEED, kelurahan_of(AREA), MONTH)
    with (
        CsvFile(folder, "decree") as decree, CsvFile(folder, "accounts") as accounts, CsvFile(folder, "status") as status,
        CsvFile(folder, "carry-in") as carry_in,
    ):  # fmt: skip
        cast = Cast(decree.path, accounts.path, status.path, carry_in.path)
        for group in GROUPS:
            for nth in range(group.count):
                born = date(2019, 7, 9 + nth) if group.fate == "over_age" else None
                person = people.make(group.programme, birth_date=born)
                cast.counts[group.programme] = cast.counts.get(group.programme, 0) + 1
                decree.add(*files.decree_row(person, group.cohort, AMOUNT))
                accounts.add(*files.account_row(person, card_handed_over=group.card))
                _status(status, person, group.fate)
                if group.fate == "resumed":
                    cast.resumed.append(person)
                    for month in OLDER:
                        carry_in.add(person.nik, person.programme, month, "ditahan", "under_review", "ND-71/VIII/2025")
                if group.fate.isdigit() or group.fate == "silent":
                    cast.bank[person.account] = None if group.fate == "silent" else group.fate
        cast.rows = {file.kind: file.rows for file in (decree, accounts, status, carry_in)}
    return cast


def _status(status: CsvFile, person: Person, fate: str) -> None:
    if fate == "held":
        status.add(person.nik, person.programme, "tangguhkan", "under_review", MONTH, "BA-12/IX/2025")
    elif fate == "resumed":
        status.add(person.nik, person.programme, "tangguhkan", "under_review", OLDER[0], "BA-07/VI/2025")
    elif fate in ENDS:
        status.add(person.nik, person.programme, "hentikan", ENDS[fate], MONTH, "SK-31/IX/2025")


def decree_controls(counts: dict[str, int], quotas: dict[str, int], decree: str, months: tuple[str, str], amount: int) -> Json:
    """What is typed from the signed page."""
    return {
        "number": decree, "from_month": months[0], "to_month": months[1],
        "count": sum(counts.values()), "sum": sum(counts.values()) * amount,
        "programmes": {code: {"count": n, "sum": n * amount, "quota": quotas[code]} for code, n in counts.items()},
    }  # fmt: skip


def lines() -> dict[str, BudgetLine]:
    """The agency's cash aid, one line a programme."""
    return {code: BudgetLine(YEAR, SUB_SKPD, SUB_ACTIVITY, CASH_AID, programme=code) for code in PROGRAMMES}


def bring_in_budget(office: Office, folder: Path, monthly: dict[str, int]) -> str:
    """DPA for twelve months of the quota and a cash plan that has the month's share in every month."""
    budget = lines()
    dpa = files.write(
        folder, "dpa", [(*line.key, f"Bantuan sosial uang {code}", *line.owner, monthly[code] * 12) for code, line in budget.items()]
    )
    plan = files.write(
        folder, "cash-plan",
        [(*line.key, *line.owner, f"{YEAR}-{month:02d}", monthly[code]) for code, line in budget.items() for month in range(1, 13)],
    )  # fmt: skip
    total = sum(monthly.values()) * 12
    treasurer = {"by": "treasurer", "commit_by": "treasurer2"}
    office.bring_in("dpa", dpa, {"count": len(budget), "sum": total}, **treasurer)
    office.bring_in("cash-plan", plan, {"count": 12 * len(budget), "sum": total}, **treasurer)
    return f"{number(total)} rupiah a year"


def record_sp2d(office: Office, folder: Path, batch: Json, document: str, day: str) -> str:
    """The treasurer records the SP2D for the approved list, programme by programme, as its page shows them."""
    budget = lines()
    rows = [
        (document, day, *budget[one["programme"]].key, *budget[one["programme"]].owner, one["sum"], batch["code"])
        for one in batch["totals"]
    ]
    total = sum(one["sum"] for one in batch["totals"])
    file = files.write(folder, "sp2d", rows)
    office.bring_in("sp2d", file, {"count": len(rows), "sum": total}, by="treasurer", commit_by="treasurer2")
    return f"{number(total)} rupiah"


def resume(office: Office, people: list[Person]) -> str:
    """Three files were cleared: one operator orders it, another confirms, from the first suspended month on."""
    body = {"items": _resumptions(office, people)}
    order = office.as_("operator").post("/beneficiary/status-changes", body, key=f"{office.story}/resume")
    if order["state"] == "proposed":
        key = f"{office.story}/resume/confirm"
        office.as_("operator2").post(f"/beneficiary/status-changes/{order['id']}/confirmation", key=key)
    return f"{len(people)} people from {OLDER[0]}"


def _resumptions(office: Office, people: list[Person]) -> list[dict[str, Any]]:
    body = {"niks": [person.nik for person in people], "purpose": "import"}
    ids = office.as_("operator").post("/beneficiary/people:resolve", body)["ids"]
    return [
        {
            "person_id": one, "programme": person.programme, "action": "resume", "reason": "cleared", "from_month": OLDER[0],
            "evidence": "BA-33/IX/2025",
        }
        for one, person in zip(ids, people, strict=True)
    ]  # fmt: skip


def tell(office: Office, folder: Path, scale: float) -> tuple[Json, Json]:
    """The month from the decree to quiescence; the report and what is checked beside it."""
    office.assumed += ASSUMED
    cast = office.step("Input files", lambda: write_cast(folder))
    enrol(office, folder, cast)
    office.step(f"Open {MONTH}", lambda: office.open(MONTH))
    batch, results = pay(office, folder, cast)
    office.step("Results are swept, gaps have owners", lambda: _settled(office, batch["id"]))
    found, beside = office.insist(lambda: report.month_report(office, MONTH))
    return found, beside | office.insist(lambda: _beside(office, batch["id"], results))


def enrol(office: Office, folder: Path, cast: Cast) -> None:
    """Budget, decree, accounts, older months, status changes, cut-off and seal."""
    two = {"by": "operator", "commit_by": "operator2"}
    counts = cast.counts
    controls = decree_controls(counts, counts, DECREE, DECREE_MONTHS, AMOUNT)
    office.step("Budget and cash plan", lambda: bring_in_budget(office, folder, {code: n * AMOUNT * 2 for code, n in counts.items()}))
    office.step("Decree: 1,000 people", lambda: office.bring_in("decree", cast.decree, controls, **two))
    office.step("Events reach disbursement", office.wait_quiet)
    office.step("Accounts and cards", lambda: office.bring_in("accounts", cast.accounts, {"count": cast.rows["accounts"]}, **two))
    older = {"count": cast.rows["carry-in"], "months": dict.fromkeys(OLDER, len(cast.resumed))}
    office.step("Months from before Ritme", lambda: office.bring_in("carry-in", cast.carry_in, older, **two))
    office.step("Suspended and ended", lambda: office.bring_in("status", cast.status, {"count": cast.rows["status"]}, **two))
    office.step("Resumed", lambda: resume(office, cast.resumed))
    office.step(f"Cut-off and seal of {MONTH}", lambda: office.seal(MONTH, PROGRAMMES))


def pay(office: Office, folder: Path, cast: Cast) -> tuple[Json, Json]:
    """List, three signatures, SP2D, release, the bank's results: the batch and the answer to its results."""
    batch = office.step("List of payments", lambda: office.compose(MONTH))
    office.step("Made, checked, approved", lambda: office.sign(batch["id"]))
    reserved = office.step(
        "Budget reserved", lambda: office.wait_batch(batch["id"], "reserved", "funded", "released", "results_in", "closed")
    )
    office.step("SP2D", lambda: record_sp2d(office, folder, reserved, SP2D_NUMBER, "2025-09-22"))
    office.step("Released to the bank", lambda: office.release(batch["id"]))
    sent = office.step("The bank takes its file", lambda: office.fetch_bank_file(batch["id"], folder / "bank.csv"))
    results = folder / "results.csv"
    files.bank_results(sent, results, day="2025-09-25", code_of=lambda account: cast.bank.get(account, "00"))
    answer = office.step("The bank's results", lambda: office.results(results))
    return batch, answer


def _settled(office: Office, batch_id: str) -> None:
    office.wait_batch(batch_id, "results_in", "closed")
    office.wait_quiet()


def _beside(office: Office, batch_id: str, results: Json) -> Json:
    doors = office.as_("leader")
    batch = office.as_("operator").get(f"/disbursement/batches/{batch_id}")
    seal = doors.get(f"/beneficiary/months/{MONTH}/seal")
    older = {month: doors.get(f"/disbursement/months/{month}/equation") for month in OLDER}
    return {
        "seal": {
            "count": sum(one["count"] for one in seal["programmes"]), "sum": sum(one["sum"] for one in seal["programmes"]),
            **{one["programme"]: one["sum"] for one in seal["programmes"]},
        },
        "batch": {key: batch[key] for key in ("payments", "allocations", "sum")},
        "results": {key: results[key] for key in ("applied", "rejected", "quarantined")},
        **{month: {key: found[key] for key in ("entitled", "paid")} for month, found in older.items()},
        "september_amount": doors.get(f"/disbursement/months/{MONTH}/equation")["paid_amount_month"],
    }  # fmt: skip
