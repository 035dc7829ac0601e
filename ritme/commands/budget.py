"""A budget year: its versions, and what differs between two of them or would with a checked file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ritme.terminal import Terminal, number, pairs, table, terminal

_LINES = ("change", "key", "before", "after", "difference", "used", "uncovered")

Year = Annotated[int, typer.Option(help="Budget year.")]


def add_to(app: typer.Typer) -> None:
    budget = typer.Typer(no_args_is_help=True, help="Versions of a year's budget (DPA, DPPA, pergeseran).")
    budget.command("versions")(versions)
    budget.command("difference")(difference)
    budget.command("preview")(preview)
    budget.command("spd")(spd)
    budget.command("documents")(documents)
    budget.command("type-document")(type_document)
    budget.command("advances")(advances)
    budget.command("coverage")(coverage)
    app.add_typer(budget, name="budget", rich_help_panel="Look")


def versions(context: typer.Context, year: Year) -> None:
    """Every document that changed a ceiling of the year, the newest first."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/budget_audit/budgets/{year}/versions")
    keys = ("version", "document", "number", "dated", "added", "dropped", "raised", "lowered", "ceiling", "uncovered", "at")
    shown.answer(found, table(keys, [[one[key] for key in keys] for one in found["items"]]))


def difference(
    context: typer.Context,
    year: Year,
    first: Annotated[int | None, typer.Option("--from", help="A version; default the one before --to.")] = None,
    second: Annotated[int | None, typer.Option("--to", help="A version; default the newest.")] = None,
) -> None:
    """What differs between two versions, line by line."""
    shown = terminal(context)
    _show(shown, shown.doors("treasurer").get(f"/budget_audit/budgets/{year}/difference", **{"from": first, "to": second}))


def preview(context: typer.Context, import_id: Annotated[str, typer.Argument(help="Of `ritme import dpa`.")]) -> None:
    """What a checked budget file would change, before `import-commit`."""
    shown = terminal(context)
    _show(shown, shown.doors("treasurer").get(f"/budget_audit/imports/{import_id}/budget-difference"))


def spd(context: typer.Context, year: Year) -> None:
    """SPD by line and period, beside cash plan and use."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/budget_audit/budgets/{year}/spd")
    keys = ("month", "provided", "planned", "used", "beyond", "above_plan")
    rows = [(line["key"], *(one[key] for key in keys)) for line in found["items"] for one in line["periods"]]
    shown.answer(found, table(("line", *keys), rows))


def documents(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="SPP, SPM, SP2D, SPJ, BKU, NPD or STS.")] = None,
    year: Annotated[int | None, typer.Option()] = None,
    number_: Annotated[str, typer.Option("--number")] = "",
    differing: Annotated[bool, typer.Option(help="Only those whose sources or files do not agree.")] = False,
) -> None:
    """Papers of the treasury, with sources and versions."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(
        "/budget_audit/documents", kind=kind, year=year, number=number_ or None, differing=differing or None
    )
    keys = ("kind", "number", "nature", "dated", "amount", "reference", "proves", "versions", "sources", "id")
    shown.answer(found, table(keys, [[one[key] for key in keys] for one in found["items"]]))


def type_document(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="SPP, SPM, SP2D, SPJ, BKU, NPD or STS.")],
    number_: Annotated[str, typer.Argument(metavar="NUMBER")],
    copy: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The scanned copy; its hash is kept.")],
    dated: Annotated[str, typer.Option()],
    amount: Annotated[int, typer.Option(help="Rupiah.")],
    nature: Annotated[str, typer.Option(help="UP, GU, TU or LS.")] = "",
    reference: str = "",
    proves: Annotated[str, typer.Option(help="The SP2D that an SPJ or STS accounts for.")] = "",
) -> None:
    """Type a paper with its copy; a file that brings the same number later is its second source."""
    shown = terminal(context)
    fields = {
        "kind": kind, "number": number_, "dated": dated, "amount": str(amount), "nature": nature, "reference": reference, "proves": proves,
    }  # fmt: skip
    answer = shown.doors("treasurer").upload("/budget_audit/documents", copy, fields)
    shown.answer(answer, pairs({key: value for key, value in answer.items() if key != "entries"}))


def advances(context: typer.Context, on: Annotated[str | None, typer.Option(help="A day; default today.")] = None) -> None:
    """UP and TU without proof, by age."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/budget_audit/advances", on=on)
    ages = table(("age", "count", "open"), [(one["age"], one["count"], one["open"]) for one in found["by_age"]])
    keys = ("number", "nature", "dated", "given", "proven", "returned", "open", "days", "age")
    title = f"on {found['on']}, data until {found['data_until'] or 'nothing'}"
    shown.answer(found, ages, table(keys, [[one[key] for key in keys] for one in found["items"]], title))


def coverage(context: typer.Context, year: Year) -> None:
    """Up to which day each source has spoken, and the days that no file covered."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/budget_audit/coverage/{year}")
    rows = [(one["source"], one["until"], ", ".join(f"{h['first']}..{h['last']}" for h in one["holes"])) for one in found["items"]]
    shown.answer(found, table(("source", "until", "not covered"), rows))


def _show(shown: Terminal, found: dict[str, Any]) -> None:
    to = "this file" if found["second"] is None else f"version {found['second']}"
    counts = ", ".join(f"{number(found[kind])} {kind}" for kind in ("added", "dropped", "raised", "lowered"))
    title = f"{found['year']}, version {found['first']} to {to}: {counts}; {number(found['difference'])} rupiah"
    shown.answer(found, table(_LINES, [[one[key] for key in _LINES] for one in found["items"]], title))
