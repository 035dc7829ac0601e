"""The daily books of the panti: who lives there, day by day, and what that does to cards."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from ritme.terminal import pairs, table, terminal

Panti = Annotated[str, typer.Argument(help="Code of the panti, such as BM1.")]
On = Annotated[str, typer.Option("--day", help="YYYY-MM-DD.")]
Hour = Annotated[str, typer.Option("--hour", help="HH:MM, where it is known; without one a line is the day's last.")]
Why = Annotated[str, typer.Option("--reason")]
Paper = Annotated[str, typer.Option("--paper", help="Number of the document.")]
Evidence = Annotated[str, typer.Option("--evidence", help="The paper on which it rests.")]
_KINDS: Final = "transfer, leave, flight, return, discharge or death"


def add_to(app: typer.Typer) -> None:
    book = typer.Typer(no_args_is_help=True, help="Daily books of the panti: residents, census, corrections, cards of who comes and goes.")
    book.command("panti")(panti)
    book.command("open")(open_book)
    book.command("census")(census)
    book.command("list")(residents)
    book.command("book")(lines)
    book.command("admit")(admit)
    book.command("write")(write)
    book.command("correct")(correct)
    book.command("joins")(joins)
    book.command("join")(join)
    book.command("join-decide")(join_decide)
    book.command("reopenings")(reopenings)
    book.command("reopen")(reopen)
    app.add_typer(book, name="residents", rich_help_panel="Panti")


def panti(context: typer.Context) -> None:
    """Every panti with its places and the residents of its last counted day; over capacity is shown, nothing else."""
    shown = terminal(context)
    answer = shown.doors("operator").get("/beneficiary/panti")
    columns = ("code", "name", "capacity", "residents", "day", "over_capacity", "book_from")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def open_book(context: typer.Context, code: Panti, day: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")]) -> None:
    """Begin a panti's book; whoever lives there on the first day is admitted on that day."""
    shown = terminal(context)
    shown.answer(shown.doors("operator").post(f"/beneficiary/panti/{code}/book", {"from_day": day}))


def census(
    context: typer.Context, code: Panti, first: Annotated[str, typer.Option("--from")] = "", to: Annotated[str, typer.Option()] = ""
) -> None:
    """Residents by day: as the book stands, and as it was counted and said."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"/beneficiary/panti/{code}/census", **{"from": first or None, "to": to or None})
    columns = ("day", "residents", "on_leave", "fled", "capacity", "over_capacity", "counted", "count_no")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def residents(context: typer.Context, code: Panti, day: On = "") -> None:
    """Who is on the book at a day's midnight, by name. Recorded."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"/beneficiary/panti/{code}/residents", day=day or None)
    columns = ("person_id", "name", "number", "state", "since", "expected_return")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def lines(context: typer.Context, code: Panti, limit: Annotated[int, typer.Option()] = 50) -> None:
    """The book itself, newest line first. Recorded."""
    shown = terminal(context)
    answer = shown.doors("operator").get(f"/beneficiary/panti/{code}/entries", limit=limit)
    columns = ("id", "day", "hour", "kind", "name", "to_panti", "reason", "author", "taken_back_by")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def admit(
    context: typer.Context, code: Panti, day: On, reason: Why,
    name: Annotated[str, typer.Option(help="Of somebody who is not on record yet; without NIK a description.")] = "",
    birth_date: Annotated[str, typer.Option()] = "", address: Annotated[str, typer.Option()] = "",
    area: Annotated[str, typer.Option(help="Kelurahan where somebody comes from, where it is known.")] = "31",
    no_nik: Annotated[bool, typer.Option("--no-nik", help="Somebody without NIK; otherwise the NIK is asked for, unseen.")] = False,
    hour: Hour = "", paper: Paper = "",
) -> None:  # fmt: skip
    """Somebody comes to live in the panti. Cards that are active go on hold."""
    shown = terminal(context)
    body: dict[str, Any] = {"kind": "admission", "day": day, "reason": reason, "paper": paper, "hour": hour or None}
    if not no_nik:
        body["nik"] = typer.prompt("NIK", hide_input=True)
    if name:
        body["newcomer"] = {"name": name, "birth_date": birth_date or None, "address": address, "area": area}
    answer = shown.doors("operator").post(f"/beneficiary/panti/{code}/entries", body)
    shown.answer(answer, pairs(answer))


