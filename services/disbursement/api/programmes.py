"""How a door is told programmes: by name, or not at all for all of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field


def _some(named: list[str] | None) -> list[str] | None:
    """An empty list is neither: a form whose boxes nobody ticked must not mean everybody."""
    if named is not None and not named:
        raise ValueError("name at least one programme, or leave this out for all of them")
    return named


_Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]
Programmes = Annotated[Annotated[list[_Code], Field(max_length=20)] | None, AfterValidator(_some)]
"""Codes of programmes; absent: all. 422 ``request-shape`` for an empty list."""
