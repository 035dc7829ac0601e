"""Files as an office would send them, and the steps of an import."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.service.disbursement.desk import Desk, nik, person

ACCOUNTS = "nik;program;kode_bank;nomor_rekening;nama_pemilik;kartu_diserahkan"
CARRY_IN = "nik;program;bulan;keadaan;alasan;dokumen"


def know(desk: Desk, *numbers: int) -> None:
    """beneficiary knows these people's NIKs."""
    desk.beneficiary.niks.update({nik(number): person(number) for number in numbers})


def account_row(number: int, *, account: str = "", programme: str = "KLJ", card: str = "ya", holder: str = "") -> str:
    return f"{nik(number)};{programme};111;{account or 5_000_000_000 + number};{holder or f'PENERIMA {number}'};{card}"


async def send(
    desk: Desk, kind: str, header: str, rows: Sequence[str], controls: dict[str, Any], *, by: str = "operator"
) -> dict[str, Any]:
    content = "\n".join([header, *rows, ""]).encode()
    answer = await desk.as_(by).post(f"/imports/{kind}", files={"file": (f"{kind}.csv", content)}, data={"controls": json.dumps(controls)})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def commit(desk: Desk, sent: dict[str, Any], *, by: str = "operator2") -> tuple[int, dict[str, Any]]:
    answer = await desk.as_(by).post(f"/imports/{sent['id']}/commit")
    return answer.status_code, answer.json()


async def problems(desk: Desk, sent: dict[str, Any]) -> list[tuple[int, str, str]]:
    items = (await desk.as_("operator").get(f"/imports/{sent['id']}/problems")).json()["items"]
    return [(one["row"], one["column"], one["code"]) for one in items]


async def no_cooling_off(desk: Desk) -> None:
    """Two people order that a changed account holds as soon as it is confirmed: for tests of what comes after."""
    day = desk.clock.today().isoformat()
    body = {"working_days": 0, "valid_from": day, "document": "nota dinas"}
    asked = await desk.as_("operator").post("/account-cooling-off", json=body)
    assert asked.status_code == 201, asked.text
    confirmed = await desk.as_("approver").post("/account-cooling-off/confirmation", json={"valid_from": day})
    assert confirmed.status_code == 200, confirmed.text
