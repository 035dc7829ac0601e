"""The operator's month (USERS.md, operator of imports): a decree with 23 bad rows, cards, the bank's results; crosses included.

The decree of Cengkareng has 1,000 people: KLJ 760, KPDJ 90, KAJ 150, 300,000,000 rupiah a month; 300 of them are new and without card.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from ritme.instance import throw_away_instance
from ritme.replay import cengkareng, files
from ritme.replay.drive import Office
from shared.kernel.clock import JAKARTA
from tests.service.console.conftest import Visitor
from tests.support.commands import Ritme
from tests.support.kecamatan import AUGUST, SEPTEMBER, Kecamatan, attached, cengkareng_in_august, rows_of, september_comes_in
from tests.support.world import Ground

PAPER = {
    "number": "Kepgub 900/2025 (sintetis)", "from_month": "2025-07", "to_month": "2025-12", "count": 1000, "sum": 300_000_000,
    "programmes": {
        "KLJ": {"count": 760, "sum": 228_000_000, "quota": 760}, "KPDJ": {"count": 90, "sum": 27_000_000, "quota": 90},
        "KAJ": {"count": 150, "sum": 45_000_000, "quota": 150},
    },
}  # fmt: skip
"""What stands on the signed page."""

Row = dict[str, str]


@pytest.fixture
def ritme() -> Iterator[Ritme]:
    with throw_away_instance() as instance:
        yield Ritme(instance)


def mistakes(rows: Sequence[Row]) -> dict[int, tuple[str, str]]:
    """23 of the rows as they should not be: place in the file to column and wrong cell."""
    wrong = {10: ("nik", rows[9]["nik"])}  # somebody twice
    wrong |= dict.fromkeys(range(100, 106), ("nik", "3,17E+15"))
    wrong |= dict.fromkeys(range(200, 206), ("kode_kelurahan", "31.73.01.9999"))
    wrong |= dict.fromkeys(range(300, 305), ("nominal", "200000"))
    wrong |= dict.fromkeys(range(400, 403), ("program", "KLX"))
    wrong |= dict.fromkeys(range(500, 502), ("tanggal_lahir", "2035-01-01"))
    assert len(wrong) == 23
    return wrong


async def test_the_month_of_the_operator(ritme: Ritme, tmp_path: Path) -> None:
    cast = cengkareng.write_cast(tmp_path)
    rows = rows_of(cast.decree)
    async with httpx.AsyncClient(base_url=ritme.instance.url, headers={"origin": ritme.instance.url}, timeout=60) as http:
        operator = await Visitor(http).enters_as("operator")
        the_paper_has_two_fewer(ritme, cast.decree)
        sent = await twenty_three_problems(ritme, operator, rows, tmp_path)
        await mended(ritme, operator, sent, rows, tmp_path)
        await committed_by_another(ritme, operator, sent)
        await cards_are_handed_over(ritme, operator, cast, tmp_path)


def the_paper_has_two_fewer(ritme: Ritme, decree: Path) -> None:
    """Cross of step 1: file 1,000, decree 998. It stops and shows the two."""
    typed = PAPER | {
        "count": 998, "sum": 299_400_000, "programmes": PAPER["programmes"] | {"KLJ": {"count": 758, "sum": 227_400_000, "quota": 760}},  # type: ignore[operator]
    }  # fmt: skip
    sent = ritme("import", "decree", str(decree), "--controls", json.dumps(typed))
    assert (sent["rows"], sent["accepted"], sent["ready"]) == (1000, 1000, False)
    assert sent["not_ready"] == [
        "Jumlah keseluruhan: berkas 1000 orang, Rp300.000.000; SK 998 orang, Rp299.400.000",
        "KLJ: berkas 760 orang, Rp228.000.000; SK 758 orang, Rp227.400.000",
    ]
    refused = ritme("import-commit", sent["id"], "--as", "operator2", code=3)
    assert refused["code"] == "totals-differ"
    assert ritme("import-cancel", sent["id"])["state"] == "cancelled"


async def twenty_three_problems(ritme: Ritme, operator: Visitor, rows: Sequence[Row], folder: Path) -> dict[str, Any]:
    """Steps 1 and 2: totals typed from the signed paper; each problem by row and column, in words."""
    wrong = mistakes(rows)
    dirty = [row | ({wrong[at][0]: wrong[at][1]} if at in wrong else {}) for at, row in enumerate(rows)]
    file = files.write(folder, "decree", [tuple(row.values()) for row in dirty], "lampiran")
    sent = ritme("import", "decree", str(file), "--controls", json.dumps(PAPER))
    assert (sent["rows"], sent["accepted"], sent["rejected"], sent["ready"]) == (1000, 977, 23, False)
    assert sent["not_ready"][0] == "23 baris bermasalah belum diperbaiki"
    found = ritme("import-problems", sent["id"])
    assert found["problems"] == 23
    assert {(one["row"], one["column"]) for one in found["items"]} == {(at + 2, column) for at, (column, _) in wrong.items()}
    assert all(len(one["message"]) > 15 for one in found["items"])
    read = await operator.reads(f"/impor/beneficiary/{sent['id']}")
    for expected in ("1.000 Baris", "977 Lolos", "23 Bermasalah", "Belum dapat disimpan", "Unduh Baris Bermasalah"):
        assert expected in read, expected
    refused = ritme("import-commit", sent["id"], "--as", "operator2", code=3)
    assert refused["code"] == "rows-rejected"
    return sent


async def mended(ritme: Ritme, operator: Visitor, sent: dict[str, Any], rows: Sequence[Row], folder: Path) -> None:
    """Step 2: the rejected rows come down, are mended and go back; the first 977 stay as they were."""
    rejected = folder / "bermasalah.csv"
    assert ritme("import-problems", sent["id"], "--rejected", str(rejected))["problems"] == 23
    with rejected.open(encoding="utf-8-sig", newline="") as source:
        assert len(list(csv.reader(source, delimiter=";"))) == 1 + 23
    right = [tuple(rows[at].values()) for at in mistakes(rows)]
    lost = files.write(folder, "decree", right[:20], "perbaikan-kurang")
    refused = ritme("import-mend", sent["id"], str(lost), code=3)
    assert (refused["code"], refused["waiting"], refused["sent"]) == ("rows-missing", 23, 20)
    whole = files.write(folder, "decree", right, "perbaikan")
    view = ritme("import-mend", sent["id"], str(whole))
    assert (view["rows"], view["accepted"], view["rejected"], view["ready"]) == (1000, 1000, 0, True)
    assert "1.000 Lolos" in await operator.reads(f"/impor/beneficiary/{sent['id']}")


async def committed_by_another(ritme: Ritme, operator: Visitor, sent: dict[str, Any]) -> None:
    """Step 4; what is committed does not go away by a button."""
    own = ritme("import-commit", sent["id"], "--as", "operator", code=3)
    assert own["code"] == "four-eyes"
    second = await Visitor(operator.http).enters_as("operator2")
    await second.does(f"/impor/beneficiary/{sent['id']}/simpan")
    assert "Disimpan" in await second.reads(f"/impor/beneficiary/{sent['id']}")
    await operator.enters_as("operator")
    refused = ritme("import-cancel", sent["id"], code=3)
    assert (refused["code"], refused["state"]) == ("illegal-transition", "committed")


def quiet(ritme: Ritme) -> None:
    """Until every event has been read."""
    with Office(ritme.instance.url, "", Console(quiet=True)) as office:
        office.wait_quiet()


async def cards_are_handed_over(ritme: Ritme, operator: Visitor, cast: cengkareng.Cast, folder: Path) -> None:
    """Step 5: 300 cards wait; all are called once, 120 come. Who did not come stays a number with how often they were called."""
    quiet(ritme)
    new = {row["nik"]: row["program"] for row in rows_of(cast.decree) if row["penerima"] == "baru"}
    assert len(new) == 300
    accounts = [row | ({"kartu_diserahkan": "belum"} if row["nik"] in new else {}) for row in rows_of(cast.accounts)]
    file = files.write(folder, "accounts", [tuple(row.values()) for row in accounts], "rekening")
    sent = ritme("import", "accounts", str(file), "--controls", '{"count": 1000}')
    ritme("import-commit", sent["id"])
    assert waiting(ritme) == {"KLJ": (201, 201, 0), "KPDJ": (30, 30, 0), "KAJ": (69, 69, 0)}

    day, place = datetime.now(JAKARTA).date().isoformat(), "GOR Cengkareng"
    for programme, count in (("KLJ", 201), ("KPDJ", 30), ("KAJ", 69)):
        wave = ritme("cards", "invite", programme, "--area", "31.73.01", "--place", place, "--day", day, "--hours", "08.00-12.00")
        assert wave["count"] == count
    came = {nik for programme, count in (("KLJ", 81), ("KPDJ", 10), ("KAJ", 29)) for nik in of(new, programme)[:count]}
    report = folder / "laporan-distribusi.csv"
    rows = [f"{nik};{programme};{'ya;ya' if nik in came else 'tidak;tidak'};{day}" for nik, programme in new.items()]
    report.write_text("\n".join(["nik;program;hadir;kartu_diserahkan;tanggal", *rows, ""]))
    sent = ritme("import", "card-distribution", str(report), "--controls", '{"count": 300}')
    assert (sent["rows"], sent["totals"]["cards"], sent["totals"]["absent"]) == (300, 120, 180)
    await one_waits_for_another(operator)
    assert ritme("import-commit", sent["id"])["result"] == {"rows": 300, "cards": 120, "invitations": 300}
    assert waiting(ritme) == {"KLJ": (120, 0, 120), "KPDJ": (20, 0, 20), "KAJ": (40, 0, 40)}
    waves = {one["code"]: one for one in ritme("cards", "waves")["items"]}
    klj = waves["UND-KLJ-001"]
    assert (klj["day"], klj["place"], klj["count"], klj["handed_over"], klj["absent"], klj["not_reported"]) == (day, place, 201, 81, 120, 0)


def of(people: Mapping[str, str], programme: str) -> list[str]:
    return [nik for nik, one in people.items() if one == programme]


def waiting(ritme: Ritme) -> dict[str, tuple[int, int, int]]:
    """Cards that wait by programme: all, never called, called once."""
    return {one["programme"]: (one["cards"], one["never_called"], one["called_once"]) for one in ritme("cards", "waiting")["items"]}


async def one_waits_for_another(operator: Visitor) -> None:
    """Step 8: the report that one operator sent waits for the other, and both read it."""
    for person in ("operator", "operator2"):
        read = await (await operator.enters_as(person)).reads("/impor")
        waits, _, done = read.partition("Unggah berkas baru")
        assert f"Hari ini: 2 berkas selesai, {0 if person == 'operator' else 1} menunggu Anda." in waits
        assert "Menunggu Anda atau rekan Anda" in waits
        assert "Laporan distribusi kartu laporan-distribusi.csv" in waits
        assert "Lampiran SK penerima lampiran.csv Disimpan 1.000 0" in done
        assert "Lampiran SK penerima decree.csv Dibatalkan" in done


# --- results ------------------------------------------------------------------------------------------------------------


async def test_results_in_two_parts_with_an_older_month_between(ground: Ground, tmp_path: Path) -> None:
    """Step 6 and its crosses: two parts, August's rest between them, the same bytes under another name; half failed is no success."""
    async with cengkareng_in_august(ground, tmp_path) as here:
        august, seven = await august_lacks_seven(here)
        september = await september_is_sent(here)
        plain = [one for one in accounts_of(await here.bank_file(september)) if one not in here.cast.bank]
        first, odd = set(plain[:400]), plain[400]

        one = await answers(here, september, "2025-09-24", lambda account: "00" if account in first else None, part=1)
        assert "400 Diterapkan 0 di antaranya ditolak bank 0 Dikarantina" in await uploaded(here, one)
        assert counts(await here.month(SEPTEMBER)) == {"paid": 400, "in_payment": 404, "unknown": 0, "missed": 0}

        older = await answers(here, august, "2025-09-24", lambda account: "00" if account in seven else None, part=2)
        assert "7 Diterapkan 0 di antaranya ditolak bank 0 Dikarantina" in await uploaded(here, older)
        # The three who came back have August on September's list, which the bank has.
        assert counts(await here.month(AUGUST)) == {"paid": 697, "in_payment": 3, "unknown": 0, "missed": 0}
        assert counts(await here.month(SEPTEMBER)) == {"paid": 400, "in_payment": 404, "unknown": 0, "missed": 0}

        def rest(account: str) -> str | None:
            return None if account in first else "BERES" if account == odd else here.cast.bank.get(account, "00")

        two = await answers(here, september, "2025-09-24", rest, part=2)
        name, content = attached(two)
        short = b"\r\n".join([*content.split(b"\r\n")[:-2], b""])
        refused = await here.pages("operator").sends(RESULTS, file=("terpotong.csv", short))
        assert refused.status_code == 422
        assert "totals-differ" in refused.text  # 401 announced, 400 there: nothing of it took effect
        assert counts(await here.month(SEPTEMBER))["paid"] == 400

        read = await uploaded(here, two)
        assert "400 Diterapkan 5 di antaranya ditolak bank 1 Dikarantina" in read
        assert "BERES" in read
        assert counts(await here.month(SEPTEMBER)) == {"paid": 795, "in_payment": 0, "unknown": 4, "missed": 185}
        history = await here.pages("operator").reads("/impor")
        assert "Hari ini: 2 berkas selesai, 0 menunggu Anda, 1 hasil bank baru sebagian diterapkan." in history
        assert f"{name} untuk 2025-09-M01, bagian 2 dari 2: 400 diterapkan, 1 dikarantina" in history

        again = await here.pages("operator").does(RESULTS, file=("kiriman-kedua.csv", content))
        assert "sudah pernah" in await here.pages("operator").reads(again)
        assert counts(await here.month(SEPTEMBER))["paid"] == 795
        await decided_by_two(here)


