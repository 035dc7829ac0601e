"""One month of many people, step by step: only the doors run beside it, so that relay and consumers are measured alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console

from ritme.bench.floors import Floors, bytes_of_instance, open_floors
from ritme.bench.measured import Timeline, work
from ritme.instance import Instance, throw_away_instance
from ritme.replay import cengkareng, files
from ritme.replay.drive import Office
from ritme.replay.figures import largest_remainder
from ritme.replay.files import CsvFile
from ritme.replay.people import People, kelurahan_of

MONTH: Final = "2025-09"
MONTHS: Final = ("2025-09", "2025-12")
DECREE: Final = "SK bench (sintetis)"
SEED: Final = 20250909
AMOUNT: Final = 300_000
SHARES: Final[Mapping[str, int]] = {"KLJ": 780, "KPDJ": 95, "KAJ": 125}
"""Of a thousand people, as the quota of August 2025 is spread."""
NO_CARD: Final = 5
"""Every fifth person waits for a card, as in August 2025."""
REJECTED, SILENT = 100, 500
"""Every so many transfers are rejected, and get no answer."""


class Proof(Protocol):
    """``ritme verify``'s report, as far as it is needed here."""

    @property
    def ok(self) -> bool: ...

    @property
    def seconds(self) -> float: ...

    @property
    def invariants(self) -> Any: ...


@dataclass
class Bench:
    """What was found."""

    people: int
    timeline: Timeline
    peak_mb: dict[str, float] = field(default_factory=dict)
    bytes_per_person: int = 0
    proof: Proof | None = None


@dataclass
class _Input:
    decree: Path
    accounts: Path
    counts: dict[str, int]


def run(people: int, *, superuser: Callable[[Path], str], verify: Callable[[Path], Proof], console: Console) -> Bench:
    """The whole month on a throw-away instance, then every floor, then the proofs.

    ``superuser``: the address of the embedded server of a data folder; ``verify``: the proofs on it.
    """
    timeline = Timeline(tell=lambda text: console.print(text, highlight=False))
    bench = Bench(people, timeline)
    with tempfile.TemporaryDirectory(prefix="ritme-bench-") as name, throw_away_instance(api_only=True) as instance:
        folder = Path(name)
        given = _write(folder, people)
        address = superuser(instance.data)
        empty = bytes_of_instance(address)
        with Office(instance.url, "bench", Console(quiet=True)) as office, open_floors(address, timeline) as floors:
            _Month(office, instance, timeline, floors, given, bench).live(folder)
        bench.bytes_per_person = (bytes_of_instance(address) - empty) // people
        with timeline.measured("verify"):
            bench.proof = verify(instance.data)
        timeline.step("verify").rows = sum(line.checked for line in bench.proof.invariants)
        bench.peak_mb["api"] = instance.peak_rss_mb()
    return bench


def _write(folder: Path, count: int) -> _Input:
    counts = largest_remainder(SHARES, count)
    made = People(SEED, kelurahan_of("31."), MONTH)
    with CsvFile(folder, "decree") as decree, CsvFile(folder, "accounts") as accounts:
        number = 0
        for programme, people in counts.items():
            for person in made.many(programme, people):
                number += 1
                decree.add(*files.decree_row(person, "baru" if number % NO_CARD == 0 else "lama", AMOUNT))
                accounts.add(*files.account_row(person, card_handed_over=number % NO_CARD != 0))
    return _Input(decree.path, accounts.path, {code: n for code, n in counts.items() if n})


def _code_of(account: str) -> str | None:
    number = int(account[-9:])
    if number % SILENT == 1:
        return None
    return "03" if number % REJECTED == 2 else "00"


@dataclass
class _Month:
    office: Office
    instance: Instance
    timeline: Timeline
    floors: Floors
    given: _Input
    bench: Bench

    def live(self, folder: Path) -> None:
        """Every step, each followed by its floor, so that both see the same machine."""
        people = self.bench.people
        budget = {code: n * AMOUNT for code, n in self.given.counts.items()} | {
            code: AMOUNT for code in SHARES if code not in self.given.counts
        }
        self.timeline.beside(lambda: cengkareng.bring_in_budget(self.office, folder, budget))
        self._bring_in(people)
        with self._doors("seal", people):
            self.office.seal(MONTH, tuple(self.given.counts))
        self.floors.sealed()
        self._work("")
        with self._doors("open", people):
            self.office.open(MONTH)
        self.floors.opened()
        self._pay(folder)

    def _bring_in(self, people: int) -> None:
        controls = cengkareng.decree_controls(self.given.counts, self.given.counts, DECREE, MONTHS, AMOUNT)
        with self._doors("import", people):
            self.office.bring_in("decree", self.given.decree, controls, by="operator", commit_by="operator2")
        self.floors.imported(self.given.decree)
        self._work("relay", "beneficiary", rows=people)
        self.floors.relayed()
        self._work("consume", "disbursement", rows=people)
        self.floors.consumed()
        with self._doors("import: accounts", people):
            self.office.bring_in("accounts", self.given.accounts, {"count": people}, by="operator", commit_by="operator2")
        self.floors.accounts(self.given.accounts)

    def _pay(self, folder: Path) -> None:
        step = "list and hash"
        with self._doors(step) as measured:
            batch = self.office.compose(MONTH)
            self.office.sign(batch["id"])
        batch = self.office.as_("operator").get(f"/disbursement/batches/{batch['id']}")
        measured.rows = payments = int(batch["payments"])
        self.floors.listed()
        self._work("")
        batch = self.office.wait_batch(batch["id"], "reserved")
        self.timeline.beside(lambda: cengkareng.record_sp2d(self.office, folder, batch, "1/SP2D/LS/2025 (sintetis)", "2025-09-22"))
        self._work("")
        with self._doors("file", payments):
            self.office.release(batch["id"])
        self.floors.filed(folder / "floor.tsv")
        sent = self.office.fetch_bank_file(batch["id"], folder / "bank.csv")
        answers, _ = files.bank_results(sent, folder / "results.csv", day="2025-09-25", code_of=_code_of)
        with self._doors("results", answers):
            self.office.results(folder / "results.csv")
        self.floors.answered(folder / "results.csv")
        self._work("gaps", "disbursement")
        self.timeline.step("gaps").rows = self.office.as_("leader").get("/disbursement/gaps", month=MONTH, limit=0)["open"]
        self.floors.gapped()
        self._work("")
        self.floors.verified()

    def _doors(self, name: str, rows: int = 0) -> Any:
        return self.timeline.measured(name, rows)

    def _work(self, name: str, *services: str, rows: int = 0) -> None:
        """``name`` empty: what is in between, counted with the month and with no step."""
        done = work(self.instance.environment, *services)
        self.bench.peak_mb["worker"] = max(self.bench.peak_mb.get("worker", 0.0), round(done.peak_mb, 1))
        if not name:
            self.timeline.else_seconds += done.seconds
            return
        step = self.timeline.step(name)
        step.seconds, step.rows, step.peak_mb = step.seconds + done.seconds, step.rows + rows, round(done.peak_mb, 1)
        self.timeline.tell(f"{name}: {step.rows:,} rows, {step.seconds:.2f} s")
