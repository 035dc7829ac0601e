"""Which characters a bank's file may hold, and how a name is written where it may not hold them all.

A name that the bank cannot read is written by rule (accents taken off, typographic signs replaced), never by a question mark:
where the rule has no answer, the line is refused before anything goes out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from shared.kernel.errors import InvalidInput

ENCODINGS: Final = ("utf-8", "ascii", "iso-8859-1")

SWIFT_X: Final = "A-Za-z0-9/?:().,'+ -"
"""The character set that banks everywhere take in payment messages (SWIFT character set X, without its line ends)."""

_SAME: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "‑": "-",
        "\u00a0": " ", "\u2009": " ", "\t": " ", "\r": " ", "\n": " ",
        "ß": "ss", "ẞ": "SS", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O",
        "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ı": "i",
    }
)  # fmt: skip

_NEAREST: Final = {
    "!": ".", '"': ".", "#": ".", "$": ".", "%": ".", "&": "+", "*": ".", ";": ".", "<": ".", "=": ".", ">": ".", "@": ".", "[": "(",
    "\\": "/", "]": ")", "^": ".", "_": "-", "{": "(", "|": "/", "}": ")", "~": "-",
}  # fmt: skip
"""Signs that the bank does not take, by the conversion that European banks agreed on (EPC217-08)."""


class NotWritable(Exception):
    """A value cannot be written as the bank wants it. ``why`` is a stable word: ``characters`` or ``too-long``."""

    def __init__(self, why: str, field: str) -> None:
        super().__init__(f"{field}: {why}")
        self.why = why
        self.field = field


@dataclass(frozen=True)
class CharacterRule:
    """``allowed``: signs and ranges such as ``A-Z0-9 .'-``; empty: whatever the encoding can write."""

    encoding: str = "utf-8"
    allowed: str = ""
    upper: bool = False

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise InvalidInput(f"the encoding is one of {', '.join(ENCODINGS)}", encoding=self.encoding)
        _ = self._writable

    @cached_property
    def plain(self) -> bool:
        """Nothing is to be looked at: every character goes out as it is."""
        return self.encoding == "utf-8" and not self.allowed and not self.upper

    @cached_property
    def _writable(self) -> re.Pattern[str]:
        if not self.allowed:
            return re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*")
        parts, rest = [], self.allowed
        while rest:
            begin, end = rest[0], rest[2] if rest[1:2] == "-" and len(rest) > 2 else rest[0]
            if end < begin:
                raise InvalidInput("'allowed' has a range that runs backwards", allowed=self.allowed)
            parts.append(f"{re.escape(begin)}-{re.escape(end)}")
            rest = rest[3:] if rest[1:2] == "-" and len(rest) > 2 else rest[1:]
        return re.compile(f"[{''.join(parts)}]*")

    def _fits(self, value: str) -> bool:
        if not self._writable.fullmatch(value):
            return False
        try:
            value.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def write(self, value: str, field: str = "") -> str:
        """The value as the bank can read it; raise NotWritable where no rule says how."""
        if self.upper:
            value = value.upper()
        if self.plain or self._fits(value):
            return value
        bare = unicodedata.normalize("NFKD", value.translate(_SAME))
        bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
        if not self._fits(bare):
            bare = "".join(sign if self._fits(sign) else _NEAREST.get(sign, sign) for sign in bare)
        if not self._fits(bare) or not bare.strip():
            raise NotWritable("characters", field)
        return bare
