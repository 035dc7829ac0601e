"""Events: what was published, putting it back into the queue, and what stands still."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ritme.commands import SERVICES
from ritme.terminal import table, terminal

Service = Annotated[list[str] | None, typer.Option("--service", help="Again for each; default all.")]


def add_to(app: typer.Typer) -> None:
    events = typer.Typer(no_args_is_help=True, help="Published events: export, and publish again.")
    events.command("export")(export)
    events.command("republish")(republish)
    parked = typer.Typer(no_args_is_help=True, help="Events that stand still, with reason and owner.")
    parked.command("list")(listed)
    app.add_typer(events, name="events", rich_help_panel="Run")
    app.add_typer(parked, name="parked", rich_help_panel="Run")


def export(
    context: typer.Context,
    service: Service = None,
    out: Annotated[Path | None, typer.Option(help="A file; by default standard output.")] = None,
) -> None:
    """Every published event, one CloudEvent a line."""
    shown = terminal(context)
    doors = shown.doors("operator")
    with ExitStack() as stack:
        if out is not None:
            target: BinaryIO = stack.enter_context(out.open("wb"))
        else:
            target = stack.enter_context(Path(os.devnull).open("wb")) if shown.json else sys.stdout.buffer
        sizes = {name: doors.download(f"/{name}/events.ndjson", target) for name in service or SERVICES}
    if out or shown.json:
        shown.answer({"bytes": sizes} | ({"file": str(out)} if out else {}))


def republish(
    context: typer.Context,
    service: Service = None,
    event_type: Annotated[str, typer.Option("--type", help="Only this type, such as beneficiary.enrolment.activated.v1.")] = "",
    key: Annotated[str, typer.Option(help="Only this key.")] = "",
) -> None:
    """Put events back into the queue under the ids they had; who applied them already drops them."""
    shown = terminal(context)
    doors = shown.doors("operator")
    owner = event_type.split(".", 1)[0]
    names = service or ([owner] if event_type else list(SERVICES))
    body = {name: value for name, value in (("type", event_type), ("key", key)) if value}
    counts = {name: doors.post(f"/{name}/events:republish", body)["republished"] for name in names}
    shown.answer({"republished": sum(counts.values()), "services": counts}, table(("service", "events"), list(counts.items())))


def listed(context: typer.Context, service: Service = None) -> None:
    """Keys that stand still; `ritme work --replay-parked` tries them again."""
    shown = terminal(context)
    doors = shown.doors("operator")
    items = [{"service": name, **one} for name in service or SERVICES for one in doors.get(f"/{name}/parked")["items"]]
    columns = ("service", "topic", "key", "reason", "count", "owner", "since")
    shown.answer({"parked": len(items), "items": items}, table(columns, [[one.get(name) for name in columns] for one in items]))
