"""The command line against real instances, each in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ritme.instance import throw_away_instance
from tests.support.commands import Ritme, Told


@pytest.fixture(scope="session")
def cengkareng(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Fixture C, told once for all tests that look at its end."""
    folder = tmp_path_factory.mktemp("cengkareng")
    with throw_away_instance() as instance:
        ritme = Ritme(instance)
        yield Told(ritme, folder, ritme("replay", "cengkareng-2025-09", "--url", instance.url, "--out", str(folder)))


@pytest.fixture
def doors_only() -> Iterator[Ritme]:
    """An instance whose worker runs only when it is told to."""
    with throw_away_instance(api_only=True) as instance:
        yield Ritme(instance)
