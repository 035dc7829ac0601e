"""Sentences for the services' refusals. The stable code stays visible beneath, for whoever calls for help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from services.console import fields
from services.console.doors import DoorProblem
from services.console.figures import rupiah, whole

_SENTENCES: Final = {
    "unavailable": "Bagian sistem ini sedang tidak menjawab. Tidak ada yang berubah; coba lagi sebentar.",
    "not-allowed": "Peran Anda tidak boleh melakukan ini. Minta orang yang berwenang.",
    "purpose-needed": "Sebutkan untuk apa daftar orang ini dibuka; pembukaannya dicatat.",
    "not-found": "Yang dicari tidak ada, atau di luar wilayah tugas Anda.",
    "four-eyes": "Harus orang lain: Anda sudah bertindak pada berkas atau daftar ini. Minta rekan Anda melanjutkan.",
    "list-hash-changed": "Daftar sudah berubah sejak Anda melihatnya. Muat ulang halaman, lihat perubahannya, lalu tanda tangani lagi.",
    "illegal-transition": "Langkah ini tidak mungkin pada keadaan sekarang. Muat ulang halaman untuk melihat langkah berikutnya.",
    "totals-differ": "Total di berkas tidak sama dengan total yang diketik dari dokumen bertanda tangan. Tidak ada yang disimpan.",
    "rows-rejected": "Masih ada baris bermasalah. Unduh, perbaiki, unggah kembali; setelah itu berkas dapat disimpan.",
    "rows-missing": "Baris perbaikan tidak lengkap. Semua baris bermasalah harus kembali.",
    "file-refused": "Berkas ini tidak dapat dibaca sebagai templat yang dipilih. Tidak ada yang disimpan.",
    "file-unreadable": "Berkas ini tidak dapat dibaca sebagai hasil bank. Tidak ada yang disimpan.",
    "unknown-batch": "Berkas menyebut penyaluran yang tidak ada di sini.",
    "invalid-input": "Isian belum lengkap atau tidak mungkin. Periksa kembali angka yang diketik.",
    "request-shape": "Isian belum lengkap atau salah bentuk. Periksa kembali formulir.",
    "request-value": "Isian memuat karakter rusak atau angka yang terlalu besar. Ketik ulang isinya.",
    "same-file": "Berkas yang sama sedang diperiksa orang lain, atau dikirim untuk wilayah yang lebih luas dari wilayah Anda.",
    "too-large": "Berkas terlalu besar (lebih dari 256 MB).",
    "already-sealed": "Bulan ini sudah melewati batas data.",
    "already-enrolled": "Ada orang di berkas yang sudah terdaftar pada program yang sama. Periksa lagi berkasnya.",
    "decree-differs": "SK dengan nomor ini sudah tercatat dengan isi lain.",
    "setting-pending": "Usulan lain untuk ambang ini masih menunggu orang kedua. Sahkan atau tolak dahulu.",
    "recorded-meanwhile": "Dokumen dengan nomor ini sudah dicatat orang lain sementara itu.",
    "over-ceiling": "Melebihi pagu yang tersedia. Tidak ada yang disimpan.",
    "more-than-released": "Setoran kembali lebih besar dari dana yang dicairkan.",
    "month-in-ritme": "Bulan ini sudah berjalan di Ritme; riwayat lama tidak dapat dimasukkan lagi.",
    "month-not-finished": "Bulan ini belum dapat ditutup: masih ada yang tanpa jawaban, daftar terbuka, atau dana yang belum cocok.",
    "month-not-opened": "Bulan ini belum dibuka.",
    "no-sp2d-needed": "Daftar ini dibayar dari rekening penampungan: tidak ada SPP, SPM, atau SP2D baru untuknya.",
    "document-number-used": "Nomor ini sudah tertulis pada dokumen lain. Periksa nomornya.",
    "only-a-retry": "Hanya daftar kirim ulang yang dapat dibayar dari rekening penampungan.",
    "holding-does-not-cover": "Dana orang-orang ini tidak (lagi) ada di rekening penampungan. Tarik daftar ini, lalu susun lagi.",
    "empty-list": "Daftar masih kosong: belum ada orang yang dapat dibayar.",
    "line-not-payable": "Ada baris yang tidak lagi layak bayar. Keluarkan baris itu (dua orang), lalu daftar ditandatangani lagi.",
    "bank-file-differs": "Berkas bank yang ditulis tidak sama dengan daftar. Tidak ada yang dikirim.",
    "people-unavailable": "Data orang sedang tidak dapat ditanyakan; coba lagi sebentar.",
    "nobody-to-ask": "Semua penerima program ini sudah punya rekening atau sedang dimintakan ke bank.",
    "nobody-to-invite": "Di wilayah ini tidak ada lagi yang menunggu kartu dan masih boleh diundang.",
    "no-card-waiting": "Orang ini tidak punya rekening yang kartunya menunggu diserahkan.",
    "already-asked": "Kunjungan untuk orang ini sudah diminta.",
    "figure-exists": "Angka dengan nama ini sudah ditetapkan. Angka yang sudah diumumkan tidak diganti; beri nama lain.",
    "account-change-waiting": "Rekening ini sedang dalam perubahan lain. Sahkan atau batalkan perubahan itu dahulu.",
    "account-changed-since": "Rekening orang ini sudah lain daripada saat perubahan diusulkan. Batalkan usulan ini dan usulkan lagi.",
    "no-account-yet": "Orang ini belum punya rekening pada program itu. Rekening pertama masuk lewat berkas dari bank.",
    "other-account-number": "Nomor rekening tidak sama dengan yang diusulkan. Cocokkan keduanya dengan surat aslinya.",
    "recommendation-known": "LHP ini sudah dicatat untuk temuan ini.",
    "same-account": "Rekening orang ini memang sudah yang itu; tidak ada yang perlu diubah.",
    "exclusive-circle": "Program-program ini sudah saling mengalah; orang yang punya semuanya tidak akan menerima satu pun.",
    "month-is-open": "Bulan itu sudah dibuka. Aturan berlaku mulai bulan yang belum dibuka; yang sudah dikirim tetap.",
    "pair-known": "Pasangan program ini sudah punya aturan untuk bulan itu, atau usulannya sedang menunggu.",
    "import-built-on": "Berkas ini tidak dapat dibatalkan lagi: bulannya sudah dikunci, atau orangnya sudah berubah lagi setelah itu.",
    "import-not-undoable": "Berkas jenis ini tidak dapat dibatalkan. Perbaiki lewat perintah atau berkas perubahan kepesertaan.",
    "undo-waits": "Pembatalan berkas ini sudah diminta. Orang kedua yang memutuskan.",
    "already-a-holiday": "Hari itu sudah ada di daftar hari libur.",
    "already-received": "Tanda terima bank untuk berkas ini sudah tercatat.",
    "already-sent": "Daftar sudah di bank; menghentikannya di sini tidak menghentikan apa pun. Hubungi bank.",
    "anomalies-open": "Ada kejanggalan pada daftar ini yang belum diberi keterangan. Beri keterangan, lalu tanda tangani.",
    "bank-line-not-writable": "Ada baris yang tidak muat dalam bentuk berkas bank. Tidak ada yang dikirim; perbaiki baris itu dahulu.",
    "batch-exists": "Daftar ini baru saja disusun orang lain. Buka daftar itu.",
    "cannot-accept": "Bukti itu tidak cocok dengan pembayaran, kode, atau tanggalnya. Periksa lagi.",
    "case-open": "Sudah ada kasus terbuka untuk orang ini; tambahkan keterangan di sana.",
    "change-pending": "Sudah ada usulan perubahan yang sama. Sahkan atau batalkan usulan itu dahulu.",
    "checksum-differs": "Isi berkas tidak sama dengan berkas pemeriksanya. Minta bank mengirim ulang.",
    "code-known": "Kode bank ini sudah punya arti dan sudah dipakai. Arti lain memerlukan kode lain.",
    "day-closed": "Hari ini sudah ditutup; isinya tidak berubah lagi.",
    "differences-not-named": "Catatan dan rekening koran berbeda, dan belum semua selisih diberi nama.",
    "exclusion-waits": "Sudah ada permintaan pengecualian untuk bulan ini. Sahkan atau tolak permintaan itu dahulu.",
    "frozen": "Program, daftar, atau orang ini sedang dihentikan oleh dua orang. Dua orang pula yang membukanya.",
    "limit-exceeded": "Jumlah daftar ini melebihi batas tanda tangan Anda. Mintalah pejabat dengan batas yang cukup.",
    "month-on-list": "Bulan ini ada pada daftar yang masih dapat membayarnya. Keluarkan barisnya dahulu.",
    "more-than-owed": "Jumlah angsuran atau pengembalian melebihi sisa yang harus kembali.",
    "no-limit-in-force": "Belum ada batas tanda tangan yang berlaku hari ini untuk peran ini.",
    "no-results": "Pesan bank dapat dibaca, tetapi tidak menyebut pembayaran kita.",
    "no-statement": "Belum ada rekening koran untuk hari itu.",
    "no-working-day": "Hari itu hari libur atau akhir pekan; tidak ada pembayaran.",
    "not-a-holiday": "Hari itu tidak ada di daftar hari libur.",
    "not-everything-named": "Belum semua pada daftar ini bernama; selesaikan dahulu sebelum ditutup.",
    "not-sealed": "Batas data bulan ini belum dikunci untuk semua program.",
    "events-pending": "Data penerima belum semua sampai di penyaluran. Coba lagi sebentar.",
    "seal-differs": "Daftar penyaluran berbeda dari kunci batas data. Program itu tidak dibuka sebelum selisihnya selesai.",
    "not-the-line": "Bagian-bagian itu tidak sama dengan baris rekening koran, atau baris itu sudah selesai.",
    "not-this-difference": "Tidak ada selisih sebesar itu pada hari tersebut. Lihat lagi harinya.",
    "nothing-changed": "Daftar sekarang sama dengan yang sudah dikunci; tidak perlu dikunci ulang.",
    "nothing-paid": "Tidak ada bulan yang sudah dibayar dan belum ditagih kembali.",
    "nothing-to-dispose": "Tidak ada dana tertahan yang belum diputuskan untuk ini.",
    "order-changed": "Keadaannya sudah berubah sejak orang pertama melihatnya. Ajukan lagi.",
    "receipt-differs": "Tanda terima bank menyebut berkas lain daripada yang diserahkan. Hubungi bank.",
    "reply-term-runs": "Tenggat jawaban orang ini belum lewat; belum boleh diputuskan.",
    "setting-wrong": "Pengaturan yang diusulkan tidak dapat dipakai.",
    "statement-overlaps": "Rekening koran lain sudah masuk untuk hari-hari itu, atau ada hari yang terlewat.",
    "template-wrong": "Bentuk berkas yang diusulkan tidak dapat dipakai.",
    "unknown-bank-file": "Tanda terima menyebut berkas yang tidak pernah diserahkan.",
    "unknown-reference": "Rujukan ini bukan pembayaran, daftar, SP2D, atau STS yang dikenal.",
    "webhook-address": "Ke alamat itu tidak ada yang dikirim: harus https dan alamat umum, atau jaringan yang diizinkan.",
    "nothing-to-skip": "Tidak ada peristiwa yang terakhir ditolak, jadi tidak ada yang dilewati.",
    "nothing-delivered": "Sejak saat itu belum ada yang terkirim, jadi tidak ada yang dikirim ulang.",
    "year-not-closable": "Masih ada dana tanpa keputusan, tanpa nama, atau menunggu STS.",
    "request-under-way": "Permintaan yang sama sedang berjalan. Tunggu sebentar.",
    "purpose-not-allowed": "Untuk tujuan itu data orang tidak boleh dibuka oleh peran Anda.",
    "second-line": "Program ini sudah punya pos bantuan sosial uang di tahun itu.",
    "not-your-panti": "Buku ini milik panti lain. Kepala panti hanya menulis di buku pantinya sendiri.",
    "book-moved-on": "Ada orang di berkas yang sementara itu sudah tercatat. Batalkan berkas ini, lalu kirim lagi.",
    "book-not-open": "Buku harian panti ini belum dibuka.",
    "book-open": "Buku harian panti ini sudah dibuka.",
    "before-book": "Hari itu sebelum buku dibuka. Yang sudah tinggal di sana dicatat masuk pada hari pertama buku.",
    "future-day": "Hari itu belum terjadi.",
    "too-late": "Terlalu jauh ke belakang untuk dicatat satu orang. Kirim sebagai berkas; orang kedua mengesahkannya.",
    "lives-in-other-panti": "Menurut buku, pada hari itu orang ini penghuni panti lain.",
    "already-taken-back": "Baris ini sudah dibatalkan.",
    "person-unknown": "Belum ada orang dengan NIK ini. Isi nama dan tanggal lahirnya juga.",
    "person-outside-areas": "Orang dengan NIK ini ada di luar wilayah tugas Anda.",
    "still-in-panti": "Menurut buku harian orang ini masih tinggal di panti. Panti harus mencatat keluarnya dahulu.",
    "internal-error": "Ada kesalahan di sistem. Sebutkan kode di bawah bila Anda melapor.",
    "foreign-form": "Formulir ini tidak dikirim dari halaman Ritme. Buka halamannya lagi, lalu ulangi.",
    "missing-file": "Pilih berkas dulu.",
    "typed-number": "Angka dari dokumen belum terisi dengan benar. Tulis angka saja, misalnya 1.000 atau 300.000.000.",
}

_FACTS: Final = (
    ("requested", "Diminta", rupiah), ("available", "Tersedia", rupiah), ("limit", "Batas", whole), ("row", "Baris", whole),
    ("unanswered", "Tanpa jawaban bank", whole), ("undecided_rows", "Baris karantina tanpa keputusan", whole),
    ("undecided", "Belum diputuskan", whole), ("unnamed", "Tanpa nama", whole), ("without_sts", "Menunggu STS", whole),
    ("amount", "Ditulis", rupiah), ("difference", "Selisih", rupiah),
)  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """A refusal as it is shown: a sentence, facts beside it, and the code for the telephone."""

    sentence: str
    facts: list[str]
    code: str
    correlation_id: str


def refusal(problem: DoorProblem) -> Refusal:
    """In words; where the code has none, the service's own detail is the sentence."""
    known = _SENTENCES.get(problem.code)
    data = problem.data
    money = {"limit"} if problem.code == "limit-exceeded" else set()
    facts = [f"{name}: {(rupiah if key in money else shown)(data[key])}" for key, name, shown in _FACTS if isinstance(data.get(key), int)]
    facts += _both_totals(data)
    facts += [str(one) for part in ("not_ready", "problems") for one in _list(data.get(part)) if isinstance(one, str)]
    facts += fields.wrong(data.get("errors"), problem.labels)
    if problem.code == "invalid-input":
        facts += fields.named(data, problem.labels)
    if problem.code in {"file-refused", "file-unreadable"} and problem.detail:
        facts.insert(0, problem.detail)  # the reader of files speaks the clerk's language
    return Refusal(known or problem.detail or problem.code, facts, problem.code, str(data.get("correlation_id", "")))


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _both_totals(data: Any) -> list[str]:
    """Where totals differ, the two that differ stand side by side."""
    sides = [(name, data.get(key)) for key, name in (
        ("controls", "Menurut dokumen"), ("announced", "Menurut kepala berkas"), ("totals", "Menurut berkas"), ("found", "Menurut baris"),
    )]  # fmt: skip
    shown = []
    for name, side in sides:
        if isinstance(side, dict):
            parts = [f"{whole(side['count'])} baris"] if isinstance(side.get("count"), int) else []
            parts += [rupiah(side["sum"])] if isinstance(side.get("sum"), int) else []
            shown += [f"{name}: {', '.join(parts)}"] if parts else []
    return shown
