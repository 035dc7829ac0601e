"""The papers of the treasury path and of the month: what stands in them, section by section.

Everything comes from one snapshot. Names and NIK are asked from beneficiary block by block, for the purpose
``payment-file``, and audited there and here; memory stays flat however long the list is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import Row, text

from services.disbursement.channels.account_fields import open_account
from services.disbursement.channels.people import reveal
from services.disbursement.domain.batch import SENT, Financing
from services.disbursement.domain.payment_order import APPROVED, SIGNERS, NoSp2dNeeded
from services.disbursement.queries import holding, money, months
from services.disbursement.queries.areas import place
from services.disbursement.queries.payment_order import papers_of
from services.disbursement.templates import words
from shared.crypto import FieldCipher
from shared.db.session import AnySession, ReadSession, raw_connection
from shared.kernel.errors import IllegalTransition, NotFound
from shared.kernel.month import Month
from shared.kernel.rupiah import format_rupiah
from shared.papers.paper import Cell, Column, Head, PaperWriter, Place
from shared.papers.sending import FORMS, writer_of
from shared.runtime import Service
from shared.web.auth import Caller

BATCH_PAPERS: Final = ("spp-ls", "spm", "payment-list")
MONTH_PAPERS: Final = ("reconciliation", "minutes")
_NAMES_AT_ONCE: Final = 2_000


@dataclass(frozen=True)
class Desk:
    """Who asks for a paper, and what it is made with."""

    session: AnySession
    caller: Caller
    service: Service

    @property
    def day(self) -> str:
        return words.day_words(self.service.clock.today())


# --- of a batch -------------------------------------------------------------------------------------------------------


async def batch_paper(desk: Desk, batch: Row[Any], paper: str, form: str, target: Path) -> None:
    """Write a batch's paper. Raise NotFound for a paper that there is none of, IllegalTransition before its time."""
    if paper not in BATCH_PAPERS or form not in FORMS:
        raise NotFound(f"there is no paper '{paper}.{form}' of a batch", papers=list(BATCH_PAPERS), forms=list(FORMS))
    if batch.state not in (SENT if paper == "payment-list" else APPROVED):
        raise IllegalTransition(batch.state, f"paper {paper}")
    if paper != "payment-list" and batch.financing != Financing.SP2D:
        raise NoSp2dNeeded("this list is paid from the holding account", batch=batch.code)
    writer = writer_of(form, f"{paper} {batch.code}")
    await {"spp-ls": _spp_ls, "spm": _spm, "payment-list": _payment_list}[paper](desk, batch, writer)
    await asyncio.to_thread(writer.save, target)


async def _spp_ls(desk: Desk, batch: Row[Any], writer: PaperWriter) -> None:
    """Summary by programme and kelurahan, statement of full responsibility, list of names (Permendagri 77/2020, belanja LS)."""
    signed = await _signers(desk.session, batch)
    writer.head(
        Head(
            words.OFFICE,
            "BERKAS SPP-LS BANTUAN SOSIAL PELINDUNGAN KEBUTUHAN DASAR",
            [
                ("Bulan bantuan", words.month_words(batch.month)), ("Batch", batch.code),
                ("Jenis penyaluran", words.KINDS.get(batch.kind, batch.kind)), ("Jumlah pembayaran", _number(batch.payments)),
                ("Jumlah bulan dibayar", _number(batch.allocations)), ("Nilai", format_rupiah(batch.sum)),
                ("Sidik daftar (SHA-256)", batch.list_hash), *signed,
            ],
        )
    )  # fmt: skip
    await _programmes(desk, batch, writer, "Ringkasan menurut program")
    writer.table(
        "Ringkasan menurut kelurahan",
        (
            Column("Kode"), Column("Kecamatan", weight=1.6), Column("Kelurahan", weight=1.6), Column("Program"),
            Column("Penerima", "count"), Column("Bulan", "count"), Column("Nilai (Rp)", "rupiah"),
        ),
    )  # fmt: skip
    places = await _by_place(desk.session, batch)
    writer.rows(places)
    writer.total(["Jumlah", "", "", "", *_sums(places, 4, 3)])
    writer.words("Pernyataan Tanggung Jawab Mutlak", words.SPTJM)
    writer.sign(f"Jakarta, {desk.day}", _PAYERS)
    await _names(
        desk, batch, writer, "Daftar nama",
        (
            Column("No", "count", 0.4), Column("Rujukan", weight=1.4), Column("NIK", "digits", 1.2), Column("Nama", weight=2),
            Column("Program", weight=0.6), Column("Bulan", weight=1.2), Column("Kelurahan", weight=1.3), Column("Bank", weight=0.5),
            Column("Rekening", "digits", 1.1), Column("Nominal (Rp)", "rupiah", 1),
        ),
        lambda n, line, who: (
            n, line.reference, who["nik"], who["name"], line.programme, line.months, place(line.area)[0], line.bank_code, line.account,
            line.amount,
        ),
    )  # fmt: skip


