"""A year of panti papers from a seed, most of it right, with irregularities of each kind planted in it.

It knows nothing of the detectors: no threshold, no rule of theirs is read here. So some of what is planted is too small for them, and
some of the lawful noise (late payments, days without a kitchen log, plans that are off) may look wrong to them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

YEAR: Final = 2025
DAYS: Final = tuple(date(YEAR, 1, 1) + timedelta(n) for n in range(365))
FOOD, MEETING = "5.1.02.01.01.0043", "5.1.02.01.01.0052"
STANDARD: Final = 40_000

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "dpa": ("tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "uraian", "program", "panti", "pagu"),
    "cash-plan": ("tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "program", "panti", "bulan", "rencana"),
    "sp2d": ("nomor", "tanggal", "tahun", "kode_sub_skpd", "kode_sub_giat", "kode_akun", "program", "panti", "nilai", "rujukan"),
    "contract-items": ("kontrak", "pemasok", "panti", "mulai", "sampai", "barang", "satuan", "harga", "jumlah", "orang_per_hari",
                       "tiap_hari", "kapasitas_pemasok"),
    "contract": ("kode_panti", "mulai", "sampai", "harga"),
    "ssh": ("tahun", "barang", "satuan", "harga", "sumber"),
    "census": ("kode_panti", "tanggal", "penghuni"),
    "kitchen-log": ("kode_panti", "tanggal", "porsi"),
    "movements": ("kode_panti", "tanggal", "masuk", "keluar"),
    "bast": ("nomor", "tanggal", "kontrak", "kode_panti", "barang", "satuan", "jumlah", "nilai"),
    "invoice": ("nomor", "tanggal", "pemasok", "nilai", "kontrak", "panti", "dibayar_dengan"),
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """``code`` should be found about ``subject``; ``period`` where it is one month. ``also``: what follows from the same act."""

    code: str
    subject: str
    period: str = ""
    also: tuple[str, ...] = ()
    panti: str = ""


@dataclass
class Panti:
    """One panti's year before it is written down. Amounts in rupiah."""

    code: str
    people: int
    price: int
    residents: list[int]
    supplier: str
    logged: float = 0.97
    capacity: int = 0
    standard: int = STANDARD
    paid: list[float] = field(default_factory=lambda: [1.0] * 12)
    billed: list[float] = field(default_factory=lambda: [1.0] * 12)
    delivered_for: int | None = None
    quarterly: bool = False
    gone: tuple[int, int, int] | None = None
    wrong_month: int | None = None
    gas_unit: str = "tabung"
    strange: list[tuple[int, str, int]] = field(default_factory=list)
    loose: list[tuple[str, date, int, str]] = field(default_factory=list)
    extra_december: int = 0
    twice: int | None = None

    @property
    def contract(self) -> str:
        return f"K-{self.code}/{YEAR} (sintetis)"

    @property
    def item(self) -> str:
        return f"Makan lengkap {self.code}"

    @property
    def key(self) -> tuple[object, ...]:
        return YEAR, f"1.06.0.00.0.00.01.{self.code}", "1.06.04.1.03.0002"

    def days_of(self, month: int) -> list[int]:
        return [n for n, day in enumerate(DAYS) if day.month == month]

    def lived(self, month: int) -> int:
        return sum(self.residents[n] for n in self.days_of(month))


Plant = Callable[[random.Random, Panti], Planted]


def _minutes(rng: random.Random, panti: Panti) -> Planted:
    panti.quarterly, panti.logged = True, rng.choice((0.0, 0.1, 0.5, 0.9))
    return Planted("minutes_from_contract_value", panti.contract, also=("financial_against_physical", "portions_for_capacity"))


def _strange(rng: random.Random, panti: Panti) -> Planted:
    panti.strange += [
        (rng.randint(1, 12), rng.choice(("Kopi", "Sirup", "Piring")), rng.randint(100, 4_000) * 1_001) for _ in range(rng.randint(1, 5))
    ]
    return Planted("item_not_in_contract", panti.contract)


