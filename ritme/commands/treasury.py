"""The treasury path: papers for signature, the holding account, its statements and days, quarantined rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ritme.commands.finding import find
from ritme.terminal import Terminal, number, pairs, table, terminal

BATCH_PAPERS: Final = ("spp-ls", "spm", "payment-list")

Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
Agreed = Annotated[bool, typer.Option("--agree/--refuse", help="The second person's word.")]


def add_to(app: typer.Typer) -> None:
    panel = "Treasury"
    statement = typer.Typer(no_args_is_help=True, help="The holding account's statement: lines, matches, days that close.")
    statement.command("list")(statements)
    statement.command("lines")(lines)
    statement.command("rematch")(rematch)
    statement.command("match")(match)
    statement.command("undo")(undo)
    statement.command("day")(day)
    statement.command("name")(name_difference)
    statement.command("close")(close)
    holding = typer.Typer(no_args_is_help=True, help="The holding account: balances by person and age, and its year's end.")
    holding.command("show")(balances)
    holding.command("people")(people)
    holding.command("year")(year)
    holding.command("findings")(findings)
    holding.command("dispose")(dispose)
    holding.command("decide")(decide_disposal)
    holding.command("close-year")(close_year)
    quarantine = typer.Typer(no_args_is_help=True, help="Rows of the bank that took no effect.")
    quarantine.command("list")(quarantined)
    quarantine.command("decide")(decide_row)
    quarantine.command("confirm")(confirm_row)
    app.command("papers", rich_help_panel=panel)(papers)
    app.add_typer(statement, name="statement", rich_help_panel=panel)
    app.add_typer(holding, name="holding", rich_help_panel=panel)
    app.add_typer(quarantine, name="quarantine", rich_help_panel=panel)


def papers(
    context: typer.Context,
    paper: Annotated[str, typer.Argument(help="spp-ls, spm, payment-list (of a batch), reconciliation or minutes (of a month).")],
    of: Annotated[str, typer.Argument(help="A batch's code or id, or a month as 2025-09.")],
    form: Annotated[str, typer.Option(help="xlsx or pdf.")] = "pdf",
    out: Annotated[Path | None, typer.Option(help="Default: PAPER-OF.FORM here.")] = None,
) -> None:
    """A paper for signature. Papers of a batch name people: recorded."""
    shown = terminal(context)
    if paper in BATCH_PAPERS:
        batch = find(shown, of)
        of, path = batch["code"], f"/disbursement/batches/{batch['id']}/papers/{paper}.{form}"
    else:
        path = f"/disbursement/months/{of}/papers/{paper}.{form}"
    target = out or Path(f"{paper}-{of}.{form}")
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as file:
            size = shown.doors("treasurer").download(path, file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    shown.answer({"file": str(target), "bytes": size, "paper": paper, "of": of}, f"{target}, {number(size)} bytes")


# --- statements -------------------------------------------------------------------------------------------------------


def statements(context: typer.Context) -> None:
    """Statements, newest first, and up to which day everything is closed (send one: ritme import statement)."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/disbursement/statements")
    keys = ("from_day", "to_day", "opening", "closing", "lines", "open", "id")
    rows = [[one[key] for key in keys] for one in found["items"]]
    shown.answer(found, table(keys, rows, f"closed until {found['closed_until'] or 'nothing'}"))


def lines(
    context: typer.Context, statement: str, everything: Annotated[bool, typer.Option("--all", help="Matched ones too.")] = False
) -> None:
    """Lines that wait for a person; with --all every line and what it is for."""
    shown = terminal(context)
    door = f"/disbursement/statements/{statement}/lines"
    items = list(shown.doors("treasurer").items(door, state=None if everything else "open"))
    rows = [
        (one["line"], one["day"], one["reference"], one["amount"], one["words"], ", ".join(m["reference"] for m in one["matches"]))
        for one in items
    ]
    shown.answer({"items": items}, table(("line", "day", "reference", "rupiah", "words", "for"), rows))


def rematch(context: typer.Context) -> None:
    """Match again what references tell."""
    shown = terminal(context)
    shown.answer(shown.doors("treasurer").post("/disbursement/statements/matching"))


def match(
    context: typer.Context,
    statement: str,
    line: int,
    parts: Annotated[list[str], typer.Option("--part", help="REFERENCE=RUPIAH, negative for money out; again for each.")],
    reason: Reason,
) -> None:
    """Say what a line is for, where references do not tell."""
    shown = terminal(context)
    body = {"parts": [_part(one) for one in parts], "reason": reason}
    shown.answer(shown.doors("treasurer").post(f"/disbursement/statements/{statement}/lines/{line}/match", body))


def _part(given: str) -> dict[str, Any]:
    reference, _, amount = given.rpartition("=")
    if not reference or not amount.removeprefix("-").isdecimal():
        raise typer.BadParameter(f"'{given}' is not REFERENCE=RUPIAH")
    return {"reference": reference, "amount": int(amount)}


def undo(context: typer.Context, statement: str, line: int, reason: Reason) -> None:
    """Take a match back; the line is open again."""
    shown = terminal(context)
    shown.answer(shown.doors("treasurer").post(f"/disbursement/statements/{statement}/lines/{line}/undo", {"reason": reason}))


def day(context: typer.Context, day: Annotated[str, typer.Argument(help="As 2025-09-19.")]) -> None:
    """Ledger and statement at the end of a day, and every difference between them."""
    shown = terminal(context)
    _show_day(shown, shown.doors("treasurer").get(f"/disbursement/statement-days/{day}"))


