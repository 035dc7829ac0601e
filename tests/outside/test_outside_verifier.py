"""The verifier that auditors run says 0/0/0 on a good month, and finds each kind of wrong month."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("verify.py")
MONTH = "2025-09"

PEOPLE = [(f"317301{n:010d}", f"0000000{n}-0000-7000-8000-000000000000", "KLJ" if n < 6 else "KAJ") for n in range(1, 9)]
"""1-5 are KLJ, 6-8 KAJ. 1-4 and 6 are paid, 5 has no card, 7 was rejected, 8 is suspended; 2 also gets two older months."""


class Month:
    """Files of a small good month, as lists of lines to spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.decree = ["nik;nama;tanggal_lahir;alamat;kode_kelurahan;program;penerima;nominal"]
        self.mapping = ["nik;person_id"]
        self.ledger = ["person_id;programme;month;outcome;reason;amount;settled_on;payment_reference"]
        self.older = [self.ledger[0]]
        self.sent = ["2025-09-M01;6;2400000;1", "rujukan;kode_bank;nomor_rekening;nama_pemilik;nominal"]
        self.answers: list[str] = []
        self.accounts = ["nik;program;kode_bank;nomor_rekening;nama_pemilik;kartu_diserahkan"]
        self.status = ["nik;program;tindakan;alasan;mulai_bulan;dokumen", f"{PEOPLE[7][0]};KAJ;tangguhkan;x;2025-09;d"]
        self.status += [f"{PEOPLE[1][0]};KLJ;tangguhkan;x;2025-07;d", f"{PEOPLE[1][0]};KLJ;lanjutkan;x;2025-07;d"]
        outcomes = {5: ("missed", "card_not_handed_over"), 7: ("missed", "account_closed"), 8: ("held", "under_review")}
        for n, (nik, person, programme) in enumerate(PEOPLE, 1):
            self.decree.append(f"{nik};Nama;1950-01-01;Jalan;31.73.01.1001;{programme};lama;300000")
            self.mapping.append(f"{nik};{person}")
            self.accounts.append(f"{nik};{programme};111;7000{n};Nama;{'tidak' if n == 5 else 'ya'}")
            outcome, reason = outcomes.get(n, ("paid", ""))
            reference, day = (f"R{n}", "2025-09-25") if outcome == "paid" else ("", "")
            self.ledger.append(f"{person};{programme};{MONTH};{outcome};{reason};300000;{day};{reference}")
            if n not in (5, 8):
                amount = 900000 if n == 2 else 300000
                self.sent.append(f"R{n};111;7000{n};Nama;{amount}")
                self.answers.append(f"R{n};7000{n};{amount};{'03' if n == 7 else '00'};2025-09-25")
        self.older += [f"{PEOPLE[1][1]};KLJ;2025-0{m};paid;;300000;2025-09-25;R2" for m in (7, 8)]

    def write(self, name: str, lines: list[str]) -> str:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    def results(self, name: str, answers: list[str]) -> str:
        total = sum(int(line.split(";")[2]) for line in answers)
        head = [f"2025-09-M01;1;1;{len(answers)};{total}", "rujukan;nomor_rekening;nominal;kode;tanggal"]
        return self.write(name, [*head, *answers])

    def command(self, *more: str, mapped: bool = True) -> list[str]:
        command = [
            "--month", MONTH, "--decree", self.write("decree.csv", self.decree), "--ledger", self.write("ledger.csv", self.ledger),
            "--results", self.results("results.csv", self.answers),
        ]  # fmt: skip
        if mapped:
            command += ["--mapping", self.write("mapping.csv", self.mapping), "--older", self.write("older.csv", self.older)]
            command += ["--accounts", self.write("accounts.csv", self.accounts), "--status", self.write("status.csv", self.status)]
            command += ["--sent", self.write("sent.csv", self.sent)]
        return [*command, *more]


