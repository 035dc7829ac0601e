"""``ritme bench``: what a month costs on this machine, beside what PostgreSQL alone would take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markdown import Markdown

from ritme.bench import Bench, as_json, as_markdown, growth, run
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


def bench(shown: Terminal, people: int, also: Sequence[int], page: Path | None) -> int:
    """The exit code: 1 where a promise is broken; a missed aim is shown, and is no failure."""

    def measured(count: int) -> Bench:
        return run(count, superuser=_superuser, verify=_verify, console=shown.err)

    found = measured(people)
    others = [measured(count) for count in also]
    text = as_markdown(found) + growth([found, *others])
    if page is not None:
        page.write_text(text, encoding="utf-8")
    shown.answer(as_json(found) | {"also": [as_json(other) for other in others]}, Markdown(text))
    return DONE if all(one.proof is not None and one.proof.ok for one in (found, *others)) else FAILED
