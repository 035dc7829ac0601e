"""What a command shows: tables for people, one JSON object on the last line for programs; words about failures on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ritme.client import DEFAULT_URL, Doors, Problem, Unreachable

Purpose = Annotated[str, typer.Option("--purpose", help="What a look at people is for, where the role does not say it: audit.")]
PIPE_WIDTH: Final = 180
"""Characters of a line that nobody's window bounds."""


def _console(*, stderr: bool) -> Console:
    """As wide as the terminal; into a file or pipe wide enough that ids stay whole."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


@dataclass
class Terminal:
    """The options that every command has, and the way to show its answer."""

    person: str = ""
    url: str = ""
    json: bool = False
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    @property
    def address(self) -> str:
        return self.url or os.environ.get("RITME_URL", "") or DEFAULT_URL

    def doors(self, person: str) -> Doors:
        """As ``--as`` says, or as the person whose work the command is."""
        return Doors(self.address, self.person or person)

    def answer(self, answer: dict[str, Any], *shown: object) -> None:
        """``shown`` for people (nothing: key and value); the object alone for programs."""
        if self.json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
            return
        for one in shown or (pairs(answer),):
            self.out.print(one)

    def problem(self, problem: Problem) -> None:
        """Plain words on stderr; with ``--json`` the problem itself on stdout."""
        self.err.print(Text(f"{problem.detail} [{problem.code}]", style="red"))
        for error in problem.body.get("errors", [])[:20]:
            self.err.print(Text(f"  {error.get('at')}: {error.get('problem')}"))
        if self.json:
            typer.echo(json.dumps(problem.body, ensure_ascii=False))

    def unreachable(self, error: Unreachable) -> None:
        self.err.print(Text(f"{error}. Is `ritme serve` running there?", style="red"))
        if self.json:
            typer.echo(json.dumps({"code": "unreachable", "detail": str(error)}))


def terminal(context: typer.Context) -> Terminal:
    """The one that the root command made."""
    found = context.find_object(Terminal)
    if found is None:
        raise RuntimeError("commands run under the root command")
    return found


def number(value: Any) -> str:
    """``240.600.000``, the office's way; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None else str(value)
    return f"{value:,}".replace(",", ".")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> Table | Group:
    """Numbers to the right, a heading, no lines between the rows."""
    made = Table(header_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    listed = [list(row) for row in rows]
    for place, column in enumerate(columns):
        numeric = any(isinstance(row[place], int) and not isinstance(row[place], bool) for row in listed)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        made.add_row(*(number(value) for value in row))
    return Group(Text(title, style="italic"), made) if title else made


def pairs(answer: dict[str, Any]) -> Table:
    """An object as two columns; what is nested as JSON."""
    flat = [(key, value if not isinstance(value, dict | list) else json.dumps(value, ensure_ascii=False)) for key, value in answer.items()]
    made = Table(show_header=False, box=None)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for key, value in flat:
        made.add_row(key, number(value))
    return made


def json_or_file(given: str) -> dict[str, Any]:
    """An object typed on the command line, or ``@file``; raise BadParameter where it is none."""
    text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise typer.BadParameter("not a JSON object")
    return found
