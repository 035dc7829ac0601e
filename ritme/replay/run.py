"""``ritme replay``: an instance of its own or a given one, the story, its table, its figures, its JSON object."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from ritme.client import DONE, FAILED, Doors, Json, Problem
from ritme.instance import Instance, throw_away_instance
from ritme.replay import (
    AUGUST,
    BUDI_MULIA,
    CENGKARENG,
    august,
    budi_mulia,
    cengkareng,
    figures,
    findings,
)
from ritme.replay.drive import PATIENCE_S, Office, StillWaiting
from ritme.terminal import Terminal, number, table

Tell = Callable[[Office, Path, float], tuple[Json, Json]]

TELL: Final[Mapping[str, Tell]] = {CENGKARENG: cengkareng.tell, BUDI_MULIA: budi_mulia.tell, AUGUST: august.tell} | {
    story: findings.teller(story) for story in findings.YEAR_OF
}
MONTH_OF: Final = {CENGKARENG: cengkareng.MONTH, BUDI_MULIA: budi_mulia.MONTH, AUGUST: august.MONTH} | {
    story: str(year) for story, year in findings.YEAR_OF.items()
}
FIRST_S: Final = 10
"""A new story at a silent address gives up soon, since the address may be mistyped; one that goes on after a crash waits."""
DECREE_OF: Final = {CENGKARENG: cengkareng.DECREE, AUGUST: august.DECREE}


def replay(shown: Terminal, story: str, *, scale: float = 1.0, out: Path | None = None, resume: bool = False) -> int:
    """The exit code; the JSON object is on the last line where it is wanted."""
    with _folder(out) as folder, _instance(shown.url) as (url, instance), Office(url, story, shown.err) as office:
        try:
            if instance is None:
                office.insist(lambda: _refuse_strangers(url, story, resume=resume), patience_s=PATIENCE_S if resume else FIRST_S)
            found, beside = TELL[story](office, folder, scale)
        except StillWaiting as error:
            shown.err.print(Text(str(error), style="red"))
            if shown.json:
                shown.answer({"code": "still-waiting", "detail": str(error), "story": story})
            return FAILED
        report = _report(story, scale, found, assumed=office.assumed, seconds=office.seconds, instance=instance)
    return _judge(shown, story, scale, report, beside)


def _report(story: str, scale: float, found: Json, *, assumed: list[str], seconds: float, instance: Instance | None) -> Json:
    report: dict[str, Any] = {"story": story, "month": MONTH_OF[story]}
    if story == AUGUST:
        report["scale"] = scale
    report |= found | {"assumed": assumed, "seconds": seconds}
    if instance is not None:
        report["peak_rss_mb"] = instance.peak_rss_mb()
    return report


def _judge(shown: Terminal, story: str, scale: float, report: Json, beside: Json) -> int:
    wanted, wanted_beside = figures.expected(story, scale)
    lines = [*figures.compare(wanted, report), *figures.compare(wanted_beside, beside)]
    wrong = [line for line in lines if not line.ok]
    rows = [("✓" if line.ok else "✗", line.name, _cell(line.expected), _cell(line.actual)) for line in lines]
    title = f"{story}: {len(lines) - len(wrong)} of {len(lines)} figures as published"
    listed = table(("", "figure", "published", "found"), rows, title)
    if shown.json:
        for line in wrong:
            shown.err.print(Text(f"✗ {line.name}: published {_cell(line.expected)}, found {_cell(line.actual)}", style="red"))
        shown.answer(report)
    else:
        shown.answer(report, listed, *(Text(f"assumed: {one}", style="dim") for one in report["assumed"]), f"{report['seconds']} s of work")
    return FAILED if wrong else DONE


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(", ".join(number(part) for part in one.values()) if isinstance(one, dict) else str(one) for one in value) or "none"
    return "absent" if value is None else number(value)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    made = Path(tempfile.mkdtemp(prefix="ritme-story-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _instance(url: str) -> Iterator[tuple[str, Instance | None]]:
    if url:
        yield url, None
        return
    with throw_away_instance() as instance:
        yield instance.url, instance


def _refuse_strangers(url: str, story: str, *, resume: bool) -> None:
    """Raise Problem ``not-empty`` where somebody's data is there, or with ``resume`` anything but this story's own."""
    doors = Doors(url, "operator")
    try:
        decrees = doors.get("/beneficiary/imports", kind="decree", limit=200)["items"]
        others = doors.get("/budget_audit/imports", limit=200)["items"]
        months = doors.get("/disbursement/months")["items"]
    finally:
        doors.close()
    decrees = [one for one in decrees if one["state"] != "cancelled"]
    strange = [one for one in decrees if one["controls"].get("number") != DECREE_OF.get(story)]
    if strange if resume else (decrees or others or months):
        detail = f"{url} holds data already; a story wants an empty instance" + ("" if resume else ", or --resume to go on with its own")
        raise Problem(409, {"code": "not-empty", "status": 409, "detail": detail, "story": story})
