"""Whole stories on the real doors, and proofs that share no code with the services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ritme.replay import STORIES
from ritme.replay.run import replay as run
from ritme.terminal import terminal


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="Prove")(replay)


def replay(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(STORIES)}.")],
    scale: Annotated[float, typer.Option(min=0.0001, max=1.0, help="august-2025 only: this part of the people.")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Keep the input files here.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with this story where it was interrupted.")] = False,
) -> None:
    """A published month, from the decree to the last gap, checked against its published figures.

    Without --url on an instance of its own, thrown away afterwards; with it on that one, which must be empty.
    """
    shown = terminal(context)
    if name not in STORIES:
        raise typer.BadParameter(f"'{name}' is none of {', '.join(STORIES)}")
    raise typer.Exit(run(shown, name, scale=scale, out=out, resume=resume))
