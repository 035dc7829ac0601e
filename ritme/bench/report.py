"""The bench as JSON and as docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ritme.bench.measured import MEMORY_MAX_MB, MONTH_MAX_S, Step
from ritme.bench.month import Bench

PAID: Final = ("relay", "consume", "open", "list and hash", "file", "results", "gaps")
"""From the opening to the last gap, events out and consumed: what is measured against its floor as a whole."""


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.name, "rows": step.rows, "seconds": round(step.seconds, 2),
        "floor_seconds": None if step.floor_seconds is None else round(step.floor_seconds, 2),
        "ratio": None if step.ratio is None else round(step.ratio, 2), "ratio_max": step.ratio_max,
        "within": step.ratio is not None and step.ratio <= step.ratio_max,
    }  # fmt: skip


def as_json(bench: Bench) -> dict[str, Any]:
    """Steps in order, the month's seconds, memory by process, bytes on disk by person, and whether the aims were met."""
    timeline = bench.timeline
    steps = [_step(step) for step in timeline.steps.values()]
    paid = Step("paid", seconds=sum(one.seconds for one in timeline.steps.values() if one.name in PAID))
    paid.floor_seconds = sum(one.floor_seconds or 0.0 for one in timeline.steps.values() if one.name in PAID)
    return {
        "people": bench.people,
        "steps": steps,
        "paid": _step(paid),
        "else_seconds": round(timeline.else_seconds, 2),
        "month_seconds": round(timeline.seconds, 1),
        "peak_mb": bench.peak_mb,
        "bytes_per_person": bench.bytes_per_person,
        "promises_kept": bench.proof is not None and bench.proof.ok,
        "aims": {
            "month": timeline.seconds < MONTH_MAX_S,
            "ratios": all(step["within"] for step in steps),
            "memory": max(bench.peak_mb.values(), default=0.0) < MEMORY_MAX_MB,
        },
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
    }


def as_markdown(bench: Bench) -> str:
    """A page that says what was measured, on what, and what misses its aim."""
    found = as_json(bench)
    lines = [
        "# Performance",
        "",
        "Written by `ritme bench`. Do not edit: run `make bench`.",
        "",
        (
            f"{found['people']:,} synthetic people, one benefit month through the doors, on {found['machine']['cores']} cores, "
            f"Python {found['machine']['python']}, {found['machine']['system']}; embedded PostgreSQL without fsync."
        ),
        "",
        "The floor is what PostgreSQL takes for the same rows by plain SQL or COPY, with the same indexes, in the same run:",
        (
            "no HTTP, no checks, no encryption, no Python. Aims: no step over 2 times its floor (imports 4), the month under "
            f"{MONTH_MAX_S:.0f} s, no process over {MEMORY_MAX_MB:.0f} MB."
        ),
        "",
        "| step | rows | seconds | floor | ratio | aim |",
        "|---|---:|---:|---:|---:|:---:|",
    ]
    for step in found["steps"]:
        floor = "" if step["floor_seconds"] is None else f"{step['floor_seconds']:.2f}"
        ratio = "" if step["ratio"] is None else f"{step['ratio']:.1f}"
        lines.append(
            f"| {step['step']} | {step['rows']:,} | {step['seconds']:.2f} | {floor} | {ratio} | {'met' if step['within'] else 'missed'} |"
        )
    paid = found["paid"]
    memory = ", ".join(f"{name} {mb:.0f} MB" for name, mb in found["peak_mb"].items())
    lines += [
        "",
        (
            f"- The month (all steps but verify, and {found['else_seconds']:.1f} s between them): {found['month_seconds']:.1f} s; "
            f"the aim is {'met' if found['aims']['month'] else 'missed'}."
        ),
        (
            f"- From the opening to the last gap, events out and consumed: {paid['seconds']:.1f} s, {paid['ratio']:.1f} times the floor "
            f"of {paid['floor_seconds']:.1f} s ({paid['ratio_max']:.0f} at most: {'met' if paid['within'] else 'missed'})."
        ),
        f"- Largest memory by process: {memory}; the aim is {'met' if found['aims']['memory'] else 'missed'}.",
        f"- On disk: {found['bytes_per_person']:,} bytes a person, all databases and the bus together.",
        f"- `ritme verify` on the result: {'every promise is kept' if found['promises_kept'] else 'NOT every promise is kept'}.",
        "",
        "Workers are processes of their own here; the time that they take to start is not counted.",
        "",
    ]
    return "\n".join(lines)


GROWTH_MAX: Final = 1.25
"""A person of the largest month may cost so much more than one of the smallest."""


def growth(benches: Sequence[Bench]) -> str:
    """What a person costs in months of different sizes, step by step; empty where there is one size only."""
    if len(benches) < 2:
        return ""
    found = [as_json(bench) for bench in sorted(benches, key=lambda bench: bench.people)]
    costs = [1e6 * one["month_seconds"] / one["people"] for one in found]
    ratio = costs[-1] / costs[0]
    met = "met" if ratio <= GROWTH_MAX else "missed"

    def row(name: str, cells: Iterable[str]) -> str:
        return f"| {name} | {' | '.join(cells)} |"

    return "\n".join(
        [
            "",
            "## How it grows",
            "",
            "Microseconds a person, by the size of the month; each floor is of its own run.",
            "",
            row("step", (f"{one['people']:,}" for one in found)),
            row("---", ["---:"] * len(found)),
            *(row(step["step"], (_cost(one, one["steps"][nth]) for one in found)) for nth, step in enumerate(found[0]["steps"])),
            row("opening to last gap", (_cost(one, one["paid"]) for one in found)),
            row("the month", (f"{cost:.0f}" for cost in costs)),
            row("largest process", (f"{max(one['peak_mb'].values()):.0f} MB" for one in found)),
            "",
            f"A person of the largest month costs {ratio:.2f} times one of the smallest ({GROWTH_MAX} at most: {met}).",
            "",
        ]
    )


def _cost(found: dict[str, Any], step: dict[str, Any]) -> str:
    cost = 1e6 * step["seconds"] / found["people"]
    return f"{cost:.0f}" if step["ratio"] is None else f"{cost:.0f} ({step['ratio']:.1f}x)"
