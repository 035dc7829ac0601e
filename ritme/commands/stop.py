"""What two people order: the stop button, the end of unknown, a budget year that is over, cut-off hours, minutes of a batch."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ritme.commands.finding import find
from ritme.terminal import Terminal, pairs, table, terminal

Reason = Annotated[str, typer.Option(help="Why, in your words.")]
Document = Annotated[str, typer.Option(help="Number of the letter or minutes it rests on.")]
Programmes = Annotated[list[str] | None, typer.Option("--programme", help="Again for each; default all of the year.")]


def add_to(app: typer.Typer) -> None:
    stop = typer.Typer(no_args_is_help=True, help="Freeze a programme, a batch or a person; two people each way.")
    stop.command("freeze")(freeze)
    stop.command("lift")(lift)
    stop.command("list")(freezes)
    app.add_typer(stop, name="stop", rich_help_panel="Month")
    order = typer.Typer(no_args_is_help=True, help="Orders that wait for a second person.")
    order.command("list")(orders)
    order.command("confirm")(confirm)
    order.command("cancel")(cancel)
    app.add_typer(order, name="order", rich_help_panel="Month")
    pair = typer.Typer(no_args_is_help=True, help="Programmes that exclude one another; two people decide.")
    pair.command("list")(pairs_of)
    pair.command("propose")(propose_pair)
    pair.command("confirm")(confirm_pair)
    pair.command("refuse")(refuse_pair)
    app.add_typer(pair, name="exclusive", rich_help_panel="Month")
    year = typer.Typer(no_args_is_help=True, help="A budget year: what it still owes, its end, and a later budget.")
    year.command("show")(show_year)
    year.command("lapse")(lapse)
    year.command("reopen")(reopen)
    app.add_typer(year, name="budget-year", rich_help_panel="Money")
    app.command("not-executed", rich_help_panel="Money")(not_executed)
    app.command("close-batch", rich_help_panel="Month")(close_batch)
    app.command("cutoff-hour", rich_help_panel="Money")(cutoff_hour)


def freeze(
    context: typer.Context, reason: Reason, programme: str = "", batch: str = "", person: str = "", until: str = "",
    document: Document = "",
) -> None:  # fmt: skip
    """Ask for a stop of one programme, batch (id or code) or person (id; with --programme in that one only)."""
    shown = terminal(context)
    scope = "batch" if batch else "person" if person else "programme"
    body: dict[str, Any] = {"scope": scope, "reason": reason, "document": document, "programme": programme}
    body |= {"batch_id": find(shown, batch)["id"]} if batch else {}
    body |= {"person_id": person} if person else {}
    body |= {"until": until} if until else {}
    _asked(shown, shown.doors("operator").post("/disbursement/freezes", body))


def lift(context: typer.Context, freeze: str, reason: Reason, document: Document = "") -> None:
    """Ask to let go of a freeze."""
    shown = terminal(context)
    _asked(shown, shown.doors("operator").post(f"/disbursement/freezes/{freeze}/lift", {"reason": reason, "document": document}))


def freezes(context: typer.Context, past: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False) -> None:
    """What is frozen, and until when."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/freezes", active=not past)["items"]
    rows = [
        (one["id"], one["scope"], one["programme"] or one["batch_id"] or one["person_id"], one["reason"], one["until"] or "", one["holds"])
        for one in items
    ]
    shown.answer({"items": items}, table(("freeze", "scope", "of", "reason", "until", "holds"), rows))