async def _spm(desk: Desk, batch: Row[Any], writer: PaperWriter) -> None:
    """SPM-LS (Permendagri 77/2020): the order of the PA or KPA on a verified SPP. It names nobody; the list is known by its hash."""
    papers = await papers_of(desk.session, batch)
    asked, verified, ordered = papers["request"], papers["verification"], papers["order"]
    if ordered is None or asked is None or verified is None:
        raise IllegalTransition(papers["state"], "paper spm")
    signer = SIGNERS[ordered["signer"]]
    writer.head(
        Head(
            words.OFFICE,
            "SURAT PERINTAH MEMBAYAR LANGSUNG (SPM-LS)",
            [
                ("Nomor SPM", ordered["number"]), ("Tanggal SPM", words.day_words(ordered["day"])), ("Nomor SPP", asked["number"]),
                ("Tanggal SPP", words.day_words(asked["day"])),
                ("Verifikasi PPK-SKPD", f"{verified['by']}, {words.day_words(verified['day'])}"),
                ("Bulan bantuan", words.month_words(batch.month)), ("Batch", batch.code), ("Sidik daftar (SHA-256)", batch.list_hash),
                ("Jumlah yang diperintahkan", format_rupiah(ordered["amount"])), ("Potongan", "tidak ada"),
                ("Dibayarkan kepada", "Rekening penampungan penyaluran bantuan sosial di bank penyalur"),
            ],
        )
    )  # fmt: skip
    await _programmes(desk, batch, writer, "Rincian menurut program")
    writer.words("Keterangan", words.SPM)
    writer.sign(f"Jakarta, {words.day_words(ordered['day'])}", (Place(signer),))


_PAYERS: Final = (Place("Pengguna Anggaran"), Place("Pejabat Pelaksana Teknis Kegiatan"), Place("Bendahara Pengeluaran"))


async def _payment_list(desk: Desk, batch: Row[Any], writer: PaperWriter) -> None:
    """What went to the bank and what the bank answered, a line each."""
    writer.head(
        Head(
            words.OFFICE,
            "DAFTAR PEMBAYARAN BANTUAN SOSIAL",
            [
                ("Bulan bantuan", words.month_words(batch.month)), ("Batch", batch.code), ("Jumlah pembayaran", _number(batch.payments)),
                ("Nilai", format_rupiah(batch.sum)), ("Sidik daftar (SHA-256)", batch.list_hash),
                *await _signers(desk.session, batch),
            ],
        )
    )  # fmt: skip
    writer.table("Ringkasan menurut hasil", (Column("Hasil"), Column("Pembayaran", "count"), Column("Nilai (Rp)", "rupiah")))
    rows = await desk.session.execute(
        text("""SELECT outcome, count(*) AS n, sum(amount)::bigint AS sum FROM payment
                 WHERE batch_id = :id AND outcome <> 'withdrawn' GROUP BY outcome ORDER BY outcome"""),
        {"id": batch.id},
    )
    outcomes: list[list[Cell]] = [[words.OUTCOMES.get(row.outcome, row.outcome), row.n, row.sum] for row in rows]
    writer.rows(outcomes)
    writer.total(["Jumlah", *_sums(outcomes, 1, 2)])
    await _names(
        desk, batch, writer, "Daftar pembayaran",
        (
            Column("No", "count", 0.4), Column("Rujukan", weight=1.4), Column("NIK", "digits", 1.2), Column("Nama", weight=2),
            Column("Bulan", weight=1.2), Column("Bank", weight=0.5), Column("Rekening", "digits", 1.1),
            Column("Nominal (Rp)", "rupiah", 1), Column("Hasil", weight=1), Column("Tanggal", weight=0.8), Column("Alasan", weight=1.2),
        ),
        lambda n, line, who: (
            n, line.reference, who["nik"], who["name"], line.months, line.bank_code, line.account, line.amount,
            words.OUTCOMES.get(line.outcome, line.outcome), line.settled_on.isoformat() if line.settled_on else "", line.reason,
        ),
    )  # fmt: skip
    writer.sign(f"Jakarta, {desk.day}", (Place("Bank penyalur"), Place("Bendahara Pengeluaran")))


