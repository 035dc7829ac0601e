"""Looking at a person from a case: found by NIK, shown by name, each time through the door that writes it into the audit chain."""

from __future__ import annotations

from typing import Any, Final

from services.console.doors import DoorProblem, Doors
from services.console.forms import NIK_DIGITS

PURPOSE: Final = "counter"
"""Serving the person; who may look for it is decided by beneficiary (its purposes)."""
MAY_LOOK: Final = ("operator",)
FIELDS: Final = ("name", "birth_date", "address")
"""What somebody needs who writes or goes to the person; never the NIK."""


async def revealed(doors: Doors, person_id: str) -> dict[str, Any]:
    """Name, birth date and address. Raise DoorProblem ``not-found`` for somebody outside the areas of whoever looks."""
    asked = {"ids": [person_id], "purpose": PURPOSE, "fields": list(FIELDS)}
    people = (await doors.post("/beneficiary/people:reveal", asked))["people"]
    if not people:
        raise DoorProblem(404, "not-found", "there is no such person in your area")
    found: dict[str, Any] = people[0]
    return found


async def person_of(doors: Doors, typed: str) -> str:
    """A person's id from an id or a NIK. Raise DoorProblem ``not-found`` where nobody has it."""
    bare = typed.replace(" ", "").replace(".", "")
    if not (bare.isascii() and bare.isdigit() and len(bare) == NIK_DIGITS):
        return typed
    (found,) = (await doors.post("/beneficiary/people:resolve", {"niks": [bare], "purpose": PURPOSE}))["ids"]
    if found is None:
        raise DoorProblem(404, "not-found", "there is no such person in your area")
    return str(found)
