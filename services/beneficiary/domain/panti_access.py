"""Whose books somebody reads and writes: a role gives what may be done, ``panti.<code>`` beside it gives the panti."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

EVERY_PANTI: Final = ("%",)
_PANTI: Final = "panti."
_HEAD: Final = "panti-head"
_READERS: Final = frozenset({"operator", "auditor"})
_COUNTERS: Final = _READERS | {"leader", "treasurer", "approver"}


def _own(roles: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(role.removeprefix(_PANTI).upper() for role in roles if role.startswith(_PANTI))) if _HEAD in roles else ()


def writes(roles: Collection[str], *, whole_agency: bool) -> tuple[str, ...]:
    """An operator of the whole agency writes in every book, a head in the own one; patterns, empty for nobody."""
    return EVERY_PANTI if whole_agency and "operator" in roles else _own(roles)


def reads(roles: Collection[str], *, whole_agency: bool) -> tuple[str, ...]:
    """Whose lines and people may be looked at."""
    return EVERY_PANTI if whole_agency and not _READERS.isdisjoint(roles) else _own(roles)


def counts(roles: Collection[str], *, whole_agency: bool) -> tuple[str, ...]:
    """Whose census may be looked at: numbers without people."""
    return EVERY_PANTI if whole_agency and not _COUNTERS.isdisjoint(roles) else _own(roles)


def holds(panti: Collection[str], code: str) -> bool:
    """Whether these patterns hold this panti."""
    return code in panti or EVERY_PANTI[0] in panti
