"""The monthly report of the panti and the programme money, as the office hands it on. It names nobody who is helped."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import text

from services.budget_audit.queries.absorption import absorption
from services.budget_audit.queries.finding_file import STATES
from services.budget_audit.queries.money import month_money
from services.budget_audit.queries.panti import panti, panti_month
from services.budget_audit.schemas.absorption import Absorption, By, Group
from shared.contracts.words import MISMATCH_CODES
from shared.db.session import AnySession
from shared.kernel.errors import NotFound
from shared.kernel.month import Month
from shared.papers.paper import Cell, Column, Head, PaperWriter, Place
from shared.papers.sending import FORMS, writer_of
from shared.papers.words import OFFICE, day_words, month_words

_TITLES: Final[dict[By, str]] = {
    "panti": "Serapan menurut panti dan program", "account": "Serapan menurut rekening", "sub_skpd": "Serapan menurut sub-SKPD",
}  # fmt: skip
_UNKNOWN: Final = "belum diketahui"


async def monthly_report(session: AnySession, month: Month, form: str, target: Path, *, today: date) -> None:
    """Write it as ``xlsx`` or ``pdf``. Raise NotFound for another form."""
    if form not in FORMS:
        raise NotFound(f"there is no report as '{form}'", forms=list(FORMS))
    writer = writer_of(form, f"Laporan bulanan panti dan dana program {month}")
    found = await absorption(session, None, month, "panti", today)
    _head(writer, found, month, today)
    _absorbed(writer, found)
    _absorbed(writer, await absorption(session, None, month, "account", today))
    await _panti(writer, session, month)
    await _programmes(writer, session, month)
    await _findings(writer, session, month, today)
    writer.sign(day_words(today), (Place("Bendahara Pengeluaran"), Place("Kepala Dinas Sosial")))
    await asyncio.to_thread(writer.save, target)


def _head(writer: PaperWriter, found: Absorption, month: Month, today: date) -> None:
    total = found.total
    writer.head(
        Head(
            OFFICE,
            "LAPORAN BULANAN PANTI DAN DANA PROGRAM",
            [
                ("Bulan", month_words(month)), ("Dibuat", day_words(today)), ("SP2D: data s.d.", _day(found.data_until)),
                ("STS: data s.d.", _day(found.returns_until)), ("Pagu", _rp(total.ceiling)), ("Tersedia hari ini", _rp(total.available)),
                ("Anggaran kas s.d. bulan ini", _rp(total.to_date.planned)), ("Realisasi s.d. bulan ini", _rp(total.to_date.realised)),
            ],
        )
    )  # fmt: skip
    words = [
        (
            "Realisasi adalah SP2D dikurangi STS. Bulan yang tidak tertutup data sampai hari terakhirnya tidak dinilai: deviasinya "
            "kosong, dan tidak dihitung dalam angka s.d. bulan ini. Belum dilaporkan tidak berarti tidak dibelanjakan."
        ),
        (
            "Perkiraan akhir tahun dihitung dari SP2D menurut anggaran kas, seperti temuan serapan lambat, hanya untuk pos yang dapat "
            "diperkirakan; kosong bila belum cukup bulan yang tertutup data."
        ),
    ]
    if found.dropped:
        words.append(f"Pos yang sudah dihapus dari anggaran telah membelanjakan {_rp(found.dropped)}; itu tidak termasuk dalam tabel.")
    writer.words("Cara membaca", words)


def _absorbed(writer: PaperWriter, found: Absorption) -> None:
    writer.table(
        _TITLES[found.by],
        (
            Column("Kode", weight=1.1), Column("Nama", weight=1.6), Column("Pagu", "rupiah"), Column("Anggaran kas bulan ini", "rupiah"),
            Column("Realisasi bulan ini", "rupiah"), Column("Deviasi", "rupiah"), Column("Anggaran kas s.d.", "rupiah"),
            Column("Realisasi s.d.", "rupiah"), Column("Deviasi s.d.", "rupiah"), Column("%", "count", 0.4),
            Column("Perkiraan akhir tahun", "rupiah"), Column("dari pagu", "rupiah"), Column("Tersedia", "rupiah"),
        ),
    )  # fmt: skip
    writer.rows([_row(one) for one in found.items])
    writer.total(["Jumlah", *_row(found.total)[1:]])


def _row(one: Group) -> list[Cell]:
    return [
        one.key, one.name, one.ceiling, one.month.planned, one.month.realised, one.month.deviation, one.to_date.planned,
        one.to_date.realised, one.to_date.deviation, one.to_date.percent, one.forecast, one.forecast_of or None, one.available,
    ]  # fmt: skip


async def _panti(writer: PaperWriter, session: AnySession, month: Month) -> None:
    """Residents and food of each panti; a month that is not counted and priced whole has no food due."""
    writer.table(
        "Penghuni dan belanja makan",
        (
            Column("Panti", weight=0.6), Column("Nama", weight=2), Column("Daya tampung", "count", 0.7),
            Column("Hari terhitung", "count", 0.7), Column("Hari-orang", "count", 0.8), Column("Makan menurut kontrak", "rupiah"),
            Column("SP2D", "rupiah"), Column("STS", "rupiah"), Column("Selisih", "rupiah"),
        ),
    )  # fmt: skip
    for code in sorted(one.code for one in (await panti(session)).items):
        one = await panti_month(session, code, month)
        counted = sum(day.residents is not None for day in one.residents)
        writer.rows([[code, one.name, one.capacity, counted, one.resident_days, one.food_due, one.sp2d, one.returned, one.difference]])


async def _programmes(writer: PaperWriter, session: AnySession, month: Month) -> None:
    money = await month_money(session, month)
    writer.table(
        "Dana program bulan bantuan ini",
        (
            Column("Program"), Column("SP2D", "rupiah"), Column("Dari penampungan", "rupiah"), Column("Dikreditkan", "rupiah"),
            Column("Disetor (STS)", "rupiah"), Column("Dibayarkan lagi", "rupiah"), Column("Di penampungan", "rupiah"),
            Column("Seimbang", weight=0.6),
        ),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [name, m.sp2d, m.from_holding, m.credited, m.returned, m.paid_on, m.holding, "ya" if m.balanced else "TIDAK"]
        for name, m in [*sorted(money.by_programme.items()), ("Jumlah", money)]
    ]
    writer.rows(rows[:-1])
    writer.total(rows[-1])


async def _findings(writer: PaperWriter, session: AnySession, month: Month, today: date) -> None:
    """Those of the year up to the month that are open today, the most rupiah first."""
    writer.table(
        f"Temuan terbuka per {day_words(today)}",
        (
            Column("Temuan", weight=2), Column("Mengenai", weight=1.6), Column("Masa", weight=0.6), Column("Selisih", "rupiah"),
            Column("Belum dijelaskan", "rupiah"), Column("Keadaan", weight=1.1), Column("Penanggung jawab"), Column("Tenggat", weight=0.7),
            Column("Lewat", weight=0.5),
        ),
    )  # fmt: skip
    found = await session.stream(
        text("""SELECT code, subject, period, difference, greatest(abs(difference) - explained, 0) AS unexplained, state, owner, due_on
                  FROM mismatch WHERE state <> 'closed' AND left(period, 4) = :year AND left(period, 7) <= :month
                 ORDER BY greatest(abs(difference) - explained, 0) DESC, id"""),
        {"year": month[:4], "month": month},
    )
    count = 0
    async for row in found:
        late = "ya" if row.due_on < today else ""
        writer.rows(
            [
                [
                    MISMATCH_CODES.get(row.code, row.code), row.subject, row.period, row.difference, row.unexplained,
                    STATES.get(row.state, row.state), row.owner or "belum ada", row.due_on.isoformat(), late,
                ]
            ]
        )  # fmt: skip
        count += 1
    if not count:
        writer.rows([["Tidak ada temuan terbuka.", *[None] * 8]])


def _day(day: date | None) -> str:
    return day_words(day) if day else _UNKNOWN


def _rp(amount: int) -> str:
    return f"Rp{amount:,}".replace(",", ".")
