"""The bank: its file out, its results in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ritme.client import QUARANTINED
from ritme.commands.batch import find
from ritme.terminal import number, pairs, table, terminal


def add_to(app: typer.Typer) -> None:
    bank = typer.Typer(no_args_is_help=True, help="The bank's file out and its results in.")
    bank.command("file")(file)
    bank.command("results")(results)
    bank.command("rows")(rows)
    app.add_typer(bank, name="bank", rich_help_panel="Month")


def file(context: typer.Context, batch: str, out: Annotated[Path | None, typer.Option(help="Default: CODE.csv here.")] = None) -> None:
    """The released file, byte for byte; reading it is recorded."""
    shown = terminal(context)
    found = find(shown, batch)
    target = out or Path(f"{found['code']}.csv")
    with target.open("wb") as content:
        size = shown.doors("releaser").download(f"/disbursement/batches/{found['id']}/bank-file", content)
    shown.answer({"file": str(target), "bytes": size, "batch": found["code"]}, f"{target}, {number(size)} bytes")


def results(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Take the bank's results, each row on its own; exit 4 where rows are quarantined."""
    shown = terminal(context)
    answer = shown.doors("operator").upload("/disbursement/results", file)
    shown.answer(answer, pairs(answer))
    if answer.get("quarantined") and not answer.get("duplicate_of"):
        raise typer.Exit(QUARANTINED)


def rows(context: typer.Context, file_id: str, state: str = "quarantined") -> None:
    """Rows of a result file: what was quarantined, and why."""
    shown = terminal(context)
    items = list(shown.doors("operator").items(f"/disbursement/results/{file_id}/rows", state=state))
    columns = list(items[0]) if items else ["row"]
    shown.answer({"items": items}, table(columns, [[one.get(column) for column in columns] for one in items]))