async def _signers(session: AnySession, batch: Row[Any]) -> list[tuple[str, str]]:
    """Who signed the list, and when (their names stand in the issuer of tokens, not here)."""
    titles = {"submit": "Pembuat daftar", "check": "Pemeriksa", "approve": "Pemberi persetujuan", "release": "Pelepas dana"}
    rows = await session.execute(
        text("SELECT step, person, at FROM batch_signature WHERE batch_id = :id AND NOT void AND step <> 'remove' ORDER BY id"),
        {"id": batch.id},
    )
    return [(titles.get(row.step, row.step), f"{row.person}, {row.at:%Y-%m-%d %H:%M} UTC") for row in rows]


async def _programmes(desk: Desk, batch: Row[Any], writer: PaperWriter, title: str) -> None:
    """The list's sums by programme, as a table with its total."""
    found = await desk.session.execute(
        text("""SELECT p.programme, count(DISTINCT p.id) AS payments, count(*) AS months, sum(a.amount)::bigint AS sum
                  FROM payment p JOIN payment_month a ON a.payment_id = p.id
                 WHERE p.batch_id = :id AND p.outcome <> 'withdrawn' GROUP BY p.programme ORDER BY p.programme"""),
        {"id": batch.id},
    )
    rows: list[list[Cell]] = [[row.programme, row.payments, row.months, row.sum] for row in found]
    columns = (Column("Program"), Column("Penerima", "count"), Column("Bulan", "count"), Column("Nilai (Rp)", "rupiah"))
    writer.table(title, columns)
    writer.rows(rows)
    writer.total(["Jumlah", *_sums(rows, 1, 3)])


async def _by_place(session: AnySession, batch: Row[Any]) -> list[list[Cell]]:
    rows = await session.execute(
        text("""SELECT p.area, p.programme, count(DISTINCT p.id) AS payments, count(*) AS months, sum(a.amount)::bigint AS sum
                  FROM payment p JOIN payment_month a ON a.payment_id = p.id
                 WHERE p.batch_id = :id AND p.outcome <> 'withdrawn' GROUP BY p.area, p.programme ORDER BY p.area, p.programme"""),
        {"id": batch.id},
    )
    found = []
    for row in rows:
        kelurahan, kecamatan = place(row.area)
        found.append([row.area, kecamatan, kelurahan, row.programme, row.payments, row.months, row.sum])
    return found


# --- names ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A payment with its account opened, for one line of a paper."""

    person_id: UUID
    reference: str
    programme: str
    months: str
    area: str
    bank_code: str
    account: str
    amount: int
    outcome: str
    reason: str
    settled_on: date | None


async def _lines(desk: Desk, batch: Row[Any]) -> AsyncIterator[list[Line]]:
    connection = await raw_connection(desk.session)
    async with connection.cursor(name="paper_lines", row_factory=dict_row) as cursor:
        cursor.itersize = _NAMES_AT_ONCE
        await cursor.execute(
            """SELECT p.person_id, p.reference, p.programme, p.area, p.bank_code, p.amount, p.outcome, p.reason,
                      p.settled_on, p.account_id, p.number_enc, p.holder_enc,
                      (SELECT string_agg(a.month, ', ' ORDER BY a.month) FROM payment_month a WHERE a.payment_id = p.id) AS months
                 FROM payment p WHERE p.batch_id = %s AND p.outcome <> 'withdrawn' ORDER BY p.seq""",
            (batch.id,),
        )
        while rows := await cursor.fetchmany(_NAMES_AT_ONCE):
            yield [_opened(desk.service.cipher, row) for row in rows]


