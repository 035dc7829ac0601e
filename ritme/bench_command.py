"""``ritme bench``: what a month costs on this machine, beside what PostgreSQL alone would take."""

from __future__ import annotations

from pathlib import Path

from rich.markdown import Markdown

from ritme.bench import as_json, as_markdown, run
from ritme.client import DONE, FAILED
from ritme.terminal import Terminal
from ritme.verify import Report
from ritme.verify_command import look
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.settings import Settings


def _superuser(data: Path) -> str:
    return EmbeddedPostgres(data).superuser_address()


def _verify(data: Path) -> Report:
    return look(Settings(data=data, durable=False))


def bench(shown: Terminal, people: int, page: Path | None) -> int:
    """The exit code: 1 where a promise is broken; a missed aim is shown, and is no failure."""
    found = run(people, superuser=_superuser, verify=_verify, console=shown.err)
    text = as_markdown(found)
    if page is not None:
        page.write_text(text, encoding="utf-8")
    shown.answer(as_json(found), Markdown(text))
    return DONE if found.proof is not None and found.proof.ok else FAILED
