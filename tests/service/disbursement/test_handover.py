"""The way of a released file to the bank, and of the bank's files to us: after the commit, whole, once."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.kernel import failpoints
from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk
from tests.service.disbursement.paying import TARIFF, Office, account_number

THURSDAY = datetime(2025, 9, 18, 6, 30, tzinfo=UTC)
"""13:30 in Jakarta: half past the lunch hour of a working day."""


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(THURSDAY)


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(3))
    return office


def folder(desk: Desk, name: str) -> Path:
    found = desk.api.settings.data / "bank" / name
    found.mkdir(parents=True, exist_ok=True)
    return found


def names(desk: Desk, name: str) -> list[str]:
    return sorted(one.name for one in folder(desk, name).iterdir())


async def handover(office: Office, batch: dict[str, Any]) -> dict[str, Any]:
    shown = await office.get(f"/batches/{batch['id']}")
    found: dict[str, Any] = shown["handover"]
    return found


def put(desk: Desk, name: str, content: bytes, checksum: str | None = "right") -> None:
    """As the bank's transfer program does: the file, then its checksum."""
    (folder(desk, "in") / name).write_bytes(content)
    if checksum is not None:
        digest = hashlib.sha256(content).hexdigest() if checksum == "right" else checksum
        (folder(desk, "in") / f"{name}.sha256").write_text(f"{digest}  {name}\n", errors="surrogateescape")


async def results_of(office: Office, batch: dict[str, Any], code: str = "00") -> bytes:
    rows = [await office.row(batch, number, code, "2025-09-18") for number in range(3)]
    lines = [
        f"{batch['code']};1;1;3;{3 * TARIFF}",
        "rujukan;nomor_rekening;nominal;kode;tanggal",
        *(";".join(map(str, row)) for row in rows),
    ]
    return "\r\n".join([*lines, ""]).encode()


# --- out ---------------------------------------------------------------------------------------------------------------


async def test_the_file_is_there_after_the_commit_and_its_checksum_after_the_file(office: Office, desk: Desk) -> None:
    batch = await office.released()
    assert names(desk, "out") == []
    assert batch["handover"]["state"] == "waiting"
    await desk.settle()
    assert names(desk, "out") == ["2025-09-M01.csv", "2025-09-M01.csv.sha256"]
    content = (folder(desk, "out") / "2025-09-M01.csv").read_bytes()
    assert (folder(desk, "out") / "2025-09-M01.csv.sha256").read_text() == f"{hashlib.sha256(content).hexdigest()}  2025-09-M01.csv\n"
    assert (folder(desk, "out") / "2025-09-M01.csv").stat().st_mode & 0o077 == 0
    assert await handover(office, batch) == {
        "state": "handed_over", "problem": None, "handed_over_at": "2025-09-18T06:30:00Z", "receipt_due_at": "2025-09-19T02:30:00Z",
        "received_at": None, "received_by": None, "source": None, "noted_by": None,
    }  # fmt: skip
    assert desk.sql("SELECT person, operation, count FROM audit_entry WHERE operation = 'batch.hand_over'") == [
        ("bank_gateway", "batch.hand_over", 3)
    ]
    assert await desk.settle() == 0


@pytest.mark.parametrize(("point", "there"), [("before_rename", False), ("before_commit", True)])
async def test_a_worker_that_dies_on_the_way_hands_over_once(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch, point: str, *, there: bool
) -> None:
    batch = await office.released()
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", f"disbursement.hand_over.{point}:1:raise")
    with pytest.raises(failpoints.FailpointHit):
        await desk.settle()
    assert ("2025-09-M01.csv" in names(desk, "out")) is there
    assert (await handover(office, batch))["state"] == "waiting"
    monkeypatch.delenv("FAILPOINT")
    await desk.settle()
    assert names(desk, "out") == ["2025-09-M01.csv", "2025-09-M01.csv.sha256"]
    assert (await handover(office, batch))["state"] == "handed_over"


async def test_a_file_that_cannot_be_made_again_stays_out_and_says_so(office: Office, desk: Desk, clock: FrozenClock) -> None:
    batch = await office.released()
    desk.sql_run("UPDATE bank_file SET sha256 = repeat('0', 64)")
    await desk.settle()
    assert names(desk, "out") == []
    assert (await handover(office, batch))["problem"] == "bank-file-differs"
    desk.sql_run("UPDATE bank_file SET sha256 = %s", batch["file"]["sha256"])
    clock.move(timedelta(minutes=11))
    await desk.settle()
    assert (await handover(office, batch))["state"] == "handed_over"


async def test_what_was_proved_goes_out_and_is_made_again_where_it_is_gone(office: Office, desk: Desk) -> None:
    batch = await office.released()
    (proved,) = folder(desk, "proved").iterdir()
    content = proved.read_bytes()
    assert proved.stat().st_mode & 0o077 == 0
    assert hashlib.sha256(content).hexdigest() == batch["file"]["sha256"]
    proved.unlink()
    await desk.settle()
    assert (folder(desk, "out") / "2025-09-M01.csv").read_bytes() == content


