#!/usr/bin/env python3
"""Did everybody of a month get an answer? A check of Ritme's proof of completeness, for whoever does not want to trust Ritme.

    python check_proof.py proof-2025-09.zip          (or a folder with its files)

It needs nothing but Python 3.11, imports nothing of the product, and keeps one month in memory. It counts again what the files
say, and compares them with one another:

1. The archive is whole: every file of the manifest is there, with its rows, rupiah and SHA-256, and no other file.
2. The sealed list of each programme has the count, sum and SHA-256 of the seal that the registry of beneficiaries made at cut-off
   (lines ``person<TAB>status<TAB>reason<TAB>amount``, ordered by person).
3. Everybody on the sealed list has exactly one outcome, and nobody else has one.
4. Every outcome is explained: paid by a credit with a day and the same rupiah; missed or unknown by an open gap with reason, owner and
   date; held and excluded by a reason; on its way by a payment that is on its way. The entries lead to the outcome by legal steps.
5. No month is paid twice.

The last line of the output is ``{"missing": 0, "extra": 0, "double": 0, "unexplained": 0}``:

- missing: on the sealed list and without an outcome; or a file, a row or an entry that should be there and is not
- extra: an outcome of somebody who is not on the list; a credit without a paid month; a file that the manifest does not know
- double: a person twice, a month paid or on its way twice
- unexplained: an outcome, or a number, that nothing in the files supports

Exit code 0 where all four are 0, 1 where not, 2 where the archive cannot be used. Findings are named on standard error. Holds without a
notice are said there too; they are late work, not a hole in the proof.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMAT = "ritme-proof/1"
NEEDED = ("seals.csv", "sealed.csv", "heads.csv", "entries.csv", "payments.csv", "gaps.csv", "holds.csv", "exclusions.csv")
RUPIAH = {"seals.csv": "sum", "sealed.csv": "amount", "heads.csv": "amount", "entries.csv": "amount", "payments.csv": "amount"}
OUTCOMES = ("due", "in_payment", "unknown", "paid", "held", "missed", "excluded")
NEEDS_REASON = ("unknown", "held", "missed", "excluded")
LEGAL = {
    ("", "due"), ("", "held"), ("", "excluded"), ("", "missed"), ("due", "in_payment"), ("missed", "in_payment"), ("in_payment", "paid"),
    ("unknown", "paid"), ("in_payment", "missed"), ("unknown", "missed"), ("in_payment", "unknown"), ("paid", "missed"),
    ("due", "missed"), ("held", "missed"), ("held", "due"), ("due", "held"), ("missed", "held"), ("held", "excluded"),
    ("due", "excluded"), ("missed", "excluded"), ("missed", "missed"),
}  # fmt: skip
SHOWN_MAX = 40

Key = tuple[str, str]
"""Person id and programme."""


class UnusableError(Exception):
    """The archive is not what it should be; the text says why."""


class Findings:
    """Four numbers, and the first few of what they count."""

    def __init__(self) -> None:
        self.numbers = {"missing": 0, "extra": 0, "double": 0, "unexplained": 0}
        self.named: list[str] = []

    def add(self, kind: str, text: str) -> None:
        self.numbers[kind] += 1
        if len(self.named) < SHOWN_MAX:
            self.named.append(f"{kind}: {text}")


class Archive:
    """The files of a proof, from a ZIP or a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UnusableError(f"{path}: {error}") from None

    def names(self) -> list[str]:
        if self._zip is None:
            return sorted(one.name for one in self._path.iterdir() if one.is_file())
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        try:
            return (self._path / name).read_bytes() if self._zip is None else self._zip.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise UnusableError(f"{name}: {error}") from None


