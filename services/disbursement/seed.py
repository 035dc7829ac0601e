"""Reference data: holidays, the bank's result codes, and which office owns which kind of gap. Upserted, any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString

import msgspec
import psycopg

from services.disbursement.domain.anomaly import DEFAULTS
from services.disbursement.domain.mandate import DELEGABLE, RuleKind
from shared.kernel import data
from shared.kernel.ids import natural_id

# The bank's signed code table. The words come from its result sheets (TROUBLES.md O7), the numbers from its account codes.
# code, outcome, reason of a missed month, whether the card holder has withdrawn, note
BANK_CODES: Final[tuple[tuple[str, str, str, bool | None, str], ...]] = (
    ("00", "credited", "", None, "berhasil dikreditkan"),
    ("SUDAH TRANSAKSI", "credited", "", True, "dana masuk dan sudah ditarik"),
    ("TIDAK TRANSAKSI", "credited", "", False, "dana masuk, belum ditarik"),
    ("GAGAL BUREKOL", "rejected", "no_account", None, "pembukaan rekening kolektif gagal"),
    ("SI", "pending", "", None, "standing instruction, belum ada hasil akhir"),
    ("03", "rejected", "account_closed", None, "rekening ditutup"),
    ("09", "rejected", "account_dormant", None, "rekening pasif"),
    ("11", "rejected", "account_invalid", None, "rekening tidak dikenal"),
    ("14", "rejected", "name_mismatch", None, "nama pemilik tidak sesuai"),
    # ISO 20022, by its external code sets. A booked debit is a credit of the holder: payer and holder have their accounts at one
    # bank; what comes back all the same says so itself (RTRN). A code that is not here is quarantined, never "failed".
    ("ISO:RCVD", "pending", "", None, "pain.002: diterima"),
    ("ISO:ACTC", "pending", "", None, "pain.002: berkas sah"),
    ("ISO:ACCP", "pending", "", None, "pain.002: akan diproses"),
    ("ISO:ACSP", "pending", "", None, "pain.002: sedang diproses"),
    ("ISO:PDNG", "pending", "", None, "pain.002: menunggu"),
    ("ISO:DBIT:PDNG", "pending", "", None, "camt: debet belum dibukukan"),
    ("ISO:ACSC", "credited", "", None, "pain.002: pembukuan selesai di rekening pembayar"),
    ("ISO:ACCC", "credited", "", None, "pain.002: dikreditkan ke rekening penerima"),
    ("ISO:DBIT:BOOK", "credited", "", None, "camt: debet dibukukan, pemindahbukuan di bank yang sama"),
    *(
        (f"ISO:{event}:{code}", "rejected", reason, None, f"{words}: {note}")
        for event, words in (("RJCT", "pain.002 ditolak"), ("RTRN", "camt retur"))
        for code, reason, note in (
            ("AC01", "account_invalid", "nomor rekening salah"),
            ("AC03", "account_invalid", "nomor rekening penerima tidak sah"),
            ("AC04", "account_closed", "rekening ditutup"),
            ("BE01", "name_mismatch", "nama pemilik tidak sesuai"),
        )
    ),
    # SNAP BI, transfer status inquiry: a status (S..), or why a failed transfer failed (HTTP status and case). Only these mean
    # anything: suspected fraud, limits, no funds and the rest stay unknown until two people sign what they mean.
    ("SNAP S00", "credited", "", None, "SNAP: transfer berhasil"),
    ("SNAP S01", "pending", "", None, "SNAP: diinisiasi"),
    ("SNAP S02", "pending", "", None, "SNAP: sedang dibayar"),
    ("SNAP S03", "pending", "", None, "SNAP: tertunda"),
    ("SNAP 40309", "rejected", "account_dormant", None, "SNAP: rekening pasif"),
    ("SNAP 40318", "rejected", "account_closed", None, "SNAP: rekening ditutup atau tidak aktif"),
    ("SNAP 40411", "rejected", "account_invalid", None, "SNAP: rekening tidak dikenal"),
)

# Which office acts on a reason, and within how many working days. {city} and {kecamatan} are area codes of the person.
GAP_OWNERS: Final[tuple[tuple[str, str, int], ...]] = (
    ("card_not_handed_over", "sudin/{city}", 10),
    ("no_account", "bank-jakarta", 10),
    ("account_closed", "satpel/{kecamatan}", 10),
    ("account_dormant", "satpel/{kecamatan}", 10),
    ("account_invalid", "satpel/{kecamatan}", 10),
    ("name_mismatch", "satpel/{kecamatan}", 10),
    ("awaiting_bank", "bank-jakarta", 3),
    ("bank_return", "bank-jakarta", 5),
    ("left_out", "bidang-linjamsos", 5),
    ("released_late", "bidang-linjamsos", 5),
    ("named_late", "bidang-linjamsos", 5),
    ("frozen", "bidang-linjamsos", 5),
    ("not_executed", "bank-jakarta", 5),
    ("budget_reopened", "bidang-linjamsos", 10),
    ("cause_not_known", "bidang-linjamsos", 5),
    ("lapsed_budget_year", "bidang-linjamsos", 20),
    ("system_parked", "pusdatin", 1),
    ("*", "bidang-linjamsos", 5),
)

# The month of DESIGN.md ("as the office lives it"), as working days of the benefit month: September 2025 seals on the 10th,
# has its SP2D on the 22nd and the bank's answer on the 26th. Who does it, and who is told when it is late.
# step, working day, days of warning, role, told when late
STEPS: Final[tuple[tuple[str, int, int, str, str], ...]] = (
    ("sealed", 7, 2, "operator", "approver"),
    ("opened", 8, 1, "operator", "approver"),
    ("composed", 9, 1, "operator", "approver"),
    ("submitted", 9, 1, "operator", "approver"),
    ("checked", 10, 1, "checker", "approver"),
    ("approved", 11, 1, "approver", "leader"),
    ("reserved", 11, 1, "treasurer", "leader"),
    ("funded", 15, 3, "treasurer", "leader"),
    ("released", 16, 1, "releaser", "leader"),
    ("credited", 18, 1, "treasurer", "leader"),
    ("results_in", 19, 1, "operator", "approver"),
    ("gaps_owned", 20, 1, "operator", "approver"),
    # In the month after: the bank's statement of its last days is there, and the holding account was agreed on.
    ("closed", 25, 3, "treasurer", "approver"),
)

# Until the agency sets its own: a list of half a year for everybody (6 x 219,252 x 300,000) is the largest that can be meant.
FIRST_LIMIT: Final = 400_000_000_000


# Until when the bank takes a file for the same day, in Jakarta. Assumed until the bank says so in writing; two people change it.
CUTOFF_HOURS: Final = (("*", "*", "15:00"),)

# What has to be done about a gap: reason, step, and the words that the office reads.
GAP_STEPS: Final[tuple[tuple[str, str, str], ...]] = (
    ("card_not_handed_over", "invite_for_card", "Undang ambil kartu; datangi bila tidak hadir"),
    ("no_account", "open_account", "Minta bank membuka rekening dan laporkan hasilnya"),
    ("account_closed", "new_account", "Hubungi penerima, ajukan rekening baru"),
    ("account_dormant", "reactivate_account", "Antar penerima ke bank untuk mengaktifkan rekening"),
    ("account_invalid", "correct_account", "Cocokkan nomor rekening dengan buku tabungan"),
    ("name_mismatch", "correct_holder", "Cocokkan nama pemilik dengan bank dan data penduduk"),
    ("awaiting_bank", "ask_bank", "Tanyakan hasil ke bank; jangan kirim ulang"),
    ("bank_return", "find_cause", "Cari sebab retur, perbaiki rekening, bayar ulang"),
    ("left_out", "next_list", "Masukkan ke daftar berikutnya"),
    ("released_late", "next_list", "Masukkan ke daftar susulan"),
    ("named_late", "next_list", "Masukkan ke daftar susulan"),
    ("budget_reopened", "next_list", "Masukkan ke daftar susulan"),
    ("not_executed", "next_list", "Bayar ulang lewat daftar susulan; bank menyatakan tidak terlaksana"),
    ("frozen", "decide_freeze", "Putuskan penghentian: buka kembali atau teruskan dengan alasan"),
    ("cause_not_known", "find_cause", "Cari sebabnya: rekening, kartu, atau data"),
    ("lapsed_budget_year", "legal_path", "Tetapkan jalur hukum pembayaran tahun anggaran berikutnya"),
    ("system_parked", "replay_event", "Perbaiki data yang tertahan dan proses ulang"),
    ("*", "find_cause", "Cari sebabnya dan catat jawaban"),
)

# Kind of case, situation, step, words, office, working days. Terms: UU 30/2014 art. 77 (objection: 10 working days).
CASE_RULES: Final[tuple[tuple[str, str, str, str, str, int], ...]] = (
    ("hold", "open", "send_notice", "Kirim pemberitahuan penangguhan", "satpel/{kecamatan}", 5),
    ("hold", "notified", "await_reply", "Tunggu tanggapan; hubungi bila belum ada", "satpel/{kecamatan}", 14),
    ("hold", "replied", "decide", "Putuskan: lanjutkan atau hentikan", "bidang-linjamsos", 10),
    ("hold", "decided:resume", "order_resumption", "Terbitkan perintah lanjutkan kepesertaan", "bidang-linjamsos", 5),
    ("hold", "decided:end", "order_end", "Terbitkan perintah hentikan kepesertaan", "bidang-linjamsos", 5),
    ("objection", "open", "answer", "Jawab sanggah oleh pejabat yang tidak memutuskan", "bidang-linjamsos", 10),
    ("objection", "upheld:held", "order_resumption", "Terbitkan perintah lanjutkan kepesertaan", "bidang-linjamsos", 5),
    ("objection", "upheld:missed", "next_list", "Perbaiki sebabnya dan masukkan ke daftar susulan", "bidang-linjamsos", 5),
    (
        "objection",
        "upheld:excluded",
        "order_second_seal",
        "Perintah untuk bulan terkunci, lalu kunci kedua",
        "bidang-linjamsos",
        5,
    ),
    ("objection", "upheld:ended", "order_reinstatement", "Terbitkan perintah mengaktifkan kembali", "bidang-linjamsos", 5),
    ("objection", "upheld:amount", "correct_amount", "Perbaiki nominal lewat keputusan perubahan", "bidang-linjamsos", 5),
    ("objection", "rejected", "tell_person", "Beritahukan hasil dan alasannya", "satpel/{kecamatan}", 5),
    ("access", "no_pin", "renew_pin", "Dampingi pembuatan PIN di bank", "bank-jakarta", 10),
    ("access", "card_refused", "replace_card", "Periksa dan ganti kartu", "bank-jakarta", 5),
    ("access", "card_kept_by_other", "visit", "Datangi, kembalikan kartu kepada pemilik", "satpel/{kecamatan}", 5),
    ("access", "atm_far", "home_service", "Minta layanan bank di tempat", "bank-jakarta", 10),
    ("access", "not_drawn", "visit", "Datangi: kenapa uang belum ditarik", "satpel/{kecamatan}", 10),
    ("recovery", "open", "agree_repayment", "Tagih ahli waris atau bank, sepakati angsuran", "bidang-linjamsos", 20),
    ("recovery", "write_off_asked", "decide_write_off", "Putuskan penghapusan tagihan", "kepala-dinas", 10),
)


_STATEMENTS: Final[tuple[tuple[LiteralString, Sequence[Sequence[Any]]], ...]] = (
    (
        """INSERT INTO bank_code (code, outcome, reason, withdrawn, valid_from, signed_by, note)
           VALUES (%s, %s, %s, %s, DATE '2025-01-01', 'seed', %s) ON CONFLICT (code) DO NOTHING""",
        BANK_CODES,
    ),
    (
        """INSERT INTO gap_owner (reason, office, working_days, valid_from)
           VALUES (%s, %s, %s, DATE '2025-01-01') ON CONFLICT (reason) DO NOTHING""",
        GAP_OWNERS,
    ),
    (
        """INSERT INTO calendar_step (programme, step, from_month, version, working_day, warn_days, role, escalate_to)
           VALUES ('*', %s, '2000-01', 1, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        STEPS,
    ),
    (
        """INSERT INTO bank_cutoff_hour (bank_code, programme, valid_from, hour)
           VALUES (%s, %s, DATE '2025-01-01', %s) ON CONFLICT DO NOTHING""",
        CUTOFF_HOURS,
    ),
    (
        """INSERT INTO signing_rule (id, kind, role, amount, valid_from, reason, proposed_by, proposed_at, confirmed_by, confirmed_at)
           VALUES (%s, %s, %s, %s, DATE '2025-01-01', 'first limit', 'seed', now(), 'seed', now()) ON CONFLICT (id) DO NOTHING""",
        [(natural_id("signing_rule", "seed", role), RuleKind.MAXIMUM.value, role, FIRST_LIMIT) for role in DELEGABLE],
    ),
    (
        """INSERT INTO anomaly_rule (id, code, thresholds, blocks, valid_from, reason, proposed_by, proposed_at, confirmed_by,
                                     confirmed_at)
           VALUES (%s, %s, %s, %s, DATE '2025-01-01', 'first thresholds', 'seed', now(), 'seed', now()) ON CONFLICT (id) DO NOTHING""",
        [
            (natural_id("anomaly_rule", "seed", rule.code), rule.code, msgspec.json.encode(dict(rule.thresholds)).decode(), rule.blocks)
            for rule in DEFAULTS.values()
        ],
    ),
    (
        """INSERT INTO gap_step (reason, step, words, valid_from, signed_by)
           VALUES (%s, %s, %s, DATE '2025-01-01', 'seed') ON CONFLICT (reason, valid_from) DO NOTHING""",
        GAP_STEPS,
    ),
    (
        """INSERT INTO case_rule (kind, situation, step, words, office, working_days, valid_from, signed_by)
           VALUES (%s, %s, %s, %s, %s, %s, DATE '2025-01-01', 'seed') ON CONFLICT (kind, situation, valid_from) DO NOTHING""",
        CASE_RULES,
    ),
)
"""What is written, and its rows; none of them changes a row that is there."""


def seed(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Run as the owner after each migration. A row that an office changed by a later, signed value keeps it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            # A day that two people took away stays away.
            """INSERT INTO holiday (day, name, kind) SELECT %s::date, %s, %s
                WHERE NOT EXISTS (SELECT FROM calendar_change c WHERE c.subject = 'holiday/' || %s AND c.state = 'confirmed')
               ON CONFLICT (day) DO NOTHING""",
            [(day, name, kind, day.isoformat()) for day, name, kind in data.holidays()],
        )
        for statement, rows in _STATEMENTS:
            cursor.executemany(statement, rows)
