"""What is measured: steps, their floors, and the memory of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

T = TypeVar("T")

RATIO_MAX: Final[Mapping[str, float]] = {"import": 4.0}
RATIO_MAX_ELSE: Final = 2.0
MONTH_MAX_S: Final = 60.0
MEMORY_MAX_MB: Final = 400.0


@dataclass
class Step:
    """One step of the month: the rows it moved, its seconds, and the floor's for the same rows."""

    name: str
    rows: int = 0
    seconds: float = 0.0
    floor_seconds: float | None = None
    peak_mb: float = 0.0
    """Of the process that did it; for what the doors do, their high-water mark so far."""

    @property
    def ratio(self) -> float | None:
        return None if not self.floor_seconds else self.seconds / self.floor_seconds

    @property
    def ratio_max(self) -> float:
        return RATIO_MAX.get(self.name.split(":")[0], RATIO_MAX_ELSE)


@dataclass
class Timeline:
    """Steps in order. What is not a step of its own (budget file, SP2D file, waiting) counts as ``else_seconds``."""

    steps: dict[str, Step] = field(default_factory=dict)
    else_seconds: float = 0.0
    tell: Callable[[str], None] = print

    def step(self, name: str) -> Step:
        return self.steps.setdefault(name, Step(name))

    @contextmanager
    def measured(self, name: str, rows: int = 0) -> Iterator[Step]:
        """The block's seconds are added to the step; so are its rows."""
        step = self.step(name)
        started = time.monotonic()
        yield step
        took = time.monotonic() - started
        step.seconds += took
        step.rows += rows
        self.tell(f"{name}: {step.rows:,} rows, {step.seconds:.2f} s")

    @contextmanager
    def floor(self, name: str) -> Iterator[None]:
        step = self.step(name)
        started = time.monotonic()
        yield
        step.floor_seconds = (step.floor_seconds or 0.0) + time.monotonic() - started

    def beside(self, action: Callable[[], T]) -> T:
        """What belongs to the month and to no step."""
        started = time.monotonic()
        result = action()
        self.else_seconds += time.monotonic() - started
        return result

    @property
    def seconds(self) -> float:
        """Of the month: all steps but the proofs, and what is beside them."""
        return sum(step.seconds for step in self.steps.values() if step.name != "verify") + self.else_seconds


@dataclass(frozen=True)
class Worked:
    """One run of the workers until nothing was left to do."""

    seconds: float
    peak_mb: float


def work(environment: Mapping[str, str], *services: str) -> Worked:
    """Relay, consume and jobs of these services (all by default) until idle, in a process of its own.

    Raise RuntimeError where it fails. Seconds are those of the work: starting a process is not part of a month.
    """
    command = [sys.executable, "-m", "ritme", "work", *services, "--until-idle", "--json"]
    child = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert child.stdout is not None
    said = child.stdout.read()
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
    else:  # Windows
        child.wait()
        peak = 0.0
    if child.returncode:
        raise RuntimeError(f"ritme work {' '.join(services)} failed: {said.decode(errors='replace')[-2000:]}")
    return Worked(json.loads(said.splitlines()[-1])["milliseconds"] / 1000, peak)
