"""Forms as data: what is asked on a page, what of it goes to a door, and who is offered it.

The service behind the door decides; a form only spares people what they could not send anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from services.console.doors import DoorProblem, Person, Told
from services.console.figures import typed_number

YES: Final = "ya"
NIK_DIGITS: Final = 16
_BETWEEN_DIGITS: Final = str.maketrans("", "", " .-")
"""What people write between the digits of an account."""


@dataclass(frozen=True)
class Field:
    """One question. ``name`` is the page's, ``key`` the door's.

    ``kind``: text, long, date, month, number (whole, as the office writes it), account (digits, leading noughts kept), choice,
    yes_no, hidden, plan (lines of a date and an amount). ``least``/``most``: characters of a text.
    """

    name: str
    key: str
    label: str
    kind: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    help: str = ""
    required: bool = True
    least: int = 3
    most: int = 1000
    value: str = ""


@dataclass(frozen=True)
class Form:
    """``door``: what stands behind the path of the thing that the page is about; ``fixed``: what no field asks for."""

    action: str
    door: str
    title: str
    button: str
    roles: tuple[str, ...]
    fields: tuple[Field, ...] = ()
    help: str = ""
    confirm: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    done: str = "dicatat"

    def body(self, typed: Mapping[str, str]) -> Told:
        """What the door is told; what was left empty and may be is left out. Raise DoorProblem ``typed-number``."""
        found = Told(self.fixed, {one.key: one.label for one in self.fields})
        for one in self.fields:
            text = typed.get(one.name, "").strip()
            if text or one.required:
                found[one.key] = _value(one, text)
        return found

    def choosing(self, name: str, choices: Mapping[str, str]) -> Form:
        """The same form where this field offers these choices, known only when the page is made."""
        return replace(self, fields=tuple(replace(one, choices=choices) if one.name == name else one for one in self.fields))

    def offered_to(self, person: Person | None) -> bool:
        return person is not None and person.is_any(*self.roles)


def _value(asked: Field, text: str) -> Any:
    match asked.kind:
        case "number":
            return _number(text, asked.label)
        case "account":
            return text.translate(_BETWEEN_DIGITS)
        case "yes_no":
            return text == YES
        case "plan":
            return [_instalment(line, asked.label) for line in text.splitlines() if line.strip()]
        case _:
            return text


def _instalment(line: str, label: str) -> dict[str, Any]:
    """``2026-02-10 300.000``, a day and its rupiah."""
    day, _, amount = line.strip().partition(" ")
    return {"on": day, "amount": _number(amount, label)}


def _number(text: str, label: str) -> int:
    try:
        return typed_number(text)
    except ValueError:
        raise DoorProblem(422, "typed-number", f"{label} is not a number", {"not_ready": [label]}) from None


async def typed_of(request: Any) -> dict[str, str]:
    """What was typed into the form of a request; files are left out."""
    form = await request.form()
    return {key: value.strip() for key, value in form.items() if isinstance(value, str)}


def form_of(forms: Iterable[Form], action: str) -> Form:
    """The declared form; raise DoorProblem ``not-found``."""
    for one in forms:
        if one.action == action:
            return one
    raise DoorProblem(404, "not-found", "there is no such action")
