"""The kinds of files that the office sends, and what is typed from the signed paper beside each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.doors import DoorProblem
from services.console.figures import typed_number
from services.console.words import PROGRAMMES

COUNT: Final = ("count", "Jumlah baris menurut dokumen", "number")
YEAR: Final = ("year", "Tahun anggaran dokumen", "number")
SUM: Final = ("sum", "Jumlah rupiah menurut dokumen", "number")
UNTIL: Final = ("covered_to", "Data sampai hari (kosong: tanggal dokumen terakhir)", "optional-date")
CHOICES: Final = {
    "document": {"dpa": "DPA", "dppa": "DPPA (perubahan)", "pergeseran": "Pergeseran"},
    "covers": {
        "lines": "Pos yang disebut saja; pos lain tetap", "sub_skpd": "Semua pos sub-SKPD yang disebut; yang tidak ada dihapus",
        "year": "Semua pos tahun itu; yang tidak ada dihapus",
    },
}  # fmt: skip
"""What a field of type ``choice`` offers, by the field's name; the first is chosen where nobody chooses."""
MONTH_ROWS: Final = 4
"""Older months that can be typed for a carry-in at once."""


@dataclass(frozen=True)
class Kind:
    """One kind of file: whose door, its words, and its simple fields (name, label, type)."""

    service: str
    name: str
    title: str
    help: str
    who: str
    second_person: bool = False
    fields: tuple[tuple[str, str, str], ...] = (COUNT,)
    by_programme: bool = False
    by_month: bool = False
    second_role: str = "operator"
    """Whose desk a checked file waits on, where a second person saves it."""


KINDS: Final = (
    Kind(
        "beneficiary", "decree", "Lampiran SK penerima",
        "Nama-nama menurut Keputusan Gubernur. Ketik total dari PDF bertanda tangan, bukan dari berkas.", "Operator", True,
        (
            ("number", "Nomor SK", "text"), ("from_month", "Berlaku dari bulan", "month"), ("to_month", "Sampai bulan", "month"),
            ("count", "Jumlah orang menurut SK", "number"), ("sum", "Rupiah sebulan menurut SK", "number"),
        ),
        by_programme=True,
    ),
    Kind(
        "beneficiary", "status", "Perubahan kepesertaan", "Penangguhan, lanjutan, dan penghentian dengan alasan dan dokumen.",
        "Operator", True,
        (COUNT, ("explained_by", "Dokumen penjelasan, bila banyak penerima satu kelurahan berubah (boleh kosong)", "optional")),
    ),
    Kind(
        "beneficiary", "daily_book", "Buku harian panti",
        "Siapa masuk, pindah, cuti, kabur, kembali, keluar, meninggal. Sensus dihitung dari sini; tidak ada total yang diketik.",
        "Operator, kepala panti", True,
    ),
    Kind(
        "disbursement", "accounts", "Rekening dan kartu",
        "Nomor rekening per orang dan apakah kartunya sudah diserahkan. Rekening yang berganti menunggu masa tenang.", "Operator", True,
    ),
    Kind(
        "disbursement", "account-opening", "Jawaban pembukaan rekening", "Jawaban bank atas permintaan rekening kolektif (burekol).",
        "Operator", True,
    ),
    Kind(
        "disbursement", "card-distribution", "Laporan distribusi kartu", "Siapa yang datang dan kartunya sudah diserahkan.",
        "Operator", True,
    ),
    Kind(
        "disbursement", "carry-in", "Bulan dari sebelum Ritme", "Bulan lama yang ditahan atau terlewat, dengan dokumennya.",
        "Operator", True, by_month=True,
    ),
    Kind(
        "disbursement", "results", "Hasil bank", "Jawaban bank per bagian. Total ada di baris pertama berkas itu sendiri.",
        "Operator, bendahara", fields=(),
    ),
    Kind(
        "disbursement", "statement", "Rekening koran penampungan",
        "Mutasi rekening penampungan menurut bank (templat, atau pesan camt.053), dicocokkan baris demi baris.",
        "Bendahara", fields=(
            ("account", "Nomor rekening penampungan", "text"), ("from_day", "Dari hari", "date"), ("to_day", "Sampai hari", "date"),
            ("opening", "Saldo awal (rupiah)", "number"), ("closing", "Saldo akhir (rupiah)", "number"),
        ),
    ),
    Kind(
        "budget_audit", "dpa", "DPA (pagu)", "Pos anggaran dan pagunya: DPA, DPPA, atau pergeseran. Tiap dokumen satu versi.",
        "Operator, bendahara",
        fields=(
            ("document", "Jenis dokumen", "choice"), ("number", "Nomor dokumen (boleh kosong)", "optional"),
            ("dated", "Tanggal dokumen (boleh kosong)", "optional-date"), ("covers", "Berkas ini memuat", "choice"), COUNT, SUM,
        ),
    ),
    Kind("budget_audit", "cash-plan", "Anggaran kas", "Rencana belanja per pos dan bulan.", "Operator, bendahara", fields=(COUNT, SUM)),
    Kind("budget_audit", "spd", "SPD", "Penyediaan dana per pos dan periode.", "Operator, bendahara", fields=(COUNT, SUM)),
    Kind("budget_audit", "sp2d", "SP2D", "Nomor, tanggal, nilai per pos; rujukan penyaluran.", "Bendahara", True, (COUNT, SUM, UNTIL),
         second_role="treasurer"),
    Kind("budget_audit", "sts", "STS (setor kembali)", "Dana yang kembali ke kas daerah.", "Bendahara", True, (COUNT, SUM, UNTIL),
         second_role="treasurer"),
    Kind(
        "budget_audit", "treasury-documents", "Register dokumen perbendaharaan",
        "SPP, SPM, SP2D, SPJ, BKU, NPD, STS. Yang sudah tercatat tidak dihitung dua kali; nilai yang berubah menjadi versi baru.",
        "Operator, bendahara", fields=(COUNT, SUM, UNTIL),
    ),
    Kind("budget_audit", "census", "Sensus penghuni panti", "Penghuni per panti per hari.", "Operator, kepala panti"),
    Kind("budget_audit", "contract", "Kontrak makan panti", "Harga per orang per hari dan masa berlakunya.", "Operator, kepala panti"),
    Kind(
        "budget_audit", "contract-items", "Rincian kontrak", "Barang, satuan, harga dan jumlah menurut kontrak, dan kapasitas pemasok.",
        "Operator, bendahara", fields=(YEAR, COUNT),
    ),
    Kind("budget_audit", "ssh", "Standar satuan harga", "Harga per barang untuk satu tahun.", "Operator, bendahara", fields=(YEAR, COUNT)),
    Kind(
        "budget_audit", "bast", "Berita acara serah terima", "Barang yang diserahkan: tanggal, satuan, jumlah, nilai.",
        "Operator, kepala panti", fields=(YEAR, COUNT, SUM),
    ),
    Kind(
        "budget_audit", "invoice", "Tagihan pemasok", "Kuitansi dan faktur, dan dokumen yang membayarnya.", "Operator, bendahara",
        fields=(YEAR, COUNT, SUM),
    ),
    Kind("budget_audit", "kitchen-log", "Buku dapur", "Orang yang dimasakkan tiap hari.", "Operator, kepala panti", fields=(YEAR, COUNT)),
    Kind("budget_audit", "staff", "Petugas panti", "Jumlah petugas tiap bulan.", "Operator, kepala panti", fields=(YEAR, COUNT)),
    Kind(
        "budget_audit", "movements", "Register masuk dan keluar", "Jumlah orang yang masuk dan keluar panti tiap hari.",
        "Operator, kepala panti", fields=(YEAR, COUNT),
    ),
    Kind(
        "assistive_devices", "delivery", "Kiriman alat bantu", "Barang yang diterima, jumlah, harga, nomor seri.", "Petugas gudang",
        fields=(COUNT, SUM),
    ),
)  # fmt: skip

