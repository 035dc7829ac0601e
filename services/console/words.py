"""The office's words for the services' codes (glossary, first column). A code without a word is shown as it is, never hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts import words as contract_words

OUTCOMES: Final = {
    "paid": "Dibayar", "due": "Layak Bayar, Belum Dikirim", "in_payment": "Dalam Pengiriman", "unknown": "Menunggu Bank",
    "held": "Ditahan", "missed": "Terlewat", "excluded": "Dikecualikan",
}  # fmt: skip
"""In the order in which the equation is said."""

OUTCOME_HELP: Final = {
    "paid": "Bank sudah mengkreditkan uang ke rekening penerima.",
    "due": "Bulan sudah dibuka; orangnya layak dibayar dan belum dikirim ke bank.",
    "in_payment": "Sudah dikirim ke bank; hasilnya belum jatuh tempo.",
    "unknown": "Dikirim ke bank, tetapi bank belum menjawab. Tidak dikirim ulang sebelum ada jawaban.",
    "held": "Kepesertaan ditangguhkan. Haknya disimpan: bila dilanjutkan, bulan ini dibayar.",
    "missed": "Layak bayar, tetapi bulan ini berakhir tanpa pembayaran. Setiap orang punya alasan, penanggung jawab, dan tenggat.",
    "excluded": "Disebut SK, tetapi menurut aturan tidak dibayar bulan ini.",
}
URGENT: Final = frozenset({"missed", "unknown"})
"""What is red or amber: only these have gaps, and a gap has an owner and a date."""

REASONS: Final = {
    "": "Tanpa alasan khusus",
    "card_not_handed_over": "Kartu belum diserahkan", "no_account": "Belum punya rekening", "account_closed": "Rekening ditutup",
    "account_dormant": "Rekening pasif", "account_invalid": "Rekening tidak dikenal bank", "name_mismatch": "Nama pemilik tidak sesuai",
    "awaiting_bank": "Bank belum menjawab", "bank_return": "Retur dari bank", "left_out": "Dikeluarkan dari daftar oleh dua orang",
    "named_late": "Disebut SK setelah hasil bank jatuh tempo", "frozen": "Dibekukan oleh dua orang",
    "not_executed": "Bank menyatakan tidak pernah dijalankan", "budget_reopened": "Diambil alih anggaran berikutnya",
    "released_late": "Dilanjutkan setelah hasil bank jatuh tempo", "cause_not_known": "Sebab belum diketahui",
    "lapsed_budget_year": "Tahun anggaran sudah berakhir", "system_parked": "Data orang ini tertahan di sistem",
    "address_unknown": "Alamat tidak ditemukan", "data_mismatch": "Data tidak padan", "nik_inactive": "NIK nonaktif",
    "objection": "Sanggah sedang diproses", "under_review": "Dalam verifikasi", "cleared": "Selesai diverifikasi",
    "dead": "Meninggal", "moved_out": "Pindah", "over_age": "Melewati usia", "panti_resident": "Penghuni panti",
    "not_eligible": "Tidak memenuhi syarat", "withdrawn": "Mengundurkan diri", "other_aid": "Menerima bantuan lain",
    "left_reason_not_published": "Keluar, alasan tidak diumumkan",
}  # fmt: skip

PROGRAMMES: Final = {
    "KLJ": "Kartu Lansia Jakarta", "KPDJ": "Kartu Penyandang Disabilitas Jakarta", "KAJ": "Kartu Anak Jakarta",
}  # fmt: skip

BATCH_KINDS: Final = {"main": "Penyaluran utama", "wave": "Gelombang", "back_pay": "Rapel", "retry": "Kirim ulang"}
BATCH_KIND_HELP: Final = {
    "main": "semua yang dapat dibayar", "wave": "yang baru dapat dibayar untuk bulan ini", "back_pay": "bulan yang terlewat",
    "retry": "yang gagal di bank, rekeningnya sudah diperbaiki",
}  # fmt: skip
OPENINGS: Final = {
    "not_sealed": "Batas data belum dikunci", "events_pending": "Data penerima belum semua sampai; coba lagi sebentar",
    "seal_differs": "Daftar penyaluran berbeda dari kunci; tidak dibuka",
}  # fmt: skip
"""Why a programme's month was not opened."""
LACKS_TO_CLOSE: Final = {
    "seal_not_followed": "kunci ulang belum diikuti; buka bulan sekali lagi",
    "unreconciled": "orang berbeda dari kunci batas data", "equation": "orang tidak cocok antara kunci dan hak bulan",
    "due": "orang layak bayar belum dikirim", "in_payment": "orang masih dalam pengiriman",
    "without_owner": "orang belum dibayar tanpa penanggung jawab", "lists": "daftar penyaluran belum ditutup",
    "statement": "mutasi dana pada hari yang belum ditutup dengan rekening koran",
}  # fmt: skip
"""What keeps a month open, after its number."""
BATCH_STATES: Final = {
    "draft": "Draf", "submitted": "Diajukan", "checked": "Diperiksa", "approved": "Disetujui, menunggu anggaran",
    "reserved": "Anggaran tersedia, menunggu SP2D", "refused": "Anggaran tidak cukup",
    "funded": "SP2D terbit, siap dikirim ke bank", "released": "Dikirim ke bank, menunggu hasil",
    "results_in": "Hasil bank lengkap atau jatuh tempo", "closed": "Ditutup", "withdrawn": "Ditarik",
}  # fmt: skip
SIGNATURES: Final = {
    "submit": "Menyusun dan mengajukan", "check": "Memeriksa", "approve": "Menyetujui", "release": "Mengirim ke bank",
    "remove": "Mengeluarkan baris",
}  # fmt: skip
MONTH_STATES: Final = {
    "sealed": "batas data sudah lewat, belum dibuka", "opened": "dibuka", "closed": "ditutup", "carried_in": "dari sebelum Ritme",
    "partly_opened": "dibuka sebagian", "partly_closed": "ditutup sebagian", "mixed": "sebagian dari sebelum Ritme",
}  # fmt: skip

