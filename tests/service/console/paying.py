"""A small month made through the pages and doors, for the pages that come after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ritme.replay import cengkareng, files
from ritme.replay.files import CsvFile
from ritme.replay.people import People, kelurahan_of
from tests.service.console.conftest import OpenConsole, Visitor
from tests.support.world import World

MONTH = "2025-09"
PEOPLE = 6
"""The first has no card."""


async def decree_and_accounts(operator: Visitor, second: Visitor, world: World, folder: Path) -> list[Any]:
    people = People(7, kelurahan_of("31.73.01"), MONTH)
    everybody = [people.make("KLJ") for _ in range(PEOPLE)]
    with CsvFile(folder, "decree") as decree, CsvFile(folder, "accounts") as accounts:
        for number, person in enumerate(everybody):
            decree.add(*files.decree_row(person, "lama", 300_000))
            accounts.add(*files.account_row(person, card_handed_over=number > 0))
    typed = {
        "number": "1/2025", "from_month": MONTH, "to_month": "2025-12", "count": str(PEOPLE), "sum": str(PEOPLE * 300_000),
        "KLJ.count": str(PEOPLE), "KLJ.sum": str(PEOPLE * 300_000), "KLJ.quota": "8",
    }  # fmt: skip
    page = await operator.does("/impor/beneficiary/baru/decree", typed, file=upload(decree.path))
    await second.does(f"{page.partition('?')[0]}/simpan")
    await world.settle()
    page = await operator.does("/impor/disbursement/baru/accounts", {"count": str(PEOPLE)}, file=upload(accounts.path))
    await second.does(f"{page.partition('?')[0]}/simpan")
    return everybody


def upload(path: Path) -> tuple[str, bytes]:
    return path.name, path.read_bytes()


async def import_file(visitor: Visitor, kind: str, path: Path, count: int, total: int, *, second: Visitor | None = None) -> None:
    """Checked by one, saved by the same person or by another, as the kind wants it."""
    page = await visitor.does(f"/impor/budget_audit/baru/{kind}", {"count": str(count), "sum": str(total)}, file=upload(path))
    path_of_it = page.partition("?")[0]
    await (second or visitor).does(f"{path_of_it}/simpan")
    assert "Disimpan" in await visitor.reads(path_of_it)


async def door(world: World, who: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = await world.as_(who).post(path, json=body or {})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def a_draft(console: OpenConsole, world: World, folder: Path) -> str:
    """The month is open, five people are on a draft; the path of its page."""
    operator, second = await console().enters_as("operator"), await console().enters_as("operator2")
    await decree_and_accounts(operator, second, world, folder)
    treasurer = await console().enters_as("treasurer")
    line = cengkareng.lines()["KLJ"]
    await import_file(treasurer, "dpa", files.write(folder, "dpa", [(*line.key, "BLT KLJ", *line.owner, 10**9)]), 1, 10**9)
    await door(world, "operator", "/beneficiary/cutoffs", {"programme": "KLJ", "month": MONTH})
    await world.settle()
    await door(world, "operator", f"/disbursement/months/{MONTH}/opening")
    batch = await door(world, "operator", "/disbursement/batches", {"month": MONTH, "kind": "main"})
    return f"/penyaluran/{batch['id']}"


async def sp2d(world: World, console: OpenConsole, folder: Path, amount: int, number: str = "77/SP2D/2025") -> None:
    """The treasury's money for the newest list."""
    line = cengkareng.lines()["KLJ"]
    code = (await world.as_("operator").get("/disbursement/batches")).json()["items"][0]["code"]
    written = files.write(folder, "sp2d", [(number, "2025-09-22", *line.key, *line.owner, amount, code)])
    treasurer, second = await console().enters_as("treasurer"), await console().enters_as("treasurer2")
    await import_file(treasurer, "sp2d", written, 1, amount, second=second)
    await world.settle()
