"""Official figures: frozen under a name, and counted again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ritme.terminal import pairs, table, terminal


def add_to(app: typer.Typer) -> None:
    figure = typer.Typer(no_args_is_help=True, help="Official figures, frozen under a name.")
    figure.command("freeze")(freeze)
    figure.command("list")(listed)
    figure.command("check")(check)
    figure.command("paper")(paper)
    app.add_typer(figure, name="figure", rich_help_panel="Month")


def freeze(
    context: typer.Context,
    name: str,
    month: str,
    *,
    programme: Annotated[list[str] | None, typer.Option(help="Again for each; default all.")] = None,
    area: Annotated[str, typer.Option(help="Code of a kota, kecamatan or kelurahan.")] = "",
    cohort: Annotated[str, typer.Option(help="existing or new.")] = "",
    as_of: Annotated[str, typer.Option("--as-of", help="YYYY-MM-DD: as it was known at the end of that day.")] = "",
    note: str = "",
) -> None:
    """A name is given once: whatever becomes of the month, this number stays what was said."""
    shown = terminal(context)
    body: dict[str, Any] = {"name": name, "month": month, "programmes": programme or None, "area": area, "cohort": cohort, "note": note}
    found = shown.doors("operator").post("/disbursement/figures", body | ({"as_of": as_of} if as_of else {}))
    shown.answer(found, pairs(found))


def listed(context: typer.Context, month: str = "") -> None:
    """What was published, newest first."""
    shown = terminal(context)
    items = shown.doors("operator").get("/disbursement/figures", month=month or None)["items"]
    rows = [
        (one["name"], one["month"], one["numbers"]["people"], one["numbers"]["rupiah"], one["known_until"], one["sha256"][:12])
        for one in items
    ]
    shown.answer({"items": items}, table(("name", "month", "people", "rupiah", "known until", "sha256"), rows))


def paper(
    context: typer.Context,
    name: str,
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="Ends with .pdf or .xlsx.")],
) -> None:
    """One page to be sent on; it reads the same tomorrow."""
    shown = terminal(context)
    with out.open("wb") as target:
        size = shown.doors("leader").download(f"/disbursement/figures/{quote(name, safe='')}/paper.{out.suffix.removeprefix('.')}", target)
    shown.answer({"file": str(out), "bytes": size})


def check(context: typer.Context, name: str) -> None:
    """Count it again from the ledger."""
    shown = terminal(context)
    found = shown.doors("operator").get(f"/disbursement/figures/{quote(name, safe='')}/check")
    shown.answer(found, pairs(found))