ORDERS: Final = {
    "freeze": "Pembekuan", "lift": "Pencabutan pembekuan", "not_executed": "Bank tidak pernah menjalankan",
    "lapse": "Tahun anggaran berakhir", "reopen_year": "Anggaran berikutnya mengambil alih", "cutoff_hour": "Jam batas bank",
    "close": "Penutupan penyaluran", "close_month": "Penutupan bulan",
}  # fmt: skip
"""What waits for a second person."""
SCOPES: Final = {"programme": "Program", "batch": "Penyaluran", "person": "Orang"}

STEP_ROLES: Final = {"operator": "Operator", "checker": "Pemeriksa", "approver": "Kepala bidang", "releaser": "Pelepas dana"}
"""Whose name stands under which step of a list."""
ANOMALIES: Final = {
    "shared_account": "Banyak orang pada satu rekening", "same_holder": "Satu nama pemilik pada banyak rekening",
    "new_in_kelurahan": "Banyak penerima baru di satu kelurahan", "round_number": "Jumlah penerima baru yang bulat",
    "sum_jump": "Jumlah uang naik atau turun tajam", "account_changed_late": "Rekening berubah menjelang pembayaran",
    "back_after_end": "Kembali menerima setelah dihentikan",
}  # fmt: skip
ANOMALY_NUMBERS: Final = {
    "lines_in_kelurahan": "baris di kelurahan ini", "before": "sebelumnya", "percent": "persen", "difference": "selisih rupiah",
    "findings": "temuan seluruhnya",
}  # fmt: skip
ANOMALY_THRESHOLDS: Final = {
    "people": "orang", "accounts": "rekening", "percent": "persen", "multiple_of": "kelipatan", "rupiah": "rupiah", "days": "hari",
}  # fmt: skip
COMPARED: Final = {"entered": "Masuk", "left": "Keluar", "changed": "Berubah", "stayed": "Tetap"}
COMPARED_REASONS: Final = {
    "newly_entitled": "Baru disebut SK", "was_due": "Bulan lalu layak bayar, belum dikirim", "was_held": "Bulan lalu ditahan",
    "was_missed": "Bulan lalu terlewat", "was_excluded": "Bulan lalu dikecualikan", "was_paid": "Bulan lalu dibayar lewat daftar lain",
    "was_in_payment": "Bulan lalu dalam pengiriman", "was_unknown": "Bulan lalu menunggu bank",
    "not_entitled": "Tidak lagi disebut SK", "held": "Ditahan", "excluded": "Dikecualikan", "paid": "Sudah dibayar",
    "in_payment": "Sedang di bank", "unknown": "Menunggu bank", "on_other_list": "Ada di daftar lain",
    "left_out": "Dikeluarkan oleh dua orang", "frozen": "Dibekukan oleh dua orang",
    "no_account": "Belum punya rekening", "card_not_handed_over": "Kartu belum diserahkan", "missed": "Terlewat",
    "account_after_list": "Rekening berubah setelah daftar disusun", "cause_not_known": "Sebab belum diketahui",
    "amount": "nominal", "account": "rekening", "area": "wilayah", "cohort": "kelompok",
}  # fmt: skip
"""Why a line is on a list, or why a person is not on it."""
ACCOUNT_CHECKS: Final = {
    "exists": "Rekening ada, nama sama", "name_similar": "Nama mirip (disingkat atau dipotong bank)",
    "name_differs": "Nama pemilik berbeda",
    "dormant": "Rekening pasif", "closed": "Rekening ditutup", "not_found": "Rekening tidak dikenal bank",
    "not_known": "Jawaban bank tidak jelas", "not_asked": "Belum ditanyakan",
}  # fmt: skip
FORM_FIELDS: Final = {
    "account_number": "Nomor rekening", "holder": "Nama pemilik", "holder_name": "Nama pemilik", "reference": "Rujukan",
    "amount": "Nominal",
    "bank_code": "Kode bank", "remark": "Berita",
}  # fmt: skip
FORM_PROBLEMS: Final = {"too-long": "terlalu panjang untuk kolom bank", "characters": "memuat huruf yang tidak diterima bank"}
CHANGES: Final = {
    "sent_back": "dikembalikan",
    "account_changed": "rekening berubah", "left_out": "orang dikeluarkan dari daftar", "frozen": "ada yang dibekukan",
}  # fmt: skip
"""Why signatures under a list became void."""

