"""A budget year: its versions, and what differs between two of them or would with a checked file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ritme.terminal import Terminal, number, table, terminal

_LINES = ("change", "key", "before", "after", "difference", "used", "uncovered")

Year = Annotated[int, typer.Option(help="Budget year.")]


def add_to(app: typer.Typer) -> None:
    budget = typer.Typer(no_args_is_help=True, help="Versions of a year's budget (DPA, DPPA, pergeseran).")
    budget.command("versions")(versions)
    budget.command("difference")(difference)
    budget.command("preview")(preview)
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


def _show(shown: Terminal, found: dict[str, Any]) -> None:
    to = "this file" if found["second"] is None else f"version {found['second']}"
    counts = ", ".join(f"{number(found[kind])} {kind}" for kind in ("added", "dropped", "raised", "lowered"))
    title = f"{found['year']}, version {found['first']} to {to}: {counts}; {number(found['difference'])} rupiah"
    shown.answer(found, table(_LINES, [[one[key] for key in _LINES] for one in found["items"]], title))
