"""The proof of completeness of a month: exported by a door, checked by a script that knows nothing of the product."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service.disbursement.desk import TARIFF, Desk, person
from tests.service.disbursement.paying import MONTH, Office

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "check_proof.py"
NOTHING = {"missing": 0, "extra": 0, "double": 0, "unexplained": 0}


async def the_month(desk: Desk) -> Office:
    """Six people: two paid, one rejected, one without a card, one held, one ended."""
    office = Office(desk)
    for number in range(6):
        desk.beneficiary.activate(person(number))
    desk.beneficiary.suspend(person(4))
    desk.beneficiary.end(person(5), reason="dead")
    await office.open_month((), enrol=False)
    for number in range(3):
        office.give_account(number)
    office.give_account(3, card=False)
    batch = await office.released()
    codes = {0: "00", 1: "TIDAK TRANSAKSI", 2: "03"}
    await office.send_results(batch, [await office.row(batch, number, code) for number, code in codes.items()])
    await desk.settle()
    return office


async def export(desk: Desk, folder: Path) -> Path:
    answer = await desk.as_("auditor").get(f"/months/{MONTH}/proof?purpose=audit")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def check(path: Path) -> tuple[int, dict[str, int], str]:
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(path)], capture_output=True, text=True, timeout=60, check=False)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "{}"
    return done.returncode, json.loads(last), done.stderr


def edit(folder: Path, name: str, change: Callable[[list[str]], list[str]]) -> None:
    """A breach that somebody covered up: the rows change, and the manifest with them."""
    lines = (folder / name).read_text().splitlines()
    head, rows = lines[0], change(lines[1:])
    (folder / name).write_text("".join(f"{line}\n" for line in (head, *rows)))
    manifest = json.loads((folder / "manifest.json").read_text())
    for one in manifest["files"]:
        if one["name"] == name:
            one["rows"] = len(rows)
            one["sha256"] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            columns = head.split(";")
            column = columns.index("sum") if name == "seals.csv" else columns.index("amount") if "amount" in columns else None
            one["sum"] = 0 if column is None else sum(int(row.split(";")[column]) for row in rows)
    (folder / "manifest.json").write_text(json.dumps(manifest))


async def test_a_month_that_is_whole(desk: Desk, tmp_path: Path) -> None:
    await the_month(desk)
    folder = await export(desk, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    by_name = {one["name"]: (one["rows"], one["sum"]) for one in manifest["files"]}
    assert by_name == {
        "seals.csv": (1, 6 * TARIFF), "sealed.csv": (6, 6 * TARIFF), "heads.csv": (6, 6 * TARIFF), "entries.csv": (13, 13 * TARIFF),
        "payments.csv": (3, 3 * TARIFF), "gaps.csv": (2, 0), "holds.csv": (1, 0), "exclusions.csv": (0, 0),
    }  # fmt: skip
    code, numbers, said = check(folder)
    assert (code, numbers) == (0, NOTHING), said
    assert "hold without a notice" in said
    everything = b"".join(one.read_bytes() for one in folder.iterdir())
    assert b"PEMILIK" not in everything
    assert b"4000000000" not in everything
    assert desk.sql("SELECT operation, count FROM audit_entry WHERE operation = 'month.proof'") == [("month.proof", 6)]


async def test_a_month_of_a_lapsed_year_and_one_that_was_sealed_again_are_whole(desk: Desk, tmp_path: Path) -> None:
    office = await the_month(desk)
    desk.beneficiary.activate(person(6))
    desk.beneficiary.seal()
    await desk.told()
    opened = await office.post("operator", f"/months/{MONTH}/opening")
    assert [one["state"] for one in opened["programmes"]] == ["second_seal_followed"]
    await desk.settle()
    code, numbers, said = check(await export(desk, tmp_path / "sealed again"))
    assert (code, numbers) == (0, NOTHING), said

    body = {"reason": "tutup tahun anggaran", "document": "Pergub 41/2025 pasal 20"}
    asked = await office.post("treasurer", "/budget-years/2025/lapse", body, status=201)
    await office.post("approver", f"/orders/{asked['id']}/confirmation", {})
    await desk.settle()
    assert office.head(2) == ("missed", "lapsed_budget_year")
    code, numbers, said = check(await export(desk, tmp_path / "lapsed"))
    assert (code, numbers) == (0, NOTHING), said


async def test_the_zip_itself_can_be_checked(desk: Desk, tmp_path: Path) -> None:
    await the_month(desk)
    path = tmp_path / "proof.zip"
    path.write_bytes((await desk.as_("auditor").get(f"/months/{MONTH}/proof?purpose=audit")).content)
    assert check(path)[:2] == (0, NOTHING)


def without(*words: str) -> Callable[[list[str]], list[str]]:
    return lambda rows: [row for row in rows if not all(word in row for word in words)]


def twice(word: str) -> Callable[[list[str]], list[str]]:
    return lambda rows: rows + [row for row in rows if word in row][:1]


def put(old: str, new: str, where: str) -> Callable[[list[str]], list[str]]:
    return lambda rows: [row.replace(old, new) if where in row else row for row in rows]


def due_again(rows: list[str]) -> list[str]:
    """A month that was missed became due again, which nothing makes; it ends as the head says."""
    steps = {"1": ("", "missed"), "2": ("missed", "due"), "3": ("due", "missed")}
    cells = [row.split(";") for row in rows]
    return [";".join([*c[:3], *steps[c[2]], *c[5:]] if c[0] == P2 else c) for c in cells]


P0, P2, P3, P4 = (str(person(number)) for number in (0, 2, 3, 4))

BREACHES: tuple[tuple[str, str, Callable[[list[str]], list[str]], str], ...] = (
    ("somebody has no outcome", "heads.csv", without(P0), "missing"),
    ("an outcome twice", "heads.csv", twice(P0), "double"),
    ("somebody nobody sealed", "sealed.csv", without(P0), "extra"),
    ("the list is not the sealed one", "sealed.csv", put("suspended;", "active;", P4), "unexplained"),
    ("another amount", "heads.csv", put(";300000;", ";900000;", P0), "unexplained"),
    ("paid without a credit", "payments.csv", without(P0), "unexplained"),
    ("credited, and the month is missed", "payments.csv", put("rejected;account_closed;f;", "credited;;t;", P2), "extra"),
    ("a month paid twice", "payments.csv", twice(P0), "double"),
    ("missed without a gap", "gaps.csv", without(P2), "unexplained"),
    ("a gap without an owner", "gaps.csv", put("satpel/31.71.01", "", P2), "unexplained"),
    ("an outcome without its entry", "entries.csv", without(P3), "missing"),
    ("an illegal step", "entries.csv", put(";due;in_payment;", ";held;in_payment;", P0), "unexplained"),
    ("due again after it was missed", "entries.csv", due_again, "unexplained"),
    ("held without a case", "holds.csv", without(P4), "unexplained"),
)


async def test_planted_breaches_are_found(desk: Desk, tmp_path: Path) -> None:
    await the_month(desk)
    original = await export(desk, tmp_path / "whole")
    for number, (what, name, change, kind) in enumerate(BREACHES):
        folder = tmp_path / str(number)
        folder.mkdir()
        for one in original.iterdir():
            (folder / one.name).write_bytes(one.read_bytes())
        before = (folder / name).read_text()
        edit(folder, name, change)
        assert (folder / name).read_text() != before, f"{what}: nothing was planted"
        code, numbers, said = check(folder)
        assert (code, numbers[kind] > 0) == (1, True), (what, numbers, said)


async def test_bytes_that_were_changed_without_the_manifest_are_found(desk: Desk, tmp_path: Path) -> None:
    await the_month(desk)
    folder = await export(desk, tmp_path)
    (folder / "holds.csv").write_text((folder / "holds.csv").read_text().replace("satpel/31.71.01", "satpel/31.71.02"))
    code, numbers, said = check(folder)
    assert (code, numbers["unexplained"]) == (1, 1), said
    (folder / "more.csv").write_text("x\n")
    assert check(folder)[1]["extra"] == 1
    (folder / "gaps.csv").unlink()
    assert check(folder)[1]["missing"] == 1


@pytest.mark.parametrize("content", [b"", b"not a zip"])
async def test_what_is_no_proof_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "proof.zip"
    path.write_bytes(content)
    assert check(path)[0] == 2
    assert check(tmp_path)[0] == 2
    assert check(tmp_path / "nowhere.zip")[0] == 2


async def test_a_month_with_a_hole_is_named(desk: Desk, tmp_path: Path) -> None:
    """What happened behind the doors: a head vanished, and a paid month lost its credit."""
    await the_month(desk)
    desk.sql_run("DELETE FROM entitlement_month WHERE person_id = %s", person(3))
    desk.sql_run("UPDATE payment SET outcome = 'rejected' WHERE person_id = %s", person(0))
    code, numbers, said = check(await export(desk, tmp_path))
    assert code == 1
    assert numbers["missing"] == 1
    assert numbers["unexplained"] == 1
    assert P0 in said
    assert P3 in said


async def test_who_may_have_it_and_of_which_month(desk: Desk) -> None:
    await the_month(desk)
    assert (await desk.as_("jakpus").get(f"/months/{MONTH}/proof")).status_code == 403
    assert (await desk.as_("auditor").get("/months/2031-01/proof?purpose=audit")).status_code == 404
    assert (await desk.as_("auditor").get("/months/2025-13/proof?purpose=audit")).status_code == 422
