#!/usr/bin/env python3
"""Does the ledger of a month say what the decree and the bank say? A check from outside, for auditors.

    python verify.py --month 2025-09 --decree decree.csv --ledger ledger-2025-09.csv --results results.csv --mapping mapping.csv

It needs nothing but Python, imports nothing of the product, and reads files only:

- ``--decree``   what was imported: ``nik;…;program;…;nominal`` (give every decree list in force; CSV)
- ``--ledger``   what ``ritme ledger export --month M --csv`` wrote
- ``--older``    the ledgers of older months that were paid along; when given, every credited rupiah must be in some ledger
- ``--results``  the bank's result files, in the order in which they came
- ``--sent``     the files that went to the bank; a result with another amount or account than sent then counts for nothing
- ``--mapping``  ``nik;person_id``, so that people are compared one by one; without it their numbers by programme are
- ``--status``   status changes, all of them (those that were ordered in the console are in no file); who was suspended or ended
                 for the month must not be paid (needs ``--mapping``)
- ``--accounts`` who owns which account; money must arrive in the account of its person (needs ``--mapping``)

The last line of the output is ``{"missing": 0, "extra": 0, "double": 0}``:

- missing: named by the decree and not in the ledger, or credited by the bank and not paid in the ledger
- extra: in the ledger and not named, or paid in the ledger and not credited (or not to be paid at all)
- double: a person twice in the month, a payment credited twice, or one payment for two people

Exit code 0 where all three are 0, 1 where not, 2 where a file cannot be used. Findings are named on standard error by
person id, programme and payment reference; no NIK is ever printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

CREDITED = {"00", "SUDAH TRANSAKSI", "TIDAK TRANSAKSI"}
PENDING = {"SI"}
REJECTED = {"03", "09", "11", "14", "GAGAL BUREKOL"}
SHOWN_MAX = 20

Person = tuple[str, str]
"""Person id and programme."""


class UnusableFileError(Exception):
    """A file is not what it should be; the text says which and why."""


class LedgerLine(NamedTuple):
    person: Person
    outcome: str
    amount: int
    reference: str


class Answer(NamedTuple):
    """One line of the bank."""

    reference: str
    account: str
    amount: int
    code: str


class Findings:
    """Three numbers, and the first few of what they count."""

    def __init__(self) -> None:
        self.numbers = {"missing": 0, "extra": 0, "double": 0}
        self.named: list[str] = []

    def add(self, kind: str, text: str, times: int = 1) -> None:
        if times <= 0:
            return
        self.numbers[kind] += times
        if len(self.named) < SHOWN_MAX:
            self.named.append(f"{kind}: {text}" + (f" ({times} times)" if times > 1 else ""))


# --- files ----------------------------------------------------------------------------------------------------------


def records(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """Rows of a CSV file with a header (``;``), checked for the columns that are needed."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter=";")
        missing = [column for column in columns if column not in (rows.fieldnames or [])]
        if missing:
            raise UnusableFileError(f"{path}: no column {', '.join(missing)}")
        for row in rows:
            if any((value or "").strip() for value in row.values() if not isinstance(value, list)):
                yield {key: (row[key] or "").strip() for key in columns}


def read_decree(paths: Sequence[Path]) -> Counter[tuple[str, str]]:
    """How often each NIK stands in the list of each programme."""
    return Counter((row["nik"], row["program"].upper()) for path in paths for row in records(path, "nik", "program"))


def read_ledger(path: Path, month: str | None = None) -> list[LedgerLine]:
    columns = ("person_id", "programme", "month", "outcome", "amount", "payment_reference")
    lines = []
    for row in records(path, *columns):
        if month is not None and row["month"] != month:
            raise UnusableFileError(f"{path}: a line is of {row['month']}, not of {month}")
        lines.append(LedgerLine((row["person_id"], row["programme"]), row["outcome"], int(row["amount"]), row["payment_reference"]))
    return lines