def orders(context: typer.Context, state: str = "proposed", kind: str = "") -> None:
    """Orders by state (proposed, done, cancelled) and kind."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/orders", state=state, kind=kind)["items"]
    rows = [(one["id"], one["kind"], one["state"], one["person_months"], one["rupiah"], one["asked_by"], one["reason"]) for one in items]
    shown.answer({"items": items}, table(("order", "kind", "state", "months", "rupiah", "asked by", "reason"), rows))


def confirm(context: typer.Context, order: str) -> None:
    """The second person: what was asked is done now."""
    shown = terminal(context)
    _asked(shown, shown.doors("treasurer").post(f"/disbursement/orders/{order}/confirmation", {}))


def cancel(context: typer.Context, order: str) -> None:
    """Take back what nobody has confirmed."""
    shown = terminal(context)
    _asked(shown, shown.doors("operator").post(f"/disbursement/orders/{order}/cancellation", {}))


def not_executed(
    context: typer.Context,
    batch: str,
    statement: Annotated[list[str], typer.Option(help="NUMBER@YYYY-MM-DD, twice, the earlier first.")],
    letter: Annotated[str, typer.Option(help="NUMBER@YYYY-MM-DD of the bank's letter.")],
    reason: Reason,
    reference: Annotated[list[str] | None, typer.Option(help="Again for each; default all unknown payments of the batch.")] = None,
) -> None:
    """Ask that unknown payments end: two closed statements and the bank's letter say that it never carried them out."""
    shown = terminal(context)
    body = {
        "references": reference or [], "statements": [_paper(one) for one in statement], "letter": _paper(letter), "reason": reason,
    }  # fmt: skip
    _asked(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/not-executed", body))


def _paper(text: str) -> dict[str, str]:
    number, _, day = text.rpartition("@")
    return {"number": number, "day": day}


def close_batch(context: typer.Context, batch: str, minutes: Annotated[str, typer.Option(help="Number of the minutes.")]) -> None:
    """Ask to close a batch in which everything has a name."""
    shown = terminal(context)
    _asked(shown, shown.doors("operator").post(f"/disbursement/batches/{find(shown, batch)['id']}/closing", {"minutes": minutes}))


def show_year(context: typer.Context, year: int) -> None:
    """What the months of a budget year still owe, by programme, outcome and reason."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/disbursement/budget-years/{year}")
    keys = ("programme", "outcome", "reason", "person_months", "rupiah")
    shown.answer(found, table(keys, [[one[key] for key in keys] for one in found["open"]]))


def lapse(context: typer.Context, year: int, reason: Reason, document: Document, programme: Programmes = None) -> None:
    """Ask that what is still owed of a year that is over be lapsed_budget_year, by its legal path."""
    _year(context, year, "lapse", {"reason": reason, "document": document, "programmes": programme or None})


def reopen(context: typer.Context, year: int, reason: Reason, document: Document, programme: Programmes = None) -> None:
    """Ask that a later budget take the lapsed months up again."""
    _year(context, year, "reopening", {"reason": reason, "document": document, "programmes": programme or None})


def _year(context: typer.Context, year: int, door: str, body: dict[str, Any]) -> None:
    shown = terminal(context)
    _asked(shown, shown.doors("treasurer").post(f"/disbursement/budget-years/{year}/{door}", body))


def cutoff_hour(
    context: typer.Context, valid_from: str, hour: str, reason: Reason, bank: str = "*", programme: str = "*", document: Document = ""
) -> None:
    """Ask for another cut-off hour (HH:MM in Jakarta) of a bank and programme from a day on."""
    shown = terminal(context)
    body = {
        "bank_code": bank, "programme": programme, "valid_from": valid_from, "hour": hour, "reason": reason, "document": document,
    }  # fmt: skip
    _asked(shown, shown.doors("operator").post("/disbursement/bank-cutoff-hours", body))


def _asked(shown: Terminal, order: dict[str, Any]) -> None:
    keys = ("id", "kind", "state", "person_months", "rupiah", "reason", "document", "asked_by", "confirmed_by", "cancelled_by")
    shown.answer(order, pairs({key: order[key] for key in keys if order.get(key) not in (None, "", 0)}))


# --- programmes that exclude one another ------------------------------------------------------------------------------


def pairs_of(context: typer.Context) -> None:
    """Which right stays and which gives way, from which month on, by whom."""
    shown = terminal(context)
    _show_pairs(shown, shown.doors("operator").get("/disbursement/exclusive-programmes"))


def propose_pair(
    context: typer.Context, keeps: str, gives_way: str, from_month: Annotated[str, typer.Option("--from", help="YYYY-MM, not open yet.")],
    reason: Reason, document: Annotated[str, typer.Option("--document", help="The rule that says so.")],
    ends: Annotated[bool, typer.Option("--ends", help="From then on both rights are had again.")] = False,
) -> None:  # fmt: skip
    """Whoever has KEEPS has no month in GIVES_WAY from then on; a second person confirms it."""
    shown = terminal(context)
    body = {
        "keeps": keeps, "gives_way": gives_way, "from_month": from_month, "holds": not ends, "reason": reason, "document": document,
    }  # fmt: skip
    _show_pairs(shown, {"items": [shown.doors("operator").post("/disbursement/exclusive-programmes", body)]})


def confirm_pair(context: typer.Context, pair: str) -> None:
    """The second person."""
    shown = terminal(context)
    _show_pairs(shown, {"items": [shown.doors("approver").post(f"/disbursement/exclusive-programmes/{pair}/confirmation")]})


def refuse_pair(context: typer.Context, pair: str) -> None:
    """It never holds."""
    shown = terminal(context)
    _show_pairs(shown, {"items": [shown.doors("approver").post(f"/disbursement/exclusive-programmes/{pair}/refusal")]})


def _show_pairs(shown: Terminal, answer: dict[str, Any]) -> None:
    keys = ("keeps", "gives_way", "from_month", "holds", "state", "in_force", "document", "asked_by", "decided_by", "id")
    shown.answer(answer, table(keys, [[one[key] for key in keys] for one in answer["items"]]))
