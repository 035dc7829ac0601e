"""Files in: template, dry run, problems, commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from ritme.client import USAGE, Doors, Problem
from ritme.terminal import Terminal, json_or_file, number, pairs, table, terminal

SERVICE_OF: Final = {
    "decree": "beneficiary", "status": "beneficiary", "daily_book": "beneficiary",
    "accounts": "disbursement", "account-opening": "disbursement", "card-distribution": "disbursement",
    "carry-in": "disbursement", "results": "disbursement", "statement": "disbursement",
    "dpa": "budget_audit", "cash-plan": "budget_audit", "sp2d": "budget_audit", "sts": "budget_audit",
    "census": "budget_audit", "contract": "budget_audit", "treasury-documents": "budget_audit", "spd": "budget_audit",
    "contract-items": "budget_audit", "ssh": "budget_audit", "bast": "budget_audit", "invoice": "budget_audit",
    "kitchen-log": "budget_audit", "staff": "budget_audit", "movements": "budget_audit",
    "delivery": "assistive_devices",
}  # fmt: skip
"""Which service takes which file."""

SENDER_OF: Final = {"sp2d": "treasurer", "sts": "treasurer", "statement": "treasurer", "delivery": "warehouse"}
"""Whose file it is, where not the operator's."""
SECOND_OF: Final = {"sp2d": "treasurer2", "sts": "treasurer2"}
"""Who commits, where that is another person of the same office."""

CONTROLS_OF: Final = {
    "decree": '{"number":"SK 100/2025","from_month":"2025-07","to_month":"2025-12","count":3,"sum":900000,'
    '"programmes":{"KLJ":{"count":3,"sum":900000,"quota":4}}}',
    "status": '{"count":3}', "daily_book": '{"count":120}', "accounts": '{"count":3}', "account-opening": '{"count":3}',
    "card-distribution": '{"count":3}', "carry-in": '{"count":3,"months":{"2025-07":2,"2025-08":1}}',
    "dpa": '{"count":3,"sum":900000}', "cash-plan": '{"count":3,"sum":900000}', "sp2d": '{"count":3,"sum":900000}',
    "sts": '{"count":1,"sum":300000}', "census": '{"count":30}', "contract": '{"count":1}', "delivery": '{"count":2,"sum":5000000}',
    "contract-items": '{"year":2025,"count":2}', "ssh": '{"year":2025,"count":40}', "bast": '{"year":2025,"count":3,"sum":900000}',
    "invoice": '{"year":2025,"count":3,"sum":900000}', "kitchen-log": '{"year":2025,"count":30}', "staff": '{"year":2025,"count":12}',
    "movements": '{"year":2025,"count":30}', "treasury-documents": '{"count":3,"sum":900000,"covered_to":"2025-10-24"}',
    "spd": '{"count":3,"sum":900000}',
    "statement": '{"account":"1010101010","from_day":"2025-09-18","to_day":"2025-09-19","opening":0,"closing":0}',
}  # fmt: skip
"""What the signed paper of each kind says, as it is typed; sums in rupiah (of one month, for a decree)."""

_KINDS: Final = "One of " + ", ".join(CONTROLS_OF) + "."

_SHOWN: Final = (
    "id", "kind", "file_name", "state", "rows", "accepted", "rejected", "warnings", "controls", "totals", "ready", "not_ready", "result",
    "duplicate_of",
)  # fmt: skip

Service = Annotated[str, typer.Option(help="Where the kind is not one of the known ones.")]


def add_to(app: typer.Typer) -> None:
    panel = "Files"
    app.command(rich_help_panel=panel)(template)
    app.command("import", rich_help_panel=panel)(check)
    app.command("import-commit", rich_help_panel=panel)(commit)
    app.command("import-problems", rich_help_panel=panel)(problems)
    app.command("import-mend", rich_help_panel=panel)(mend)
    app.command("import-cancel", rich_help_panel=panel)(cancel)
    app.command("imports", rich_help_panel=panel)(listed)
    app.command("import-undo", rich_help_panel=panel)(undo)
    app.command("import-undo-decide", rich_help_panel=panel)(decide_undo)


def service_of(kind: str, given: str = "") -> str:
    """Raise BadParameter for a kind that nobody takes."""
    if given or kind in SERVICE_OF:
        return given or SERVICE_OF[kind]
    raise typer.BadParameter(f"'{kind}' is none of {', '.join(sorted(SERVICE_OF))}; name the --service")


def template(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="One of " + ", ".join(SERVICE_OF) + ".")],
    out: Annotated[Path | None, typer.Option(help="Where to; by default NAME.xlsx here. An ending .csv gives CSV.")] = None,
    service: Service = "",
) -> None:
    """The published template of a file, with help and an example."""
    shown = terminal(context)
    target = out or Path(f"{name}.xlsx")
    form = "csv" if target.suffix == ".csv" else "xlsx"
    with target.open("wb") as file:
        size = shown.doors("operator").download(f"/{service_of(name, service)}/templates/{name}.{form}", file)
    shown.answer({"file": str(target), "bytes": size}, f"{target}, {number(size)} bytes")


