"""A batch: composed, signed by four people, sent."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ritme.commands import approval, payment_order
from ritme.commands.finding import find
from ritme.terminal import Terminal, pairs, table, terminal

STEPS: Final = {"check": ("checker", "check"), "approve": ("approver", "approval"), "release": ("releaser", "release")}
"""Command: whose work it is, and its door."""

Hash = Annotated[str, typer.Option("--list-hash", help="The hash that you have seen; default: the batch's own.")]


def add_to(app: typer.Typer) -> None:
    batch = typer.Typer(no_args_is_help=True, help="Compose, sign and send a list of payments.")
    batch.command("compose")(compose)
    batch.command("submit")(submit)
    batch.command("check")(check)
    batch.command("approve")(approve)
    batch.command("release")(release)
    batch.command("withdraw")(withdraw)
    batch.command("send-back")(send_back)
    batch.command("budget-request")(budget_request)
    batch.command("results-due")(results_due)
    batch.command("repayments")(repayments)
    batch.command("show")(show)
    batch.command("list")(listed)
    approval.add_to_batch(batch)
    payment_order.add_to_batch(batch)
    app.add_typer(batch, name="batch", rich_help_panel="Month")


def compose(
    context: typer.Context,
    month: str,
    kind: Annotated[str, typer.Option(help="main, wave, back_pay or retry.")] = "main",
    programme: Annotated[list[str] | None, typer.Option(help="Again for each; default all.")] = None,
    from_holding: Annotated[
        bool, typer.Option("--from-holding", help="A retry that is paid with what lies in the holding account; no SP2D.")
    ] = False,
) -> None:
    """Everybody whose month can be paid, oldest open month first."""
    shown = terminal(context)
    body: dict[str, Any] = {"month": month, "kind": kind} | ({"programmes": programme} if programme else {})
    if from_holding:
        body["financing"] = "holding"
    _show(shown, shown.doors("operator").post("/disbursement/batches", body))


def submit(context: typer.Context, batch: str) -> None:
    """Fix the list and its hash."""
    shown = terminal(context)
    _show(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/submission"))


def check(context: typer.Context, batch: str, list_hash: Hash = "") -> None:
    """The second of four people."""
    _sign(terminal(context), "check", batch, list_hash)


def approve(context: typer.Context, batch: str, list_hash: Hash = "") -> None:
    """The third; asks for the budget."""
    _sign(terminal(context), "approve", batch, list_hash)


def release(context: typer.Context, batch: str, list_hash: Hash = "") -> None:
    """The fourth, once an SP2D covers it: the file for the bank."""
    _sign(terminal(context), "release", batch, list_hash)


def withdraw(context: typer.Context, batch: str, reason: Annotated[str, typer.Option()]) -> None:
    """Take the whole list back before it is released."""
    shown = terminal(context)
    _show(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/withdrawal", {"reason": reason}))


def send_back(context: typer.Context, batch: str, reason: Annotated[str, typer.Option(help="What the maker has to mend.")]) -> None:
    """Give a list back to its maker (`--as checker` or `--as approver`): a draft again, all signatures void."""
    shown = terminal(context)
    found = find(shown, batch)
    body = {"list_hash": found["list_hash"], "reason": reason}
    _show(shown, shown.doors("approver").post(f"/disbursement/batches/{found['id']}/sending-back", body))


def budget_request(context: typer.Context, batch: str) -> None:
    """Ask for the budget again after it was refused."""
    shown = terminal(context)
    _show(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/budget-request"))


def results_due(context: typer.Context, batch: str) -> None:
    """Declare that no more results are to come."""
    shown = terminal(context)
    _show(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/results-due"))


def repayments(context: typer.Context, batch: str) -> None:
    """Of a retry from the holding account: the returned payment whose rupiah each month uses."""
    shown = terminal(context)
    door = f"/disbursement/batches/{find(shown, batch)['id']}/repayments"
    items = list(shown.doors("treasurer").items(door))
    keys = ("reference", "month", "programme", "amount", "outcome", "source_reference", "source_batch", "source_outcome", "source_reason")
    shown.answer({"items": items}, table(keys, [[one[key] for key in keys] for one in items]))


def show(context: typer.Context, batch: str) -> None:
    """One batch, by id or code."""
    shown = terminal(context)
    _show(shown, find(shown, batch))


def listed(context: typer.Context, month: str = "", state: str = "") -> None:
    """Batches, of a month or in a state."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/batches", month=month or None, state=state or None)["items"]
    rows = [(one["code"], one["state"], one["payments"], one["allocations"], one["sum"], one["list_hash"] or "") for one in items]
    shown.answer({"items": items}, table(("code", "state", "payments", "months", "rupiah", "list hash"), rows))


def _sign(shown: Terminal, step: str, batch: str, list_hash: str) -> None:
    person, door = STEPS[step]
    found = find(shown, batch)
    body = {"list_hash": list_hash or found["list_hash"] or ""}
    _show(shown, shown.doors(person).post(f"/disbursement/batches/{found['id']}/{door}", body))


def _signer(signature: dict[str, Any]) -> str:
    behalf = signature.get("on_behalf_of")
    return f"{signature['person']} for {behalf}" if behalf else str(signature["person"])


def _show(shown: Terminal, batch: dict[str, Any]) -> None:
    keys = (
        "code", "id", "state", "financing", "payments", "allocations", "sum", "list_hash", "refused", "changed", "results_due_at",
        "credited", "rejected", "file", "handover",
    )  # fmt: skip
    totals = table(("programme", "months", "rupiah"), [(one["programme"], one["count"], one["sum"]) for one in batch.get("totals", [])])
    names = [f"{one['step']} {_signer(one)}{' (void)' if one.get('void') else ''}" for one in batch.get("signatures", [])]
    seen = {key: batch[key] for key in keys if batch.get(key) not in (None, "", {})} | {"signatures": ", ".join(names)}
    shown.answer(batch, pairs(seen), totals)
