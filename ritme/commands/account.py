"""Accounts that change: proposed by one person, confirmed by another who types the number again, in force after the cooling-off."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ritme.terminal import Terminal, pairs, table, terminal

_DOOR: Final = "/disbursement/account-changes"
_RULE: Final = "/disbursement/account-cooling-off"
_LISTED: Final = ("id", "programme", "person_id", "state", "asked_by", "in_force_on", "told_on", "document")
_HEAD: Final = (
    *_LISTED[:4],
    "reason",
    "document",
    "asked_by",
    "confirmed_by",
    "in_force_on",
    "told_on",
    "cancelled_by",
    "cancelled_because",
)

Number = Annotated[str, typer.Option("--number", help="Asked for where it is not given, so that it stays out of the shell's history.")]


def add_to(app: typer.Typer) -> None:
    account = typer.Typer(no_args_is_help=True, help="Changes of people's accounts, and how long they wait.")
    for name, command in (
        ("list", listed), ("show", show), ("propose", propose), ("confirm", confirm), ("cancel", cancel), ("notice", notice),
        ("rules", rules), ("propose-rule", propose_rule), ("confirm-rule", confirm_rule),
    ):  # fmt: skip
        account.command(name)(command)
    app.add_typer(account, name="account", rich_help_panel="Month")


def _number(given: str) -> str:
    """Asked for on stderr: stdout is the answer's."""
    return given or str(typer.prompt("Account number", hide_input=True, err=True))


def _changed(shown: Terminal, answer: dict[str, Any]) -> None:
    shown.answer(answer, pairs({key: answer[key] for key in _HEAD}))


def listed(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="proposed, waiting, in_force or cancelled; without it all.")] = "",
    *,
    untold: Annotated[bool, typer.Option("--untold", help="Only those whose person was not told yet.")] = False,
    person: Annotated[str, typer.Option(help="Of one person, by id.")] = "",
    limit: int = 50,
) -> None:
    """Changes, newest first; no account number is in them."""
    shown = terminal(context)
    asked = {"state": state or None, "told": "false" if untold else None, "person": person or None, "limit": limit}
    answer = shown.doors("operator").get(_DOOR, **asked)
    shown.answer(answer, table(_LISTED, [[one[column] for column in _LISTED] for one in answer["items"]]))


def show(context: typer.Context, change_id: str) -> None:
    """One change with holder and last digits of both accounts, to be compared with the paper. The look is recorded."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"{_DOOR}/{change_id}")
    both = [(side, *answer[side].values()) for side in ("account_now", "account_asked")]
    head = pairs({key: answer[key] for key in _HEAD} | {"lists": ", ".join(answer["lists"])})
    shown.answer(answer, head, table(("account", "bank", "ends with", "holder"), both))


def propose(
    context: typer.Context,
    person_id: str,
    programme: str,
    *,
    bank: Annotated[str, typer.Option(help="Code of the bank, such as 111.")],
    holder: Annotated[str, typer.Option(help="As the bank writes it.")],
    card: Annotated[bool, typer.Option("--card/--no-card", help="The card of the new account is in the person's hand, or not.")],
    reason: Annotated[str, typer.Option()],
    document: Annotated[str, typer.Option(help="The paper of the bank or of the person.")],
    number: Number = "",
) -> None:
    """Ask that a person's account become another one; nothing is changed before another person has confirmed it."""
    shown = terminal(context)
    body: dict[str, Any] = {
        "person_id": person_id, "programme": programme, "bank_code": bank, "account_number": _number(number), "holder": holder,
        "card_handed_over": card, "reason": reason, "document": document,
    }  # fmt: skip
    _changed(shown, shown.doors("operator").post(_DOOR, body))


def confirm(context: typer.Context, change_id: str, number: Number = "") -> None:
    """The second person, who types the number from the paper; it holds after the cooling-off."""
    shown = terminal(context)
    _changed(shown, shown.doors("operator2").post(f"{_DOOR}/{change_id}/confirmation", {"account_number": _number(number)}))


def cancel(context: typer.Context, change_id: str, reason: Annotated[str, typer.Option()]) -> None:
    """Take back what does not hold yet; the account stays as it is."""
    shown = terminal(context)
    _changed(shown, shown.doors("operator").post(f"{_DOOR}/{change_id}/cancellation", {"reason": reason}))


def notice(
    context: typer.Context,
    change_id: str,
    day: Annotated[str, typer.Option(help="YYYY-MM-DD")],
    how: Annotated[str, typer.Option(help="A visit, a call, a letter.")],
) -> None:
    """Write down that the person was told."""
    shown = terminal(context)
    _changed(shown, shown.doors("operator").post(f"{_DOOR}/{change_id}/notice", {"day": day, "how": how}))


def _ruled(shown: Terminal, answer: dict[str, Any]) -> None:
    columns = ("valid_from", "working_days", "document", "asked_by", "confirmed_by")
    otherwise = pairs({"otherwise": f"{answer['otherwise']['working_days']} working days (assumed)"})
    shown.answer(answer, table(columns, [[one[column] for column in columns] for one in answer["items"]]), otherwise)


def rules(context: typer.Context) -> None:
    """How many working days a confirmed change waits, by the day from which that counts."""
    shown = terminal(context)
    _ruled(shown, shown.doors("operator").get(_RULE))


def propose_rule(
    context: typer.Context,
    working_days: Annotated[int, typer.Argument(help="0 to 30.")],
    valid_from: Annotated[str, typer.Option("--from", help="YYYY-MM-DD: for what is confirmed from that day on.")],
    document: Annotated[str, typer.Option()],
) -> None:
    """Propose another number of days; it counts once another person has confirmed it."""
    shown = terminal(context)
    body = {"working_days": working_days, "valid_from": valid_from, "document": document}
    _ruled(shown, shown.doors("operator").post(_RULE, body))


def confirm_rule(context: typer.Context, valid_from: Annotated[str, typer.Argument(help="Its day, YYYY-MM-DD.")]) -> None:
    """The second person."""
    shown = terminal(context)
    _ruled(shown, shown.doors("approver").post(f"{_RULE}/confirmation", {"valid_from": valid_from}))
