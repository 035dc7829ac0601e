"""The rhythm: a month against its calendar, holidays and announced days by two people, and the months ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from ritme.terminal import Terminal, json_or_file, pairs, table, terminal

STEP_KEYS: Final = ("step", "state", "due_on", "actual", "days_late", "days_left", "role", "escalate_to", "escalated_at")
COHORT_KEYS: Final = ("cohort", "announced", "first_credited", "last_credited", "people", "days_late")
CHANGE_KEYS: Final = ("id", "kind", "state", "content", "source", "proposed_by", "decided_by")
MONTH_KEYS: Final = ("people", "amount", "suspended", "ends_people", "ends_amount", "last_month_by_age")


def add_to(app: typer.Typer) -> None:
    calendar = typer.Typer(no_args_is_help=True, help="Steps and their deadlines, holidays, announced days.")
    calendar.command("show")(show)
    calendar.command("holidays")(holidays)
    calendar.command("changes")(changes)
    calendar.command("propose")(propose)
    calendar.command("confirm")(confirm)
    calendar.command("withdraw")(withdraw)
    app.add_typer(calendar, name="calendar", rich_help_panel="Month")
    app.command(rich_help_panel="Look")(outlook)


def show(context: typer.Context, month: Annotated[str, typer.Argument(help="YYYY-MM; default this month.")] = "") -> None:
    """Each step: due, done, how many working days late, who does it and who is told; each cohort: announced and kept."""
    shown = terminal(context)
    found = shown.doors("operator").get("/disbursement/calendar", month=month or None)
    tables: list[object] = []
    for one in found["programmes"]:
        title = f"{found['month']} {one['programme']}: now {one['now'] or 'all done'}, {one['late']} late"
        tables.append(table(STEP_KEYS, _rows(STEP_KEYS, one["steps"]), title))
        if one["cohorts"]:
            tables.append(table(COHORT_KEYS, _rows(COHORT_KEYS, one["cohorts"]), f"{one['programme']}: announced and kept"))
    shown.answer(found, *(tables or [f"nobody is enrolled in {found['month']}"]))


def holidays(context: typer.Context, year: int) -> None:
    """Days that are no working days, as two people agreed on them."""
    shown = terminal(context)
    found = shown.doors("operator").get("/disbursement/calendar/holidays", year=year)
    shown.answer(found, table(("day", "name", "kind"), _rows(("day", "name", "kind"), found["items"])))


def changes(context: typer.Context, state: Annotated[str, typer.Option(help="proposed, confirmed or withdrawn.")] = "") -> None:
    """Who proposed what, on which paper, and who decided."""
    shown = terminal(context)
    found = shown.doors("operator").get("/disbursement/calendar/changes", state=state or None)
    shown.answer(found, table(CHANGE_KEYS, _rows(CHANGE_KEYS, found["items"])))


def propose(
    context: typer.Context,
    change: Annotated[
        str,
        typer.Argument(
            help='JSON or @FILE: {"kind": "holiday_added", "day", "name", "sort", "source"}, holiday_removed, step, or announcement.'
        ),
    ],
) -> None:
    """Propose a change of the calendar; it holds once another person confirms it."""
    shown = terminal(context)
    _decided(shown, shown.doors("operator").post("/disbursement/calendar/changes", json_or_file(change)))


def confirm(context: typer.Context, change: str) -> None:
    """The second person."""
    shown = terminal(context)
    _decided(shown, shown.doors("approver").post(f"/disbursement/calendar/changes/{change}/confirmation"))


def withdraw(context: typer.Context, change: str) -> None:
    """Take a proposal back, or refuse it."""
    shown = terminal(context)
    _decided(shown, shown.doors("operator").post(f"/disbursement/calendar/changes/{change}/withdrawal"))


def _decided(shown: Terminal, answer: dict[str, Any]) -> None:
    shown.answer(answer, pairs(answer))


def outlook(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="YYYY-MM; default this month.")] = "",
    months: Annotated[int, typer.Option(min=1, max=24)] = 12,
) -> None:
    """The months ahead: people and rupiah, decrees that end, children who age out, missing cards, and where the money ends."""
    shown = terminal(context)
    found = shown.doors("leader").get("/disbursement/outlook", **{"from": start or None, "months": months})
    rows = [
        (month["month"], one["programme"], *(one[key] for key in MONTH_KEYS)) for month in found["months"] for one in month["programmes"]
    ]
    tables: list[object] = [table(("month", "programme", *MONTH_KEYS), rows, "expected; 'ends': no decree names them afterwards")]
    lack_keys = ("programme", "lack", "people", "amount")
    tables.append(table(lack_keys, _rows(lack_keys, found["lacking"]), f"could not be paid in {found['from']} as things are"))
    if found["budget"] is not None:
        keys = ("programme", "year", "available", "needed", "appropriation ends", "lacks", "cash plan ends", "lacks")
        money = [(one["programme"], one["year"], one["available"], one["needed"], *_short(one, "appropriation"), *_short(one, "plan"))
                 for one in found["budget"]]  # fmt: skip
        tables.append(table(keys, money, "where the money ends"))
    shown.answer(found, *tables, *(f"{one['service']} does not answer [{one['code']}]; its part is missing" for one in found["silent"]))


def _short(year: Mapping[str, Any], which: str) -> tuple[str, Any]:
    shortage = year[which]
    if shortage is None:
        return ("no cash plan" if which == "plan" and not year["has_plan"] else "suffices"), ""
    return shortage["month"] + ("" if year["has_line"] else " (no DPA)"), shortage["in_all"]


def _rows(keys: tuple[str, ...], items: list[dict[str, Any]]) -> list[list[Any]]:
    return [[one.get(key) for key in keys] for one in items]