PAPER_STATES: Final = {
    "none": "Belum ada SPP", "requested": "SPP dibuat, menunggu verifikasi", "returned": "SPP dikembalikan", "verified": "SPP lengkap",
    "ordered": "SPM terbit",
}  # fmt: skip
"""The treasury's papers of a list before its SP2D."""
LIMITS: Final = {"maximum": "Batas tanda tangan", "second_approver": "Dua penyetuju mulai dari"}
LIMIT_STATES: Final = {"proposed": "Menunggu orang kedua", "confirmed": "Berlaku"}
DELEGATION_STATES: Final = {
    "proposed": "Menunggu orang ketiga", "confirmed": "Disahkan, belum mulai", "holds": "Berlaku hari ini", "over": "Selesai",
    "revoked": "Dicabut",
}  # fmt: skip
DISPOSALS: Final = {"sts": "Disetor kembali (STS)", "carried": "Dibawa ke tahun berikutnya"}
DISPOSAL_STATES: Final = {"proposed": "Menunggu orang kedua", "confirmed": "Disahkan", "refused": "Ditolak"}

MISMATCH_CODES: Final = contract_words.MISMATCH_CODES
MISMATCH_STATES: Final = {
    "detected": "Ditemukan", "asked": "Penjelasan diminta", "explained": "Dijelaskan", "agreed": "Disepakati", "closed": "Ditutup",
}  # fmt: skip
BPK_STATUSES: Final = {
    "sesuai": "Sesuai rekomendasi", "belum_sesuai": "Belum sesuai rekomendasi", "belum_ditindaklanjuti": "Belum ditindaklanjuti",
    "tidak_dapat_ditindaklanjuti": "Tidak dapat ditindaklanjuti",
}  # fmt: skip
BPK_STAGES: Final = {
    "office": "Menunggu jawaban kantor", "inspektorat": "Diperiksa Inspektorat", "bpk": "Ditelaah BPK", "done": "Selesai",
}  # fmt: skip
HANDOVERS: Final = {
    "waiting": "Berkas dilepas, sebentar lagi ada di folder bank", "handed_over": "Berkas sudah di folder bank",
    "late": "Bank belum mengirim tanda terima", "received": "Bank sudah menerima berkas",
}  # fmt: skip
MISMATCH_STEPS: Final = {
    "detect": "Ditemukan oleh sistem", "heal": "Angka kembali sama", "explain": "Dijelaskan", "agree": "Penyelesaian disepakati",
    "close": "Diperiksa dan ditutup", "ask": "Penjelasan diminta", "accept": "Penjelasan diterima",
    "evidence": "Bukti penyelesaian diserahkan", "reopen": "Dibuka lagi", "note": "Catatan",
    "escalate": "Lewat tenggat; disampaikan kepada atasan",
}  # fmt: skip

