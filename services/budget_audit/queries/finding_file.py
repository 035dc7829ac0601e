"""The file of a finding for an auditor: formula, numbers by version, evidence, history, samples, answers, BPK (USERS.md, step 7)."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from services.budget_audit.queries import findings
from services.budget_audit.queries.mismatches import mismatch
from services.budget_audit.schemas.findings import BpkRecommendation, Sample
from services.budget_audit.schemas.mismatches import Mismatch
from shared.db.session import AnySession
from shared.kernel.clock import JAKARTA
from shared.kernel.errors import NotFound
from shared.kernel.rupiah import format_rupiah
from shared.papers.paper import Cell, Column, Head, PaperWriter
from shared.papers.sending import FORMS, writer_of
from shared.papers.words import OFFICE

STATES: Final = {
    "detected": "ditemukan", "asked": "penjelasan diminta", "explained": "dijelaskan", "agreed": "penyelesaian disepakati",
    "closed": "ditutup",
}  # fmt: skip
STEPS: Final = {
    "detect": "Ditemukan oleh sistem", "heal": "Angka kembali sama", "ask": "Penjelasan diminta", "explain": "Dijelaskan",
    "accept": "Penjelasan diterima", "agree": "Penyelesaian disepakati", "evidence": "Bukti diserahkan", "close": "Diperiksa dan ditutup",
    "reopen": "Dibuka lagi", "note": "Catatan", "escalate": "Lewat tenggat, atasan diberi tahu",
}  # fmt: skip
NOTES: Final = {"note": "Catatan", "supplier_asked": "Konfirmasi diminta", "supplier_answered": "Jawaban pemasok"}
BPK_STEPS: Final = {
    "reply": "Jawaban kantor", "verify": "Diverifikasi Inspektorat", "return": "Dikembalikan Inspektorat", "review": "Status dari BPK",
}  # fmt: skip
STATUSES: Final = {
    "sesuai": "sesuai", "belum_sesuai": "belum sesuai", "belum_ditindaklanjuti": "belum ditindaklanjuti",
    "tidak_dapat_ditindaklanjuti": "tidak dapat ditindaklanjuti",
}  # fmt: skip


async def finding_file(session: AnySession, mismatch_id: UUID, form: str, target: Path, *, today: date) -> None:
    """Write it as ``xlsx`` or ``pdf``. Raise NotFound for another form or an unknown finding."""
    if form not in FORMS:
        raise NotFound(f"there is no file as '{form}'", forms=list(FORMS))
    found = await mismatch(session, mismatch_id, today)
    writer = writer_of(form, f"Berkas temuan {found.code} {found.subject} {found.period}")
    _head(writer, found)
    _numbers(writer, found)
    writer.words("Sudah diperiksa dan tidak menjelaskan selisih ini", found.ruled_out or ["Tidak ada."])
    writer.table("Bukti", (Column("No", "count", 0.2), Column("Rujukan")))
    writer.rows([[number, one] for number, one in enumerate(found.evidence, 1)])
    _history(writer, found)
    for sample in (await findings.samples(session, mismatch_id)).items:
        _sample(writer, sample)
    for one in (await findings.recommendations(session, today=today, mismatch_id=mismatch_id)).items:
        _bpk(writer, one)
    await asyncio.to_thread(writer.save, target)


def _head(writer: PaperWriter, found: Mismatch) -> None:
    writer.head(
        Head(
            OFFICE,
            "BERKAS TEMUAN",
            [
                ("Jenis", found.code), ("Mengenai", found.subject), ("Masa", found.period), ("Nomor", str(found.id)),
                ("Ditemukan", _moment(found.detected_at)), ("Keadaan", STATES.get(found.state, found.state)),
                ("Penanggung jawab", found.owner), ("Tenggat", found.due_on.isoformat()), ("Seharusnya", format_rupiah(found.expected)),
                ("Kenyataan", format_rupiah(found.actual)), ("Selisih", format_rupiah(found.difference)),
                ("Dijelaskan", format_rupiah(found.explained)), ("Belum dijelaskan", format_rupiah(found.open)),
            ],
        )
    )  # fmt: skip
    writer.words("Rumus", [found.formula])


def _numbers(writer: PaperWriter, found: Mismatch) -> None:
    """A row for each version of the figures, oldest first, and the event that made it."""
    writer.table(
        "Angka menurut versi",
        (
            Column("Versi", "count", 0.4), Column("Waktu"), Column("Seharusnya (Rp)", "rupiah"), Column("Kenyataan (Rp)", "rupiah"),
            Column("Selisih (Rp)", "rupiah"), Column("Peristiwa", weight=2),
        ),
    )  # fmt: skip
    versions: dict[int, list[Cell]] = {}
    for step in found.history:
        versions.setdefault(
            step.numbers_version,
            [step.numbers_version, _moment(step.at), step.expected, step.actual, step.actual - step.expected, step.event_id or step.text],
        )
    writer.rows(list(versions.values()))


def _history(writer: PaperWriter, found: Mismatch) -> None:
    writer.table(
        "Riwayat",
        (
            Column("Waktu"), Column("Langkah", weight=1.2), Column("Oleh", weight=0.8), Column("Uraian", weight=2.2),
            Column("Rp", "rupiah", 0.8), Column("Bukti", weight=1.4),
        ),
    )  # fmt: skip
    writer.rows(
        [
            [_moment(one.at), STEPS.get(one.step, one.step), one.person or "sistem", one.text, one.amount or None, ", ".join(one.evidence)]
            for one in found.history
        ]
    )


def _sample(writer: PaperWriter, sample: Sample) -> None:
    writer.words(
        f"Uji petik {_moment(sample.at)}",
        [
            f"Diambil oleh {sample.drawn_by}: {len(sample.items)} dari {len(sample.population)} butir. Benih: {sample.seed}.",
            f"Cara: {sample.method}.",
        ],
    )
    writer.table(
        "Butir uji petik",
        (Column("No", "count", 0.3), Column("Butir", weight=1.4), Column("Catatan dan jawaban", weight=2.4), Column("Lampiran, SHA-256")),
    )
    rows: list[list[Cell]] = []
    for item in sample.items:
        if not item.notes:
            rows.append([item.position, item.item, "belum ada", ""])
        for note in item.notes:
            said = " ".join(part for part in (NOTES[note.kind], note.supplier) if part)
            attached = f"{note.file_name} {note.file_hash[:16]}" if note.file_name else ""
            rows.append([item.position, item.item, f"{_moment(note.at)} {note.person}. {said}: {note.text}", attached])
    writer.rows(rows)
    writer.table("Populasi uji petik", (Column("No", "count", 0.2), Column("Butir")))
    writer.rows([[number, one] for number, one in enumerate(sample.population, 1)])


def _bpk(writer: PaperWriter, one: BpkRecommendation) -> None:
    clock = f"Tenggat {one.due_on.isoformat()}." if one.due_on else "Selesai."
    writer.words(
        f"Rekomendasi BPK, LHP {one.lhp_number}",
        [
            f"LHP tanggal {one.lhp_date.isoformat()}, diterima {one.received_on.isoformat()}. {one.recommendation}",
            f"Nilai {format_rupiah(one.amount)}. Status: {STATUSES[one.status]}. {clock}",
        ],
    )
    writer.table(
        "Tindak lanjut rekomendasi", (Column("Waktu"), Column("Langkah"), Column("Oleh"), Column("Uraian", weight=2), Column("Bukti"))
    )
    writer.rows([[_moment(s.at), BPK_STEPS[s.step], s.person, s.text, ", ".join(s.evidence)] for s in one.history])


def _moment(at: datetime) -> str:
    return f"{at.astimezone(JAKARTA):%Y-%m-%d %H.%M}"
