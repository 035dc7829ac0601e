"""August 2025 as it was published: 219,252 places, 206,078 people, 165,375 paid (``data/pkd_penerima_timeline.csv``, TROUBLES.md O23)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ritme.client import Json
from ritme.replay import cengkareng, files, report
from ritme.replay.drive import Office
from ritme.replay.figures import largest_remainder
from ritme.replay.files import CsvFile
from ritme.replay.people import People, kelurahan_of
from ritme.terminal import number
from shared.kernel.data import FOLDER

MONTH: Final = "2025-08"
SEED: Final = 202508
AMOUNT: Final = 300_000
DECREE: Final = "SK kuota 2025 (nama sintetis)"
DECREE_MONTHS: Final = ("2025-08", "2025-12")
PROGRAMMES: Final = ("KLJ", "KPDJ", "KAJ")
NOT_PUBLISHED: Final = {"KLJ": 153, "KPDJ": 4, "KAJ": 10}
"""167 new people whom no published cohort holds: spread by programme as the unpaid new are (CORE.md section 9)."""

ASSUMED: Final = (
    "the 40 reinstated stand outside the 149,687 existing of 8 August, and are owed August only",
    "the 1,578 who left had left before the cut-off; their reasons are not published",
    "167 new people stand in no published cohort; by programme they are spread as the unpaid new are (153, 4, 10)",
    "which kelurahan a person lives in is drawn by lot; people, accounts and document numbers are synthetic",
)


@dataclass(frozen=True)
class Group:
    """What happens to one of the seven published groups."""

    cohort: str
    account: bool = True
    card: bool = True
    action: str = ""


GROUPS: Final[Mapping[str, Group]] = {
    "existing_paid": Group("lama"),
    "left": Group("lama", action="end"),
    "new_not_published": Group("baru", account=False, card=False),
    "new_paid": Group("baru"),
    "new_waiting": Group("baru", card=False),
    "reinstated": Group("lama", action="reinstate"),
}


def published_cells() -> dict[str, int]:
    """People and places by group and programme, from the rows of the published table."""
    with (FOLDER / "pkd_penerima_timeline.csv").open(encoding="utf-8", newline="") as file:
        table = {row["periode"]: row for row in csv.DictReader(file) if row["tahun"] == "2025"}
    cells: dict[str, int] = {}
    for code in PROGRAMMES:
        column = code.lower()

        def people(period: str, column: str = column) -> int:
            return int(table[period][column])

        existing, new = people("8 Agu eksisting"), people("8 Agu penerima baru SK")
        existing_paid, new_paid = people("Agustus eksisting (25 Agu)"), people("Agustus baru yang kartunya sudah terdistribusi")
        reinstated = people("Agustus ditangguhkan lalu lolos")
        cells |= {
            f"existing_paid/{code}": existing_paid,
            f"left/{code}": existing - existing_paid,
            f"new_not_published/{code}": NOT_PUBLISHED[code],
            f"new_paid/{code}": new_paid,
            f"new_waiting/{code}": new - new_paid - NOT_PUBLISHED[code],
            f"reinstated/{code}": reinstated,
            f"vacant/{code}": people("kuota SK") - existing - new - reinstated,
        }
    return cells


@dataclass
class Cast:
    """The input files and their control totals."""

    decree: Path
    accounts: Path
    leave: Path
    clear: Path
    counts: dict[str, int] = field(default_factory=dict)
    quotas: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def write_cast(folder: Path, cells: Mapping[str, int]) -> Cast:
    """Everybody, written as they are made: memory stays flat at 206,078 people."""
    people = People(SEED, kelurahan_of("31."), MONTH)
    with (
        CsvFile(folder, "decree") as decree, CsvFile(folder, "accounts") as accounts,
        CsvFile(folder, "status", "status-leave") as leave, CsvFile(folder, "status", "status-clear") as clear,
    ):  # fmt: skip
        cast = Cast(decree.path, accounts.path, leave.path, clear.path)
        for code in PROGRAMMES:
            cast.counts[code] = sum(cells[f"{name}/{code}"] for name in GROUPS)
            cast.quotas[code] = cast.counts[code] + cells[f"vacant/{code}"]
            for name, group in GROUPS.items():
                for person in people.many(code, cells[f"{name}/{code}"]):
                    decree.add(*files.decree_row(person, group.cohort, AMOUNT))
                    if group.account:
                        accounts.add(*files.account_row(person, card_handed_over=group.card))
                    if group.action == "end":
                        leave.add(person.nik, code, "hentikan", "left_reason_not_published", MONTH, "rilis 25-08-2025")
                    elif group.action == "reinstate":
                        leave.add(person.nik, code, "tangguhkan", "under_review", MONTH, "padanan 2025")
                        clear.add(person.nik, code, "lanjutkan", "cleared", MONTH, "rilis 25-08-2025")
        cast.rows = {"accounts": accounts.rows, "leave": leave.rows, "clear": clear.rows}
    return cast


def tell(office: Office, folder: Path, scale: float) -> tuple[Json, Json]:
    """The month from the decree to quiescence; the report and what is checked beside it."""
    office.assumed += ASSUMED
    published = published_cells()
    cells = published if scale == 1 else largest_remainder(published, round(sum(published.values()) * scale))
    cast = office.step("Input files", lambda: write_cast(folder, cells))
    enrol(office, folder, cast)
    office.step(f"Open {MONTH}", lambda: office.open(MONTH))
    batch = pay(office, folder)
    office.step("Results are swept, gaps have owners", lambda: settled(office, batch["id"]))
    return office.insist(lambda: report.month_report(office, MONTH))


def enrol(office: Office, folder: Path, cast: Cast) -> None:
    two = {"by": "operator", "commit_by": "operator2"}
    counts, programmes = cast.counts, tuple(code for code in PROGRAMMES if cast.counts[code])
    controls = cengkareng.decree_controls(counts, cast.quotas, DECREE, DECREE_MONTHS, AMOUNT)
    budget = {code: max(n, 1) * AMOUNT for code, n in cast.quotas.items()}
    office.step("Budget and cash plan", lambda: cengkareng.bring_in_budget(office, folder, budget))
    office.step(f"Decree: {number(sum(counts.values()))} people", lambda: _short(office.bring_in("decree", cast.decree, controls, **two)))
    office.step("Events reach disbursement", office.wait_quiet)
    office.step("Accounts and cards", lambda: _short(office.bring_in("accounts", cast.accounts, {"count": cast.rows["accounts"]}, **two)))
    if cast.rows["leave"]:
        office.step("Left, and suspended", lambda: _short(office.bring_in("status", cast.leave, {"count": cast.rows["leave"]}, **two)))
    if cast.rows["clear"]:
        office.step("Reinstated", lambda: _short(office.bring_in("status", cast.clear, {"count": cast.rows["clear"]}, **two)))
    office.step(f"Cut-off and seal of {MONTH}", lambda: office.seal(MONTH, programmes))


def pay(office: Office, folder: Path) -> Json:
    """List, signatures, SP2D, release, results: every transfer of August was credited."""
    batch = office.step("List of payments", lambda: office.compose(MONTH))
    office.step("Made, checked, approved", lambda: office.sign(batch["id"]))
    reserved = office.step(
        "Budget reserved", lambda: office.wait_batch(batch["id"], "reserved", "funded", "released", "results_in", "closed")
    )
    office.step("SP2D", lambda: cengkareng.record_sp2d(office, folder, reserved, "00825/SP2D/LS/2025 (sintetis)", "2025-08-22"))
    office.step("Released to the bank", lambda: office.release(batch["id"]))
    sent = office.step("The bank takes its file", lambda: office.fetch_bank_file(batch["id"], folder / "bank.csv"))
    results = folder / "results.csv"
    files.bank_results(sent, results, day="2025-08-25", code_of=lambda _: "00")
    office.step("The bank's results", lambda: office.results(results))
    return batch


def settled(office: Office, batch_id: str) -> None:
    office.wait_batch(batch_id, "results_in", "closed")
    office.wait_quiet()


def _short(view: Json) -> str:
    return f"{number(view['accepted'])} rows"
