"""What the doors call a field, in the words of the page; and what is wrong with it, in the clerk's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from services.console.doors import DoorProblem

LABELS: Final = {
    "about": "Sebab",
    "account": "Nomor rekening",
    "account_number": "Nomor rekening",
    "against": "Yang disanggah",
    "agreed": "Setuju",
    "amount": "Jumlah rupiah",
    "area": "Wilayah",
    "as_of": "Seperti diketahui pada akhir hari",
    "bank": "Bank",
    "bank_code": "Kode bank",
    "batch": "Daftar",
    "batch_id": "Daftar",
    "blocks": "Tindakan",
    "body": "Isi",
    "card_handed_over": "Kartu sudah diserahkan",
    "closing": "Saldo akhir",
    "code": "Kode",
    "cohort": "Kelompok",
    "confirm": "Keputusan",
    "controls": "Dari dokumen",
    "count": "Jumlah baris",
    "day": "Tanggal",
    "day_of_death": "Tanggal meninggal",
    "days": "Hari",
    "decided_by": "Pemutus",
    "decided_on": "Tanggal keputusan",
    "decision": "Keputusan",
    "document": "Dokumen",
    "due_on": "Tenggat",
    "escalate_to": "Naik ke",
    "evidence": "Bukti",
    "expected_on": "Diperkirakan selesai tanggal",
    "file": "Berkas",
    "filed_by": "Disampaikan lewat",
    "filed_on": "Tanggal disampaikan",
    "financing": "Dana",
    "findings": "Kejanggalan",
    "from_day": "Dari hari",
    "from_month": "Dari bulan",
    "from_start": "Mulai dari",
    "gives_way": "Program yang mengalah",
    "granted": "Setuju",
    "holder": "Nama pemilik",
    "hour": "Jam",
    "hours": "Jam",
    "holds": "Berlaku",
    "how": "Cara",
    "instalments": "Angsuran",
    "items": "Baris",
    "keeps": "Program yang tetap",
    "kind": "Jenis",
    "letter": "Surat bank",
    "list_hash": "Kode daftar",
    "max_amount": "Paling banyak sekali transfer",
    "minutes": "Risalah",
    "month": "Bulan",
    "months": "Bulan",
    "most": "Paling banyak",
    "name": "Nama",
    "note": "Catatan",
    "number": "Nomor",
    "on": "Tanggal",
    "on_behalf_of": "Atas nama",
    "opening": "Saldo awal",
    "owner": "Penanggung jawab",
    "parts": "Untuk",
    "payments": "Pembayaran",
    "person": "Orang",
    "person_id": "Penerima",
    "place": "Tempat",
    "problem": "Masalah",
    "programme": "Program",
    "programmes": "Program",
    "quota": "Kuota",
    "reason": "Alasan",
    "received_at": "Diterima pada",
    "received_by": "Diterima oleh",
    "reference": "Rujukan",
    "references": "Rujukan",
    "reply_working_days": "Waktu menjawab",
    "result": "Hasil",
    "role": "Peran",
    "scope": "Yang dihentikan",
    "settled_on": "Tanggal",
    "sha256": "Kode berkas",
    "signer": "Penanda tangan",
    "since": "Sejak",
    "skip": "Lewati",
    "solution": "Penyelesaian",
    "sort": "Golongan",
    "source": "Dasar",
    "statements": "Rekening koran",
    "step": "Langkah",
    "subject": "Pokok",
    "sum": "Jumlah rupiah",
    "template": "Bentuk berkas",
    "text": "Isi",
    "thresholds": "Ambang",
    "to": "Kepada",
    "to_day": "Sampai hari",
    "to_month": "Sampai bulan",
    "types": "Peristiwa yang dikirim",
    "until": "Sampai",
    "url": "Alamat",
    "valid_from": "Berlaku mulai",
    "valid_to": "Berlaku sampai",
    "warn_days": "Diingatkan sebelumnya",
    "way": "Cara",
    "word": "Keterangan",
    "working_day": "Hari kerja ke-",
    "working_days": "Hari kerja",
}
"""Where a page says it with another word, its form does (``forms.Form``)."""

_WORDS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Field required", "wajib diisi"),
        (r"should have at least 1 character", "wajib diisi"),
        (r"should have at least (\d+) character", r"paling sedikit {0} huruf"),
        (r"should have at most (\d+) character", r"paling banyak {0} huruf"),
        (r"should have at least (\d+) item", r"pilih paling sedikit {0}"),
        (r"should have at most (\d+) item", r"paling banyak {0}"),
        (r"greater than or equal to (-?[\d.]+)", r"paling sedikit {0}"),
        (r"less than or equal to (-?[\d.]+)", r"paling banyak {0}"),
        (r"greater than (-?[\d.]+)", r"lebih dari {0}"),
        (r"less than (-?[\d.]+)", r"kurang dari {0}"),
        (r"should be (?:a valid|in) (?:date|datetime|time)|should have timezone", "bukan tanggal atau waktu"),
        (r"should be a valid (?:integer|number|decimal)", "bukan angka"),
        (r"should be a valid boolean", "pilih ya atau tidak"),
        (r"should be a valid UUID", "tidak dikenal"),
        (r"should be '", "pilih salah satu"),
        (r"should match pattern", "bentuknya tidak sesuai"),
        (r"Extra inputs are not permitted", "tidak dikenal"),
    )
)
"""What pydantic says, as a clerk would; anything else is only named."""


def label(at: str, labels: Mapping[str, str]) -> str:
    """``body.instalments.0.on`` → ``Angsuran, baris 1, Tanggal``; what no page has a word for stays as it came."""
    found: list[str] = []
    for part in at.split(".")[1:]:  # the first says where in the request: body, query, path
        if part.isdigit():
            found.append(f"baris {int(part) + 1}")
        elif part in labels or part in LABELS:
            found.append(labels.get(part) or LABELS[part])
    return ", ".join(found) or at


def said(message: Any) -> str:
    """Why, in words; empty where the page has none."""
    for pattern, words in _WORDS:
        match = pattern.search(str(message))
        if match is not None:
            return words.format(*match.groups())
    return ""


def wrong(errors: Any, labels: Mapping[str, str]) -> list[str]:
    """Each field of a refused request once, by the page's word, and what is wrong with it."""
    told: dict[str, str] = {}
    for one in errors if isinstance(errors, list) else []:
        if isinstance(one, dict) and one.get("at"):
            told.setdefault(label(str(one["at"]), labels), said(one.get("problem", "")))
    return [f"{name}: {why}" if why else f"Periksa: {name}" for name, why in told.items()]


def by_field(problem: DoorProblem | None) -> dict[str, str]:
    """Of a refused form, what is wrong by the door's key of each of its fields; empty words where the page has none."""
    if problem is None:
        return {}
    found = {key: "" for key in problem.labels if problem.code == "invalid-input" and isinstance(problem.data.get(key), str)}
    for one in problem.data.get("errors") or []:
        for part in str(one.get("at", "")).split(".")[1:]:
            if part in problem.labels:
                found[part] = said(one.get("problem", ""))
    return found


def named(data: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Of a refusal that says by its data what cannot be: the fields of the form that it names."""
    return [f"Periksa: {word}" for key, word in (LABELS | dict(labels)).items() if isinstance(data.get(key), str)]