def read_results(path: Path) -> list[Answer]:
    """First row: batch, part, parts, count, sum; then the header; then the answers. Raise where the totals do not fit."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=";") if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0]) < 5:
        raise UnusableFileError(f"{path}: no first row with batch, part, parts, count and sum")
    header = [cell.strip() for cell in rows[1]]
    try:
        place = [header.index(name) for name in ("rujukan", "nomor_rekening", "nominal", "kode")]
    except ValueError as error:
        raise UnusableFileError(f"{path}: {error}") from None
    answers = []
    for row in rows[2:]:
        reference, account, amount, code = (row[n].strip() for n in place)
        answers.append(Answer(reference, account, int(amount), code.upper()))
    if (len(answers), sum(answer.amount for answer in answers)) != (int(rows[0][3]), int(rows[0][4])):
        raise UnusableFileError(f"{path}: the first row does not fit the rows")
    return answers


def read_sent(paths: Sequence[Path]) -> dict[str, tuple[str, int]]:
    """Account and amount of every payment that went to the bank, by reference."""
    sent = {}
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=";")
            next(rows)
            header = next(rows)
            place = [header.index(name) for name in ("rujukan", "nomor_rekening", "nominal")]
            for row in rows:
                sent[row[place[0]]] = (row[place[1]], int(row[place[2]]))
    return sent


# --- the decree and the ledger ----------------------------------------------------------------------------------------


def compare_people(decree: Counter[tuple[str, str]], ledger: Sequence[LedgerLine], mapping: dict[str, str] | None, found: Findings) -> None:
    """Every person of the decree has exactly one line, and nobody else has one."""
    lines = Counter(line.person for line in ledger)
    for (person, programme), times in sorted(lines.items()):
        found.add("double", f"{person} {programme} stands in the ledger {times} times", times - 1)
    named_twice = sum(times - 1 for times in decree.values())
    found.add("double", "a NIK stands in the decree's list of one programme more than once", named_twice)
    if mapping is None:
        named, kept = Counter(programme for _, programme in decree), Counter(programme for _, programme in lines)
        for programme in sorted(named.keys() | kept.keys()):
            found.add("missing", f"{programme}: people of the decree without a line", named[programme] - kept[programme])
            found.add("extra", f"{programme}: lines of people whom the decree does not name", kept[programme] - named[programme])
        return
    unknown = sum(nik not in mapping for nik, _ in decree)
    found.add("missing", "people of the decree have no person id", unknown)
    wanted = {(mapping[nik], programme) for nik, programme in decree if nik in mapping}
    for person, programme in sorted(wanted - lines.keys()):
        found.add("missing", f"{person} {programme} has no line")
    for person, programme in sorted(lines.keys() - wanted):
        found.add("extra", f"{person} {programme} has a line and is not named")


# --- the bank and the ledger ------------------------------------------------------------------------------------------


def bank_says(files: Sequence[Path], sent: dict[str, tuple[str, int]], found: Findings) -> dict[str, Answer]:
    """The last word on each payment that is credited in the end; a later rejection takes a credit back."""
    last: dict[str, Answer] = {}
    for path in files:
        credited: Counter[str] = Counter()
        for answer in read_results(path):
            if sent and sent.get(answer.reference) != (answer.account, answer.amount):
                continue
            if answer.code in CREDITED:
                credited[answer.reference] += 1
                last.setdefault(answer.reference, answer)
            elif answer.code in REJECTED:
                last.pop(answer.reference, None)
            elif answer.code not in PENDING:
                raise UnusableFileError(f"{path}: code {answer.code!r} is not known here")
        for reference, times in sorted(credited.items()):
            found.add("double", f"{reference} is credited {times} times in {path.name}", times - 1)
    return last


def compare_payments(
    month: Sequence[LedgerLine], older: Sequence[LedgerLine], credited: dict[str, Answer], found: Findings, *, every_rupiah: bool
) -> None:
    """Everyone credited is paid once; everyone paid is credited. ``every_rupiah``: and every credited rupiah is in a ledger."""
    paid: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in [*month, *older]:
        if line.outcome == "paid":
            paid[line.reference].append(line)
    for reference, lines in sorted(paid.items()):
        people = {line.person for line in lines}
        if not reference:
            found.add("extra", "paid without a payment reference", len(lines))
        elif reference not in credited:
            for person, programme in sorted(people):
                found.add("extra", f"{person} {programme} is paid by {reference}, which the bank did not credit")
        elif len(people) > 1:
            found.add("double", f"{reference} pays {len(people)} people", len(people) - 1)
        elif sum(line.amount for line in lines) > credited[reference].amount:
            found.add("extra", f"{reference}: more rupiah are paid than credited")
        elif every_rupiah and sum(line.amount for line in lines) < credited[reference].amount:
            found.add("missing", f"{reference}: more rupiah are credited than paid")
    for reference in sorted(credited.keys() - paid.keys()):
        found.add("missing", f"{reference} is credited and nobody is paid by it")


def not_to_be_paid(paths: Sequence[Path], month: str, mapping: dict[str, str]) -> set[Person]:
    """Who is suspended or ended for the month, by the last change that reaches it."""
    state: dict[Person, str] = {}
    for path in paths:
        for row in records(path, "nik", "program", "tindakan", "mulai_bulan"):
            if row["mulai_bulan"] <= month and row["nik"] in mapping:
                state[mapping[row["nik"]], row["program"].upper()] = row["tindakan"].lower()
    return {person for person, action in state.items() if action != "lanjutkan"}


def owned_accounts(paths: Sequence[Path], mapping: dict[str, str]) -> dict[Person, str]:
    rows = (row for path in paths for row in records(path, "nik", "program", "nomor_rekening"))
    return {(mapping[row["nik"]], row["program"].upper()): row["nomor_rekening"] for row in rows if row["nik"] in mapping}


def compare_rights(
    month: Sequence[LedgerLine], credited: dict[str, Answer], stopped: set[Person], accounts: dict[Person, str], found: Findings
) -> None:
    """Nobody who was stopped is paid, and money arrives in its person's own account."""
    for line in month:
        if line.outcome != "paid":
            continue
        if line.person in stopped:
            found.add("extra", f"{' '.join(line.person)} is suspended or ended and paid")
        answer = credited.get(line.reference)
        if accounts and answer is not None and accounts.get(line.person) != answer.account:
            found.add("extra", f"{' '.join(line.person)}: {line.reference} went to an account of somebody else")


