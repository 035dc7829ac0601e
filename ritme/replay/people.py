"""Synthetic people: none of them exists, the same seed makes the same ones, and they come one at a time.

A NIK is region (6), birth date (6, women day + 40) and a serial; a serial of 9000 or more marks a synthetic person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.kernel.data import rows

MEN: Final = (
    "Achmad", "Agus", "Ahmad", "Bambang", "Budi", "Darma", "Dedi", "Eko", "Fajar", "Hasan", "Hendra", "Iwan", "Joko", "Karta",
    "Lukman", "Maman", "Mu'min", "Nasrul", "Rachmat", "Rojali", "Samsul", "Slamet", "Sukardi", "Tatang", "Udin", "Wahyu", "Yanto", "Zainal",
)  # fmt: skip
WOMEN: Final = (
    "Aminah", "Ani", "Asih", "Dewi", "Endang", "Fatimah", "Halimah", "Ika", "Juriah", "Kartini", "Lestari", "Maimunah", "Ningsih",
    "Nur'aini", "Partinah", "Ratna", "Rohana", "Rukmini", "Saodah", "Siti", "Sri", "Sumiati", "Titin", "Umi", "Wati", "Yuli", "Zubaedah",
)  # fmt: skip
FAMILY: Final = (
    "", "", "Abdullah", "Effendi", "Gunawan", "Hidayat", "Kurniawan", "Lubis", "Manurung", "Nasution", "Permana", "Pratama", "Purnomo",
    "Rahman", "Saputra", "Setiawan", "Siregar", "Sitompul", "Suharto", "Sukmawijaya Kusumaningrat", "Suryana", "Susanto", "Wibowo", "Yusuf",
)  # fmt: skip
STREETS: Final = (
    "Jl. Anggrek", "Jl. Bangun Nusa", "Jl. Fajar Baru", "Jl. H. Mencong", "Gg. Kamboja", "Jl. Melati", "Gg. Sawo", "Jl. Utama Raya",
)  # fmt: skip

BANK: Final = "111"
"""Code of Bank Jakarta (formerly Bank DKI)."""
HOLDER_MAX: Final = 30
"""Characters of a holder's name that the bank keeps (USERS.md, engineer)."""

AGES: Final = {"KLJ": (60, 92), "KPDJ": (19, 58), "KAJ": (0, 5)}
"""Whole years, from and to, by programme, at the benefit month."""

_MASK: Final = (1 << 64) - 1
_SPREAD: Final = 387_420_489
"""Has no factor in common with 10^9, so that account numbers look scattered and none comes twice."""


class Lot:
    """A stream of numbers that looks drawn by lot and is the same for the same seed (splitmix64)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed * 0x9E3779B97F4A7C15 & _MASK

    def below(self, limit: int) -> int:
        self._state = self._state + 0x9E3779B97F4A7C15 & _MASK
        mixed = self._state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return (mixed ^ mixed >> 31) % limit


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person of one programme, with the account that the bank opened."""

    nik: str
    name: str
    birth_date: date
    address: str
    kelurahan: str
    programme: str
    account: str
    holder: str


def kelurahan_of(prefix: str) -> tuple[str, ...]:
    """Codes of all kelurahan under an area; raise ValueError where there is none."""
    found = tuple(
        row["kode"] for row in rows("jakarta_wilayah_kemendagri.csv") if row["tingkat"] == "kelurahan" and row["kode"].startswith(prefix)
    )
    if not found:
        raise ValueError(f"no kelurahan under {prefix}")
    return found


class People:
    """Makes people one after another; no two have the same NIK or account."""

    def __init__(self, seed: int, kelurahan: Sequence[str], month: str) -> None:
        self._lot = Lot(seed)
        self._kelurahan = kelurahan
        self._first = date(int(month[:4]), int(month[5:]), 1)
        self._niks: set[int] = set()
        self._made = 0

    def make(self, programme: str, *, birth_date: date | None = None) -> Person:
        lot = self._lot
        kelurahan = self._kelurahan[lot.below(len(self._kelurahan))]
        woman = lot.below(100) < 54
        born = birth_date or self._birth_date(programme)
        given = WOMEN[lot.below(len(WOMEN))] if woman else MEN[lot.below(len(MEN))]
        name = f"{given} {FAMILY[lot.below(len(FAMILY))]}".strip()
        rt, rw, house = 1 + lot.below(15), 1 + lot.below(12), 1 + lot.below(180)
        address = f"{STREETS[lot.below(len(STREETS))]} No. {house} RT {rt:03d}/RW {rw:03d}"
        self._made += 1
        holder = name
        if programme == "KAJ":  # a child's money goes to the parent's account
            holder = f"{WOMEN[lot.below(len(WOMEN))]} {FAMILY[lot.below(len(FAMILY))]}".strip()
        return Person(
            self._nik(kelurahan, born, woman), name, born, address, kelurahan, programme,
            f"70{self._made * _SPREAD % 10**9:09d}", holder.upper()[:HOLDER_MAX],
        )  # fmt: skip

    def many(self, programme: str, count: int) -> Iterator[Person]:
        for _ in range(count):
            yield self.make(programme)

    def _birth_date(self, programme: str) -> date:
        youngest, oldest = AGES[programme]
        latest = self._first.replace(year=self._first.year - youngest) - timedelta(days=62 if programme == "KAJ" else 1)
        earliest = self._first.replace(year=self._first.year - oldest - 1) + timedelta(days=62)
        return earliest + timedelta(days=self._lot.below((latest - earliest).days))

    def _nik(self, kelurahan: str, born: date, woman: bool) -> str:
        day = born.day + 40 if woman else born.day
        head = f"{kelurahan.replace('.', '')[:6]}{day:02d}{born.month:02d}{born.year % 100:02d}"
        serial = self._lot.below(1000)
        for tried in range(1000):
            nik = f"{head}{9000 + (serial + tried) % 1000}"
            if int(nik) not in self._niks:
                self._niks.add(int(nik))
                return nik
        raise ValueError(f"more than a thousand synthetic people were born on {born} in {kelurahan[:8]}")
