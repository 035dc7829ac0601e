"""A month's money in whole rupiah."""

from __future__ import annotations

from pydantic import BaseModel


class Money(BaseModel):
    """``balanced``: SP2D + from holding = credited + returned by STS + paid on + still in holding.

    ``from_holding``: retries that were paid from the holding account; ``paid_on``: what left lists of this month for such retries.
    """

    sp2d: int
    from_holding: int
    credited: int
    returned: int
    paid_on: int
    holding: int
    balanced: bool


class MonthMoney(Money):
    month: str
    by_programme: dict[str, Money]
