"""The office's words on its papers (Bahasa Indonesia)."""

from __future__ import annotations

from typing import Final

from shared.papers.words import MONTHS, OFFICE, day_words, month_words

__all__ = [
    "COHORTS",
    "FROZEN",
    "KINDS",
    "LATER",
    "MONTHS",
    "OFFICE",
    "OUTCOMES",
    "REASONS",
    "SPM",
    "SPTJM",
    "day_words",
    "month_words",
]

KINDS: Final = {
    "main": "utama", "wave": "gelombang susulan", "back_pay": "rapel", "retry": "penyaluran ulang", "opened_later": "susulan",
}  # fmt: skip

OUTCOMES: Final = {
    "due": "belum dibayar", "in_payment": "dalam proses bank", "unknown": "menunggu bank", "paid": "dibayar", "held": "ditahan",
    "missed": "terlewat", "excluded": "dikecualikan", "prepared": "disiapkan", "credited": "dikreditkan", "rejected": "ditolak bank",
    "returned": "retur",
}  # fmt: skip

REASONS: Final = {
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
"""Why a month is not paid, as the console says it too; a reason without a word here stands on the paper as its code."""

SPTJM: Final = (
    "Yang bertanda tangan di bawah ini menyatakan dengan sesungguhnya bahwa:",
    (
        "1. Penerima yang tercantum dalam daftar nama adalah penerima bantuan sosial menurut Keputusan Gubernur yang berlaku, sesuai batas "
        "data yang dikunci, dan jumlahnya telah diperiksa oleh pembuat, pemeriksa, dan pemberi persetujuan yang berbeda."
    ),
    (
        "2. Perhitungan jumlah penerima dan nilai bantuan dalam berkas ini benar, dan daftar ini dikenali dengan sidik daftar (SHA-256) "
        "yang tercantum pada sampul; perubahan satu baris pun mengubah sidik itu."
    ),
    (
        "3. Bantuan disalurkan langsung ke rekening penerima melalui bank penyalur; dana yang tidak dapat dikreditkan dibayarkan kembali "
        "kepada penerima yang sama atau disetor ke Kas Daerah dengan STS."
    ),
    (
        "4. Kami bertanggung jawab mutlak, formal dan material, atas kebenaran berkas ini, dan bersedia menyetor kembali ke Kas Daerah "
        "apabila di kemudian hari terdapat kelebihan pembayaran."
    ),
)
"""Surat Pernyataan Tanggung Jawab Mutlak; sources of its duties: Pergub 44/2022, Permendagri 77/2020 (belanja LS)."""


SPM: Final = (
    "Pembayaran dilakukan setelah SP2D terbit. Sebelum SP2D menutup seluruh daftar, tidak ada dana yang dikirim ke bank.",
    "Perintah ini berlaku untuk daftar dengan sidik di atas; bila daftar berubah, SPP dan SPM dibuat lagi.",
)

LATER: Final = (
    "Hasil bank yang datang sesudah berita acara ini dibukukan sebagai koreksi yang merujuk pembayaran asalnya; berita acara ini tetap."
)


COHORTS: Final = {"existing": "penerima lama", "new": "penerima baru"}
FROZEN: Final = (
    "Angka ini dihitung dari buku pada saat yang disebut di atas dan tidak berubah lagi, walaupun bulannya berjalan terus. Buku tidak "
    "pernah ditimpa: angka yang sama dapat dihitung ulang kapan saja, dan sidiknya tetap."
)
