"""An official figure as a paper of one page, to be sent on. Nothing in it is of the day on which it is made: it reads the same later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.disbursement.queries.areas import area_names
from services.disbursement.templates import words
from shared.kernel.clock import JAKARTA
from shared.kernel.errors import NotFound
from shared.kernel.rupiah import format_rupiah
from shared.papers.paper import Cell, Column, Head
from shared.papers.sending import FORMS, writer_of


async def figure_paper(figure: Mapping[str, Any], form: str, target: Path) -> None:
    """Write it as ``xlsx`` or ``pdf``. Raise NotFound for another form."""
    if form not in FORMS:
        raise NotFound(f"there is no figure as '{form}'", forms=list(FORMS))
    numbers, known = figure["numbers"], figure["known_until"].astimezone(JAKARTA)
    writer = writer_of(form, f"{figure['name']} {figure['month']}")
    writer.head(
        Head(
            words.OFFICE,
            "ANGKA RESMI BANTUAN SOSIAL PELINDUNGAN KEBUTUHAN DASAR",
            [
                ("Nama", figure["name"]), ("Bulan bantuan", words.month_words(figure["month"])),
                ("Menghitung", _whom(figure["definition"])), ("Orang", f"{numbers['people']:,}".replace(",", ".")),
                ("Hak bulan itu", format_rupiah(numbers["rupiah"])),
                ("Seperti diketahui sampai", f"{words.day_words(known.date())}, {known:%H.%M} WIB"),
                ("Sidik angka (SHA-256)", figure["sha256"]),
            ],
        )
    )  # fmt: skip
    writer.table("Menurut keadaan", (Column("Keadaan"), Column("Orang", "count"), Column("Rp", "rupiah")))
    states: list[list[Cell]] = [
        [words.OUTCOMES[outcome], one["people"], one["rupiah"]] for outcome, one in sorted(numbers["by_outcome"].items())
    ]
    writer.rows(states)
    writer.total(["Jumlah", numbers["people"], numbers["rupiah"]])
    writer.table(
        "Yang belum dibayar, menurut alasan",
        (Column("Keadaan"), Column("Alasan", weight=2), Column("Orang", "count"), Column("Rp", "rupiah")),
    )
    unpaid = [one for one in numbers["by_reason"] if one["outcome"] != "paid"]
    writer.rows([[words.OUTCOMES[one["outcome"]], _reason(one["reason"]), one["people"], one["rupiah"]] for one in unpaid])
    writer.total(["Jumlah", "", sum(one["people"] for one in unpaid), sum(one["rupiah"] for one in unpaid)])
    writer.words("Keterangan", [words.FROZEN, *([figure["note"]] if figure["note"] else [])])
    await asyncio.to_thread(writer.save, target)


def _reason(code: str) -> str:
    return words.REASONS.get(code, code)


def _whom(definition: Mapping[str, Any]) -> str:
    """Whom the figure counts."""
    programmes = ", ".join(definition["programmes"]) or "semua program"
    area = definition["area"]
    where = "seluruh Jakarta" if area in ("", "31") else area_names().get(area, area)
    return f"{programmes}; {where}; {words.COHORTS.get(definition['cohort'], 'penerima lama dan baru')}"