async def decided_by_two(here: Kecamatan) -> None:
    """The bank writes what its word meant; one decides with that letter, another confirms."""
    (row,) = (await here.get("operator", "/disbursement/quarantine"))["items"]
    assert (row["code"], row["problem"]) == ("BERES", "unknown_code")
    door = f"/disbursement/quarantine/{row['file_id']}/{row['row']}"
    body = {"decision": "accept", "evidence": "Surat bank 88/IX/2025", "code": "00", "settled_on": "2025-09-24"}
    await here.post("operator", f"{door}/decision", body)
    own = await here.post("operator", f"{door}/confirmation", {"agreed": True}, status=409)
    assert own["code"] == "four-eyes"
    await here.post("operator2", f"{door}/confirmation", {"agreed": True})
    await here.world.settle()
    assert counts(await here.month(SEPTEMBER)) == {"paid": 796, "in_payment": 0, "unknown": 3, "missed": 185}


RESULTS = "/impor/disbursement/baru/results"


async def august_lacks_seven(here: Kecamatan) -> tuple[dict[str, Any], set[str]]:
    """August was sent; the bank promised two parts and sent one: seven people have no answer."""
    await here.comes("2025-08-11")
    await here.open_month(AUGUST)
    batch = await here.sent_to_bank(AUGUST, "00801/SP2D/LS/2025 (sintetis)", "2025-08-20")
    seven = set(accounts_of(await here.bank_file(batch))[-7:])
    await here.comes("2025-08-25")
    part = await answers(here, batch, "2025-08-22", lambda account: None if account in seven else "00", part=1)
    await here.results(part)
    await here.comes("2025-08-29")
    assert counts(await here.month(AUGUST)) == {"paid": 690, "in_payment": 0, "unknown": 7, "missed": 0}
    return batch, seven


