"""A decree's list against the signed decree: tariffs by month, totals in count, sum and programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.kernel.errors import InvalidInput
from shared.kernel.month import Month
from shared.kernel.rupiah import Rupiah, format_rupiah


@dataclass(frozen=True, slots=True)
class Tariff:
    """Rupiah a month of one programme, from one month to another (None: until further notice)."""

    programme: str
    from_month: Month
    to_month: Month | None
    amount: Rupiah


def tariff_of(tariffs: Sequence[Tariff], programme: str, month: Month) -> Rupiah:
    """Rupiah for that month; raise InvalidInput where no tariff is in force."""
    for tariff in tariffs:
        if tariff.programme == programme and tariff.from_month <= month and (tariff.to_month is None or month <= tariff.to_month):
            return tariff.amount
    raise InvalidInput(f"there is no tariff of {programme} for {month}", programme=programme, month=month)


@dataclass(frozen=True, slots=True)
class Totals:
    """People and rupiah of one programme, or of all."""

    count: int
    sum: int


def differences(accepted: Mapping[str, Totals], signed: Mapping[str, Totals], signed_total: Totals) -> list[str]:
    """In the clerk's words, everything in which the accepted rows and the signed decree differ; empty where they agree."""
    found = []
    total = Totals(sum(t.count for t in accepted.values()), sum(t.sum for t in accepted.values()))
    if total != signed_total:
        found.append(_difference("Jumlah keseluruhan", total, signed_total))
    for programme in sorted({*accepted, *signed}):
        mine, theirs = accepted.get(programme, Totals(0, 0)), signed.get(programme, Totals(0, 0))
        if mine != theirs:
            found.append(_difference(programme, mine, theirs))
    return found


def _difference(what: str, mine: Totals, theirs: Totals) -> str:
    return f"{what}: berkas {mine.count} orang, {format_rupiah(mine.sum)}; SK {theirs.count} orang, {format_rupiah(theirs.sum)}"
