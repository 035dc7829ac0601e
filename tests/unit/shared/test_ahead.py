"""Reading one item ahead: in order, whole, and never with a thread left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from shared.kernel.ahead import ahead


async def test_every_item_in_order_and_none_twice() -> None:
    async with aclosing(ahead(iter([1, None, 3]))) as items:
        assert [item async for item in items] == [1, None, 3]


async def test_the_next_one_is_computed_while_the_present_one_is_worked_on() -> None:
    second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    async with aclosing(ahead(items())) as found:
        async for item in found:
            if item == 1:
                assert await asyncio.to_thread(second.wait, 10)


async def test_leaving_early_waits_for_the_thread_and_a_failure_is_the_callers() -> None:
    done: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        done.append(2)
        yield 2
        raise ValueError("damaged further down")

    async with aclosing(ahead(items())) as found:
        async for _ in found:
            break
    assert done == [2]
    async with aclosing(ahead(items())) as found:
        assert [await anext(found), await anext(found)] == [1, 2]
        with pytest.raises(ValueError, match="damaged"):
            await anext(found)
