"""Thresholds of the detectors: names, what they are counted in, and the values to begin with. Two people change them, from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["percent", "rupiah", "days", "months", "count", "hundredths"]

OWN = "Usulan awal Ritme: tidak ada ambang Jakarta yang ditemukan; ubah dengan dua orang"


@dataclass(frozen=True)
class Threshold:
    """``value`` in ``unit``; ``words`` say in Bahasa Indonesia what it decides."""

    name: str
    unit: Unit
    value: int
    low: int
    high: int
    words: str
    source: str = OWN


THRESHOLDS = (
    Threshold("minutes_share", "percent", 50, 1, 100, "BAST lebih jarang dari bagian ini dari pengantaran menurut kontrak: diperiksa"),
    Threshold("kitchen_share", "percent", 80, 1, 100, "Buku dapur terisi pada bagian ini dari hari-harinya: BAST dianggap terbukti"),
    Threshold("portion_tolerance", "percent", 2, 0, 50, "Selisih porsi yang dibiarkan"),
    Threshold("physical_gap", "percent", 10, 0, 100, "Selisih uang dan barang yang dibiarkan, dari uangnya"),
    Threshold("plan_deviation", "percent", 20, 1, 100, "Deviasi dari anggaran kas yang dibiarkan"),
    Threshold("absorption", "percent", 90, 1, 100, "Perkiraan serapan akhir tahun di bawah ini: serapan lambat"),
    Threshold("absorption_months", "months", 3, 1, 12, "Bulan yang harus tertutup data sebelum serapan diperkirakan"),
    Threshold("december_share", "percent", 25, 9, 100, "Bagian belanja setahun yang jatuh di Desember"),
    Threshold("round_unit", "rupiah", 1_000_000, 1_000, 10**9, "Tagihan kelipatan ini disebut bulat"),
    Threshold("round_share", "percent", 50, 1, 100, "Bagian tagihan bulat yang dibiarkan"),
    Threshold("round_count", "count", 5, 2, 1_000, "Tagihan yang harus ada sebelum angka bulat dinilai"),
    Threshold(
        "split_limit", "rupiah", 200_000_000, 1, 10**12, "Batas pengadaan langsung",
        "Perpres 16/2018 Pasal 38 (dari ingatan; belum diperiksa terhadap perubahannya)",
    ),
    Threshold("split_days", "days", 30, 1, 366, "Tagihan dalam hari sebanyak ini dihitung bersama"),
    Threshold("supplier_panti", "count", 3, 2, 100, "Panti yang dilayani satu pemasok dengan kontrak terpisah"),
    Threshold("unit_cost_score", "hundredths", 350, 100, 10_000, "Skor robust (MAD) yang dibiarkan, dalam perseratus",
              "Iglewicz dan Hoaglin 1993: 3,5 (dari ingatan)"),
    Threshold("unit_cost_sample", "count", 5, 3, 100, "Panti sejenis yang harus ada sebelum dibandingkan"),
)  # fmt: skip
BY_NAME: Mapping[str, Threshold] = {one.name: one for one in THRESHOLDS}

Values = Mapping[str, int]
"""What is in force on a day, by name."""

DEFAULTS: Values = {one.name: one.value for one in THRESHOLDS}
