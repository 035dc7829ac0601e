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
    bank.command("receipt")(receipt)
    bank.command("inbox")(inbox)
    app.add_typer(bank, name="bank", rich_help_panel="Month")


def file(context: typer.Context, batch: str, out: Annotated[Path | None, typer.Option(help="Default: CODE.csv here.")] = None) -> None:
    """The released file, byte for byte; reading it is recorded."""
    shown = terminal(context)
    found = find(shown, batch)
    target = out or Path(f"{found['code']}.csv")
    with target.open("wb") as content:
        size = shown.doors("releaser").download(f"/disbursement/batches/{found['id']}/bank-file", content)
    shown.answer({"file": str(target), "bytes": size, "batch": found["code"]}, f"{target}, {number(size)} bytes")


def receipt(
    context: typer.Context,
    batch: str,
    received_by: Annotated[str, typer.Option("--by", help="Who took it at the bank.")],
    received_at: Annotated[str, typer.Option("--at", help="When, with its offset, such as 2025-09-18T14:05:00+07:00.")],
    sha256: Annotated[str, typer.Option(help="As on the bank's receipt, where it names one.")] = "",
) -> None:
    """Write down that the bank has the file, where its receipt did not come into the folder."""
    shown = terminal(context)
    body = {"received_by": received_by, "received_at": received_at} | ({"sha256": sha256} if sha256 else {})
    answer = shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/receipt", body)
    shown.answer(answer, pairs({"batch": answer["code"], **answer["handover"]}))


def inbox(context: typer.Context) -> None:
    """What the bank put into its folder, and what became of each file."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/bank/inbox")["items"]
    rows = [(one["at"], one["name"], one["state"], one["answer"].get("code") or one["answer"].get("batch") or "") for one in items]
    shown.answer({"items": items}, table(("at", "file", "state", "batch or problem"), rows))


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
