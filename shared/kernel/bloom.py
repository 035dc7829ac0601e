"""Which keys came before, of any number of them, in a fixed 16 MB (a Bloom filter)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

_BITS: Final = 27
_SIZE: Final = 1 << _BITS
_MASK: Final = _SIZE - 1


class Bloom:
    """Never forgets a key; may know one that never came: one in a million where a million came, one in 250 where ten million did.

    So "no" is certain, and "yes" is a question for the database.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_SIZE // 8)

    def add(self, key: bytes) -> None:
        bits = self._bits
        for place in _places(key):
            bits[place >> 3] |= 1 << (place & 7)

    def update(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self.add(key)

    def __contains__(self, key: bytes) -> bool:
        bits = self._bits
        return all(bits[place >> 3] & 1 << (place & 7) for place in _places(key))


def _places(key: bytes) -> tuple[int, int, int, int]:
    number = int.from_bytes(blake2b(key, digest_size=16).digest(), "little")
    return number & _MASK, number >> _BITS & _MASK, number >> 2 * _BITS & _MASK, number >> 3 * _BITS & _MASK