def verify(command: list[str]) -> tuple[int, dict[str, int], str]:
    """As a program of its own in another folder: it cannot reach the product."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *command], capture_output=True, text=True, check=False, cwd=Path(command[3]).parent
    )
    last = done.stdout.strip().splitlines()[-1:] or ["{}"]
    return done.returncode, json.loads(last[0]), done.stderr


@pytest.fixture
def month(tmp_path: Path) -> Month:
    return Month(tmp_path)


@pytest.mark.parametrize("mapped", [True, False])
def test_a_good_month(month: Month, mapped: bool) -> None:
    assert verify(month.command(mapped=mapped)) == (0, {"missing": 0, "extra": 0, "double": 0}, "")


def _drop(lines: list[str], n: int) -> None:
    del lines[n]


def _more(lines: list[str], old: str, new: str) -> None:
    (found,) = [n for n, line in enumerate(lines) if old in line]
    lines[found] = lines[found].replace(old, new)


SPOILED: dict[str, tuple[Callable[[Month], None], dict[str, int]]] = {
    "a person of the decree is not in the ledger": (lambda m: _drop(m.ledger, 5), {"missing": 1, "extra": 0, "double": 0}),
    "a person in the ledger is not of the decree": (lambda m: _drop(m.decree, 5), {"missing": 0, "extra": 1, "double": 0}),
    "a person stands in the ledger twice": (lambda m: m.ledger.append(m.ledger[5]), {"missing": 0, "extra": 0, "double": 1}),
    "credited and not paid": (
        lambda m: _more(m.ledger, "paid;;300000;2025-09-25;R1", "missed;x;300000;;"),
        {"missing": 1, "extra": 0, "double": 0},
    ),
    "paid and not credited": (lambda m: _drop(m.answers, 0), {"missing": 0, "extra": 1, "double": 0}),
    "paid and rejected": (lambda m: _more(m.answers, "R1;70001;300000;00", "R1;70001;300000;03"), {"missing": 0, "extra": 1, "double": 0}),
    "paid without a reference": (lambda m: _more(m.ledger, ";R1", ";"), {"missing": 1, "extra": 1, "double": 0}),
    "credited twice": (lambda m: m.answers.append(m.answers[0]), {"missing": 0, "extra": 0, "double": 1}),
    "named twice by the decree": (lambda m: m.decree.append(m.decree[1]), {"missing": 0, "extra": 0, "double": 1}),
}


@pytest.mark.parametrize("name", SPOILED)
@pytest.mark.parametrize("mapped", [True, False])
def test_a_spoiled_month(month: Month, name: str, mapped: bool) -> None:
    spoil, expected = SPOILED[name]
    spoil(month)
    code, found, named = verify(month.command(mapped=mapped))
    assert (code, found) == (1, expected)
    assert named
    assert not any(nik in named for nik, _, _ in PEOPLE)


def test_two_people_paid_by_one_payment(month: Month) -> None:
    _more(month.ledger, ";R3", ";R1")
    assert verify(month.command(mapped=False))[:2] == (1, {"missing": 1, "extra": 0, "double": 1})
    # Knowing the accounts, the second of them is also paid into another one's.
    assert verify(month.command())[:2] == (1, {"missing": 1, "extra": 1, "double": 1})


MAPPED_ONLY: dict[str, tuple[Callable[[Month], None], dict[str, int]]] = {
    "one person instead of another": (
        lambda m: _more(m.ledger, PEOPLE[4][1], "ffffffff-0000-7000-8000-000000000000"),
        {"missing": 1, "extra": 1, "double": 0},
    ),
    "an older month was credited and is not paid": (lambda m: _drop(m.older, 1), {"missing": 1, "extra": 0, "double": 0}),
    "more months are paid than were credited": (
        lambda m: m.older.append(f"{PEOPLE[1][1]};KLJ;2025-06;paid;;300000;2025-09-25;R2"),
        {"missing": 0, "extra": 1, "double": 0},
    ),
    "a suspended person is paid": (
        lambda m: m.status.append(f"{PEOPLE[0][0]};KLJ;hentikan;x;2025-09;d"),
        {"missing": 0, "extra": 1, "double": 0},
    ),
    "money went to somebody else": (lambda m: _more(m.accounts, "70001", "70099"), {"missing": 0, "extra": 1, "double": 0}),
    "the bank answers for another amount": (
        lambda m: _more(m.answers, "R1;70001;300000", "R1;70001;600000"),
        {"missing": 0, "extra": 1, "double": 0},
    ),
}


@pytest.mark.parametrize("name", MAPPED_ONLY)
def test_what_only_the_mapping_shows(month: Month, name: str) -> None:
    spoil, expected = MAPPED_ONLY[name]
    spoil(month)
    assert verify(month.command())[:2] == (1, expected)


def test_a_late_return_takes_the_credit_back(month: Month) -> None:
    later = month.results("later.csv", ["R1;70001;300000;09;2025-10-02"])
    command = month.command()
    command.insert(command.index("--results") + 2, later)
    assert verify(command)[:2] == (1, {"missing": 0, "extra": 1, "double": 0})
    _more(month.ledger, "paid;;300000;2025-09-25;R1", "missed;bank_return;300000;;")
    command = month.command()
    command.insert(command.index("--results") + 2, later)
    assert verify(command)[:2] == (0, {"missing": 0, "extra": 0, "double": 0})


def test_files_that_cannot_be_used(month: Month) -> None:
    month.answers[0] = month.answers[0].replace(";00;", ";ZZ;")
    assert verify(month.command())[0] == 2
    month = Month(month.folder)
    month.decree[0] = month.decree[0].replace("nik", "nomor")
    assert verify(month.command())[0] == 2
    month = Month(month.folder)
    path = Path(month.command()[7])
    path.write_text(path.read_text(encoding="utf-8").replace(";6;", ";7;", 1), encoding="utf-8")
    assert (
        verify(
            [
                "--month",
                MONTH,
                "--decree",
                month.write("decree.csv", month.decree),
                "--ledger",
                month.write("ledger.csv", month.ledger),
                "--results",
                str(path),
            ]
        )[0]
        == 2
    )


def test_it_imports_nothing_but_python_itself() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= sys.stdlib_module_names
