"""People who wait: gaps answered and handed on, lawful exclusions, cases (holds, objections, access, recovery), the proof of a month."""

from __future__ import annotations

import json
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from ritme.terminal import Purpose, Terminal, json_or_file, pairs, table, terminal

On = Annotated[str, typer.Option("--on", help="The day, YYYY-MM-DD; default today.")]
Text = Annotated[str, typer.Option("--text")]
Document = Annotated[str, typer.Option("--document", help="Number of the document.")]
_COLUMNS: Final = ("id", "kind", "about", "programme", "from_month", "state", "step", "owner", "due_on", "overdue")


def add_to(app: typer.Typer) -> None:
    gap = typer.Typer(no_args_is_help=True, help="One gap: answer it, hand it on, exclude its month for a lawful reason.")
    gap.command("show")(gap_show)
    gap.command("answer")(gap_answer)
    gap.command("reassign")(gap_reassign)
    gap.command("exclude")(gap_exclude)
    gap.command("decide")(gap_decide)
    case = typer.Typer(no_args_is_help=True, help="Holds, objections, access problems, recovery claims.")
    case.command("list")(case_list)
    case.command("show")(case_show)
    case.command("open")(case_open)
    case.command("note")(case_note)
    case.command("notice")(case_notice)
    case.command("reply")(case_reply)
    case.command("decide")(case_decide)
    case.command("answer")(case_answer)
    case.command("close")(case_close)
    case.command("repay")(case_repay)
    case.command("plan")(case_plan)
    case.command("write-off")(case_write_off)
    case.command("write-off-decide")(case_write_off_decide)
    case.command("not-drawn")(case_not_drawn)
    cap = typer.Typer(no_args_is_help=True, help="Most rupiah that a bank takes in one transfer.")
    cap.command("list")(cap_list)
    cap.command("set")(cap_set)
    cap.command("confirm")(cap_confirm)
    app.add_typer(gap, name="gap", rich_help_panel="Month")
    app.add_typer(case, name="case", rich_help_panel="Month")
    app.add_typer(cap, name="bank-cap", rich_help_panel="Month")
    app.command(rich_help_panel="Prove")(proof)


# --- the proof ------------------------------------------------------------------------------------------------------


def proof(
    context: typer.Context,
    month: Annotated[str, typer.Option()],
    out: Annotated[Path, typer.Option(file_okay=False, help="A folder for the files; made where it is not there.")],
    purpose: Purpose = "",
) -> None:
    """The month's proof of completeness, as files; check it with `python scripts/check_proof.py DIR`."""
    shown = terminal(context)
    doors = shown.doors("auditor")
    purpose = purpose or ("audit" if doors.person.startswith("auditor") else "")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as packed:
        size = doors.download(f"/disbursement/months/{month}/proof", packed, purpose=purpose or None)
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(out)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    rows = [(one["name"], one["rows"], one["sum"], one["sha256"][:16]) for one in manifest["files"]]
    answer = {"folder": str(out), "bytes": size, **manifest}
    shown.answer(answer, table(("file", "rows", "rupiah", "sha256"), rows, f"{month}, as of {manifest['as_of']}: {out}"))


# --- gaps -----------------------------------------------------------------------------------------------------------


def gap_show(context: typer.Context, gap: str, purpose: Purpose = "") -> None:
    """One gap with its next step, and everything that was answered."""
    shown = terminal(context)
    _show_gap(shown, shown.doors("operator").get(f"/disbursement/gaps/{gap}", purpose=purpose or None))


def gap_answer(
    context: typer.Context, gap: str, text: Text, expected_on: Annotated[str, typer.Option(help="By when it is done, YYYY-MM-DD.")] = ""
) -> None:
    """Write an answer down; the same words again do not stop the escalation."""
    shown = terminal(context)
    body = {"text": text} | ({"expected_on": expected_on} if expected_on else {})
    _show_gap(shown, shown.doors("operator").post(f"/disbursement/gaps/{gap}/answers", body))


def gap_reassign(context: typer.Context, gap: str, owner: Annotated[str, typer.Option()], reason: Annotated[str, typer.Option()]) -> None:
    """Hand the gap to another office, such as sudin/31.71."""
    shown = terminal(context)
    _show_gap(shown, shown.doors("operator").post(f"/disbursement/gaps/{gap}/owner", {"owner": owner, "reason": reason}))


