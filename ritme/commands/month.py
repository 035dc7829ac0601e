"""The month: seal, open, show; changes of enrolments before it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ritme.client import REFUSED, Problem
from ritme.terminal import json_or_file, pairs, table, terminal

OUTCOMES: Final = ("entitled", "due", "in_payment", "unknown", "paid", "held", "missed", "excluded")


def add_to(app: typer.Typer) -> None:
    month = typer.Typer(no_args_is_help=True, help="Seal, open and show a benefit month.")
    month.command("seal")(seal)
    month.command("seal-again")(seal_again)
    month.command("open")(open_month)
    month.command("show")(show)
    month.command("seals")(seals)
    month.command("close")(close_month)
    month.command("closing")(closing)
    app.add_typer(month, name="month", rich_help_panel="Month")
    app.command("status-change", rich_help_panel="Month")(status_change)
    app.command("status-confirm", rich_help_panel="Month")(status_confirm)
    app.command("status-cancel", rich_help_panel="Month")(status_cancel)
    app.command("status-orders", rich_help_panel="Month")(status_orders)


def seal(
    context: typer.Context,
    month: str,
    programme: Annotated[list[str] | None, typer.Option(help="Again for each; default all.")] = None,
) -> None:
    """Cut-off: the list of everyone whom the decree names, sealed for ever."""
    shown = terminal(context)
    doors = shown.doors("operator")
    wanted = programme or [one["code"] for one in doors.get("/beneficiary/programmes")["items"]]
    seals = [doors.post("/beneficiary/cutoffs", {"programme": one, "month": month}) for one in wanted]
    rows = [(one["programme"], one["count"], one["sum"], one["quota"], one["hash"]) for one in seals]
    shown.answer({"month": month, "seals": seals}, table(("programme", "people", "rupiah", "quota", "hash"), rows))


def seal_again(context: typer.Context, month: str, programme: str) -> None:
    """Second seal of a sealed month, once two people ordered something behind its seal; `month open` then follows it."""
    shown = terminal(context)
    seal = shown.doors("operator").post("/beneficiary/cutoffs/again", {"programme": programme, "month": month})
    shown.answer(seal, pairs({key: seal[key] for key in ("programme", "month", "seal_no", "count", "sum", "hash", "by_status")}))


def seals(context: typer.Context, month: str) -> None:
    """The seals of a month, with the month's hash."""
    shown = terminal(context)
    found = shown.doors("operator").get(f"/beneficiary/months/{month}/seal")
    rows = [(one["programme"], one["count"], one["sum"], one["quota"], one["hash"]) for one in found["programmes"]]
    shown.answer(found, table(("programme", "people", "rupiah", "quota", "hash"), rows, f"{month}  {found['hash']}"))


def open_month(context: typer.Context, month: str) -> None:
    """Open the month against its seal; refused (exit 3) where our own list is not the sealed one."""
    shown = terminal(context)
    try:
        answer = shown.doors("operator").post(f"/disbursement/months/{month}/opening")
    except Problem as problem:
        if problem.status != 409 or "opened" not in problem.body:
            raise
        answer = {key: value for key, value in problem.body.items() if key not in ("type", "title", "status", "correlation_id")}
        shown.err.print(f"{problem.detail} [{problem.code}]")
        _show_opening(shown, answer)
        raise typer.Exit(REFUSED) from None
    _show_opening(shown, answer)


def _show_opening(shown: Any, answer: dict[str, Any]) -> None:
    keys = ("programme", "state", "due", "held", "excluded", "pending", "only_in_beneficiary", "only_in_disbursement", "differs")
    rows = [[one.get(key, "") for key in keys] for one in answer.get("programmes", [])]
    behind = [one for one in answer.get("programmes", []) if one["state"] == "second_seal_followed"]
    followed = ("programme", "new_people", "now_held", "now_excluded", "kept")
    more = [table(followed, [[one[key] for key in followed] for one in behind])] if behind else []
    shown.answer(answer, table(keys, rows), *more)


