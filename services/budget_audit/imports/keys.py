"""The key of a budget line as it stands in files, and controls that several kinds share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.budget_audit.domain.budget import ACCOUNT_LEVELS, SUB_ACTIVITY_LEVELS, URUSAN, is_ours, levels
from shared.db.session import WriteSession
from shared.imports.kinds import Check, Staging
from shared.kernel.ids import natural_id
from shared.kernel.rupiah import format_rupiah
from shared.tabular.columns import Column, Row, code, whole_number_between

MONEY_ROLES = ("operator", "treasurer")


class Count(BaseModel):
    """Rows on the signed paper."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=0)


class CountAndSum(Count):
    """Rows and rupiah on the signed paper."""

    sum: int = Field(ge=0)


YEAR = Column("tahun", whole_number_between(2015, 2100), help="Tahun anggaran", example="2025")
SUB_SKPD = Column(
    "kode_sub_skpd",
    code(r"[0-9A-Za-z.\-]{1,60}", "Kode sub-SKPD"),
    help="Kode sub-SKPD (panti adalah sub-SKPD)",
    example="1.06.0.00.0.00.01.0000",
)
SUB_ACTIVITY = Column(
    "kode_sub_giat", code(r"[0-9]+(\.[0-9]+){2,6}", "Kode subkegiatan"), help="Kode subkegiatan", example="1.06.04.1.03.0002"
)
ACCOUNT = Column("kode_akun", code(r"[0-9](\.[0-9]{1,4}){2,6}", "Kode rekening"), help="Kode rekening belanja", example="5.1.02.01.01.0043")
PROGRAMME = Column(
    "program", code(r"[A-Za-z0-9]{2,10}", "Program"), required=False, help="KLJ, KPDJ atau KAJ; kosong untuk pos lain", example=""
)
PANTI = Column(
    "panti", code(r"[A-Za-z0-9]{2,8}", "Kode panti"), required=False, help="Kode panti, mis. BM1; kosong untuk pos lain", example="BM1"
)
KEY = (YEAR, SUB_SKPD, SUB_ACTIVITY, ACCOUNT)
OWNER = (PROGRAMME, PANTI)


def owner_of(row: Row) -> tuple[str, str]:
    """Programme and panti of a row, in capitals; empty where the column is."""
    return str(row.values.get("program") or "").upper(), str(row.values.get("panti") or "").upper()


def line_id(row: Row) -> UUID:
    """The id of the line that a row's key names; the same key is the same line in every file and year."""
    programme, panti = owner_of(row)
    value = row.values
    return natural_id(
        "budget_line", str(value["tahun"]), value["kode_sub_skpd"], value["kode_sub_giat"], value["kode_akun"], programme, panti
    )  # fmt: skip


class Codes:
    """Every code that a key may name, read once per chunk."""

    def __init__(self, accounts: set[str], activities: set[str], programmes: set[str], panti: set[str]) -> None:
        self._accounts, self._activities, self._programmes, self._panti = accounts, activities, programmes, panti

    @classmethod
    async def load(cls, session: WriteSession) -> Codes:
        async def codes(table: str) -> set[str]:
            return set(await session.scalars(text(f"SELECT code FROM {table}")))

        return cls(await codes("account_code"), await codes("activity_code"), await codes("programme"), await codes("panti"))

    def check(self, row: Row) -> None:
        """Refuse a key with a code that nobody knows; an activity outside the published list is a warning."""
        value, (programme, panti) = row.values, owner_of(row)
        if levels(value["kode_akun"]) < ACCOUNT_LEVELS:
            row.refuse(
                "kode_akun", "account-no-leaf", "Kode ini judul, bukan subrincian objek (6 tingkat); anggaran ada di tingkat terakhir.",
                value["kode_akun"],
            )  # fmt: skip
        elif value["kode_akun"] not in self._accounts:
            row.refuse(
                "kode_akun",
                "unknown-account",
                "Kode rekening tidak dikenal. Periksa ketikannya, atau minta kode ini ditambahkan.",
                value["kode_akun"],
            )
        if not any(
            value["kode_sub_giat"].startswith(f"{activity}.") or value["kode_sub_giat"] == activity for activity in self._activities
        ):
            row.refuse(
                "kode_sub_giat", "unknown-activity", "Kegiatan ini tidak ada di daftar kode urusan sosial; periksa.",
                value["kode_sub_giat"], warning=True,
            )  # fmt: skip
        if programme and programme not in self._programmes:
            row.refuse("program", "unknown-programme", "Program tidak dikenal. Pilih KLJ, KPDJ atau KAJ.", programme)
        self.check_panti(row, panti)
        if programme and panti:
            row.refuse("panti", "programme-and-panti", "Satu pos milik program atau panti, bukan keduanya.", panti)

    def check_place(self, row: Row) -> None:
        """Refuse a line of another agency, and an activity where a sub-activity must stand."""
        value = row.values
        for column, what in (("kode_sub_skpd", "sub-SKPD"), ("kode_sub_giat", "subkegiatan")):
            if not is_ours(value[column]):
                row.refuse(column, "other-agency", f"Kode {what} ini bukan urusan sosial ({URUSAN}): berkas SKPD lain?", value[column])
        if is_ours(value["kode_sub_giat"]) and levels(value["kode_sub_giat"]) < SUB_ACTIVITY_LEVELS:
            row.refuse(
                "kode_sub_giat", "activity-no-leaf", "Kode ini kegiatan, bukan subkegiatan; anggaran ada di subkegiatan.",
                value["kode_sub_giat"],
            )  # fmt: skip

    def check_panti(self, row: Row, panti: str, column: str = "panti") -> None:
        if panti and panti not in self._panti:
            row.refuse(column, "unknown-panti", "Kode panti tidak dikenal. Lihat daftar panti untuk kodenya.", panti)


async def known_lines(session: WriteSession, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The lines that exist, by id."""
    found = await session.execute(text("SELECT * FROM budget_line WHERE id = ANY(:ids)"), {"ids": list(ids)})
    return {row.id: row for row in found}


def refuse_unknown_line(row: Row) -> None:
    row.refuse(
        "kode_akun", "unknown-line", "Pos anggaran ini tidak ada di DPA. Impor DPA dahulu, atau periksa kuncinya.", row.values["kode_akun"]
    )


async def totals(staging: Staging, table: str, amount: str = "") -> Check:
    """Count (and sum) of the staged rows against what was typed from the signed paper."""
    found = (
        await staging.session.execute(
            text(f"SELECT count(*) AS count, coalesce(sum({amount or 0}), 0)::bigint AS sum FROM {table} WHERE import_id = :id"),
            {"id": staging.import_id},
        )
    ).one()
    not_ready = []
    if found.count != staging.controls.count:
        not_ready.append(f"Baris menurut berkas {found.count}, menurut dokumen {staging.controls.count}.")
    if amount and found.sum != staging.controls.sum:
        not_ready.append(f"Jumlah menurut berkas {format_rupiah(found.sum)}, menurut dokumen {format_rupiah(staging.controls.sum)}.")
    return Check({"count": found.count} | ({"sum": found.sum} if amount else {}), not_ready)