def _unit(rng: random.Random, panti: Panti) -> Planted:
    panti.gas_unit = rng.choice(("kg", "unit"))
    return Planted("unit_differs_from_contract", panti.contract)


def _price(rng: random.Random, panti: Panti) -> Planted:
    panti.standard = panti.price * 100 // rng.randint(101, 112)
    return Planted("price_above_ssh", panti.contract)


def _billed(rng: random.Random, panti: Panti) -> Planted:
    for month in rng.sample(range(12), rng.randint(2, 9)):
        panti.billed[month] = 1 + rng.uniform(0.05, 0.6)
    return Planted("financial_against_physical", panti.contract)


def _twice(rng: random.Random, panti: Panti) -> Planted:
    panti.twice = rng.randint(1, 11)
    return Planted("invoice_twice", panti.supplier, also=("financial_against_physical",))


def _split(rng: random.Random, panti: Panti) -> Planted:
    on = date(YEAR, rng.randint(2, 10), rng.randint(1, 28))
    for n in range(rng.randint(2, 4)):
        panti.loose.append((f"PL-{panti.code}-{n}", on + timedelta(n * rng.randint(2, 18)), rng.randint(70_000, 195_000) * 1_003, "SPM-PL"))
    return Planted("split_under_limit", panti.supplier)


def _round(rng: random.Random, panti: Panti) -> Planted:
    for n in range(rng.randint(8, 22)):
        on = date(YEAR, rng.randint(1, 12), rng.randint(1, 28))
        panti.loose.append((f"KB-{panti.code}-{n}", on, rng.randint(1, 9) * 1_000_000, "SPM-KB"))
    return Planted("round_numbers", panti.code)


def _rush(rng: random.Random, panti: Panti) -> Planted:
    panti.extra_december = panti.people * 365 * panti.price * rng.randint(8, 40) // 100
    return Planted("year_end_rush", panti.code, also=("plan_deviation_month", "plan_deviation_to_date"))


def _portions(rng: random.Random, panti: Panti) -> Planted:
    panti.delivered_for = panti.people
    less = rng.uniform(0.03, 0.35)
    panti.residents = [max(1, round(one * (1 - less))) for one in panti.residents]
    return Planted("portions_for_capacity", panti.code, also=("plan_deviation_month", "plan_deviation_to_date", "slow_absorption"))


def _gone(rng: random.Random, panti: Panti) -> Planted:
    start = rng.randint(40, 330)
    panti.gone = (start, min(364, start + rng.randint(2, 20)), rng.randint(1, 6))
    return Planted("residents_after_release", panti.code)


def _wrong(rng: random.Random, panti: Panti) -> Planted:
    panti.wrong_month = rng.randint(1, 12)
    also = ("food_differs_from_resident_days", "plan_deviation_month", "unit_cost_out_of_line")
    return Planted("wrong_account", panti.code, f"{YEAR}-{panti.wrong_month:02d}", also)


def _plan(rng: random.Random, panti: Panti) -> Planted:
    month = rng.randint(2, 11)
    panti.paid[month - 1] = rng.choice((rng.uniform(0.3, 0.9), rng.uniform(1.1, 1.8)))
    return Planted("food_differs_from_resident_days", panti.code, f"{YEAR}-{month:02d}", ("plan_deviation_month",))


def _slow(rng: random.Random, panti: Panti) -> Planted:
    share = rng.uniform(0.4, 0.9)
    panti.paid = [share] * 12
    also = ("plan_deviation_month", "plan_deviation_to_date", "food_differs_from_resident_days", "unit_cost_out_of_line")
    return Planted("slow_absorption", f"{panti.key[1]}", also=also)


def _cost(rng: random.Random, panti: Panti) -> Planted:
    share = rng.uniform(1.08, 1.6)
    panti.paid = [share] * 12
    also = ("plan_deviation_month", "plan_deviation_to_date", "food_differs_from_resident_days")
    return Planted("unit_cost_out_of_line", panti.code, also=also)


