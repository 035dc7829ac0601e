"""The command: every job of the console, one thin command per door, and the programs that run the services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ritme.client import FAILED, Problem, Unreachable
from ritme.commands import (
    absorption,
    account,
    approval,
    bank,
    batch,
    budget,
    calendar,
    cards,
    cases,
    detectors,
    devices,
    events,
    figures,
    imports,
    money,
    month,
    people,
    residents,
    status,
    stop,
    story,
    treasury,
    webhooks,
)
from ritme.terminal import Terminal, terminal

_COMMON = {"--as": True, "--url": True, "--json": False}


class CommonOptionsAnywhere(TyperGroup):
    """``ritme gaps --json`` is ``ritme --json gaps``: the options that every command has may stand anywhere."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        common: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            name, given, _ = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif name in _COMMON:
                common.append(word)
                if _COMMON[name] and not given:
                    common += [value for value in (next(words, None),) if value is not None]
            else:
                rest.append(word)
        return super().parse_args(ctx, [*common, *rest])


app = typer.Typer(
    cls=CommonOptionsAnywhere,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Ritme: every entitled person paid every month, every rupiah explained, every device ready.\n\n"
    "**--as, --url and --json may stand anywhere.** Exit codes: 0 done, 1 failed, 2 usage, 3 refused, "
    "4 applied with quarantined rows.",
)


@app.callback()
def common(
    context: typer.Context,
    person: Annotated[str, typer.Option("--as", metavar="NAME", help="Demo person; by default the one whose work it is.")] = "",
    url: Annotated[str, typer.Option("--url", help="Where the doors are; default RITME_URL or http://127.0.0.1:8000.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on the last line.")] = False,
) -> None:
    context.obj = _shown.update(person, url, as_json)


class _Shown:
    """The terminal of this process, for ``main`` to report failures on."""

    def __init__(self) -> None:
        self.terminal = Terminal()

    def update(self, person: str, url: str, as_json: bool) -> Terminal:
        self.terminal = Terminal(person, url, as_json)
        return self.terminal


_shown = _Shown()


@app.command(rich_help_panel="Run")
def serve(
    services: Annotated[list[str] | None, typer.Argument(help="Default: all four and the console.")] = None,
    api_only: Annotated[bool, typer.Option("--api-only", help="No worker beside it.")] = False,
    no_demo_month: Annotated[bool, typer.Option("--no-demo-month", help="Leave an empty data folder empty.")] = False,
) -> None:
    """Run the doors until Ctrl-C; embedded, the workers too."""
    from ritme.serve import serve as run  # other commands need none of the services' code

    names = services or []
    run(names, api_only=api_only, demo_month=not (names or api_only or no_demo_month))


@app.command(rich_help_panel="Run")
def work(
    context: typer.Context,
    services: Annotated[list[str] | None, typer.Argument(help="Default: all four.")] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when nothing is left to do.")] = False,
    replay_parked: Annotated[bool, typer.Option("--replay-parked", help="Try every parked key again first.")] = False,
) -> None:
    """Run relays, consumers and clock jobs."""
    from ritme.work import work as run  # as in serve

    terminal(context).answer(dict(run(services or [], until_idle=until_idle, replay_parked=replay_parked)))


@app.command(rich_help_panel="Run")
def migrate(context: typer.Context) -> None:
    """Bring databases, reference data and the bus up to date."""
    from ritme.work import migrate_command  # as in serve

    migrate_command()
    terminal(context).answer({"migrated": True}, "up to date")


@app.command(rich_help_panel="Prove")
def verify(context: typer.Context) -> None:
    """Look at every promise of the reliability page by SQL of its own; exit 1 where one is broken."""
    from ritme.verify_command import verify as run  # as in serve

    raise typer.Exit(run(terminal(context)))


@app.command(rich_help_panel="Prove")
def bench(
    context: typer.Context,
    people: Annotated[int, typer.Option(min=100, help="Synthetic people of the month.")] = 220_000,
    also: Annotated[list[int] | None, typer.Option(min=100, help="Another month of so many people, to see how the cost grows.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the page here, such as docs/performance.md.")] = None,
) -> None:
    """A month of many people beside its floor: seconds, memory, bytes."""
    from ritme.bench_command import bench as run  # as in serve

    raise typer.Exit(run(terminal(context), people, also or (), write))


for commands in (
    status,
    imports,
    month,
    calendar,
    batch,
    stop,
    approval,
    cards,
    account,
    cases,
    bank,
    figures,
    money,
    budget,
    absorption,
    treasury,
    detectors,
    devices,
    people,
    residents,
    events,
    webhooks,
    story,
):
    commands.add_to(app)


def main() -> None:
    """Entry point; failures of doors become exit codes here."""
    try:
        app()
    except Problem as problem:
        _shown.terminal.problem(problem)
        raise SystemExit(problem.exit_code) from None
    except Unreachable as error:
        _shown.terminal.unreachable(error)
        raise SystemExit(FAILED) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


__all__ = ["app", "main"]