def _opened(cipher: FieldCipher, row: dict[str, Any]) -> Line:
    account, _ = open_account(cipher, row.pop("account_id"), row.pop("number_enc"), row.pop("holder_enc"))
    return Line(**row, account=account)


async def _names(desk: Desk, batch: Row[Any], writer: PaperWriter, title: str, columns: Sequence[Column], row: Any) -> None:
    writer.table(title, columns)
    count = total = 0
    async for lines in _lines(desk, batch):
        people = [line.person_id for line in lines]
        known = await reveal(desk.service, desk.caller, people, purpose="payment-file", fields=("nik", "name"))
        made = [row(count + n, line, known[line.person_id]) for n, line in enumerate(lines, start=1)]
        await asyncio.to_thread(writer.rows, made)
        count, total = count + len(lines), total + sum(line.amount for line in lines)
    if (count, total) != (batch.payments, batch.sum):
        raise IllegalTransition(batch.state, "paper with other totals than the list")  # a list changes only under new signatures
    summed: list[Cell] = ["" for _ in columns]
    summed[next(n for n, column in enumerate(columns) if column.kind == "rupiah")] = total
    summed[3] = f"Jumlah {_number(count)}"
    writer.total([None if columns[n].kind == "count" and value == "" else value for n, value in enumerate(summed)])


# --- of a month -------------------------------------------------------------------------------------------------------


async def month_paper(desk: Desk, month: Month, paper: str, form: str, target: Path) -> None:
    """Write a month's paper; it names nobody. Raise NotFound for a paper that there is none of."""
    if paper not in MONTH_PAPERS or form not in FORMS:
        raise NotFound(f"there is no paper '{paper}.{form}' of a month", papers=list(MONTH_PAPERS), forms=list(FORMS))
    writer = writer_of(form, f"{paper} {month}")
    await (_reconciliation if paper == "reconciliation" else _minutes)(desk, month, writer)
    await asyncio.to_thread(writer.save, target)


_MONEY: Final = (
    Column("Program"), Column("SP2D (Rp)", "rupiah"), Column("Dari penampungan (Rp)", "rupiah"), Column("Dikreditkan (Rp)", "rupiah"),
    Column("Disetor ke Kas Daerah (Rp)", "rupiah"), Column("Dikirim ulang (Rp)", "rupiah"), Column("Sisa penampungan (Rp)", "rupiah"),
    Column("Selisih (Rp)", "rupiah"),
)  # fmt: skip


async def _reconciliation(desk: Desk, month: Month, writer: PaperWriter) -> None:
    """SP2D + from holding = credited + returned to treasury + paid on by a retry + holding; balances by age; the statement."""
    found = await money.month_money(ReadSession(desk.session), month)
    closed = (await desk.session.execute(text("SELECT * FROM closed_day ORDER BY day DESC LIMIT 1"))).one_or_none()
    writer.head(
        Head(
            words.OFFICE,
            "REKONSILIASI DANA PENYALURAN BANTUAN SOSIAL",
            [("Bulan bantuan", words.month_words(month)), ("Per tanggal", desk.day),
             ("Keadaan", "cocok" if found["balanced"] else "ada selisih")],
        )
    )  # fmt: skip
    writer.table("SP2D, penyaluran, dan penampungan", _MONEY)
    rows: list[list[Cell]] = [[name, *_money_cells(one)] for name, one in found["by_programme"].items()]
    writer.rows(rows)
    writer.total(["Jumlah", *_sums(rows, 1, 7)])
    balances = await holding.balances(desk.session, desk.service.clock.today())
    writer.table(
        "Saldo rekening penampungan menurut umur (semua bulan)",
        (
            Column("Umur (hari)"),
            Column("Orang", "count"),
            Column("Belum dapat dikreditkan (Rp)", "rupiah"),
            Column("Menunggu bank (Rp)", "rupiah"),
        ),
    )
    aged: list[list[Cell]] = [[one["age"], one["people"], one["held"], one["with_bank"]] for one in balances["by_age"]]
    writer.rows(aged)
    writer.total(["Jumlah", *_sums(aged, 1, 3)])
    writer.table("Dana tanpa nama", (Column("Batch"), Column("Program"), Column("Rp", "rupiah"), Column("Sejak")))
    unnamed: list[list[Cell]] = [[one["batch"], one["programme"], one["amount"], one["since"].isoformat()] for one in balances["unnamed"]]
    writer.rows(unnamed)
    writer.total(["Jumlah", "", sum(one["amount"] for one in balances["unnamed"]), ""])
    writer.table(
        "Buku dan rekening koran",
        (Column("Hari"), Column("Buku (Rp)", "rupiah"), Column("Rekening koran (Rp)", "rupiah"), Column("Selisih (Rp)", "rupiah")),
    )
    if closed is not None:
        writer.rows([[words.day_words(closed.day), closed.book, closed.statement, closed.statement - closed.book]])
        writer.rows([[one["reason"], one["book"], one["statement"], one["difference"]] for one in closed.differences])
    writer.sign(f"Jakarta, {desk.day}", (Place("Bendahara Pengeluaran"), Place("Bank penyalur"), Place("PPK-SKPD")))


