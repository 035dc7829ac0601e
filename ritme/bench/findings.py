"""How much of a generated year's planted irregularities the detectors find, and how much else: a regression figure, not a claim.

What is planted is our own idea of what goes wrong; real papers will be wrong in other ways.
"""

from __future__ import annotations

import csv
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from ritme.bench.panti_year import HEADERS, YEAR, Planted, generate
from ritme.client import Json
from ritme.instance import throw_away_instance
from ritme.replay.drive import Office
from ritme.replay.findings import ORDER, bring, looked

SEED: Final = 20250117
_COMPANY: Final = re.compile(r"\b(PT|CV)\b")


@dataclass
class Score:
    """Of one code: ``planted`` acts, ``hit`` of them, findings that are of a planted act (``right``) or of none (``wrong``)."""

    planted: int = 0
    hit: int = 0
    right: int = 0
    wrong: int = 0


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", _COMPANY.sub("", text.upper()))


def _of(one: Planted, found: Json) -> bool:
    """The finding is about what was planted: its subject, or a part of it, and its month where it is one month's."""
    same = _plain(one.subject) in _plain(found["subject"])
    return found["code"] == one.code and same and one.period in ("", found["period"])


def _follows(planted: Sequence[Planted], found: Json) -> bool:
    """From a planted act on the same panti, though it is not its own code."""
    subject = _plain(found["subject"])
    return any(one.panti and found["code"] in one.also and one.panti in subject for one in planted)


def score(planted: Sequence[Planted], found: Sequence[Json]) -> tuple[dict[str, Score], int]:
    """By code; and how many findings follow from a planted act (neither right nor wrong)."""
    scores: dict[str, Score] = {}
    following = 0
    for one in planted:
        entry = scores.setdefault(one.code, Score())
        entry.planted += 1
        entry.hit += any(_of(one, finding) for finding in found)
    for finding in found:
        entry = scores.setdefault(finding["code"], Score())
        if any(_of(one, finding) for one in planted):
            entry.right += 1
        elif _follows(planted, finding):
            following += 1
        else:
            entry.wrong += 1
    return dict(sorted(scores.items())), following


def run(seed: int, console: Console) -> Json:
    """A generated year through the doors of a throw-away instance; then the whole year audited, timed."""
    with (
        throw_away_instance() as instance,
        tempfile.TemporaryDirectory(prefix="ritme-year-") as name,
        Office(instance.url, "bench", console) as office,
    ):
        codes = sorted(one["code"] for one in office.as_("auditor").get("/budget_audit/panti")["items"])
        files, planted = generate(seed, codes)
        for kind in ORDER:
            if kind in files:
                path = _file(Path(name), kind, files)
                office.step(f"File {kind}", lambda kind=kind, path=path: bring(office, kind, path, YEAR))  # type: ignore[misc]
        office.step("Events are read, detectors look", lambda: looked(office))
        found = [one for one in office.as_("auditor").get("/budget_audit/mismatches", year=YEAR)["items"] if one["difference"]]
        started = time.monotonic()
        compared = office.step("The year at once", lambda: office.as_("auditor").get("/budget_audit/audits/comparison", year=YEAR))
        seconds = time.monotonic() - started
    scores, following = score(planted, found)
    right, wrong = sum(one.right for one in scores.values()), sum(one.wrong for one in scores.values())
    acts, hit = sum(one.planted for one in scores.values()), sum(one.hit for one in scores.values())
    return {
        "seed": seed, "panti": len(codes), "rows": {kind: len(rows) for kind, rows in files.items()}, "planted": acts, "found": hit,
        "recall": round(hit / max(1, acts), 3), "precision": round(right / max(1, right + wrong), 3), "following": following,
        "differing": compared["differing"], "year_at_once_s": round(seconds, 2),
        "by_code": {code: vars(one) for code, one in scores.items()},
    }  # fmt: skip


def _file(folder: Path, kind: str, files: Mapping[str, list[tuple[Any, ...]]]) -> Path:
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADERS[kind])
        writer.writerows(files[kind])
    return path
