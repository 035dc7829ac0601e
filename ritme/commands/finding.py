"""A batch by its id or by the code that people say."""

from __future__ import annotations

from typing import Any

from ritme.terminal import Terminal


def find(shown: Terminal, batch: str) -> dict[str, Any]:
    """By id, or by its code such as 2025-09-M01."""
    doors = shown.doors("operator")
    if len(batch) < 30:
        for one in doors.get("/disbursement/batches", month=batch[:7])["items"]:
            if one["code"] == batch:
                batch = one["id"]
                break
    found: dict[str, Any] = doors.get(f"/disbursement/batches/{batch}")
    return found