IMPORT_RESULTS: Final = {
    "enrolments": "Kepesertaan dicatat", "people_known": "Orang yang sudah dikenal", "people_new": "Orang baru",
    "changes": "Perubahan diterapkan", "undone": "Perubahan ditarik kembali",
    "accounts": "Rekening di berkas", "applied": "Diterapkan", "unchanged": "Tidak berubah", "lines_on_lists": "Baris daftar yang terkena",
    "account_changes": "Rekening yang berganti", "in_force_on": "Mulai berlaku",
    "months": "Bulan dicatat", "resumed": "Dilanjutkan", "ended": "Dihentikan", "lines": "Pos anggaran", "ceilings_changed": "Pagu berubah",
    "version": "Versi anggaran", "added": "Pos baru", "dropped": "Pos dihapus", "raised": "Pagu naik", "lowered": "Pagu turun",
    "documents": "Dokumen", "new": "Dokumen baru", "changed": "Nilai berubah (versi baru)", "confirmed": "Cocok dengan yang diketik",
    "corrected": "Nilai berubah (versi baru)",
    "days": "Hari sensus", "contracts": "Kontrak", "recorded": "Dokumen dicatat",
    "matched": "Baris rekening koran cocok", "open": "Baris menunggu orang",
}  # fmt: skip
"""What a committed import did; ids are not for reading."""

IMPORT_STATES: Final = {"checked": "Diperiksa, belum disimpan", "committed": "Disimpan", "cancelled": "Dibatalkan"}
RESULT_PROBLEMS: Final = {
    "unreadable": "Tidak terbaca", "unknown_payment": "Pembayaran tidak dikenal", "unknown_code": "Kode bank tidak dikenal",
    "changed_amount": "Nominal berubah", "changed_account": "Rekening berubah", "against_final": "Bertentangan dengan hasil akhir",
}  # fmt: skip

ROLES: Final = {
    "operator": "Mengimpor berkas, membuka bulan, menyusun daftar", "checker": "Memeriksa daftar penyaluran",
    "approver": "Menyetujui daftar penyaluran", "releaser": "Mengirim daftar ke bank setelah SP2D",
    "treasurer": "Mencatat SP2D dan STS", "panti-head": "Menulis buku harian pantinya dan menjelaskan selisihnya",
    "auditor": "Menyepakati dan menutup selisih",
    "warehouse": "Menerima dan menyerahkan alat bantu", "leader": "Melihat semua, memutuskan",
}  # fmt: skip

