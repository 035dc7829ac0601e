"""Words that stand on every paper of the office (Bahasa Indonesia)."""

from __future__ import annotations

from datetime import date
from typing import Final

OFFICE: Final = ("PEMERINTAH PROVINSI DAERAH KHUSUS IBUKOTA JAKARTA", "DINAS SOSIAL")

MONTHS: Final = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip


def month_words(month: str) -> str:
    """``September 2025``."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def day_words(day: date) -> str:
    """``25 September 2025``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