async def test_other_bytes_in_the_place_of_what_was_proved_never_go_out(office: Office, desk: Desk) -> None:
    batch = await office.released()
    (proved,) = folder(desk, "proved").iterdir()
    proved.write_bytes(b"somebody was here")
    await desk.settle()
    content = (folder(desk, "out") / "2025-09-M01.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == batch["file"]["sha256"]


async def test_a_release_that_fails_leaves_no_accounts_behind_and_one_that_was_killed_not_for_long(
    office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failpoints._hits.clear()
    monkeypatch.setenv("FAILPOINT", "disbursement.release.before_commit:1:raise")
    with pytest.raises(failpoints.FailpointHit):
        await office.released()
    monkeypatch.delenv("FAILPOINT")
    assert names(desk, "proved") == []
    left = folder(desk, "proved") / "01980000-0000-7000-8000-000000000000"
    left.write_bytes(b"1234567890")
    await desk.settle()
    assert left.exists()
    os.utime(left, (THURSDAY.timestamp() - 3700,) * 2)
    await desk.settle()
    assert not left.exists()


# --- receipt -----------------------------------------------------------------------------------------------------------


async def test_without_a_receipt_after_four_working_hours_the_step_is_late(office: Office, desk: Desk, clock: FrozenClock) -> None:
    batch = await office.released()
    await desk.settle()
    clock.move(timedelta(hours=19, minutes=59))  # 09:29 of the next morning: two and a half hours, then almost one and a half
    await desk.settle()
    assert (await handover(office, batch))["state"] == "handed_over"
    clock.move(timedelta(minutes=1))
    await desk.settle()
    assert await desk.settle() == 0
    assert (await handover(office, batch))["problem"] == "receipt-late"
    (step,) = [one for one in (await office.get("/months/2025-09/equation"))["steps"] if one["step"] == "released"]
    assert (step["handover"], step["late"]) == ("late", True)

    sent = {"received_at": "2025-09-18T15:00:00+07:00", "received_by": "Loket 4"}
    received = await office.post("operator", f"/batches/{batch['id']}/receipt", sent)
    assert (received["handover"]["state"], received["handover"]["noted_by"]) == ("received", "operator")
    again = await office.post("releaser", f"/batches/{batch['id']}/receipt", sent)
    assert again["handover"]["noted_by"] == "operator"
    other = await office.post("releaser", f"/batches/{batch['id']}/receipt", {**sent, "received_by": "Loket 5"}, status=409)
    assert (other["code"], other["received_by"]) == ("already-received", "Loket 4")


async def test_receipts_that_cannot_be(office: Office, desk: Desk) -> None:
    draft = await office.compose()
    body = {"received_at": "2025-09-18T13:30:00+07:00", "received_by": "Loket 4"}
    early = await office.post("operator", f"/batches/{draft['id']}/receipt", body, status=409)
    assert early["code"] == "illegal-transition"
    await office.post("operator", f"/batches/{draft['id']}/withdrawal", {"reason": "salah bulan"})
    batch = await office.released()
    path = f"/batches/{batch['id']}/receipt"
    for wrong in ("2025-09-18T13:29:59+07:00", "2025-09-18T13:36:00+07:00"):
        refused = await office.post("operator", path, {**body, "received_at": wrong}, status=422)
        assert refused["code"] == "invalid-input"
    assert (await office.post("operator", path, {**body, "sha256": "0" * 64}, status=409))["code"] == "receipt-differs"
    await office.post("operator", path, {"received_at": "2025-09-18T13:30:00", "received_by": "Loket 4"}, status=422)
    await office.post("jakpus", path, body, status=403)
    await office.post("checker", path, body, status=403)
    assert (await handover(office, batch))["state"] == "waiting"


async def test_the_bank_sends_our_checksum_back_as_its_receipt(office: Office, desk: Desk) -> None:
    batch = await office.released()
    await desk.settle()
    ours = (folder(desk, "out") / "2025-09-M01.csv.sha256").read_bytes()
    put(desk, "2025-09-M01.csv.receipt", b"0" * 64 + b"\n", checksum=None)
    await desk.settle()
    assert (await handover(office, batch))["state"] == "handed_over"
    put(desk, "2025-09-M01.csv.receipt", ours, checksum=None)
    put(desk, "2025-08-M09.csv.receipt", ours, checksum=None)
    await desk.settle()
    shown = await handover(office, batch)
    assert (shown["state"], shown["source"], shown["noted_by"]) == ("received", "file", "bank_gateway")
    assert names(desk, "in") == []
    assert sorted(json.loads(one.read_text())["code"] for one in folder(desk, "refused").glob("*.problem.json")) == [
        "receipt-differs", "unknown-bank-file",
    ]  # fmt: skip


# --- in ----------------------------------------------------------------------------------------------------------------


async def test_results_in_the_folder_are_applied_once_by_the_gateway(office: Office, desk: Desk) -> None:
    batch = await office.released()
    content = await results_of(office, batch)
    put(desk, "HASIL_0918.csv", content, checksum=None)
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 3}  # not complete without its checksum

    put(desk, "HASIL_0918.csv", content)
    put(desk, ".upload.csv", content)
    put(desk, "sedang.csv.part", content)
    await desk.settle()
    assert desk.outcomes() == {"paid": 3}
    (row,) = (await office.get("/results"))["items"]
    assert (row["name"], row["received_by"]) == ("HASIL_0918.csv", "bank_gateway")
    assert [name for name in names(desk, "in") if name.startswith("HASIL")] == []
    assert [name.split("-", 2)[2] for name in names(desk, "done")] == ["HASIL_0918.csv", "HASIL_0918.csv.sha256"]

    put(desk, "HASIL_0918_lagi.csv", content)
    await desk.settle()
    assert len((await office.get("/results"))["items"]) == 1
    inbox = (await office.get("/bank/inbox"))["items"]
    assert [(one["name"], one["state"]) for one in inbox] == [("HASIL_0918_lagi.csv", "duplicate"), ("HASIL_0918.csv", "applied")]
    assert inbox[1]["answer"]["applied"] == 3
    assert all(one["moved_at"] for one in inbox)
    assert (await desk.as_("jakpus").get("/bank/inbox")).status_code == 403


async def test_a_crash_between_decision_and_move_moves_it_once_more(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = await office.released()
    put(desk, "hasil.csv", await results_of(office, batch, "03"))
    for point in ("disbursement.inbox.before_commit", "disbursement.inbox.moved"):
        failpoints._hits.clear()
        monkeypatch.setenv("FAILPOINT", f"{point}:1:raise")
        with pytest.raises(failpoints.FailpointHit):
            await desk.settle()
    assert names(desk, "in") == []
    monkeypatch.delenv("FAILPOINT")
    await desk.settle()
    assert desk.outcomes() == {"missed": 3}
    assert len(names(desk, "done")) == 2
    assert [one["state"] for one in (await office.get("/bank/inbox"))["items"]] == ["applied"]


async def test_refused_files_lie_apart_with_the_reason_and_hold_up_nobody(office: Office, desk: Desk, clock: FrozenClock) -> None:
    batch = await office.released()
    good = await results_of(office, batch)
    put(desk, "1-bukan-tabel.csv", b"halo\x00")
    put(desk, "2-jumlah.csv", good.replace(b";3;", b";4;", 1))
    put(desk, "3-lain.csv", good.replace(b"2025-09-M01;", b"2025-07-M01;", 1))
    put(desk, "4-rusak.csv", good[:-20], checksum=hashlib.sha256(good).hexdigest())
    put(desk, "5-baik.csv", good)
    (folder(desk, "in") / "6-tautan.csv").symlink_to("/etc/passwd")
    (folder(desk, "in") / "6-tautan.csv.sha256").write_text("0" * 64)
    for one in folder(desk, "in").iterdir():
        os.utime(one, (clock.now().timestamp(), clock.now().timestamp()), follow_symlinks=False)
    await desk.settle()
    assert desk.outcomes() == {"paid": 3}
    assert names(desk, "in") == ["4-rusak.csv", "4-rusak.csv.sha256", "6-tautan.csv", "6-tautan.csv.sha256"]  # 4 may be on its way

    clock.move(timedelta(minutes=16))
    await desk.settle()
    problems = [json.loads(one.read_text()) for one in sorted(folder(desk, "refused").glob("*.problem.json"))]
    assert sorted((one["name"], one["code"]) for one in problems) == [
        ("1-bukan-tabel.csv", "file-unreadable"), ("2-jumlah.csv", "totals-differ"), ("3-lain.csv", "unknown-batch"),
        ("4-rusak.csv", "checksum-differs"),
    ]  # fmt: skip
    assert account_number(1) not in json.dumps(problems)
    put(desk, "4-rusak.csv", good)
    await desk.settle()
    assert (await office.get("/bank/inbox"))["items"][0]["state"] == "duplicate"


async def test_no_name_of_a_file_holds_up_the_others(office: Office, desk: Desk) -> None:
    """Bytes that are no UTF-8, and a name as long as a file system takes: both are read, moved, and written down."""
    batch = await office.released()
    await desk.settle()
    content = await results_of(office, batch)
    long = "l" * 240 + ".csv"
    put(desk, os.fsdecode(b"hasil-\xff.csv"), content + b"\r\n")
    put(desk, long, content + b"\r\n\r\n")
    put(desk, "biasa.csv", content)
    await desk.settle()
    arrived = (await office.get("/bank/inbox"))["items"]
    assert sorted((one["name"], one["state"]) for one in arrived) == [
        ("biasa.csv", "applied"), ("hasil-_.csv", "applied"), (long, "applied"),
    ]  # fmt: skip
    assert names(desk, "in") == []
    assert sorted(name[14:] for name in names(desk, "done")) == sorted(
        each for name in ("biasa.csv", "hasil-_.csv", long[-200:]) for each in (name, f"{name}.sha256")
    )
