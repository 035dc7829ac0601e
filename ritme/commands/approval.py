"""Before a signature: the list beside the last one, what is odd on it; who signs up to how much, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ritme.commands.finding import find
from ritme.terminal import Purpose, Terminal, number, pairs, table, terminal

Why = Annotated[str, typer.Option(help="The document or the reason.")]
Day = Annotated[str, typer.Option(metavar="YYYY-MM-DD")]


def add_to(app: typer.Typer) -> None:
    limit = typer.Typer(no_args_is_help=True, help="Who signs up to how much; two people decide.")
    limit.command("list")(limits)
    limit.command("propose")(propose_limit)
    limit.command("confirm")(confirm_limit)
    delegation = typer.Typer(no_args_is_help=True, help="Hand a signing role to another person for some days.")
    delegation.command("list")(delegations)
    delegation.command("give")(give)
    delegation.command("confirm")(confirm_delegation)
    delegation.command("revoke")(revoke)
    threshold = typer.Typer(no_args_is_help=True, help="From when on something on a list is odd; two people decide.")
    threshold.command("list")(thresholds)
    threshold.command("propose")(propose_thresholds)
    threshold.command("confirm")(confirm_thresholds)
    app.add_typer(limit, name="limit", rich_help_panel="Month")
    app.add_typer(delegation, name="delegation", rich_help_panel="Month")
    app.add_typer(threshold, name="threshold", rich_help_panel="Month")


def add_to_batch(batch: typer.Typer) -> None:
    """The commands that look at one list."""
    batch.command("comparison")(comparison)
    batch.command("anomalies")(anomalies)
    batch.command("acknowledge")(acknowledge)


# --- one list -----------------------------------------------------------------------------------------------------------

_SIDES: Final = ("before", "entered", "left", "changed", "stayed", "now")


def comparison(
    context: typer.Context,
    batch: str,
    against: Annotated[str, typer.Option(help="Month, code or id of another list; default: the last month's.")] = "",
    level: Annotated[str, typer.Option(help="city, kecamatan or kelurahan.")] = "city",
    people: Annotated[Path | None, typer.Option(help="Write who entered, left or changed (.csv or .ndjson).")] = None,
    not_listed: Annotated[Path | None, typer.Option(help="Write who is entitled and not on the list (.csv or .ndjson).")] = None,
    purpose: Purpose = "",
) -> None:
    """Entered, left, changed against the last month, and why everybody else is not on the list."""
    shown = terminal(context)
    doors = shown.doors("approver")
    path = f"/disbursement/batches/{find(shown, batch)['id']}"
    found = doors.get(f"{path}/comparison", against=against or None, level=level)
    for file, door in ((people, "comparison/people"), (not_listed, "not-listed")):
        if file is not None:
            ending = "ndjson" if file.suffix == ".ndjson" else "csv"
            with file.open("wb") as target:
                other = against if file is people else ""
                doors.download(f"{path}/{door}.{ending}", target, against=other or None, purpose=purpose or None)
    before = found["against"]
    heading = f"{found['code']} against {', '.join(before['batches'])}" if before else f"{found['code']}: there is no list before it"
    sides = table(("", "people", "rupiah"), [(side, found[side]["people"], found[side]["sum"]) for side in _SIDES], heading)
    keys = ("kind", "programme", "area", "reason", "detail", "people")
    cells = table((*keys, "rupiah"), [[*(c[key] for key in keys), c["sum"] or c["sum_before"]] for c in found["cells"]])
    rest = found["not_on_list"]
    title = f"entitled {number(rest['entitled'])} = on the list {number(rest['on_list'])} + not on it {number(rest['not_on_list'])}"
    if not rest["holds"]:
        title += ": DOES NOT HOLD"
    reasons = table(
        ("programme", "reason", "detail", "people", "rupiah"),
        [(r["programme"], r["reason"], r["detail"], r["people"], r["sum"]) for r in rest["reasons"]], title,
    )  # fmt: skip
    older = table(("older months", "people", "rupiah"), [(o["months"], o["people"], o["sum"]) for o in found["back_pay"]], "back-pay")
    shown.answer(found, sides, cells, reasons, *([older] if found["back_pay"] else []))


def anomalies(context: typer.Context, batch: str) -> None:
    """What is odd on a submitted list, and what was said about it."""
    shown = terminal(context)
    _show_findings(shown, shown.doors("checker").get(f"/disbursement/batches/{find(shown, batch)['id']}/anomalies"))


def acknowledge(
    context: typer.Context,
    batch: str,
    word: Annotated[str, typer.Option(help="What was found out.")],
    finding: Annotated[list[str] | None, typer.Option(help="Again for each.")] = None,
    code: Annotated[str, typer.Option(help="Every open finding of this rule.")] = "",
) -> None:
    """Say a word about findings, as the checker or approver; without it the list is not approved."""
    shown = terminal(context)
    doors = shown.doors("checker")
    path = f"/disbursement/batches/{find(shown, batch)['id']}/anomalies"
    found = doors.get(path)
    chosen = list(finding or []) + [one["finding_id"] for one in found["items"] if code and one["code"] == code and one["open"]]
    if not chosen:
        raise typer.BadParameter("name a finding, or the code of a rule that has open ones")
    _show_findings(shown, doors.post(f"{path}/acknowledgement", {"list_hash": found["list_hash"], "findings": chosen, "word": word}))


def _show_findings(shown: Terminal, found: dict[str, Any]) -> None:
    rows = [
        (
            one["code"], one["subject"], one["people"], one["amount"],
            ", ".join(f"{key} {number(value)}" for key, value in one["numbers"].items()),
            "open" if one["open"] else "; ".join(f"{w['person']}: {w['word']}" for w in one["words"]), one["finding_id"],
        )
        for one in found["items"]
    ]  # fmt: skip
    shown.answer(found, table(("code", "of", "people", "rupiah", "", "word", "finding"), rows, f"{found['open']} need a word"))


# --- limits, thresholds, delegations ------------------------------------------------------------------------------------


def limits(context: typer.Context) -> None:
    """Every line of the table, newest first."""
    keys = ("kind", "role", "person", "programme", "amount", "valid_from", "valid_to", "state", "proposed_by", "confirmed_by", "id")
    _list(context, "/disbursement/signing-rules", keys)


def propose_limit(
    context: typer.Context,
    amount: Annotated[int, typer.Argument(help="Rupiah of one list.")],
    valid_from: Day,
    reason: Why,
    role: Annotated[str, typer.Option(help="checker, approver or releaser.")] = "approver",
    person: Annotated[str, typer.Option(help="For this person only.")] = "",
    programme: Annotated[str, typer.Option(help="For this programme's part of the list.")] = "",
    second_approver: Annotated[bool, typer.Option("--second-approver", help="From this amount on two approvers sign.")] = False,
    valid_to: Day = "",
) -> None:
    """A limit, or the amount from which two approvers sign; another person confirms it."""
    shown = terminal(context)
    body = {
        "kind": "second_approver" if second_approver else "maximum", "role": role, "person": person, "programme": programme,
        "amount": amount, "valid_from": valid_from, "valid_to": valid_to or None, "reason": reason,
    }  # fmt: skip
    answer = shown.doors("treasurer").post("/disbursement/signing-rules", body)
    shown.answer(answer, pairs(answer))


def confirm_limit(context: typer.Context, rule: str) -> None:
    """By a second person, not bound by it."""
    _post(context, "leader", f"/disbursement/signing-rules/{rule}/confirmation")


def thresholds(context: typer.Context) -> None:
    """The rules, their thresholds, and since when."""
    keys = ("code", "thresholds", "blocks", "valid_from", "state", "proposed_by", "confirmed_by", "id")
    _list(context, "/disbursement/anomaly-rules", keys)


def propose_thresholds(
    context: typer.Context,
    code: str,
    set_: Annotated[list[str], typer.Option("--set", help="name=number, again for each threshold of the rule.")],
    valid_from: Day,
    reason: Why,
    blocks: Annotated[bool, typer.Option("--blocks/--shows", help="Whether an approval waits for a word.")] = True,
) -> None:
    """Other thresholds for a rule; another person confirms them."""
    try:
        given = {name: int(value) for name, _, value in (one.partition("=") for one in set_)}
    except ValueError:
        raise typer.BadParameter("write a threshold as people=5") from None
    body = {"code": code, "thresholds": given, "blocks": blocks, "valid_from": valid_from, "reason": reason}
    _post(context, "treasurer", "/disbursement/anomaly-rules", body)


def confirm_thresholds(context: typer.Context, rule: str) -> None:
    """By a second person."""
    _post(context, "leader", f"/disbursement/anomaly-rules/{rule}/confirmation")


def delegations(context: typer.Context) -> None:
    """Who stands for whom, and when."""
    keys = ("role", "principal", "delegate", "from_day", "to_day", "state", "confirmed_by", "revoked_by", "id")
    _list(context, "/disbursement/delegations", keys)


def give(
    context: typer.Context,
    role: Annotated[str, typer.Argument(help="checker, approver or releaser: your own.")],
    to: Annotated[str, typer.Argument(help="Who signs for you.")],
    from_day: Day,
    to_day: Day,
    reason: Why,
) -> None:
    """Hand your role to another person for these days; a third person confirms it."""
    body = {"role": role, "to": to, "from_day": from_day, "to_day": to_day, "reason": reason}
    _post(context, role, "/disbursement/delegations", body)


def confirm_delegation(context: typer.Context, delegation: str) -> None:
    """By a third person."""
    _post(context, "leader", f"/disbursement/delegations/{delegation}/confirmation")


def revoke(context: typer.Context, delegation: str, reason: Why) -> None:
    """End it now."""
    _post(context, "leader", f"/disbursement/delegations/{delegation}/revocation", {"reason": reason})


def _list(context: typer.Context, path: str, keys: tuple[str, ...]) -> None:
    shown = terminal(context)
    found = shown.doors("treasurer").get(path)
    shown.answer(found, table(keys, [[_cell(one[key]) for key in keys] for one in found["items"]]))


def _cell(value: Any) -> Any:
    return ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else value


def _post(context: typer.Context, person: str, path: str, body: dict[str, Any] | None = None) -> None:
    shown = terminal(context)
    answer = shown.doors(person).post(path, body)
    shown.answer(answer, pairs(answer))
