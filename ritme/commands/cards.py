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
    cards.command("funnel")(funnel)
    cards.command("names")(names)
    cards.command("visit")(visit)
    cards.command("visits")(visits)
    cards.command("visited")(visited)
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


def funnel(context: typer.Context) -> None:
    """Everybody entitled, by programme and by what they wait for: an account, a card, a visit, nothing any more."""
    shown = terminal(context)
    found = shown.doors("operator").get("/disbursement/cards/funnel")
    columns = [key for key in found["items"][0] if key != "programme"] if found["items"] else []
    rows = [(column, *(one[column] for one in found["items"])) for column in columns]
    shown.answer(found, table(("waits for", *(one["programme"] for one in found["items"])), rows))


def names(
    context: typer.Context,
    wave: Annotated[str, typer.Argument(help="Id of an invitation wave; `visits` for the visits at home that are asked for.")],
    out: Annotated[Path, typer.Option("--out", dir_okay=False)],
) -> None:
    """Who is called, or visited, with name and address: keep it as you would keep the people's papers. The look is recorded."""
    shown = terminal(context)
    door = "/disbursement/home-services/list.csv" if wave == "visits" else f"/disbursement/invitation-waves/{wave}/list.csv"
    with out.open("wb") as target:
        out.chmod(0o600)
        size = shown.doors("operator").download(door, target)
    shown.answer({"file": out.name, "bytes": size})


def visit(context: typer.Context, person_id: str, programme: str, reason: Annotated[str, typer.Option()]) -> None:
    """Ask the bank to come to the house of somebody who cannot come."""
    shown = terminal(context)
    found = shown.doors("operator").post("/disbursement/home-services", {"person_id": person_id, "programme": programme, "reason": reason})
    shown.answer(found, pairs(found))


def visits(context: typer.Context, state: Annotated[str, typer.Option(help="asked, handed_over or not_handed_over.")] = "asked") -> None:
    """Visits at home."""
    shown = terminal(context)
    found = shown.doors("operator").get("/disbursement/home-services", state=state)
    columns = ("id", "person_id", "programme", "area", "reason", "asked_at", "visited_on", "result")
    shown.answer(found, table(columns, [[one[column] for column in columns] for one in found["items"]]))


def visited(
    context: typer.Context,
    visit_id: str,
    day: Annotated[str, typer.Option(help="YYYY-MM-DD")],
    card: Annotated[bool, typer.Option("--card/--no-card", help="The card was handed over, or not.")],
    result: Annotated[str, typer.Option()],
) -> None:
    """What came of a visit."""
    shown = terminal(context)
    body = {"day": day, "card_handed_over": card, "result": result}
    found = shown.doors("operator").post(f"/disbursement/home-services/{visit_id}/result", body)
    shown.answer(found, pairs(found))


def _listed(shown: Terminal, path: str, *columns: str) -> None:
    found = shown.doors("operator").get(path)
    shown.answer(found, table(columns, [[one[column] for column in columns] for one in found["items"]]))