PLANTS: Final[Sequence[Plant]] = (
    _minutes, _strange, _unit, _price, _billed, _twice, _split, _round, _rush, _portions, _gone, _wrong, _plan, _slow, _cost,
)  # fmt: skip
SUPPLIER: Final = "one_supplier_many_panti"


def generate(seed: int, codes: Sequence[str], each: int = 2) -> tuple[dict[str, list[tuple[Any, ...]]], list[Planted]]:
    """Files by kind, and what was planted: every kind in ``each`` panti, no panti with more than one; the rest are right.

    Where there are too few panti for that, a kind is planted as often as is possible.
    """
    rng = random.Random(seed)  # noqa: S311 - a year that can be made again, no secret
    panti = [_right(rng, code) for code in codes]
    free = rng.sample(panti, len(panti))
    planted: list[Planted] = []
    chain = [free.pop() for _ in range(3)]
    for one in chain:
        one.supplier, one.capacity = f"CV Rantai {seed}", rng.randint(chain[0].people, sum(two.people for two in chain))
    planted.append(Planted(SUPPLIER, chain[0].supplier))
    wanted = [plant for _ in range(each) for plant in rng.sample(PLANTS, len(PLANTS))]
    where = free[: len(free) - 2]  # some stay right
    planted += [replace(plant(rng, one), panti=one.code) for plant, one in zip(wanted, where, strict=False)]
    files: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in HEADERS}
    for one in panti:
        _write(rng, one, files)
    return files, planted


def _right(rng: random.Random, code: str) -> Panti:
    people = rng.randint(60, 220)
    residents, now = [], round(people * rng.uniform(0.9, 1.0))
    for _ in DAYS:
        now = min(round(people * 1.02), max(round(people * 0.88), now + rng.choice((-1, 0, 0, 0, 1))))
        residents.append(now)
    return Panti(code, people, rng.randint(37_200, 39_400), residents, f"CV {code} Pangan", capacity=people * 2)


def _write(rng: random.Random, panti: Panti, files: dict[str, list[tuple[Any, ...]]]) -> None:
    first, last = DAYS[0].isoformat(), DAYS[-1].isoformat()
    terms = (panti.contract, panti.supplier, panti.code, first, last)
    gas = rng.randint(20, 60)
    files["contract-items"] += [
        (*terms, panti.item, "porsi", panti.price, panti.people * 365, panti.people, 1, panti.capacity),
        (*terms, "Gas elpiji", "tabung", 190_700, gas * 12, "", 30, panti.capacity),
    ]
    files["contract"].append((panti.code, first, last, panti.price))
    files["ssh"].append((YEAR, panti.item, "porsi", panti.standard, "SSH (sintetis)"))
    files["census"] += [(panti.code, day.isoformat(), panti.residents[n]) for n, day in enumerate(DAYS)]
    files["kitchen-log"] += [
        (panti.code, day.isoformat(), panti.residents[n] + rng.choice((-1, 0, 0, 1)))
        for n, day in enumerate(DAYS)
        if rng.random() < panti.logged
    ]
    files["movements"] += _movements(panti)
    sums = _minutes_of(rng, panti, gas, files)
    _bills(rng, panti, sums, files)
    _money(rng, panti, files)


def _movements(panti: Panti) -> list[tuple[Any, ...]]:
    """What the register says: people who were let go on one day, and whom the count keeps until another."""
    change = [0] + [panti.residents[n] - panti.residents[n - 1] for n in range(1, len(DAYS))]
    if panti.gone:
        start, end, people = panti.gone
        change[start] -= people
        change[end] += people
    return [(panti.code, DAYS[n].isoformat(), max(0, one), max(0, -one)) for n, one in enumerate(change) if one]