def write(
    context: typer.Context, code: Panti, kind: Annotated[str, typer.Argument(help=_KINDS)],
    person: Annotated[str, typer.Option(help="Ritme's number of the person; `residents list` shows it.")], day: On, reason: Why,
    to: Annotated[str, typer.Option("--to", help="For a transfer: code of the other panti.")] = "",
    back: Annotated[str, typer.Option("--back", help="For leave: expected return, YYYY-MM-DD.")] = "", hour: Hour = "", paper: Paper = "",
) -> None:  # fmt: skip
    """One line about a resident."""
    shown = terminal(context)
    body = {
        "kind": kind, "person_id": person, "day": day, "reason": reason, "paper": paper, "hour": hour or None, "to_panti": to or None,
        "expected_return": back or None,
    }  # fmt: skip
    answer = shown.doors("operator").post(f"/beneficiary/panti/{code}/entries", body)
    shown.answer(answer, pairs(answer))


def correct(
    context: typer.Context, entry: Annotated[str, typer.Argument(help="Id of the wrong line.")], reason: Why,
    day: Annotated[str, typer.Option("--day", help="The right day; without one the line is only taken back.")] = "",
    right_reason: Annotated[str, typer.Option(help="What the right line says.")] = "koreksi", hour: Hour = "", paper: Paper = "",
) -> None:  # fmt: skip
    """Take a line back by a counter-line, and write the right one where there is one."""
    shown = terminal(context)
    body: dict[str, Any] = {"reason": reason}
    if day:
        body["instead"] = {"day": day, "hour": hour or None, "reason": right_reason, "paper": paper}
    answer = shown.doors("operator").post(f"/beneficiary/panti-entries/{entry}/correction", body)
    shown.answer(answer, pairs(answer))


def joins(context: typer.Context, state: Annotated[str, typer.Option(help="proposed, done or refused.")] = "proposed") -> None:
    """Who without NIK was said to be whom."""
    shown = terminal(context)
    answer = shown.doors("operator").get("/beneficiary/person-joins", state=state)
    columns = ("id", "number", "panti", "person_id", "state", "evidence", "asked_by")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def join(
    context: typer.Context, provisional: Annotated[str, typer.Argument(help="Ritme's number of somebody without NIK.")], evidence: Evidence,
    nik: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for, so that it stays out of the shell's history.")],
) -> None:  # fmt: skip
    """Say who somebody without NIK is; another person decides."""
    shown = terminal(context)
    body = {"provisional_id": provisional, "nik": nik, "evidence": evidence}
    shown.answer(shown.doors("operator").post("/beneficiary/person-joins", body))


def join_decide(context: typer.Context, proposal: str, accept: Annotated[bool, typer.Option("--accept/--refuse")]) -> None:
    """The second person."""
    shown = terminal(context)
    shown.answer(shown.doors("operator2").post(f"/beneficiary/person-joins/{proposal}/decision", {"accept": accept}))


def reopenings(context: typer.Context, state: Annotated[str, typer.Option(help="open, ordered, done or withdrawn.")] = "open") -> None:
    """Who left a panti and has a card on hold for it."""
    shown = terminal(context)
    answer = shown.doors("operator").get("/beneficiary/reopenings", state=state)
    columns = ("id", "person_id", "programme", "discharged_on", "area", "state", "order_id")
    shown.answer(answer, table(columns, [[one[key] for key in columns] for one in answer["items"]]))


def reopen(context: typer.Context, case: str, evidence: Evidence) -> None:
    """Order a resumption; another person confirms it."""
    shown = terminal(context)
    shown.answer(shown.doors("operator").post(f"/beneficiary/reopenings/{case}/order", {"evidence": evidence}))