# --- command ----------------------------------------------------------------------------------------------------------


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The ledger of a month against the decree and the bank's results.")
    parser.add_argument("--month", required=True, help="YYYY-MM")
    parser.add_argument("--ledger", required=True, type=Path)
    parser.add_argument("--mapping", type=Path)
    for name, needed in (("decree", True), ("results", True), ("older", False), ("sent", False), ("status", False), ("accounts", False)):
        parser.add_argument(f"--{name}", required=needed, nargs="+", type=Path, default=[])
    return parser


def check(options: argparse.Namespace) -> Findings:
    """Raise UnusableFileError, or OSError and ValueError as reading does."""
    found = Findings()
    mapping = None
    if options.mapping is not None:
        mapping = {row["nik"]: row["person_id"] for row in records(options.mapping, "nik", "person_id") if row["person_id"]}
    elif options.status or options.accounts:
        raise UnusableFileError("--status and --accounts need --mapping")
    month = read_ledger(options.ledger, options.month)
    older = [line for path in options.older for line in read_ledger(path)]
    compare_people(read_decree(options.decree), month, mapping, found)
    credited = bank_says(options.results, read_sent(options.sent), found)
    compare_payments(month, older, credited, found, every_rupiah=bool(older))
    stopped = not_to_be_paid(options.status, options.month, mapping or {})
    compare_rights(month, credited, stopped, owned_accounts(options.accounts, mapping or {}), found)
    return found


def main(given: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(given)
    try:
        found = check(options)
    except (UnusableFileError, OSError, ValueError, IndexError, StopIteration) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    for text in found.named:
        print(text, file=sys.stderr)
    print(json.dumps(found.numbers))
    return 1 if any(found.numbers.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
