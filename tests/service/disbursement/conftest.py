"""A desk for each test: disbursement alone, empty but for reference data."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.service.disbursement.desk import Desk, open_desk
from tests.support.world import Ground


@pytest.fixture
async def desk(ground: Ground) -> AsyncIterator[Desk]:
    async with open_desk(ground) as opened:
        yield opened
