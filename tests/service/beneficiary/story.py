"""Builders for beneficiary's tests: a decree's file with people in it, sent and committed as the office does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.world import World

HEADER = "nik;nama;tanggal_lahir;alamat;kode_kelurahan;program;penerima;nominal"
STATUS_HEADER = "nik;program;tindakan;alasan;mulai_bulan;dokumen"


@dataclass(frozen=True)
class Citizen:
    """A person of a test's decree. Serial numbers from 9000 are synthetic."""

    number: int
    programme: str = "KLJ"
    area: str = "31.73.01.1001"
    cohort: str = "lama"
    amount: str = "300000"
    born: str = "1950-05-12"

    @property
    def nik(self) -> str:
        return f"317301120550{9000 + self.number % 1000:04d}" if self.number < 1000 else f"3173{self.number:06d}50{self.number % 10000:04d}"

    @property
    def name(self) -> str:
        return f"Contoh Kanari {self.number}"

    @property
    def address(self) -> str:
        return f"Jalan Kenari Nomor {self.number}"

    def row(self) -> str:
        return f"{self.nik};{self.name};{self.born};{self.address};{self.area};{self.programme};{self.cohort};{self.amount}"


def decree_file(citizens: Sequence[Citizen]) -> bytes:
    return ("\r\n".join([HEADER, *(one.row() for one in citizens)]) + "\r\n").encode()


def controls(
    citizens: Sequence[Citizen], *, number: str = "100/2025", from_month: str = "2025-01", to_month: str = "2025-12", vacant: int = 0
) -> dict[str, Any]:
    programmes: dict[str, dict[str, int]] = {}
    for one in citizens:
        total = programmes.setdefault(one.programme, {"count": 0, "sum": 0, "quota": vacant})
        total["count"] += 1
        total["sum"] += 300_000
        total["quota"] += 1
    return {
        "number": number, "from_month": from_month, "to_month": to_month, "count": len(citizens), "sum": 300_000 * len(citizens),
        "programmes": programmes,
    }  # fmt: skip


async def send(
    world: World, kind: str, content: bytes, typed: dict[str, Any], *, by: str = "operator", name: str = "berkas.csv"
) -> tuple[int, dict[str, Any]]:
    answer = await world.as_(by).post(f"/beneficiary/imports/{kind}", files={"file": (name, content)}, data={"controls": json.dumps(typed)})
    return answer.status_code, answer.json()


async def commit(world: World, import_id: str, *, by: str = "operator2") -> tuple[int, dict[str, Any]]:
    answer = await world.as_(by).post(f"/beneficiary/imports/{import_id}/commit")
    return answer.status_code, answer.json()


async def decreed(world: World, citizens: Sequence[Citizen], **typed: Any) -> dict[str, Any]:
    """A decree that was sent by one person and committed by another."""
    status, view = await send(world, "decree", decree_file(citizens), controls(citizens, **typed))
    assert status == 201, view
    assert view["ready"], view
    status, view = await commit(world, view["id"])
    assert status == 200, view
    return view


def status_file(rows: Sequence[tuple[Citizen, str, str, str]]) -> bytes:
    lines = [f"{one.nik};{one.programme};{action};{reason};{month};BA-1/2025" for one, action, reason, month in rows]
    return ("\r\n".join([STATUS_HEADER, *lines]) + "\r\n").encode()


async def changed(world: World, rows: Sequence[tuple[Citizen, str, str, str]]) -> dict[str, Any]:
    """Status changes by file, committed by a second person."""
    status, view = await send(world, "status", status_file(rows), {"count": len(rows)})
    assert status == 201, view
    assert view["ready"], view
    status, view = await commit(world, view["id"])
    assert status == 200, view
    return view


async def sealed(world: World, programme: str = "KLJ", month: str = "2025-09") -> dict[str, Any]:
    answer = await world.as_("operator").post("/beneficiary/cutoffs", json={"programme": programme, "month": month})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def resolved(world: World, citizens: Sequence[Citizen], *, by: str = "operator", **areas: Any) -> list[str | None]:
    answer = await world.as_(by, **areas).post(
        "/beneficiary/people:resolve", json={"niks": [one.nik for one in citizens], "purpose": "import"}
    )
    assert answer.status_code == 200, answer.text
    found: list[str | None] = answer.json()["ids"]
    return found
