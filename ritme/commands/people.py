"""People: a NIK becomes a person id, for a stated purpose, and that is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ritme.terminal import pairs, table, terminal

CALL_MAX: Final = 5_000


def add_to(app: typer.Typer) -> None:
    people = typer.Typer(no_args_is_help=True, help="Find people; every look is recorded with its purpose.")
    people.command("resolve")(resolve)
    people.command("find")(find)
    app.add_typer(people, name="people", rich_help_panel="Look")


def resolve(
    context: typer.Context,
    niks: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file with one NIK a line (not on the command line).")],
    purpose: Annotated[str, typer.Option()] = "import",
    out: Annotated[Path | None, typer.Option(help="Write nik;person_id here instead of showing the ids; keep it as you keep NIKs.")] = None,
) -> None:
    """NIK to person id, in the order of the file; unknown ones are null."""
    shown = terminal(context)
    doors = shown.doors("operator")
    wanted = niks.read_text(encoding="utf-8").split()
    ids: list[str | None] = []
    for start in range(0, len(wanted), CALL_MAX):
        ids += doors.post("/beneficiary/people:resolve", {"niks": wanted[start : start + CALL_MAX], "purpose": purpose})["ids"]
    if out is not None:
        out.touch(mode=0o600)
        lines = (f"{nik};{one or ''}\n" for nik, one in zip(wanted, ids, strict=True))
        out.write_text("nik;person_id\n" + "".join(lines), encoding="utf-8")
        shown.answer({"file": str(out), "people": len(ids), "unknown": ids.count(None)})
        return
    shown.answer({"ids": ids, "unknown": ids.count(None)}, table(("line", "person"), list(enumerate(ids, 1))))


def find(
    context: typer.Context,
    nik: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for, so that it stays out of the shell's history.")],
    purpose: Annotated[str, typer.Option()] = "counter",
) -> None:
    """The enrolments of one person."""
    shown = terminal(context)
    answer = shown.doors("operator").post("/beneficiary/people:find", {"nik": nik, "purpose": purpose})
    shown.answer(answer, pairs(answer))
