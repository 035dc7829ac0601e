"""The bank: its file out, its results in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ritme.client import QUARANTINED
from ritme.commands.finding import find
from ritme.terminal import number, pairs, table, terminal


def add_to(app: typer.Typer) -> None:
    bank = typer.Typer(no_args_is_help=True, help="The bank's file out and its results in.")
    bank.command("file")(file)
    bank.command("try")(trial)
    bank.command("results")(results)
    bank.command("rows")(rows)
    bank.command("receipt")(receipt)
    bank.command("inbox")(inbox)
    bank.command("check")(check)
    bank.command("propose")(propose)
    bank.command("decide")(decide)
    bank.command("settings")(settings)
    bank.command("ask")(ask)
    bank.command("inquiries")(inquiries)
    bank.command("accounts")(accounts)
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


def check(context: typer.Context, batch: str) -> None:
    """Lines that the bank's form has no place for, before anybody signs; exit 4 where there are some."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"/disbursement/batches/{find(shown, batch)['id']}/bank-file/problems")
    rows = [(one["reference"], one["field"], one["why"]) for one in answer["items"]]
    shown.answer(answer, pairs({"lines": answer["count"]}), table(("reference", "field", "why"), rows))
    if answer["count"]:
        raise typer.Exit(QUARANTINED)


def propose(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="template_out, template_results, template_statement, channel or code.")],
    body: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSON file.")],
    valid_from: Annotated[str, typer.Option("--from", help="The day it holds from, YYYY-MM-DD.")],
    document: Annotated[str, typer.Option(help="The bank's letter or the minutes that it rests on.")],
) -> None:
    """Propose what was agreed with the bank; it holds once another person has confirmed it."""
    shown = terminal(context)
    try:
        said = json.loads(body.read_text(encoding="utf-8"))
    except ValueError as wrong:
        raise typer.BadParameter(f"{body} is no JSON: {wrong}") from None
    proposal = {"kind": kind, "valid_from": valid_from, "document": document, "body": said}
    answer = shown.doors("operator").post("/disbursement/bank/settings", proposal)
    shown.answer(answer, pairs({key: answer[key] for key in ("id", "kind", "state", "valid_from", "proposed_by")}))


def decide(
    context: typer.Context,
    setting_id: str,
    confirm: Annotated[bool, typer.Option("--confirm/--decline", help="One's own can be declined only.")],
) -> None:
    """Confirm what somebody else proposed, or decline it."""
    shown = terminal(context)
    answer = shown.doors("treasurer").post(f"/disbursement/bank/settings/{setting_id}/decision", {"confirm": confirm})
    shown.answer(answer, pairs({key: answer[key] for key in ("id", "kind", "state", "valid_from", "proposed_by", "decided_by")}))


def settings(context: typer.Context, kind: str = "") -> None:
    """What is agreed with the bank, proposed or declined; `--json` shows each body, and the template that came first."""
    shown = terminal(context)
    answer = shown.doors("operator").get("/disbursement/bank/settings", kind=kind or None)
    rows = [
        (one["id"], one["kind"], one["state"], one["valid_from"], one["document"], one["proposed_by"], one["decided_by"])
        for one in answer["items"]
    ]
    shown.answer(answer, table(("id", "kind", "state", "from", "document", "proposed by", "decided by"), rows))


def ask(context: typer.Context, payment_id: str) -> None:
    """Ask the bank what became of one payment, before all others; nothing is sent again."""
    shown = terminal(context)
    answer = shown.doors("operator").post(f"/disbursement/payments/{payment_id}/inquiry")
    shown.answer(answer, pairs(answer))


def inquiries(context: typer.Context, batch: str, meaning: str = "", limit: int = 50) -> None:
    """What the bank was asked about a list's payments, and what it said; newest first."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/inquiries", batch=batch, meaning=meaning, limit=limit)["items"]
    columns = ("at", "reference", "attempt", "http", "code", "status", "meaning", "payment_outcome", "next_at")
    shown.answer({"items": items}, table(columns, [[one.get(column) for column in columns] for one in items]))


def accounts(context: typer.Context, month: str, programme: str) -> None:
    """Have the bank look at the accounts of a programme month before they are paid into; a warning, never a block."""
    shown = terminal(context)
    answer = shown.doors("operator").post("/disbursement/accounts:verify", {"month": month, "programme": programme})
    shown.answer(answer, pairs(answer))


Template = Annotated[str, typer.Option(help="An agreed template's id, where the file is in another form than today's.")]


def trial(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], template: Template = "") -> None:
    """What a result file would do, and nothing is done: problems by row and column, codes and their meaning; exit 4 where a row would wait.

    `--template` may be one that is only proposed: try it with a file of the bank before you confirm it.
    """
    shown = terminal(context)
    answer = shown.doors("operator").upload("/disbursement/results:try" + (f"?template={template}" if template else ""), file)
    heads = {key: answer[key] for key in ("form", "batch", "part", "parts", "applied", "rejected", "quarantined", "unchanged")}
    problems = [(one["row"], one["column"], one["code"], one["value"], one["message"]) for one in answer["problems"]]
    codes = [(one["code"], one["rows"], one["meaning"], one["reason"]) for one in answer["codes"]]
    parts = [pairs(heads), table(("code", "rows", "meaning", "reason"), codes)]
    shown.answer(answer, *parts, *([table(("row", "column", "problem", "value", "in words"), problems)] if problems else []))
    if answer["quarantined"]:
        raise typer.Exit(QUARANTINED)


def results(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], template: Template = "") -> None:
    """Take the bank's results, each row on its own; exit 4 where rows are quarantined."""
    shown = terminal(context)
    answer = shown.doors("operator").upload("/disbursement/results" + (f"?template={template}" if template else ""), file)
    shown.answer(answer, pairs(answer))
    if answer.get("quarantined") and not answer.get("duplicate_of"):
        raise typer.Exit(QUARANTINED)


def rows(context: typer.Context, file_id: str, state: str = "quarantined") -> None:
    """Rows of a result file: what was quarantined, and why."""
    shown = terminal(context)
    items = list(shown.doors("operator").items(f"/disbursement/results/{file_id}/rows", state=state))
    columns = list(items[0]) if items else ["row"]
    shown.answer({"items": items}, table(columns, [[one.get(column) for column in columns] for one in items]))
