"""A blocking iterator, read one item ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Final, TypeVar

T = TypeVar("T")
_END: Final = object()


async def ahead(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """Every item; the next one is computed in a thread while the present one is worked on.

    Take it under ``aclosing``: whoever leaves early waits until the thread is through with its item.
    """

    def begin() -> asyncio.Task[T | object]:
        return asyncio.create_task(asyncio.to_thread(next, items, _END))

    coming = begin()
    try:
        while (item := await coming) is not _END:
            coming = begin()
            yield item  # type: ignore[misc]
    finally:
        await asyncio.gather(coming, return_exceptions=True)
