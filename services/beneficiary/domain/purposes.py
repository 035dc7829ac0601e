"""For which purpose a role may look at people: a role gives purposes, an assignment gives areas (DESIGN.md, Protection)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

PURPOSES: Final[dict[str, frozenset[str]]] = {
    "operator": frozenset({"import", "counter", "payment-file", "account-opening"}),
    "releaser": frozenset({"payment-file"}),
    "treasurer": frozenset({"payment-file"}),
    "auditor": frozenset({"audit"}),
    "warehouse": frozenset({"handover"}),
}


def may_look(roles: Collection[str], purpose: str) -> bool:
    """Whether one of the roles has this purpose; unknown purposes belong to nobody."""
    return any(purpose in PURPOSES.get(role, frozenset()) for role in roles)
