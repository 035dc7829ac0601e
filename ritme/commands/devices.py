"""Assistive devices: stock, requests, readiness."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ritme.terminal import Terminal, pairs, table, terminal

_HOME = "/assistive_devices"


def add_to(app: typer.Typer) -> None:
    devices = typer.Typer(no_args_is_help=True, help="Stock, requests, handovers and readiness of assistive devices.")
    devices.command("stock")(stock)
    devices.command("kinds")(kinds)
    devices.command("places")(places)
    devices.command("readiness")(readiness)
    devices.command("incoming")(incoming)
    devices.command("requests")(requests)
    devices.command("request")(request)
    devices.command("reserve")(reserve)
    devices.command("handover")(handover)
    devices.command("cancel")(cancel)
    app.add_typer(devices, name="devices", rich_help_panel="Month")


def stock(context: typer.Context, kind: str = "", place: str = "") -> None:
    """On hand, reserved, free and coming, per kind and place."""
    _items(terminal(context), "/stock", kind=kind or None, place=place or None)


def kinds(context: typer.Context) -> None:
    """What there is."""
    _items(terminal(context), "/kinds")


def places(context: typer.Context) -> None:
    """Where it is kept."""
    _items(terminal(context), "/places")


def readiness(context: typer.Context) -> None:
    """Where more people wait than devices are there or coming."""
    _items(terminal(context), "/readiness")


def requests(context: typer.Context, state: str = "") -> None:
    """Who waits, in order."""
    _items(terminal(context), "/requests", state=state or None)


def incoming(
    context: typer.Context,
    kind: str,
    place: str,
    units: int,
    expected_on: Annotated[str, typer.Option(help="YYYY-MM-DD")],
) -> None:
    """What is ordered and coming."""
    _act(terminal(context), "/incoming", {"kind": kind, "place": place, "units": units, "expected_on": expected_on})


def request(
    context: typer.Context,
    person: str,
    kind: str,
    place: str,
    area: Annotated[str, typer.Option(help="Kelurahan code.")],
    note: Annotated[str, typer.Option()] = "",
) -> None:
    """A person asks for a device."""
    body: dict[str, Any] = {"person_id": person, "kind": kind, "place": place, "area": area}
    _act(terminal(context), "/requests", body | ({"note": note} if note else {}))


def reserve(context: typer.Context, request_id: str) -> None:
    """The first free device of that kind and place."""
    _act(terminal(context), f"/requests/{request_id}/reservation", {})


def handover(context: typer.Context, request_id: str, minutes_number: str, handed_over_on: str) -> None:
    """Handed over, with the number and date of the minutes."""
    body = {"minutes_number": minutes_number, "handed_over_on": handed_over_on}
    _act(terminal(context), f"/requests/{request_id}/handover", body)


def cancel(context: typer.Context, request_id: str, reason: Annotated[str, typer.Option()]) -> None:
    """The request ends; its device is free again."""
    _act(terminal(context), f"/requests/{request_id}/cancellation", {"reason": reason})


def _items(shown: Terminal, door: str, **parameters: Any) -> None:
    found = shown.doors("warehouse").get(f"{_HOME}{door}", **parameters)
    items = found["items"]
    columns = list(items[0]) if items else ["nothing"]
    shown.answer(found, table(columns, [[one.get(column) for column in columns] for one in items]))


def _act(shown: Terminal, door: str, body: dict[str, Any]) -> None:
    answer = shown.doors("warehouse").post(f"{_HOME}{door}", body)
    shown.answer(answer, pairs(answer))