def gap_exclude(context: typer.Context, gap: str, reason: Annotated[str, typer.Option()], document: Document) -> None:
    """Ask that the missed month be excluded for a lawful reason; a second person decides (`gap decide ORDER`)."""
    shown = terminal(context)
    body = {"reason": reason, "document": document}
    _show_gap(shown, shown.doors("operator").post(f"/disbursement/gaps/{gap}/exclusion", body))


def gap_decide(
    context: typer.Context, order: str, refuse: Annotated[bool, typer.Option("--refuse", help="Say no; the month stays missed.")] = False
) -> None:
    """Confirm, or refuse, the exclusion that another person asked for."""
    shown = terminal(context)
    door = "refusal" if refuse else "confirmation"
    _show_gap(shown, shown.doors("approver").post(f"/disbursement/exclusions/{order}/{door}"))


def _show_gap(shown: Terminal, gap: dict[str, Any]) -> None:
    keys = ("id", "month", "programme", "outcome", "reason", "owner", "due_on", "next_step_words", "answer", "expected_on", "escalations")
    notes = [(note["at"][:16], note["what"], note["by"], note["text"], note["owner"]) for note in gap["notes"]]
    orders = [(one["id"], one["state"], one["reason"], one["document"], one["asked_by"], one["decided_by"]) for one in gap["exclusions"]]
    tables = [table(("at", "what", "by", "text", "to"), notes)] if notes else []
    tables += [table(("order", "state", "reason", "document", "asked by", "decided by"), orders)] if orders else []
    shown.answer(gap, pairs({key: gap[key] for key in keys if gap[key] not in (None, "")}), *tables)


# --- cases ----------------------------------------------------------------------------------------------------------


def case_list(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="hold, objection, access or recovery.")] = "",
    state: Annotated[str, typer.Option(help="open, closed, or nothing for both.")] = "open",
    lacking: Annotated[str, typer.Option(help="Holds without a notice, or past the term to reply: notice, reply.")] = "",
    purpose: Purpose = "",
) -> None:
    """Open cases with owner, date and next step."""
    shown = terminal(context)
    asked = {"kind": kind or None, "state": state, "lacking": lacking or None, "purpose": purpose or None}
    doors = shown.doors("operator")
    counts = doors.get("/disbursement/cases", **asked, limit=0)
    items = list(doors.items("/disbursement/cases", **asked))
    answer = {key: value for key, value in counts.items() if key not in ("items", "next")} | {"items": items}
    heading = f"{counts['open']} open, {counts['overdue']} late, {counts['holds_without_notice']} holds without a notice"
    shown.answer(answer, table(_COLUMNS, [[one.get(key) for key in _COLUMNS] for one in items], heading))


def case_show(context: typer.Context, case: str, purpose: Purpose = "") -> None:
    """One case with everything that happened in it."""
    shown = terminal(context)
    _show_case(shown, shown.doors("operator").get(f"/disbursement/cases/{case}", purpose=purpose or None))


def case_open(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="objection, access or recovery; holds open by themselves.")],
    body: Annotated[str, typer.Argument(help="JSON or @FILE: person_id, programme and what the door asks for.")],
) -> None:
    """Open a case about a person."""
    shown = terminal(context)
    doors = {"objection": "objections", "access": "access", "recovery": "recovery"}
    if kind not in doors:
        raise typer.BadParameter(f"one of {', '.join(doors)}")
    _show_case(shown, shown.doors("operator").post(f"/disbursement/cases/{doors[kind]}", json_or_file(body)))


def case_note(context: typer.Context, case: str, text: Text) -> None:
    """Add a note to an open case."""
    _post(context, "operator", f"{case}/notes", {"text": text})


def case_notice(
    context: typer.Context, case: str, document: Document, how: Annotated[str, typer.Option()] = "letter", on: On = "", days: int = 0
) -> None:
    """The person was told of the hold: letter, visit, phone or message; `--days`: working days to reply."""
    body: dict[str, Any] = {"on": on or _today(), "how": how, "document": document}
    _post(context, "operator", f"{case}/notice", body | ({"reply_working_days": days} if days else {}))


def case_reply(context: typer.Context, case: str, text: Text, on: On = "") -> None:
    """What the person says to the hold."""
    _post(context, "operator", f"{case}/reply", {"on": on or _today(), "text": text})


def case_decide(context: typer.Context, case: str, decision: Annotated[str, typer.Argument(help="resume or end.")], text: Text) -> None:
    """Decide on a hold; the order itself is a `status-change`."""
    _post(context, "approver", f"{case}/decision", {"decision": decision, "text": text})


