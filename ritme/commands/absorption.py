"""What a budget year has absorbed, and the monthly report of the panti and the programme money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ritme.terminal import number, table, terminal

_KEYS = (
    "key", "ceiling", "plan", "realised", "deviation", "plan to date", "realised to date", "deviation to date", "%",
    "forecast", "of", "left",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    app.command("absorption", rich_help_panel="Look")(absorption)
    app.command("monthly-report", rich_help_panel="Look")(monthly_report)


def absorption(
    context: typer.Context,
    year: Annotated[int | None, typer.Option(help="Budget year; default this one.")] = None,
    month: Annotated[str | None, typer.Option(help="As 2025-09; default the last one that the source covers whole.")] = None,
    by: Annotated[str, typer.Option(help="panti (and programme), account or sub_skpd.")] = "panti",
) -> None:
    """Plan, realisation (SP2D less STS), deviation, forecast to the year's end, and what is left. Blank: the source is silent."""
    shown = terminal(context)
    found = shown.doors("treasurer").get("/budget_audit/absorption", year=year, month=month, by=by)
    rows = [
        (
            one["key"] or "total", one["ceiling"], one["month"]["planned"], one["month"]["realised"], one["month"]["deviation"],
            one["to_date"]["planned"], one["to_date"]["realised"], one["to_date"]["deviation"], one["to_date"]["percent"],
            one["forecast"], one["forecast_of"], one["available"],
        )
        for one in [*found["items"], found["total"]]
    ]  # fmt: skip
    title = f"{found['month']}, SP2D until {found['data_until'] or 'never'}, STS until {found['returns_until'] or 'never'}"
    shown.answer(found, table(_KEYS, rows, title))


def monthly_report(
    context: typer.Context,
    month: Annotated[str, typer.Argument(help="As 2025-09.")],
    form: Annotated[str, typer.Option(help="xlsx or pdf.")] = "pdf",
    out: Annotated[Path | None, typer.Option(help="Default: laporan-bulanan-MONTH.FORM here.")] = None,
) -> None:
    """Absorption, panti, programme money and open findings of a month as one paper. It names nobody."""
    shown = terminal(context)
    target = out or Path(f"laporan-bulanan-{month}.{form}")
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as file:
            size = shown.doors("treasurer").download(f"/budget_audit/months/{month}/report.{form}", file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    shown.answer({"file": str(target), "bytes": size, "month": month}, f"{target}, {number(size)} bytes")
