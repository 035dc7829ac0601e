"""Systems outside that are told of events: who, whether they take them, and what to do where they do not."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ritme.terminal import Terminal, pairs, table, terminal

Service = Annotated[str, typer.Option(help="Whose events.")]
_DISBURSEMENT = "disbursement"
_HEAD = ("id", "name", "state", "url", "failures", "problem", "next_try_at", "delivered_at", "has_secret")


def add_to(app: typer.Typer) -> None:
    webhooks = typer.Typer(no_args_is_help=True, help="Systems outside that are told of events by signed POSTs.")
    for name, command in (
        ("list", listed), ("show", show), ("types", types), ("propose", propose), ("decide", decide), ("secret", secret),
        ("deliveries", deliveries), ("resume", resume), ("replay", replay), ("stop", stop),
    ):  # fmt: skip
        webhooks.command(name)(command)
    app.add_typer(webhooks, name="webhooks", rich_help_panel="Run")


def _head(shown: Terminal, answer: dict[str, Any]) -> None:
    shown.answer(answer, pairs({key: answer[key] for key in _HEAD}))


def listed(context: typer.Context, service: Service = _DISBURSEMENT) -> None:
    """Every subscriber, newest first."""
    shown = terminal(context)
    items = shown.doors("operator").get(f"/{service}/webhooks")["items"]
    columns = ("id", "name", "state", "failures", "problem", "next_try_at", "delivered_at")
    shown.answer({"items": items}, table(columns, [[one[column] for column in columns] for one in items]))


def show(context: typer.Context, subscriber_id: str, service: Service = _DISBURSEMENT) -> None:
    """One subscriber, its event types, and who ordered what about it."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"/{service}/webhooks/{subscriber_id}")
    orders = [(one["at"], one["what"], one["by"], one["detail"]) for one in answer["orders"]]
    heads = {key: answer[key] for key in _HEAD} | {"types": ", ".join(answer["types"])}
    shown.answer(answer, pairs(heads), table(("at", "order", "by", "detail"), orders))


def types(context: typer.Context, service: Service = _DISBURSEMENT) -> None:
    """Event types that a subscriber may want; docs/events.md says what is in them."""
    shown = terminal(context)
    found = shown.doors("operator").get(f"/{service}/webhooks")["types"]
    shown.answer({"types": found}, table(("type",), [(one,) for one in found]))


def propose(
    context: typer.Context,
    name: str,
    url: Annotated[str, typer.Argument(help="https://…")],
    event_type: Annotated[list[str], typer.Option("--type", help="Again for each.")],
    document: Annotated[str, typer.Option(help="The agreement with whoever gets the events.")],
    *,
    from_start: Annotated[bool, typer.Option("--from-start", help="Everything that the bus still keeps comes first.")] = False,
    service: Service = _DISBURSEMENT,
) -> None:
    """Propose that a system is told; it is once another person has confirmed it and it has its secret."""
    shown = terminal(context)
    body = {"name": name, "url": url, "types": event_type, "document": document, "from_start": from_start}
    _head(shown, shown.doors("operator").post(f"/{service}/webhooks", body))


def decide(
    context: typer.Context,
    subscriber_id: str,
    confirm: Annotated[bool, typer.Option("--confirm/--decline", help="One's own can be declined only.")],
    service: Service = _DISBURSEMENT,
) -> None:
    """Confirm what somebody else proposed, or decline it."""
    shown = terminal(context)
    _head(shown, shown.doors("approver").post(f"/{service}/webhooks/{subscriber_id}/decision", {"confirm": confirm}))


def secret(context: typer.Context, subscriber_id: str, service: Service = _DISBURSEMENT) -> None:
    """A new signing secret, shown this once; the one before signs beside it for a day. Nothing is sent before the first."""
    shown = terminal(context)
    answer = shown.doors("operator").post(f"/{service}/webhooks/{subscriber_id}/secret")
    shown.answer(answer, pairs(answer))


def deliveries(context: typer.Context, subscriber_id: str, limit: int = 50, service: Service = _DISBURSEMENT) -> None:
    """Each try with its outcome, newest first."""
    shown = terminal(context)
    items = shown.doors("operator").get(f"/{service}/webhooks/{subscriber_id}/deliveries", limit=limit)["items"]
    columns = ("at", "event_id", "topic", "status", "problem")
    shown.answer({"items": items}, table(columns, [[one[column] for column in columns] for one in items]))


def resume(
    context: typer.Context,
    subscriber_id: str,
    *,
    skip: Annotated[bool, typer.Option("--skip", help="Without the event that it refused last.")] = False,
    service: Service = _DISBURSEMENT,
) -> None:
    """Try again now, where its system refused or did not answer."""
    shown = terminal(context)
    _head(shown, shown.doors("operator").post(f"/{service}/webhooks/{subscriber_id}/resume", {"skip": skip}))


def replay(
    context: typer.Context,
    subscriber_id: str,
    since: Annotated[str, typer.Option(help="With its offset, such as 2025-09-18T14:05:00+07:00.")],
    service: Service = _DISBURSEMENT,
) -> None:
    """Send again what was delivered since then, under the ids that it had."""
    shown = terminal(context)
    answer = shown.doors("operator").post(f"/{service}/webhooks/{subscriber_id}/replay", {"since": since})
    shown.answer(answer, pairs({key: answer[key] for key in ("name", "state", "replayed")}))


def stop(context: typer.Context, subscriber_id: str, service: Service = _DISBURSEMENT) -> None:
    """Nothing more is sent there, for good."""
    shown = terminal(context)
    _head(shown, shown.doors("operator").post(f"/{service}/webhooks/{subscriber_id}/stop"))
