"""Uji petik: which items of a finding are looked at, so that anybody can draw the same ones again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Final

from shared.kernel.errors import InvalidInput

METHOD: Final = "sha256(benih + '/' + butir) dari kecil ke besar, n pertama; populasi diurutkan menurut nama butir"
"""Every item has the same chance, nobody chooses; ``printf '%s' "$SEED/$ITEM" | sha256sum`` repeats it without this program."""


def draw(population: Collection[str], seed: str, size: int) -> list[str]:
    """``size`` items without replacement, in the order in which they were drawn. Raise InvalidInput where there are fewer."""
    items = set(population)
    if not 0 < size <= len(items):
        raise InvalidInput(f"{size} of {len(items)} items cannot be drawn", size=size, population=len(items))
    return sorted(items, key=lambda item: (hashlib.sha256(f"{seed}/{item}".encode()).digest(), item))[:size]
