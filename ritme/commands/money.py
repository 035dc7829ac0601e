"""Where money and reality stand: gaps, mismatches, SP2D against credited, the ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ritme.terminal import Purpose, Terminal, number, pairs, table, terminal

GAP_KEYS: Final = ("open", "by_reason", "without_owner", "without_due_date", "parked")


def add_to(app: typer.Typer) -> None:
    mismatch = typer.Typer(no_args_is_help=True, help="Ask, explain, accept, agree and close a mismatch; different people.")
    mismatch.command("ask")(ask)
    mismatch.command("explain")(explain)
    mismatch.command("accept")(accept)
    mismatch.command("agree")(agree)
    mismatch.command("hand-in")(hand_in)
    mismatch.command("close")(close)
    mismatch.command("reopen")(reopen)
    mismatch.command("note")(note)
    mismatch.command("sample")(sample)
    ledger = typer.Typer(no_args_is_help=True, help="The ledger of entitlement months.")
    ledger.command("export")(export)
    app.command(rich_help_panel="Look")(gaps)
    app.command(rich_help_panel="Look")(mismatches)
    app.command("money", rich_help_panel="Look")(money)
    app.command("lines", rich_help_panel="Look")(lines)
    app.add_typer(mismatch, name="mismatch", rich_help_panel="Month")
    app.add_typer(ledger, name="ledger", rich_help_panel="Look")


def gaps(
    context: typer.Context,
    month: Annotated[str, typer.Option()],
    items: Annotated[bool, typer.Option("--items", help="Also each gap.")] = False,
    reason: str = "",
    purpose: Purpose = "",
) -> None:
    """Months that ended unpaid or unknown, by reason; each has an owner and a date."""
    shown = terminal(context)
    doors = shown.doors("leader")
    found = doors.get("/disbursement/gaps", month=month, reason=reason or None, limit=0)
    answer: dict[str, Any] = {key: found[key] for key in GAP_KEYS}
    if items:
        people = shown.doors("operator")
        answer["items"] = list(people.items("/disbursement/gaps", month=month, reason=reason or None, purpose=purpose or None))
    heading = f"{month}: {number(found['open'])} open, {found['without_owner']} without owner, {found['without_due_date']} without date"
    rows = sorted(found["by_reason"].items(), key=lambda item: -item[1])
    tables = [table(("reason", "people"), rows, heading)]
    if items:
        keys = ("programme", "month", "outcome", "reason", "area", "owner", "due_on", "overdue")
        tables.append(table(keys, [[one.get(key) for key in keys] for one in answer["items"]]))
    shown.answer(answer, *tables)


def mismatches(
    context: typer.Context,
    year: Annotated[int, typer.Option()],
    state: str = "",
    code: str = "",
) -> None:
    """Where what was spent differs from what it was for."""
    shown = terminal(context)
    found = shown.doors("auditor").get("/budget_audit/mismatches", year=year, state=state or None, code=code or None)
    keys = ("code", "subject", "period", "expected", "actual", "difference", "open", "state", "owner", "due_on", "id")
    shown.answer(found, table(keys, [[one.get(key) for key in keys] for one in found["items"]]))


def ask(context: typer.Context, mismatch: str, text: Annotated[str, typer.Option()]) -> None:
    """The auditor asks the office concerned to explain what is open, within ten working days."""
    _act(terminal(context), "auditor", f"{mismatch}/request", {"text": text})


def accept(
    context: typer.Context,
    mismatch: str,
    text: Annotated[str, typer.Option(help="Why not the rest.")],
    amount: Annotated[int, typer.Option(help="Rupiah that are accepted.")],
) -> None:
    """The auditor accepts the explanation, or a part of it."""
    _act(terminal(context), "auditor", f"{mismatch}/acceptance", {"text": text, "amount": amount})


def hand_in(
    context: typer.Context,
    mismatch: str,
    text: Annotated[str, typer.Option()],
    evidence: Annotated[list[str], typer.Option(help="Again for each.")],
) -> None:
    """The owner of the solution hands in what shows that it is done."""
    _act(terminal(context), "panti-head", f"{mismatch}/evidence", {"text": text, "evidence": evidence})


def reopen(context: typer.Context, mismatch: str, reason: Annotated[str, typer.Option()]) -> None:
    """An auditor opens a closed one again."""
    _act(terminal(context), "auditor", f"{mismatch}/reopening", {"reason": reason})


def note(context: typer.Context, mismatch: str, text: Annotated[str, typer.Option()]) -> None:
    """A remark in its history."""
    _act(terminal(context), "auditor", f"{mismatch}/notes", {"text": text})


def sample(context: typer.Context, mismatch: str, size: Annotated[int, typer.Option()], seed: str = "") -> None:
    """Draw items of its evidence (uji petik); seed and method are kept, so that anybody can draw them again."""
    shown = terminal(context)
    drawn = shown.doors("auditor").post(f"/budget_audit/mismatches/{mismatch}/samples", {"size": size, "seed": seed})
    shown.answer(drawn, table(("position", "item"), [(one["position"], one["item"]) for one in drawn["items"]], f"seed {drawn['seed']}"))


def explain(
    context: typer.Context,
    mismatch: str,
    text: Annotated[str, typer.Option()],
    amount: Annotated[int, typer.Option(help="Rupiah that this explains.")],
    evidence: Annotated[list[str], typer.Option(help="Again for each.")],
) -> None:
    """The office concerned says why."""
    _act(terminal(context), "panti-head", f"{mismatch}/explanation", {"text": text, "amount": amount, "evidence": evidence})


def agree(
    context: typer.Context,
    mismatch: str,
    solution: Annotated[str, typer.Option()],
    owner: Annotated[str, typer.Option()],
    due_on: Annotated[str, typer.Option()],
) -> None:
    """The auditor agrees what will be done, by whom, by when."""
    _act(terminal(context), "auditor", f"{mismatch}/agreement", {"solution": solution, "owner": owner, "due_on": due_on})


def close(context: typer.Context, mismatch: str, evidence: Annotated[str, typer.Option(help="STS number, minutes …")]) -> None:
    """A second auditor closes it, with evidence."""
    _act(terminal(context), "auditor2", f"{mismatch}/closing", {"evidence": evidence})


def money(context: typer.Context, month: Annotated[str, typer.Option(help="As 2025-09.")]) -> None:
    """SP2D + paid from holding = credited + returned to the treasury + paid on by a retry + still in the holding account."""
    shown = terminal(context)
    found = shown.doors("leader").get(f"/budget_audit/months/{month}/money")
    keys = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding", "balanced")
    rows = [("all", *(found[key] for key in keys))]
    rows += [(name, *(one.get(key) for key in keys)) for name, one in found.get("by_programme", {}).items()]
    shown.answer(found, table(("programme", *keys), rows))


def lines(context: typer.Context, year: Annotated[int | None, typer.Option(help="Budget year; default all.")] = None) -> None:
    """Budget lines: ceiling, reserved, realised, returned, available."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/budget_audit/lines", year=year)
    keys = (
        "key",
        "description",
        "programme",
        "panti",
        "ceiling",
        "reserved",
        "realised",
        "returned",
        "available",
        "uncovered",
        "data_until",
    )
    shown.answer(found, table(keys, [[one.get(key) for key in keys] for one in found["items"]]))


def export(
    context: typer.Context,
    month: Annotated[str, typer.Option()],
    csv: Annotated[bool, typer.Option("--csv", help="As CSV; the only form there is.")] = True,
    out: Annotated[Path | None, typer.Option(help="A file; by default standard output.")] = None,
    purpose: Purpose = "",
) -> None:
    """Every person-month of a month: outcome, reason, amount, day, payment reference."""
    shown = terminal(context)
    doors = shown.doors("operator")
    path = f"/disbursement/months/{month}/ledger.csv"
    if out is None and not shown.json:
        doors.download(path, sys.stdout.buffer, purpose=purpose or None)
        return
    target = out or Path(f"ledger-{month}.csv")
    with target.open("wb") as file:
        size = doors.download(path, file, purpose=purpose or None)
    shown.answer({"file": str(target), "bytes": size, "month": month}, f"{target}, {number(size)} bytes")


def _act(shown: Terminal, person: str, door: str, body: dict[str, Any]) -> None:
    answer = shown.doors(person).post(f"/budget_audit/mismatches/{door}", body)
    shown.answer(answer, pairs({key: value for key, value in answer.items() if key != "history"}))