def _money_cells(one: Mapping[str, int]) -> list[Cell]:
    keys = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding")
    difference = one["sp2d"] + one["from_holding"] - sum(one[key] for key in keys[2:])
    return [*(one[key] for key in keys), difference]


async def _minutes(desk: Desk, month: Month, writer: PaperWriter) -> None:
    """Berita acara of the month: the equality by programme, and an annex by reason."""
    found = await months.equation(ReadSession(desk.session), month, whole_agency=True, as_of=desk.service.clock.now())
    writer.head(
        Head(
            words.OFFICE,
            "BERITA ACARA PENYALURAN BANTUAN SOSIAL",
            [("Bulan bantuan", words.month_words(month)), ("Menurut batas data", _number(found["entitled"])),
             ("Persamaan", "berlaku" if found["holds"] else "TIDAK berlaku"), ("Sidik batas data", found["seal"]["disbursement"] or "-"),
             ("Dikreditkan", format_rupiah(found["paid_amount"]))],
        )
    )  # fmt: skip
    states = ("paid", "unknown", "in_payment", "held", "missed", "excluded", "due")
    writer.table(
        "Persamaan bulan",
        (Column("Program"), Column("Menurut SK", "count"), *(Column(words.OUTCOMES[state].capitalize(), "count") for state in states)),
    )
    rows: list[list[Cell]] = [[name, one["entitled"], *(one[state] for state in states)] for name, one in found["by_programme"].items()]
    writer.rows(rows)
    writer.total(["Jumlah", *_sums(rows, 1, 1 + len(states))])
    writer.table(
        "Lampiran: belum dibayar menurut alasan",
        (Column("Keadaan"), Column("Alasan", weight=2), Column("Program"), Column("Orang", "count"), Column("Rp", "rupiah")),
    )
    reasons = await desk.session.execute(
        text("""SELECT outcome, reason, programme, count(*) AS people, sum(amount)::bigint AS amount FROM entitlement_month
                 WHERE month = :month AND outcome <> 'paid' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""),
        {"month": month},
    )
    annex: list[list[Cell]] = [
        [words.OUTCOMES[r.outcome], words.REASONS.get(r.reason, r.reason), r.programme, r.people, r.amount] for r in reasons
    ]
    writer.rows(annex)
    writer.total(["Jumlah", "", "", *_sums(annex, 3, 2)])
    writer.words(
        "Penutup",
        [words.LATER],
    )
    writer.sign(f"Jakarta, {desk.day}", (Place("Kepala Bidang"), Place("Bendahara Pengeluaran"), Place("Bank penyalur")))


def _sums(rows: Sequence[Sequence[Cell]], first: int, count: int) -> list[Cell]:
    """Sums of ``count`` columns from ``first`` on; zeros where there is no row."""
    return [sum(value for row in rows if isinstance(value := row[place], int)) for place in range(first, first + count)]


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