_OFFICES: Final = {
    "bank-jakarta": "Bank Jakarta", "bidang-linjamsos": "Bidang Perlindungan dan Jaminan Sosial", "pusdatin": "Pusdatin Jamsos",
    "pejabat-pembuat-komitmen": "Pejabat Pembuat Komitmen", "pejabat-pengadaan": "Pejabat Pengadaan",
    "bidang-rehsos": "Bidang Rehabilitasi Sosial", "bendahara-pengeluaran": "Bendahara Pengeluaran", "sistem": "Pusdatin Jamsos (sistem)",
    "dinas": "Dinas Sosial, Bidang Rehabilitasi Sosial",
}  # fmt: skip


def word(table: Mapping[str, str], code: Any) -> str:
    """The office's word, or the code itself in readable form."""
    text = str(code or "")
    return table.get(text) or text.replace("_", " ").capitalize()


def role(code: str) -> str:
    """What a role is for; ``panti.bm1`` beside it names whose book."""
    return f"Panti {code.removeprefix('panti.').upper()}" if code.startswith("panti.") else word(ROLES, code)


def reasons_of_change(code: str) -> str:
    """``amount+account`` → ``Nominal dan rekening``."""
    text = " dan ".join(word(COMPARED_REASONS, part) for part in code.split("+"))
    return text[:1].upper() + text[1:]


def area(code: Any, names: Mapping[str, str]) -> str:
    """``Cengkareng Barat``; the code where the name is not known."""
    name = names.get(str(code), "")
    for long, short in (("Kota Administrasi ", ""), ("Kabupaten Administrasi ", "")):
        name = name.replace(long, short)
    return name or str(code or "tanpa wilayah")


def area_choices(names: Mapping[str, str]) -> dict[str, str]:
    """The whole province, its cities, their kecamatan: what a form offers where a place is asked for."""
    cities = {code: area(code, names) for code in sorted(names) if code.count(".") == 1}
    kecamatan = {code: f"{area(code, names)} ({cities.get(code[:5], '')})" for code in sorted(names) if code.count(".") == 2}
    return {"31": "Seluruh Jakarta", **cities, **kecamatan}


def office(owner: Any, names: Mapping[str, str]) -> str:
    """Who must act: ``sudin/31.73`` → ``Sudin Sosial Jakarta Barat``."""
    text = str(owner or "")
    kind, _, where = text.partition("/")
    match kind:
        case "sudin" if where:
            return f"Sudin Sosial {area(where, names)}"
        case "satpel" if where:
            return f"Satpel Kecamatan {area(where, names)}"
        case "panti" if where:
            return f"Kepala panti {where}"
        case "kelurahan" if where:
            return f"Kelurahan {area(where, names)}"
        case _:
            return _OFFICES.get(text) or text.replace("-", " ").replace("/", " ").capitalize()


def author(by: Any, names: Mapping[str, str]) -> str:
    """Who did it: a person by name, or the system (``job/escalate``, ``reaction/holds``)."""
    text = str(by or "")
    return "sistem" if "/" in text else names.get(text, text)


STEPS: Final = (
    ("Jadwal", (), "Kalender bulan ditetapkan"),
    ("Batas Data", ("sealed",), "Daftar menurut SK dikunci"),
    ("Buka", ("opened",), "Daftar sama dengan kunci; hak bulan dibuka"),
    ("Persetujuan", ("composed", "submitted", "checked", "approved"), "Disusun, diperiksa, disetujui oleh orang yang berbeda"),
    ("SPP/SPM", ("reserved",), "Anggaran dicadangkan, pembayaran diminta"),
    ("SP2D", ("funded",), "Dana dicairkan perbendaharaan"),
    ("Kirim Bank", ("released",), "Berkas dikirim ke bank oleh orang keempat"),
    ("Hasil", ("results_in",), "Jawaban bank lengkap atau jatuh tempo"),
    ("Retur/STS", (), "Dana yang kembali dijelaskan atau disetor"),
    ("Tutup", ("closed",), "Berita acara ditandatangani"),
)
"""The office's ten steps (screen S2), the steps of disbursement that each stands for, and what happens in it."""