def case_answer(
    context: typer.Context, case: str, result: Annotated[str, typer.Argument(help="upheld or rejected.")], reason: Text, document: Document
) -> None:
    """Answer an objection; not by whoever decided."""
    _post(context, "approver", f"{case}/answer", {"result": result, "reason": reason, "document": document})


def case_close(
    context: typer.Context, case: str, result: Annotated[str, typer.Argument(help="e.g. solved; for an objection done.")], text: Text
) -> None:
    """Close an access problem, or an answered objection once it is carried out."""
    _post(context, "operator", f"{case}/closing", {"result": result, "text": text})


def case_repay(context: typer.Context, case: str, amount: int, document: Document, on: On = "") -> None:
    """Money of a claim that came back."""
    _post(context, "treasurer", f"{case}/repayments", {"on": on or _today(), "amount": amount, "document": document})


def case_plan(
    context: typer.Context, case: str, instalments: Annotated[str, typer.Argument(help='{"instalments": [{"on": …, "amount": …}]}')]
) -> None:
    """Agree on instalments that add up to what is owed."""
    _post(context, "treasurer", f"{case}/instalments", json_or_file(instalments))


def case_write_off(context: typer.Context, case: str, reason: Text, document: Document) -> None:
    """Ask that what is owed be given up."""
    _post(context, "operator", f"{case}/write-off", {"reason": reason, "document": document})


def case_write_off_decide(context: typer.Context, case: str, refuse: Annotated[bool, typer.Option("--refuse")] = False) -> None:
    """Give the claim up, or let it be claimed on; another person than who asked."""
    _post(context, "leader", f"{case}/write-off/decision", {"granted": not refuse})


def case_not_drawn(context: typer.Context, days: Annotated[int, typer.Option()] = 105) -> None:
    """A visit for everybody whose money the bank reports as not drawn for so long; the months stay paid."""
    shown = terminal(context)
    shown.answer(shown.doors("operator").post("/disbursement/cases/access/not-drawn", {"days": days}))


def _post(context: typer.Context, person: str, door: str, body: dict[str, Any]) -> None:
    shown = terminal(context)
    _show_case(shown, shown.doors(person).post(f"/disbursement/cases/{door}", body))


def _show_case(shown: Terminal, case: dict[str, Any]) -> None:
    keys = (
        "id", "kind", "about", "person_id", "programme", "from_month", "to_month", "state", "result", "step_words", "owner", "due_on",
        "noticed_on", "reply_due_on", "evidence",
    )  # fmt: skip
    entries = [(one["at"][:16], one["what"], one["by"], one["text"], one["on_day"], one["amount"] or "") for one in case["entries"]]
    balance = [pairs(case["balance"])] if "balance" in case else []
    heading = {key: case[key] for key in keys if case[key] not in (None, "")}
    shown.answer(case, pairs(heading), *balance, table(("at", "what", "by", "text", "day", "rupiah"), entries))


def _today() -> str:
    return datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()


# --- caps -----------------------------------------------------------------------------------------------------------


def cap_list(context: typer.Context) -> None:
    """Every cap, with its two names."""
    shown = terminal(context)
    _show_caps(shown, shown.doors("treasurer").get("/disbursement/bank-caps"))


def cap_set(
    context: typer.Context, bank: str, amount: int, document: Document, valid_from: Annotated[str, typer.Option("--from")] = ""
) -> None:
    """Propose a cap from a day on; a second person confirms it."""
    shown = terminal(context)
    body = {"bank_code": bank, "valid_from": valid_from or _today(), "max_amount": amount, "document": document}
    _show_caps(shown, shown.doors("treasurer").post("/disbursement/bank-caps", body))


def cap_confirm(context: typer.Context, bank: str, valid_from: Annotated[str, typer.Option("--from")] = "") -> None:
    """The second person."""
    shown = terminal(context)
    body = {"bank_code": bank, "valid_from": valid_from or _today()}
    _show_caps(shown, shown.doors("treasurer2").post("/disbursement/bank-caps/confirmation", body))


def _show_caps(shown: Terminal, answer: dict[str, Any]) -> None:
    keys = ("bank_code", "valid_from", "max_amount", "document", "asked_by", "confirmed_by")
    shown.answer(answer, table(keys, [[one[key] for key in keys] for one in answer["items"]]))
