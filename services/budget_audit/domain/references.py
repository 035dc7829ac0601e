"""What an SP2D or STS says it is for: a batch's code, a panti's month, or a delivery's number."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.kernel.month import Month

_BATCH_CODE = re.compile(r"[0-9]{4}-[0-9]{2}-[A-Za-z0-9]+")
_PANTI_MONTH = re.compile(r"([A-Z0-9]{2,8})[ /]+([0-9]{4}-(?:0[1-9]|1[0-2]))")


class PantiMonth(NamedTuple):
    """A panti's food of one month, as written in the reference column: ``BM1/2025-09``."""

    panti: str
    month: Month

    @property
    def reference(self) -> str:
        return f"{self.panti}/{self.month}"


def panti_month(reference: str) -> PantiMonth | None:
    """The panti and month that the reference names by its shape, whether or not there is such a panti."""
    found = _PANTI_MONTH.fullmatch(reference.strip().upper())
    return PantiMonth(found[1], Month(found[2])) if found else None


def is_batch_code(reference: str) -> bool:
    """Has it the shape of a payment list's code, whether or not there is such a list?"""
    return _BATCH_CODE.fullmatch(reference) is not None


def canonical(reference: str) -> str:
    """One spelling per reference: ``bm1 2025-09`` is ``BM1/2025-09``, ``2025-09-m01`` is ``2025-09-M01``, blanks are single."""
    named = panti_month(reference)
    if named:
        return named.reference
    written = " ".join(reference.split())
    return written.upper() if _BATCH_CODE.fullmatch(written) else written
