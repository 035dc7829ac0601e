"""The filter of keys that came before."""

from __future__ import annotations

from shared.kernel.bloom import Bloom


def test_what_came_is_never_forgotten_and_what_did_not_come_is_nearly_always_new() -> None:
    came = Bloom()
    came.update(str(number).encode() for number in range(50_000))
    assert all(str(number).encode() in came for number in range(50_000))
    assert sum(str(number).encode() in came for number in range(50_000, 100_000)) <= 1


def test_an_empty_one_knows_nothing() -> None:
    assert b"" not in Bloom()
    assert b"3171012508550001" not in Bloom()
