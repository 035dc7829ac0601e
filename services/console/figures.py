"""How numbers, rupiah, days and months are written in the office: 1.000 · Rp240.600.000 · 30 Sep 2025 · September 2025."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from shared.kernel.clock import JAKARTA, jakarta_day

MONTHS: Final = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
NOTHING: Final = "–"


def whole(number: Any) -> str:
    """1000 → ``1.000``; nothing → a dash."""
    return NOTHING if number is None or number == "" else f"{int(number):,}".replace(",", ".").replace("-", "−")


def rupiah(amount: Any) -> str:
    """240600000 → ``Rp240.600.000``; the sign stands before the currency."""
    if amount is None or amount == "":
        return NOTHING
    return f"{'−' if int(amount) < 0 else ''}Rp{whole(abs(int(amount)))}"


def day(given: Any) -> str:
    """An ISO day, or an instant as a day in Jakarta: ``30 Sep 2025``."""
    if not given:
        return NOTHING
    text = str(given)
    found = date.fromisoformat(text) if len(text) == 10 else jakarta_day(datetime.fromisoformat(text))
    return f"{found.day} {MONTHS[found.month - 1][:3]} {found.year}"


def moment(given: Any) -> str:
    """An ISO instant as Jakarta's clock shows it: ``30 Sep 2025 16.00``."""
    if not given:
        return NOTHING
    local = datetime.fromisoformat(str(given)).astimezone(JAKARTA)
    return f"{day(local.date().isoformat())} {local:%H.%M}"


def month_name(month: Any) -> str:
    """``2025-09`` → ``September 2025``; anything else stays as it is."""
    year, _, number = str(month).partition("-")
    return f"{MONTHS[int(number) - 1]} {year}" if number.isdigit() and 1 <= int(number) <= 12 else str(month)


def short_id(person_id: Any) -> str:
    """The last eight digits of an id: its beginning is a clock, so neighbours would look alike."""
    return str(person_id)[-8:]


def short_hash(digest: Any) -> str:
    """The first twelve digits in threes, as people read them to one another."""
    text = str(digest or "")[:12]
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def typed_number(text: str) -> int:
    """What a clerk types from paper, ``Rp300.000.000`` or ``1 000``; raise ValueError where it is no whole number."""
    bare = text.strip().removeprefix("Rp").replace(".", "").replace(" ", "").replace(" ", "")
    if not (bare.isascii() and bare.isdigit()):
        raise ValueError(text)
    return int(bare)
