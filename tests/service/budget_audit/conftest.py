"""The books of budget_audit, in a world of their own."""

from __future__ import annotations

import pytest

from tests.service.budget_audit.books import Books
from tests.support.world import World


@pytest.fixture
def books(world: World) -> Books:
    return Books(world)
