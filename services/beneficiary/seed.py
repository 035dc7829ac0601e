"""Reference data: Jakarta's areas, the three programmes with their tariffs, lawful reasons. Upserted, any number of times."""

from __future__ import annotations

from datetime import date
from typing import Final

import psycopg

from shared.kernel import data
from shared.kernel.ids import natural_id

PROGRAMMES: Final = (
    ("KLJ", "Kartu Lansia Jakarta"),
    ("KPDJ", "Kartu Penyandang Disabilitas Jakarta"),
    ("KAJ", "Kartu Anak Jakarta"),
)

# programme, from, to, rupiah a month (data/pkd_penerima_timeline.csv)
TARIFFS: Final = (
    ("KLJ", "2018-01", "2022-12", 600_000),
    ("KLJ", "2023-01", None, 300_000),
    ("KPDJ", "2019-01", None, 300_000),
    ("KAJ", "2022-01", None, 300_000),
)

# action, code, the office's words
REASONS: Final = (
    ("suspend", "address_unknown", "alamat tidak ditemukan"),
    ("suspend", "data_mismatch", "data tidak padan"),
    ("suspend", "nik_inactive", "NIK nonaktif"),
    ("suspend", "objection", "sanggah"),
    ("suspend", "under_review", "dalam verifikasi"),
    ("suspend", "panti_resident", "penghuni panti"),
    ("resume", "cleared", "selesai diverifikasi"),
    ("end", "dead", "meninggal"),
    ("end", "moved_out", "pindah"),
    ("end", "over_age", "melewati usia"),
    ("end", "panti_resident", "penghuni panti"),
    ("end", "not_eligible", "tidak memenuhi syarat"),
    ("end", "withdrawn", "mengundurkan diri"),
    ("end", "other_aid", "menerima bantuan lain"),
    ("end", "left_reason_not_published", "keluar, alasan tidak diumumkan"),
)

# from day, leave counts, flight counts, days back, source (services/beneficiary/domain/book.py says the rule itself)
BOOK_RULES: Final = ((date(1970, 1, 1), False, False, 92, "asumsi: yang bermalam pukul 24.00; kabur dan cuti tidak dihitung"),)

# Kelurahan whose split is decided but without codes yet (TROUBLES.md O4). The codes come as data, with dates.
ANNOUNCED: Final = (
    ("Kapuk", "31.73.01", "Kapuk Selatan", "Kepgub 850/2025"),
    ("Kapuk", "31.73.01", "Kapuk Timur", "Kepgub 850/2025"),
)


def seed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Run as the owner after each migration, in the caller's transaction. What an office changed since (an area's end, a tariff) stays."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO area (code, level, name, parent, postal_code, valid_from)
               VALUES (%s, %s, %s, %s, %s, DATE '1970-01-01') ON CONFLICT (code) DO NOTHING""",
            [
                (row["kode"], row["tingkat"], row["nama"], row["kode_induk"], row["kode_pos"])
                for row in data.rows("jakarta_wilayah_kemendagri.csv")
            ],
        )
        cursor.executemany(
            """INSERT INTO area_successor (predecessor, successor_name, decree)
               SELECT code, %(successor)s, %(decree)s FROM area
                WHERE level = 'kelurahan' AND name = %(name)s AND parent = %(parent)s
               ON CONFLICT (predecessor, successor_name) DO NOTHING""",
            [{"name": n, "parent": p, "successor": s, "decree": d} for n, p, s, d in ANNOUNCED],
        )
        cursor.executemany(
            """INSERT INTO programme (code, id, name, next_cutoff_no, stream_version) VALUES (%s, %s, %s, 1, 0)
               ON CONFLICT (code) DO NOTHING""",
            [(code, natural_id("programme", code), name) for code, name in PROGRAMMES],
        )
        cursor.executemany(
            """INSERT INTO tariff (programme, from_month, to_month, amount) VALUES (%s, %s, %s, %s)
               ON CONFLICT (programme, from_month) DO NOTHING""",
            TARIFFS,
        )
        cursor.executemany(
            "INSERT INTO status_reason (action, code, words) VALUES (%s, %s, %s) ON CONFLICT (action, code) DO NOTHING", REASONS
        )
        cursor.executemany(
            """INSERT INTO panti (code, id, name, target, capacity, source) VALUES (%s, %s, %s, %s, %s, %s)
               ON CONFLICT (code) DO UPDATE SET name = excluded.name, target = excluded.target, capacity = excluded.capacity,
                                                source = excluded.source""",
            [(code, natural_id("panti", code), *rest) for code, *rest in data.panti()],
        )
        cursor.executemany(
            """INSERT INTO book_rule (from_day, leave_counts, flight_counts, late_days, source) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (from_day) DO NOTHING""",
            BOOK_RULES,
        )
