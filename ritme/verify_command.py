"""``ritme verify``: the proofs on the instance that the settings name, beside or without its doors."""

from __future__ import annotations

import psycopg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ritme.client import DONE, FAILED
from ritme.start import ground, verify_addresses
from ritme.terminal import Terminal
from ritme.verify import Report, run
from shared.settings import Settings


def look(settings: Settings) -> Report:
    """Read the databases of this instance; embedded, PostgreSQL is joined or started for as long as it takes."""
    with ground(settings, migrated=False) as postgres:
        return run(verify_addresses(settings, postgres), settings.data if settings.data.is_dir() else None)


def verify(shown: Terminal) -> int:
    """Shows the report; the exit code: 1 where a promise is broken or cannot be looked at."""
    settings = Settings()
    if settings.embedded_database and not settings.data.is_dir():
        shown.err.print(Text(f"there is no data in {settings.data}", style="red"))
        return FAILED
    try:
        report = look(settings)
    except psycopg.Error as error:
        shown.err.print(Text(f"the databases cannot be read: {error}", style="red"))
        return FAILED
    if shown.json:
        shown.answer(report.as_json())
    else:
        show(report, shown.out)
    return DONE if report.ok else FAILED


def show(report: Report, out: Console) -> None:
    """One row an invariant, then what is wrong and what could not be compared."""
    listed = Table(title="Promises", title_justify="left", header_style="bold")
    listed.add_column("")
    listed.add_column("no.", justify="right")
    listed.add_column("promise", overflow="fold")
    listed.add_column("checked", justify="right")
    listed.add_column("wrong", justify="right")
    for one in report.invariants:
        style = "" if one.ok else "red"
        listed.add_row("✓" if one.ok else "✗", str(one.number), one.name, f"{one.checked:,}", f"{one.wrong:,}", style=style)
    out.print(listed)
    for one in report.invariants:
        for text in one.found:
            out.print(Text(f"✗ {one.number}: {text}", style="red"))
        for text in one.notes:
            out.print(Text(f"  {one.number}: {text}", style="dim"))
    for text in report.left_out:
        out.print(Text(f"  {text}", style="dim"))
    wrong = sum(not one.ok for one in report.invariants)
    out.print(f"{len(report.invariants) - wrong} of {len(report.invariants)} hold; {report.seconds} s")