SERVICES: Final = {
    "beneficiary": "Kepesertaan", "disbursement": "Penyaluran", "budget_audit": "Anggaran dan panti", "assistive_devices": "Alat bantu",
}  # fmt: skip


def kind_of(service: str, name: str) -> Kind:
    """The declared kind; raise DoorProblem ``not-found``."""
    for kind in KINDS:
        if (kind.service, kind.name) == (service, name):
            return kind
    raise DoorProblem(404, "not-found", "there is no such kind of file")


def title_of(service: str, name: str) -> str:
    return next((kind.title for kind in KINDS if (kind.service, kind.name) == (service, name)), name)


def controls(kind: Kind, form: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, in the shape of the kind's door; raise DoorProblem ``typed-number`` where a number is none."""
    found: dict[str, Any] = {}
    for name, label, typed in kind.fields:
        found[name] = _number(form, name, label) if typed == "number" else str(form.get(name, "")).strip()
    if kind.by_programme:
        found["programmes"] = {
            code: {part: _number(form, f"{code}.{part}", code) for part in ("count", "sum", "quota")}
            for code in PROGRAMMES
            if str(form.get(f"{code}.count", "")).strip()
        }
    if kind.by_month:
        found["months"] = {
            str(form[f"month.{n}"]): _number(form, f"months.{n}", "Jumlah per bulan") for n in range(MONTH_ROWS) if form.get(f"month.{n}")
        }
    return found


def _number(form: Mapping[str, Any], name: str, label: str) -> int:
    try:
        return typed_number(str(form.get(name, "")))
    except ValueError:
        raise DoorProblem(422, "typed-number", f"{label} is not a number", {"not_ready": [label]}) from None


@dataclass(frozen=True)
class Compared:
    """One total of the signed paper beside the same total of the file's accepted rows."""

    label: str
    is_money: bool
    signed: int
    found: int | None

    @property
    def equal(self) -> bool:
        return self.signed == self.found


_LABELS: Final = {
    "opening": "Saldo awal",
    "closing": "Saldo akhir",
    "count": "Baris",
    "sum": "Rupiah",
    "quota": "Kuota",
    "programmes": "",
    "months": "",
}


def compare(signed: Mapping[str, Any], totals: Mapping[str, Any], above: str = "") -> list[Compared]:
    """Every number that was typed, beside the file's, down through programmes and months; what the file has no total of is left out."""
    rows: list[Compared] = []
    for key, value in sorted(signed.items(), key=lambda one: (isinstance(one[1], Mapping), one[0])):
        label = f"{above} {_LABELS.get(key, key)}".strip()
        if isinstance(value, Mapping):
            inner = totals.get(key)
            rows += compare(value, inner if isinstance(inner, Mapping) else {}, label)
        elif isinstance(value, int) and (key in totals or key not in ("quota", "year")):
            found = totals.get(key)
            rows.append(Compared(label, key == "sum", value, found if isinstance(found, int) else None))
    return rows
