"""What codes of events are called where people read them (Bahasa Indonesia): pages and papers say the same."""

from __future__ import annotations

from typing import Final

MISMATCH_CODES: Final = {
    "settled_differs_from_sp2d": "SP2D berbeda dari uang yang dapat dijelaskan",
    "food_differs_from_resident_days": "Belanja makan berbeda dari hari-orang × harga kontrak",
    "goods_differ_from_sp2d": "SP2D berbeda dari barang yang diterima",
    "over_ceiling": "Terpakai di atas pagu",
    "beyond_spd": "Terpakai di luar SPD",
    "line_dropped_with_spending": "Pos dihapus, padahal sudah terpakai",
    "minutes_from_contract_value": "Berita acara dibuat sekali dari angka kontrak",
    "item_not_in_contract": "Barang di berita acara tidak ada di kontrak",
    "unit_differs_from_contract": "Satuan di berita acara lain dari kontrak",
    "price_above_ssh": "Harga kontrak di atas SSH tahunnya",
    "financial_against_physical": "Tagihan melebihi barang yang diserahkan",
    "invoice_twice": "Tagihan yang sama dibayar dua kali",
    "split_under_limit": "Pembelian terbagi di bawah batas pengadaan langsung",
    "one_supplier_many_panti": "Satu pemasok untuk beberapa panti di luar kapasitasnya",
    "round_numbers": "Tagihan berjumlah bulat",
    "year_end_rush": "Belanja menumpuk di Desember",
    "portions_for_capacity": "Makan diserahkan menurut daya tampung, bukan penghuni",
    "residents_after_release": "Penghuni dihitung sesudah keluar",
    "wrong_account": "Makan warga binaan dibukukan pada rekening lain",
    "plan_deviation_month": "Belanja bulan menyimpang dari anggaran kas",
    "plan_deviation_to_date": "Belanja sampai bulan ini menyimpang dari anggaran kas",
    "slow_absorption": "Serapan lambat: perkiraan akhir tahun jauh di bawah pagu",
    "unit_cost_out_of_line": "Biaya per orang per hari jauh dari panti sejenis",
}