WAITING_FOR: Final = {
    "sealed": "menunggu batas data", "opened": "menunggu pembukaan bulan oleh operator", "composed": "menunggu operator menyusun daftar",
    "submitted": "menunggu operator mengajukan daftar", "checked": "menunggu pemeriksa", "approved": "menunggu kepala bidang",
    "reserved": "menunggu cadangan anggaran", "funded": "menunggu SP2D", "released": "menunggu pelepas dana",
    "results_in": "menunggu hasil bank", "closed": "menunggu berita acara",
}  # fmt: skip

CALENDAR_STEPS: Final = {
    "sealed": "Batas data dikunci", "opened": "Bulan dibuka", "composed": "Daftar disusun", "submitted": "Daftar diajukan",
    "checked": "Daftar diperiksa", "approved": "Daftar disetujui", "reserved": "Anggaran dicadangkan", "funded": "SP2D terbit",
    "released": "Berkas dikirim ke bank", "credited": "Dana pertama masuk rekening", "results_in": "Hasil bank lengkap",
    "gaps_owned": "Setiap bulan terlewat punya penanggung jawab", "closed": "Bulan ditutup",
}  # fmt: skip
CALENDAR_STATES: Final = {
    "done": "Selesai", "done_late": "Selesai, terlambat", "late": "Terlambat", "soon": "Segera jatuh tempo", "ahead": "Belum waktunya",
}  # fmt: skip
CALENDAR_ROLES: Final = {
    "operator": "Operator", "checker": "Pemeriksa", "approver": "Kepala Bidang", "releaser": "Pelepas dana",
    "treasurer": "Bendahara pengeluaran", "leader": "Pimpinan",
}  # fmt: skip
CALENDAR_CHANGES: Final = {
    "holiday_added": "Hari libur ditambah", "holiday_removed": "Hari libur dihapus", "step": "Tenggat langkah diubah",
    "announcement": "Tanggal pencairan diumumkan",
}  # fmt: skip
COHORTS: Final = {"existing": "Penerima lama", "new": "Penerima baru", "reinstated": "Dipulihkan"}
LACKS: Final = {
    "no_account": "Belum punya rekening", "opening_asked": "Rekening sedang dimintakan ke bank",
    "card_not_handed_over": "Kartu belum diserahkan",
}  # fmt: skip


@dataclass(frozen=True)
class MonthStep:
    """One of the ten steps as it is drawn."""

    name: str
    state: str
    help: str
    at: Any = None
    waiting_for: str = ""


def month_steps(given: list[dict[str, Any]], *, holding: int | None, closed: bool) -> list[MonthStep]:
    """The office's ten steps of a month from what disbursement reports, and from the money still in holding."""
    by_step = {one["step"]: one for one in given}
    results_in = by_step.get("results_in", {}).get("state") == "done"
    steps: list[MonthStep] = []
    for name, parts, text in STEPS:
        mine = [by_step[part] for part in parts if part in by_step]
        at, waiting = None, ""
        if name == "Jadwal":
            done = bool(given)
        elif name == "Retur/STS":
            done = results_in and (closed or holding == 0)
            waiting = "dana di rekening penampungan belum habis" if results_in and holding else ""
        elif name == "Tutup":
            done, waiting = closed, WAITING_FOR["closed"]
            at = by_step.get("closed", {}).get("at") if done else None
        else:
            done = bool(mine) and all(one["state"] == "done" for one in mine)
            at = mine[-1].get("at") if done else None
            waiting = next((WAITING_FOR.get(one["step"], "") for one in mine if one["state"] == "now"), "")
        state = "done" if done else "waiting" if any(step.state == "now" for step in steps) else "now"
        steps.append(MonthStep(name, state, text, at, waiting if state == "now" else ""))
    return steps