def check(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=_KINDS)],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX, in the form of `ritme template KIND`.")],
    controls: Annotated[
        str, typer.Option(help="Totals typed from the signed paper: JSON, or @FILE. Each kind wants its own; without them it says which.")
    ] = "{}",
    service: Service = "",
) -> None:
    """Dry run of a file: every problem by row and column; nothing is applied before `import-commit`."""
    shown = terminal(context)
    typed = json_or_file(controls)
    doors = shown.doors(SENDER_OF.get(kind, "operator"))
    try:
        view = doors.upload(f"/{service_of(kind, service)}/imports/{kind}", file, {"controls": json.dumps(typed)})
    except Problem as problem:
        if problem.body.get("errors") and kind in CONTROLS_OF:
            shown.err.print(Text(f"--controls of this kind: '{CONTROLS_OF[kind]}'"))
        raise
    _show(shown, view)
    if not shown.json:
        shown.err.print(Text(_next(view)))


def _next(view: dict[str, Any]) -> str:
    """What to do with a file that was just checked."""
    if view["state"] == "committed":
        return "these bytes were committed before; nothing was done"
    if view["ready"]:
        return f"next: ritme import-commit {view['id']}"
    if view["rejected"]:
        return f"next: ritme import-problems {view['id']} --rejected mend.csv, mend the rows, ritme import-mend {view['id']} mend.csv"
    return "not ready: compare the file with the paper, then send it again with the right --controls"


def commit(context: typer.Context, import_id: str, service: Service = "") -> None:
    """Apply a checked file; a second person where the kind wants one (`--as operator2`)."""
    shown = terminal(context)
    found, view = _find(shown, import_id, service)
    doors = shown.doors(SECOND_OF.get(view["kind"]) or SENDER_OF.get(view["kind"], "operator2"))
    _show(shown, doors.post(f"/{found}/imports/{import_id}/commit"))


def cancel(context: typer.Context, import_id: str, service: Service = "") -> None:
    """Forget a checked file."""
    shown = terminal(context)
    found, view = _find(shown, import_id, service)
    _show(shown, shown.doors(SENDER_OF.get(view["kind"], "operator")).post(f"/{found}/imports/{import_id}/cancel"))


def undo(
    context: typer.Context,
    import_id: str,
    reason: Annotated[str, typer.Option(help="Why the file was wrong.")],
    document: Annotated[str, typer.Option(help="The paper that says so.")],
) -> None:
    """Ask that a committed status file be taken back; another person decides. What rests on it is named in the refusal."""
    shown = terminal(context)
    answer = shown.doors("operator").post(f"/beneficiary/imports/{import_id}/undo", {"reason": reason, "document": document})
    shown.answer(answer, pairs(answer["undo"]))


def decide_undo(context: typer.Context, import_id: str, refuse: Annotated[bool, typer.Option("--refuse")] = False) -> None:
    """The second person: what held before the file holds again (or, with --refuse, the file stays)."""
    shown = terminal(context)
    door = "refusal" if refuse else "confirmation"
    answer = shown.doors("operator2").post(f"/beneficiary/imports/{import_id}/undo/{door}")
    shown.answer(answer, pairs(answer["undo"]))


def mend(
    context: typer.Context, import_id: str, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], service: Service = ""
) -> None:
    """Send the mended rows of a file; the rows accepted before stay untouched."""
    shown = terminal(context)
    found, view = _find(shown, import_id, service)
    _show(shown, shown.doors(SENDER_OF.get(view["kind"], "operator")).upload(f"/{found}/imports/{import_id}/mended", file))


def problems(
    context: typer.Context,
    import_id: str,
    rejected: Annotated[Path | None, typer.Option(help="Also write the rejected rows here, to mend.")] = None,
    service: Service = "",
) -> None:
    """What is wrong, by row and column."""
    shown = terminal(context)
    found, view = _find(shown, import_id, service)
    doors = shown.doors(SENDER_OF.get(view["kind"], "operator"))
    items = list(doors.items(f"/{found}/imports/{import_id}/problems"))
    if rejected is not None:
        with rejected.open("wb") as file:
            doors.download(f"/{found}/imports/{import_id}/rejected.csv", file)
    rows = [(one["row"], one["column"], one["code"], one["message"], one["value"]) for one in items]
    shown.answer({"problems": len(items), "items": items}, table(("row", "column", "code", "what", "value"), rows))


def listed(context: typer.Context, service: Service = "") -> None:
    """The newest imports, of all services or one."""
    shown = terminal(context)
    doors = shown.doors("operator")
    items = [
        {"service": name, **one}
        for name in ([service] if service else sorted(set(SERVICE_OF.values())))
        for one in doors.get(f"/{name}/imports")["items"]
    ]
    rows = [(one["id"], one["kind"], one["file_name"], one["state"], one["rows"], one["rejected"], one["uploaded_by"]) for one in items]
    shown.answer({"items": items}, table(("id", "kind", "file", "state", "rows", "rejected", "by"), rows))


def _find(shown: Terminal, import_id: str, service: str) -> tuple[str, dict[str, Any]]:
    """The service that holds this import: ids are unique, so the one that knows it."""
    doors: Doors = shown.doors("operator")
    for name in [service] if service else sorted(set(SERVICE_OF.values())):
        try:
            return name, doors.get(f"/{name}/imports/{import_id}")
        except Problem as problem:
            if problem.status != 404 or service:
                raise
    shown.err.print(f"no service knows the import {import_id}")
    raise typer.Exit(USAGE)


def _show(shown: Terminal, view: dict[str, Any]) -> None:
    seen = {key: view[key] for key in _SHOWN if view.get(key) is not None}
    shown.answer(view, pairs(seen))