def _minutes_of(rng: random.Random, panti: Panti, gas: int, files: dict[str, list[tuple[Any, ...]]]) -> list[int]:
    """Minutes of the year; rupiah by month."""
    sums = [0] * 12

    def line(day: date, item: str, unit: str, quantity: int, amount: int) -> None:
        number = f"BAST-{panti.code}-{day.isoformat()}"
        files["bast"].append((number, day.isoformat(), panti.contract, panti.code, item, unit, quantity, amount))
        sums[day.month - 1] += amount

    if panti.quarterly:
        for month in (3, 6, 9, 12):
            quantity = panti.people * 365 // 4
            line(max(day for day in DAYS if day.month == month), panti.item, "porsi", quantity, quantity * panti.price)
    else:
        for n, day in enumerate(DAYS):
            portions = panti.delivered_for or panti.residents[n]
            line(day, panti.item, "porsi", portions, portions * panti.price)
    for month in range(1, 13):
        count = gas + rng.randint(-4, 0)
        line(date(YEAR, month, 10), "Gas elpiji", panti.gas_unit, count, count * 190_700)
    for month, item, amount in panti.strange:
        line(date(YEAR, month, rng.randint(1, 28)), item, "pak", 1, amount)
    return sums


def _bills(rng: random.Random, panti: Panti, sums: Sequence[int], files: dict[str, list[tuple[Any, ...]]]) -> None:
    for month, amount in enumerate(sums, 1):
        on = max(day for day in DAYS if day.month == month).isoformat()
        bill = round(amount * panti.billed[month - 1])
        row = (f"INV-{month:02d}/{panti.code}", on, panti.supplier, bill, panti.contract, panti.code, f"SPM-{panti.code}-{month:02d}")
        files["invoice"].append(row)
        if panti.twice == month:
            again = DAYS[-1].isoformat()
            spelt = rng.choice((f"inv {month:02d} {panti.code}", f"INV.{month:02d}.{panti.code}"))
            files["invoice"].append((spelt, again, panti.supplier, bill, panti.contract, panti.code, f"SPM-{panti.code}-lagi"))
    for number, day, amount, paid_by in panti.loose:
        files["invoice"].append((number, day.isoformat(), panti.supplier, amount, "", panti.code, f"{paid_by}-{number}"))


def _money(rng: random.Random, panti: Panti, files: dict[str, list[tuple[Any, ...]]]) -> None:
    ceiling, owner = panti.people * 365 * 80_000, ("", panti.code)
    planned = [round(panti.people * len(panti.days_of(month)) * 39_000 * rng.uniform(0.92, 1.08)) for month in range(1, 13)]
    ceiling = max(sum(planned), ceiling if panti.extra_december or max(panti.paid) > 1 else 0)
    files["dpa"].append((*panti.key, FOOD, "Natura dan pakan", *owner, ceiling))
    files["cash-plan"] += [(*panti.key, FOOD, *owner, f"{YEAR}-{month:02d}", one) for month, one in enumerate(planned, 1)]
    account = dict.fromkeys(range(1, 13), FOOD)
    if panti.wrong_month:
        account[panti.wrong_month] = MEETING
        files["dpa"].append((*panti.key, MEETING, "Makanan dan minuman rapat", *owner, panti.people * 31 * 60_000))
    for month in range(1, 13):
        amount = round(panti.lived(month) * panti.price * panti.paid[month - 1])
        on = max(day for day in DAYS if day.month == month)
        if month < 12 and rng.random() < 0.04:
            on += timedelta(rng.randint(1, 6))  # paid a little late, which is lawful
        number = f"SP2D-{panti.code}-{month:02d}"
        files["sp2d"].append((number, on.isoformat(), *panti.key, account[month], *owner, amount, f"{panti.code}/{YEAR}-{month:02d}"))
    if panti.extra_december:
        number = f"SP2D-{panti.code}-akhir"
        files["sp2d"].append((number, f"{YEAR}-12-29", *panti.key, FOOD, *owner, panti.extra_december, f"BAST-AKHIR-{panti.code}"))
