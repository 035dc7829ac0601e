"""Keys: uuid7 for what is born here, uuid5 for what already has a natural name (CORE.md, head)."""

from __future__ import annotations

import os
import time
from uuid import NAMESPACE_DNS, UUID, uuid5

RITME = uuid5(NAMESPACE_DNS, "ritme")


def uuid7() -> UUID:
    """RFC 9562 version 7: 48 bits of Unix milliseconds, then random; sorts roughly by birth."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def natural_id(kind: str, *parts: str) -> UUID:
    """The key of what has a natural name: ``natural_id("programme_month", "KLJ", "2025-09")``."""
    return uuid5(RITME, "/".join((kind, *parts)))