def rows_of(data: bytes, name: str) -> Iterator[dict[str, str]]:
    lines = io.StringIO(data.decode("utf-8"), newline="\n")
    header = next(lines, "").rstrip("\n").split(";")
    for number, line in enumerate(lines, 2):
        cells = line.rstrip("\n").split(";")
        if len(cells) != len(header):
            raise UnusableError(f"{name}, line {number}: {len(cells)} columns instead of {len(header)}")
        yield dict(zip(header, cells, strict=True))


def read_archive(archive: Archive, found: Findings) -> tuple[str, dict[str, list[dict[str, str]]]]:
    """The month and the rows of every file, once the manifest fits them."""
    names = archive.names()
    if "manifest.json" not in names:
        raise UnusableError("there is no manifest.json")
    try:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        listed = {one["name"]: one for one in manifest["files"]}
        month = str(manifest["month"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableError(f"manifest.json: {error}") from None
    if manifest.get("format") != FORMAT:
        raise UnusableError(f"manifest.json: format {manifest.get('format')!r}, this check reads {FORMAT}")
    for name, times in Counter(names).items():
        if name != "manifest.json" and name not in listed:
            found.add("extra", f"file {name} is not in the manifest")
        if times > 1:
            found.add("double", f"file {name} is there {times} times")
    tables: dict[str, list[dict[str, str]]] = {}
    for name in NEEDED:
        if name not in listed or name not in names:
            found.add("missing", f"file {name}")
            tables[name] = []
            continue
        data = archive.read(name)
        tables[name] = list(rows_of(data, name))
        said = listed[name]
        if hashlib.sha256(data).hexdigest() != said["sha256"]:
            found.add("unexplained", f"file {name} has other bytes than the manifest says")
        if len(tables[name]) != said["rows"]:
            found.add("unexplained", f"file {name} has {len(tables[name])} rows, the manifest says {said['rows']}")
        total = sum(int(row[RUPIAH[name]]) for row in tables[name]) if name in RUPIAH else 0
        if total != said["sum"]:
            found.add("unexplained", f"file {name} adds up to {total}, the manifest says {said['sum']}")
    return month, tables


def check_seals(tables: dict[str, list[dict[str, str]]], found: Findings) -> set[str]:
    """Each programme's list against its seal; returns the programmes that have a list."""
    lists: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in tables["sealed.csv"]:
        lists[row["programme"]].append(row)
    with_list = set()
    for seal in tables["seals.csv"]:
        name, state = seal["programme"], seal["state"]
        if state not in ("opened", "closed"):
            continue
        with_list.add(name)
        rows = sorted(lists.pop(name, []), key=lambda row: row["person_id"])
        digest = hashlib.sha256()
        for row in rows:
            digest.update(f"{row['person_id']}\t{row['status']}\t{row['reason']}\t{row['amount']}\n".encode())
        own = (len(rows), sum(int(row["amount"]) for row in rows), digest.hexdigest())
        said = (int(seal["count"]), int(seal["sum"]), seal["hash"])
        if own != said:
            found.add("unexplained", f"{name}: the sealed list is {own}, the seal says {said}")
    for name in lists:
        found.add("extra", f"{name}: a sealed list without a seal")
    if not tables["seals.csv"]:
        found.add("missing", "no programme of this month is named")
    return with_list


def once(rows: list[dict[str, str]], what: str, found: Findings) -> dict[Key, dict[str, str]]:
    """The rows by person and programme; one that comes again is double."""
    by_key: dict[Key, dict[str, str]] = {}
    for row in rows:
        key = (row["person_id"], row["programme"])
        if key in by_key:
            found.add("double", f"{what} of {key[0]} in {key[1]}")
        by_key[key] = row
    return by_key


def check_people(tables: dict[str, list[dict[str, str]]], with_list: set[str], found: Findings) -> dict[Key, dict[str, str]]:
    """Everybody on the list has one outcome, and nobody else."""
    sealed = once(tables["sealed.csv"], "line on the sealed list", found)
    heads = once(tables["heads.csv"], "outcome", found)
    for key, line in sealed.items():
        head = heads.get(key)
        if head is None:
            found.add("missing", f"{key[0]} in {key[1]} is on the sealed list and has no outcome")
        elif head["amount"] != line["amount"]:
            found.add("unexplained", f"{key[0]} in {key[1]}: {head['amount']} rupiah, the list says {line['amount']}")
    for key, head in heads.items():
        if key not in sealed and (key[1] in with_list or head["cause"] != "carried_in"):
            found.add("extra", f"{key[0]} in {key[1]} has an outcome and is not on the sealed list")
    return heads


def check_entries(tables: dict[str, list[dict[str, str]]], heads: dict[Key, dict[str, str]], found: Findings) -> None:
    """The entries of each person-month are numbered without a hole, follow one another legally, and end in the outcome."""
    chains: dict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in tables["entries.csv"]:
        chains[row["person_id"], row["programme"]].append(row)
    for key, head in heads.items():
        chain = sorted(chains.pop(key, []), key=lambda row: int(row["version"]))
        if not chain:
            found.add("missing", f"{key[0]} in {key[1]}: no entry")
            continue
        before, number = "", 0
        for row in chain:
            number += 1
            if int(row["version"]) != number:
                found.add("double" if int(row["version"]) < number else "missing", f"{key[0]} in {key[1]}: entry {number}")
                number = int(row["version"])
            if row["from_outcome"] != before or (before, row["outcome"]) not in LEGAL or not row["author"]:
                found.add("unexplained", f"{key[0]} in {key[1]}: from {before or 'nothing'} to {row['outcome']} in entry {number}")
            before = row["outcome"]
        last = chain[-1]
        if (last["outcome"], last["reason"], last["version"], last["amount"]) != (
            head["outcome"], head["reason"], head["version"], head["amount"],
        ):  # fmt: skip
            found.add("unexplained", f"{key[0]} in {key[1]}: {head['outcome']}, the last entry says {last['outcome']}")
    for key in chains:
        found.add("extra", f"{key[0]} in {key[1]}: entries without an outcome")


def check_outcomes(tables: dict[str, list[dict[str, str]]], heads: dict[Key, dict[str, str]], found: Findings) -> None:
    """What supports each outcome: payments for those that moved, gaps for those that wait, a reason for those not to be paid."""
    live: dict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in tables["payments.csv"]:
        if row["live"] == "t":
            live[row["person_id"], row["programme"]].append(row)
    gaps = once(tables["gaps.csv"], "gap", found)
    for key, payments in live.items():
        if len(payments) > 1:
            found.add("double", f"{key[0]} in {key[1]}: {len(payments)} payments for one month")
    for key, head in heads.items():
        name = f"{key[0]} in {key[1]}"
        if head["outcome"] not in OUTCOMES:
            found.add("unexplained", f"{name}: '{head['outcome']}' is no outcome")
        if (head["reason"] != "") != (head["outcome"] in NEEDS_REASON):
            found.add("unexplained", f"{name}: {head['outcome']} with reason '{head['reason']}'")
        _check_payments(name, head, live.pop(key, []), found)
        _check_gap(name, head, gaps.pop(key, None), found)
    for key in live:
        found.add("extra", f"{key[0]} in {key[1]}: a payment without an outcome")
    for key in gaps:
        found.add("extra", f"{key[0]} in {key[1]}: a gap without an outcome")


def _check_payments(name: str, head: dict[str, str], payments: list[dict[str, str]], found: Findings) -> None:
    outcome, states = head["outcome"], {row["outcome"] for row in payments}
    if outcome == "paid":
        if states != {"credited"} or any(not row["settled_on"] or row["amount"] != head["amount"] for row in payments):
            found.add("unexplained", f"{name}: paid, and no credit of {head['amount']} with a day supports it")
    elif "credited" in states:
        found.add("extra", f"{name}: credited by the bank, and the month is {outcome}")
    elif outcome in ("in_payment", "unknown"):
        if states != {outcome}:
            found.add("unexplained", f"{name}: {outcome}, the payment is {'/'.join(sorted(states)) or 'not there'}")
    elif states - {"prepared"}:
        found.add("unexplained", f"{name}: {outcome}, and a payment is {'/'.join(sorted(states))}")


def _check_gap(name: str, head: dict[str, str], gap: dict[str, str] | None, found: Findings) -> None:
    if head["outcome"] in ("missed", "unknown"):
        if gap is None or gap["state"] != "open":
            found.add("unexplained", f"{name}: {head['outcome']} without an open gap")
        elif not (gap["reason"] and gap["owner"] and gap["due_on"]) or gap["reason"] != head["reason"]:
            found.add("unexplained", f"{name}: its gap has reason '{gap['reason']}', owner '{gap['owner']}', date '{gap['due_on']}'")
    elif head["outcome"] in ("paid", "excluded") and gap is not None and gap["state"] == "open":
        found.add("unexplained", f"{name}: {head['outcome']}, and its gap is still open")


def check_cases(tables: dict[str, list[dict[str, str]]], heads: dict[Key, dict[str, str]], found: Findings) -> list[str]:
    """Every held month has a case; every exclusion two names. Returns what is late."""
    holds = {(row["person_id"], row["programme"]): row for row in tables["holds.csv"] if row["state"] != "closed"}
    late = []
    for key, head in heads.items():
        if head["outcome"] != "held":
            continue
        hold = holds.get(key)
        if hold is None or not hold["owner"] or not hold["due_on"]:
            found.add("unexplained", f"{key[0]} in {key[1]}: held, and no case with owner and date")
        elif not hold["noticed_on"]:
            late.append(f"hold without a notice: {key[0]} in {key[1]}, due {hold['due_on']}, {hold['owner']}")
    for row in tables["exclusions.csv"]:
        key = (row["person_id"], row["programme"])
        if not row["decided_by"] or row["asked_by"] == row["decided_by"]:
            found.add("unexplained", f"{key[0]} in {key[1]}: excluded by one person")
        if key not in heads or heads[key]["outcome"] != "excluded":
            found.add("unexplained", f"{key[0]} in {key[1]}: an exclusion was confirmed, and the month is not excluded")
    return late


def check(path: Path) -> tuple[Findings, dict[str, Any]]:
    """Everything above; and what the month looks like in numbers."""
    found = Findings()
    month, tables = read_archive(Archive(path), found)
    with_list = check_seals(tables, found)
    heads = check_people(tables, with_list, found)
    check_entries(tables, heads, found)
    check_outcomes(tables, heads, found)
    late = check_cases(tables, heads, found)
    counted = Counter(head["outcome"] for head in heads.values())
    sums: Counter[str] = Counter()
    for head in heads.values():
        sums[head["outcome"]] += int(head["amount"])
    shown = {"month": month, "entitled": len(heads), "people": dict(counted), "rupiah": dict(sums), "late": late}
    return found, shown


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("proof", type=Path, help="the ZIP, or a folder with its files")
    given = parser.parse_args()
    try:
        found, shown = check(given.proof)
    except (UnusableError, UnicodeDecodeError, KeyError, ValueError) as error:
        sys.stderr.write(f"this proof cannot be used: {error}\n")
        return 2
    for line in (*found.named, *(f"note: {late}" for late in shown["late"][:SHOWN_MAX])):
        sys.stderr.write(f"{line}\n")
    lines = [f"{shown['month']}: {shown['entitled']} person-months, {sum(shown['rupiah'].values())} rupiah"]
    lines += [f"  {one:<11}{shown['people'].get(one, 0):>9}{shown['rupiah'].get(one, 0):>19}" for one in OUTCOMES]
    sys.stdout.write("\n".join([*lines, json.dumps(found.numbers), ""]))
    return 0 if not any(found.numbers.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