def show(
    context: typer.Context,
    month: str,
    as_of: Annotated[str | None, typer.Option(help="As it was known at the end of this day, as 2025-08-08.")] = None,
) -> None:
    """The month as an equation, by programme, with what is unpaid and why."""
    shown = terminal(context)
    found = shown.doors("leader").get(f"/disbursement/months/{month}/equation", as_of=as_of)
    rows = [("all", *(found[key] for key in OUTCOMES))]
    rows += [(name, *(one[key] for key in OUTCOMES)) for name, one in found["by_programme"].items()]
    reasons = table(("unpaid because", "people"), sorted(found["unpaid_by_reason"].items(), key=lambda item: -item[1]))
    title = f"{month}: {'the equation holds' if found['holds'] else 'THE EQUATION DOES NOT HOLD'}"
    shown.answer(found, table(("programme", *OUTCOMES), rows, title), reasons)


def close_month(
    context: typer.Context, month: str, programme: str, minutes: Annotated[str, typer.Option(help="Number of the signed minutes.")]
) -> None:
    """Ask to close a programme's month by its minutes; another person confirms (`order confirm`). `month closing` says what lacks."""
    shown = terminal(context)
    order = shown.doors("treasurer").post(f"/disbursement/months/{month}/closing", {"programme": programme, "minutes": minutes})
    shown.answer(order, pairs({key: order[key] for key in ("id", "kind", "state", "person_months", "rupiah", "document", "asked_by")}))


def closing(context: typer.Context, month: str) -> None:
    """By programme: closed when and by whom, what came after the closing, and what still lacks."""
    shown = terminal(context)
    found = shown.doors("treasurer").get(f"/disbursement/months/{month}/closing")
    rows = []
    for one in found["programmes"]:
        last = one["closings"][-1] if one["closings"] else {}
        lacks = ", ".join(f"{each['lack']} {each['count']}" for each in one["lacks"] or [])
        after = ", ".join(f"{each['was'] or 'new'} > {each['now']} {each['people']}" for each in one["after_closing"])
        rows.append((one["programme"], one["state"], last.get("minutes", ""), last.get("closed_at", ""), lacks, after))
    shown.answer(found, table(("programme", "state", "minutes", "closed at", "lacks", "after the closing"), rows))


def status_change(
    context: typer.Context,
    items: Annotated[
        str, typer.Argument(help='{"items": […]}, one item, or @FILE: person_id, programme, action, reason, from_month, evidence.')
    ],
) -> None:
    """Suspend, resume or end enrolments; a resumption waits for a second person (`status-confirm`)."""
    shown = terminal(context)
    body = json_or_file(items)
    body = body if "items" in body else {"items": [body]}
    shown.answer(shown.doors("operator").post("/beneficiary/status-changes", body))


def status_confirm(context: typer.Context, order: str) -> None:
    """Confirm another person's order."""
    shown = terminal(context)
    answer = shown.doors("operator2").post(f"/beneficiary/status-changes/{order}/confirmation")
    shown.answer(answer, pairs(answer))


def status_cancel(context: typer.Context, order: str, reason: Annotated[str, typer.Option()]) -> None:
    """Take back an order that nobody has confirmed."""
    shown = terminal(context)
    answer = shown.doors("operator").post(f"/beneficiary/status-changes/{order}/cancellation", {"reason": reason})
    shown.answer(answer, pairs(answer))


def status_orders(
    context: typer.Context, state: Annotated[str, typer.Option(help="proposed, done or cancelled; empty: all.")] = "proposed"
) -> None:  # fmt: skip
    """Orders of status changes; the proposed ones wait for a second person."""
    shown = terminal(context)
    items = shown.doors("operator").get("/beneficiary/status-changes", state=state)["items"]
    rows = [(one["id"], one["state"], len(one["items"]), one["ordered_by"], one["ordered_at"]) for one in items]
    shown.answer({"items": items}, table(("order", "state", "changes", "by", "at"), rows))
