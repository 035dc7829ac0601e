"""The ``ritme`` command as a process of its own against a real instance."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ritme.instance import Instance

STORY_S = 300


@dataclass(frozen=True)
class Ritme:
    """``ritme("gaps", "--month", "2025-09")``: the JSON object of the last line, the exit code as expected."""

    instance: Instance

    def run_any(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Whatever its exit code."""
        return subprocess.run(
            [sys.executable, "-m", "ritme", *words], env=self.instance.environment, capture_output=True, text=True, check=False,
            timeout=STORY_S,
        )  # fmt: skip

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.run_any(*words)
        assert done.returncode == code, f"{' '.join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done

    def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        answer = json.loads(self.run(*words, "--json", code=code).stdout.splitlines()[-1])
        assert isinstance(answer, dict)
        return answer

    def work(self) -> None:
        """The worker runs until nothing is left to do."""
        self.run("work", "--until-idle")


@dataclass(frozen=True)
class Told:
    """A story that was told: its instance, its files and its JSON object."""

    ritme: Ritme
    folder: Path
    report: dict[str, Any]

    @property
    def url(self) -> str:
        return self.ritme.instance.url