def name_difference(
    context: typer.Context,
    day: str,
    subject: str,
    amount: Annotated[int, typer.Option(help="The difference that you have seen.")],
    reason: Reason,
    owner: Annotated[str, typer.Option()],
    due_on: Annotated[str, typer.Option()],
) -> None:
    """Answer for a difference: why, who, until when."""
    shown = terminal(context)
    body = {"subject": subject, "amount": amount, "reason": reason, "owner": owner, "due_on": due_on}
    _show_day(shown, shown.doors("treasurer").post(f"/disbursement/statement-days/{day}/differences", body))


def close(context: typer.Context, day: str) -> None:
    """Close a day and every open one before it; refused (exit 3) while a difference has no name."""
    shown = terminal(context)
    _show_day(shown, shown.doors("treasurer2").post(f"/disbursement/statement-days/{day}/closing"))


def _show_day(shown: Terminal, found: dict[str, Any]) -> None:
    keys = ("subject", "statement", "book", "difference", "named", "reason", "owner", "due_on")
    rows = [[one[key] for key in keys] for one in found["differences"]]
    title = f"{found['day']} {found['state']}: ledger {number(found['book'])}, statement {number(found['statement'])}"
    shown.answer(found, table(keys, rows, title))


# --- the holding account ----------------------------------------------------------------------------------------------


def findings(context: typer.Context) -> None:
    """What stays of the year from 1 December on, by age, with who must act until when; empty once nothing stays."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/disbursement/holding/findings")
    keys = ("year", "amount", "payments", "unnamed", "owner", "due_on", "overdue")
    rows = [[one[key] for key in keys] for one in found["items"]]
    ages = [(one["age"], one["people"], one["amount"]) for each in found["items"] for one in each["by_age"]]
    shown.answer(found, table(keys, rows), table(("age", "people", "rupiah"), ages))


def balances(context: typer.Context, on: Annotated[str | None, typer.Option(help="A day; default today.")] = None) -> None:
    """What the holding account holds, by age, and what nobody is named for."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/disbursement/holding", on=on)
    ages = table(
        ("age", "people", "held", "with bank"), [list(one.values()) for one in found["by_age"]], f"{number(found['holding'])} rupiah"
    )
    unnamed = [(one["batch"], one["programme"], one["amount"], one["since"]) for one in found["unnamed"]]
    shown.answer(found, ages, table(("unnamed in", "programme", "rupiah", "since"), unnamed))


def people(context: typer.Context, age: str = "", batch: str = "", on: Annotated[str | None, typer.Option()] = None) -> None:
    """Balances by person: ids, not names."""
    shown = terminal(context)
    items = list(shown.doors("treasurer").items("/disbursement/holding/people", age=age or None, batch=batch or None, on=on))
    keys = ("reference", "person_id", "programme", "amount", "standing", "since", "age", "reason", "paid_again_by", "document")
    shown.answer({"items": items}, table(keys, [[one[key] for key in keys] for one in items]))


def year(context: typer.Context, year: int) -> None:
    """A year's end: what was decided, and what waits."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/disbursement/holding/years/{year}")
    shown.answer(found, pairs(found | {"year": str(year)}))


def dispose(
    context: typer.Context,
    year: int,
    way: Annotated[str, typer.Option(help="sts or carried.")],
    document: Annotated[str, typer.Option(help="STS number or letter.")],
    batch: str = "",
    payment: Annotated[list[str] | None, typer.Option(help="Payment id, again for each; default everything undecided.")] = None,
) -> None:
    """Propose what becomes of what stays."""
    shown = terminal(context)
    body: dict[str, Any] = {"way": way, "document": document, "batch": batch} | ({"payments": payment} if payment else {})
    shown.answer(shown.doors("treasurer").post(f"/disbursement/holding/years/{year}/disposals", body))


def decide_disposal(context: typer.Context, year: int, document: Annotated[str, typer.Option()], agreed: Agreed) -> None:
    """Decide over a proposal, as the second person."""
    shown = terminal(context)
    body = {"document": document, "agreed": agreed}
    shown.answer(shown.doors("treasurer2").post(f"/disbursement/holding/years/{year}/disposals/decision", body))


def close_year(context: typer.Context, year: int, document: Annotated[str, typer.Option(help="The minutes.")]) -> None:
    """Close the year: refused (exit 3) while one rupiah has no decision, no name or no STS."""
    shown = terminal(context)
    shown.answer(shown.doors("treasurer").post(f"/disbursement/holding/years/{year}/closing", {"document": document}))


# --- quarantine -------------------------------------------------------------------------------------------------------


def quarantined(context: typer.Context, state: str = "open", batch: str = "") -> None:
    """Rows that took no effect, and why."""
    shown = terminal(context)
    items = list(shown.doors("operator").items("/disbursement/quarantine", state=state, batch=batch or None))
    keys = ("batch", "row", "reference", "amount", "code", "settled_on", "problem", "state", "file_id")
    shown.answer({"items": items}, table(keys, [[one[key] for key in keys] for one in items]))


def decide_row(
    context: typer.Context,
    file_id: str,
    row: int,
    decision: Annotated[str, typer.Argument(help="accept, reject or leave.")],
    evidence: Annotated[str, typer.Option()],
    reference: str = "",
    code: str = "",
    settled_on: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Decide over a row; what is accepted waits for a second person."""
    shown = terminal(context)
    body: dict[str, Any] = {"decision": decision, "evidence": evidence, "reference": reference, "code": code}
    if settled_on:
        body["settled_on"] = settled_on
    answer = shown.doors("operator").post(f"/disbursement/quarantine/{file_id}/{row}/decision", body)
    shown.answer(answer, pairs(answer))


def confirm_row(context: typer.Context, file_id: str, row: int, agreed: Agreed) -> None:
    """The second person: agreed, the row takes effect now."""
    shown = terminal(context)
    shown.answer(shown.doors("operator2").post(f"/disbursement/quarantine/{file_id}/{row}/confirmation", {"agreed": agreed}))