async def september_is_sent(here: Kecamatan) -> dict[str, Any]:
    await here.comes("2025-09-04")
    await september_comes_in(here)
    await here.comes("2025-09-10")
    await here.open_month(SEPTEMBER)
    batch = await here.sent_to_bank(SEPTEMBER, "00917/SP2D/LS/2025 (sintetis)", "2025-09-22")
    assert (batch["payments"], batch["sum"]) == (804, 243_000_000)
    await here.comes("2025-09-24")
    return batch


def accounts_of(file: Path) -> list[str]:
    """Account numbers of a file that went to the bank, in its order."""
    with file.open(encoding="utf-8", newline="") as source:
        rows = csv.reader(source, delimiter=";")
        next(rows)
        column = next(rows).index("nomor_rekening")
        return [row[column] for row in rows]


async def answers(here: Kecamatan, batch: Mapping[str, Any], day: str, code_of: Callable[[str], str | None], *, part: int) -> Path:
    target = here.folder / f"hasil-{batch['code']}-{part}.csv"
    files.bank_results(await here.bank_file(batch), target, day=day, code_of=code_of, part=part, parts=2)
    return target


async def uploaded(here: Kecamatan, file: Path) -> str:
    """The page that follows when the operator sends the bank's file."""
    page = await here.pages("operator").does(RESULTS, file=attached(file))
    await here.world.settle()
    return await here.pages("operator").reads(page)


def counts(month: Mapping[str, Any]) -> dict[str, int]:
    return {one: month[one] for one in ("paid", "in_payment", "unknown", "missed")}
