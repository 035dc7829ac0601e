"""New recipients: accounts asked for, invitations, cards that wait."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ritme.terminal import Terminal, pairs, table, terminal


def add_to(app: typer.Typer) -> None:
    cards = typer.Typer(no_args_is_help=True, help="New recipients on their way to a card.")
    cards.command("ask")(ask)
    cards.command("openings")(openings)
    cards.command("file")(file)
    cards.command("invite")(invite)
    cards.command("waves")(waves)
    cards.command("waiting")(waiting)
    app.add_typer(cards, name="cards", rich_help_panel="Month")


def ask(context: typer.Context, programme: str) -> None:
    """Ask the bank for an account for everybody entitled who has none."""
    shown = terminal(context)
    found = shown.doors("operator").post("/disbursement/account-openings", {"programme": programme})
    shown.answer(found, pairs(found))


def openings(context: typer.Context) -> None:
    """What the bank was asked for, and what it answered."""
    _listed(terminal(context), "/disbursement/account-openings", "id", "code", "programme", "count", "opened", "failed", "waiting")


def file(context: typer.Context, opening: str, out: Annotated[Path, typer.Option("--out", dir_okay=False)]) -> None:
    """The file for the bank, with names: keep it as you would keep the people's papers."""
    shown = terminal(context)
    with out.open("wb") as target:
        out.chmod(0o600)
        size = shown.doors("operator").download(f"/disbursement/account-openings/{opening}/file.csv", target)
    found = {"file": out.name, "bytes": size}
    shown.answer(found, pairs(found))


def invite(
    context: typer.Context,
    programme: str,
    *,
    area: Annotated[str, typer.Option(help="Code of a kota, kecamatan or kelurahan.")] = "31",
    place: Annotated[str, typer.Option()],
    day: Annotated[str, typer.Option(help="YYYY-MM-DD")],
    hours: Annotated[str, typer.Option()] = "08.00-14.00",
    most: Annotated[int, typer.Option(help="How many can be served that day.")] = 300,
) -> None:
    """Call those who wait for their card, who was called least first."""
    shown = terminal(context)
    body: dict[str, Any] = {"programme": programme, "area": area, "place": place, "day": day, "hours": hours, "most": most}
    found = shown.doors("operator").post("/disbursement/invitation-waves", body)
    shown.answer(found, pairs(found))


def waves(context: typer.Context) -> None:
    """Invitation waves: called, came, did not come, not reported yet."""
    _listed(terminal(context), "/disbursement/invitation-waves", "code", "day", "place", "count", "handed_over", "absent", "not_reported")


def waiting(context: typer.Context) -> None:
    """Cards that wait, by kota and by how often the person was called."""
    columns = ("programme", "city", "cards", "never_called", "called_once", "called_twice", "called_three_times", "waiting_for_a_visit")
    _listed(terminal(context), "/disbursement/cards/waiting", *columns)


def _listed(shown: Terminal, path: str, *columns: str) -> None:
    found = shown.doors("operator").get(path)
    shown.answer(found, table(columns, [[one[column] for column in columns] for one in found["items"]]))
