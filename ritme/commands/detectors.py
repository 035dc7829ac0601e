"""Detectors: what they look for, their thresholds by two people, and a whole year at once."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from ritme.bench.findings import SEED, run
from ritme.client import FAILED, Json
from ritme.terminal import Terminal, number, table, terminal

PATIENCE_S: Final = 600
_SETTING: Final = ("name", "value", "unit", "words")
_CHANGE: Final = ("id", "name", "value", "from_day", "state", "proposed_by", "decided_by", "source")


def add_to(app: typer.Typer) -> None:
    detectors = typer.Typer(no_args_is_help=True, help="Reason codes and thresholds.")
    detectors.command("show")(show)
    detectors.command("propose")(propose)
    detectors.command("confirm")(confirm)
    detectors.command("withdraw")(withdraw)
    app.add_typer(detectors, name="detectors", rich_help_panel="Look")
    app.command(rich_help_panel="Look")(audit)
    app.command("bench-findings", rich_help_panel="Prove")(bench)


def audit(
    context: typer.Context,
    year: Annotated[int, typer.Option(min=2015, max=2100, help="Budget year.")],
    dry: Annotated[bool, typer.Option("--dry", help="Read the year at once and record nothing.")] = False,
) -> None:
    """Every detector over a whole year. What differs from what the events have found is compared again and becomes a mismatch."""
    shown = terminal(context)
    doors = shown.doors("auditor")
    if dry:
        found = doors.get("/budget_audit/audits/comparison", year=year)
        rows = [(one["code"], one["subject"], one["period"], number(one["difference"]), one["formula"]) for one in found["items"]]
        title = f"{year}: {len(rows)} findings; {found['differing']} references are recorded otherwise"
        shown.answer(found, table(("code", "subject", "period", "difference", "formula"), rows, title))
        return
    asked = doors.post("/budget_audit/audits", {"year": year})
    until = time.monotonic() + PATIENCE_S
    while asked["done_at"] is None and time.monotonic() < until:
        time.sleep(0.2)
        asked = doors.get(f"/budget_audit/audits/{asked['id']}")
    while doors.get("/budget_audit/detectors")["waiting"] and time.monotonic() < until:
        time.sleep(0.2)  # what differed is compared again before anybody reads the findings
    _audited(shown, asked)
    if asked["done_at"] is None:
        raise typer.Exit(FAILED)


def bench(context: typer.Context, seed: Annotated[int, typer.Option(help="Of the generator; another one is another year.")] = SEED) -> None:
    """Precision and recall on a generated year of panti papers with planted irregularities: a regression figure, not a claim."""
    shown = terminal(context)
    found = run(seed, shown.err)
    rows = [(code, *one.values()) for code, one in found["by_code"].items()]
    listed = table(("code", "planted", "found", "right findings", "wrong findings"), rows, f"{found['panti']} panti, seed {seed}")
    line = (
        f"recall {found['recall']} ({found['found']} of {found['planted']}), precision {found['precision']}, {found['following']} findings "
        f"follow from planted acts; the year at once {found['year_at_once_s']} s, {found['differing']} references differ from the events'"
    )
    shown.answer(found, listed, line)


def _audited(shown: Terminal, found: Json) -> None:
    rows = [(code, one["count"], number(one["rupiah"])) for code, one in found["findings"].items()]
    looked = ", ".join(f"{kind} {number(count)}" for kind, count in found["looked_at"].items())
    state = (
        f"looked at: {looked}; newly recorded: {found['not_yet_recorded']}"
        if found["done_at"]
        else "not done yet; is `ritme work` running?"
    )
    shown.answer(found, table(("code", "findings", "rupiah"), rows, f"{found['year']}"), state)


def show(context: typer.Context) -> None:
    """Reason codes with the office that answers, thresholds in force, and their changes."""
    shown = terminal(context)
    _shown(shown, shown.doors("auditor").get("/budget_audit/detectors"))


def _shown(shown: Terminal, found: Json) -> None:
    codes = [(one["code"], one["owner"], one["working_days"]) for one in found["detectors"]]
    settings = [[one[key] for key in _SETTING] for one in found["settings"]]
    changes = [[change[key] for key in _CHANGE] for one in found["settings"] for change in one["changes"]]
    tables = [table(("code", "answers", "working days"), codes), table(_SETTING, settings, "thresholds in force today")]
    shown.answer(found, *tables, *([table(_CHANGE, changes, "changes")] if changes else []))


def propose(
    context: typer.Context,
    name: str,
    value: int,
    start: Annotated[str, typer.Option("--from", help="YYYY-MM-DD, the first day it holds.")],
    source: Annotated[str, typer.Option(help="The decree, circular or minutes it rests on.")],
) -> None:
    """Propose a threshold; it holds once another person confirms it."""
    shown = terminal(context)
    body = {"name": name, "value": value, "from_day": start, "source": source}
    _shown(shown, shown.doors("auditor").post("/budget_audit/detectors/settings", body))


def confirm(context: typer.Context, change: str) -> None:
    """The second person."""
    shown = terminal(context)
    _shown(shown, shown.doors("auditor2").post(f"/budget_audit/detectors/settings/{change}/confirmation"))


def withdraw(context: typer.Context, change: str) -> None:
    """Take a proposal back, or refuse it."""
    shown = terminal(context)
    _shown(shown, shown.doors("auditor").post(f"/budget_audit/detectors/settings/{change}/withdrawal"))
