"""Kecamatan Cengkareng in August and September 2025, lived day by day on all services: everybody at their own door or page.

Fixture C of the users with the month before it. 700 people hold their cards since July (KLJ 559, KPDJ 60, KAJ 81), three of them
are suspended from July on. A second decree names 300 new ones from September (KLJ 201, KPDJ 30, KAJ 69), 120 with their card.
The hour is the story's own, so that a deadline is what it was on that day.
"""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from ritme.commands.imports import SERVICE_OF
from ritme.replay import cengkareng, files
from ritme.replay.cengkareng import AMOUNT, Cast
from services.console.main import console_app
from shared.kernel.clock import JAKARTA, FrozenClock, SystemClock
from shared.web.auth import sign
from shared.web.demo import PEOPLE
from tests.service.console.conftest import ADDRESS, Visitor
from tests.support.world import Ground, World, open_world

JULY, AUGUST, SEPTEMBER = "2025-07", "2025-08", "2025-09"
OLD = {"KLJ": 559, "KPDJ": 60, "KAJ": 81}
NEW = {"KLJ": 201, "KPDJ": 30, "KAJ": 69}


@dataclass
class Kecamatan:
    world: World
    clock: FrozenClock
    folder: Path
    cast: Cast
    _pages: dict[str, Visitor] = field(default_factory=dict)

    # --- the hour and the people ------------------------------------------------------------------------------------

    async def comes(self, day: str, hour: str = "09:00") -> None:
        """The clock goes on to this hour in Jakarta, and the worker does what is due by then."""
        self.clock.move(datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=JAKARTA) - self.clock.now())
        await self.world.settle()

    async def post(self, who: str, path: str, body: Mapping[str, Any] | None = None, *, status: int | None = None) -> dict[str, Any]:
        answer = await self.world.as_(who).post(path, json=dict(body or {}))
        assert (answer.status_code == status) if status else (answer.status_code in (200, 201, 202)), (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, who: str, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.world.as_(who).get(path, params=params)
        assert answer.status_code == 200, (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def pages(self, person: str) -> Visitor:
        """This person's browser, logged in. The token is the verifier's, whose clock no story moves."""
        if person not in self._pages:
            house, (name, roles, areas) = self.world.house, PEOPLE[person]
            app = console_app(house.settings, transport=httpx.ASGITransport(house.app()), clock=self.clock)
            http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS, headers={"origin": ADDRESS}, timeout=60)
            v = house.verifier
            http.cookies.set("ritme_token", sign(v.folder, v.issuer, v.audience, SystemClock(), person, name, roles, areas))
            self._pages[person] = Visitor(http)
        return self._pages[person]

    async def close(self) -> None:
        for visitor in self._pages.values():
            await visitor.http.aclose()

    # --- files ------------------------------------------------------------------------------------------------------

    async def check(self, kind: str, file: Path, controls: Mapping[str, Any], *, by: str = "operator") -> dict[str, Any]:
        answer = await self.world.as_(by).post(
            f"/{SERVICE_OF[kind]}/imports/{kind}", files={"file": attached(file)}, data={"controls": json.dumps(controls)}
        )
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bring_in(
        self, kind: str, file: Path, controls: Mapping[str, Any], *, by: str = "operator", second: str = "operator2"
    ) -> dict[str, Any]:
        """Checked by one, saved by another."""
        view = await self.check(kind, file, controls, by=by)
        assert view["ready"], view["not_ready"]
        return await self.post(second, f"/{SERVICE_OF[kind]}/imports/{view['id']}/commit")

    def rows(self, kind: str, where: Callable[[dict[str, str]], bool], name: str) -> tuple[Path, int]:
        """Those rows of a file of the cast as a file of their own."""
        found = [row for row in rows_of(getattr(self.cast, kind.replace("-", "_"))) if where(row)]
        return files.write(self.folder, kind, [list(row.values()) for row in found], name), len(found)

    # --- the list ---------------------------------------------------------------------------------------------------

    async def open_month(self, month: str) -> None:
        for programme in OLD:
            await self.post("operator", "/beneficiary/cutoffs", {"programme": programme, "month": month})
        await self.world.settle()
        await self.post("operator", f"/disbursement/months/{month}/opening")

    async def step(self, who: str, batch: Mapping[str, Any], step: str, *, status: int | None = None) -> dict[str, Any]:
        body = {} if step == "submission" else {"list_hash": batch["list_hash"]}
        return await self.post(who, f"/disbursement/batches/{batch['id']}/{step}", body, status=status)

    async def explain(self, batch: Mapping[str, Any], word: str = "diperiksa terhadap berkas sumber", *, who: str = "checker") -> int:
        """A word about everything odd on the list that has none; how many there were."""
        door = f"/disbursement/batches/{batch['id']}/anomalies"
        found = [one["finding_id"] for one in (await self.get(who, door))["items"] if one["open"]]
        if found:
            await self.post(who, f"{door}/acknowledgement", {"list_hash": batch["list_hash"], "findings": found, "word": word})
        return len(found)

    async def sent_to_bank(self, month: str, sp2d: str, day: str) -> dict[str, Any]:
        """The main list of an open month, signed by three, paid for by an SP2D, released and handed over on this day."""
        batch = await self.post("operator", "/disbursement/batches", {"month": month, "kind": "main"})
        batch = await self.step("operator", batch, "submission")
        await self.step("checker", batch, "check")
        await self.explain(batch)
        batch = await self.step("approver", batch, "approval")
        await self.world.settle()
        await self.comes(day)
        await self.pay_in(batch, sp2d, day)
        await self.step("releaser", batch, "release")
        await self.world.settle()
        return batch

    async def pay_in(self, batch: Mapping[str, Any], number: str, day: str) -> None:
        """The treasurer's SP2D for the list as it is."""
        lines = cengkareng.lines()
        rows = [
            (number, day, *lines[one["programme"]].key, *lines[one["programme"]].owner, one["sum"], batch["code"])
            for one in batch["totals"]
        ]
        file = files.write(self.folder, "sp2d", rows, f"sp2d-{batch['code']}")
        await self.bring_in("sp2d", file, {"count": len(rows), "sum": batch["sum"]}, by="treasurer", second="treasurer2")
        await self.world.settle()

    async def bank_file(self, batch: Mapping[str, Any]) -> Path:
        answer = await self.world.as_("releaser").get(f"/disbursement/batches/{batch['id']}/bank-file")
        assert answer.status_code == 200, answer.text
        target = self.folder / f"{batch['code']}.csv"
        target.write_bytes(answer.content)
        return target

    async def results(self, file: Path) -> dict[str, Any]:
        answer = await self.world.as_("operator").post("/disbursement/results", files={"file": attached(file)})
        assert answer.status_code in (200, 201), answer.text
        await self.world.settle()
        found: dict[str, Any] = answer.json()
        return found

    async def bank_answers(self, batch: Mapping[str, Any], day: str, code_of: Callable[[str], str | None]) -> dict[str, Any]:
        """The bank's own books say what becomes of each line of the file that it was given."""
        target = self.folder / f"hasil-{batch['code']}-{day}.csv"
        files.bank_results(await self.bank_file(batch), target, day=day, code_of=code_of)
        return await self.results(target)

    async def month(self, month: str) -> dict[str, Any]:
        return await self.get("approver", f"/disbursement/months/{month}/equation")

    async def gaps(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get("approver", "/disbursement/gaps", limit=1000, **params))["items"]
        return found


def attached(file: Path) -> tuple[str, bytes]:
    """A file as a form sends it."""
    return file.name, file.read_bytes()


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter=";"))


def decree_controls(number: str, from_month: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """What is typed from the signed page of one of the two decrees, each as large as its list."""
    return cengkareng.decree_controls(dict(counts), dict(counts), number, (from_month, "2025-12"), AMOUNT)


@asynccontextmanager
async def cengkareng_in_august(ground: Ground, folder: Path) -> AsyncIterator[Kecamatan]:
    """Budget, the first decree, accounts, what was from before Ritme; 8 August 2025, nothing sealed."""
    clock = FrozenClock(datetime(2025, 8, 8, 9, tzinfo=JAKARTA))
    async with open_world(ground, clock) as world:
        here = Kecamatan(world, clock, folder, cengkareng.write_cast(folder))
        try:
            await _begin(here)
            yield here
        finally:
            await here.close()


async def _decree_and_accounts(here: Kecamatan, who: str, people: int, counts: Mapping[str, int], number: str, from_month: str) -> None:
    """A decree's list of these people (``lama`` or ``baru``), and after it their accounts."""
    decree, count = here.rows("decree", lambda row: row["penerima"] == who, f"sk-{people}")
    assert count == sum(counts.values()) == people
    await here.bring_in("decree", decree, decree_controls(number, from_month, counts))
    await here.world.settle()
    known = _niks(decree)
    accounts, count = here.rows("accounts", lambda row: row["nik"] in known, f"rekening-{people}")
    await here.bring_in("accounts", accounts, {"count": count})


async def _begin(here: Kecamatan) -> None:
    lines, treasurers = cengkareng.lines(), {"by": "treasurer", "second": "treasurer2"}
    year = {code: (OLD[code] + NEW[code]) * AMOUNT * 12 for code in OLD}
    dpa = files.write(here.folder, "dpa", [(*line.key, f"BLT {code}", *line.owner, year[code]) for code, line in lines.items()])
    await here.bring_in("dpa", dpa, {"count": 3, "sum": sum(year.values())}, **treasurers)
    await _decree_and_accounts(here, "lama", 700, OLD, "Kepgub 700/2025 (sintetis)", JULY)
    before, count = here.rows("carry-in", lambda row: row["bulan"] == JULY, "sebelum-ritme")
    await here.bring_in("carry-in", before, {"count": count, "months": {JULY: count}})
    held, count = here.rows("status", lambda row: row["mulai_bulan"] == JULY, "tangguhkan-juli")
    await here.bring_in("status", held, {"count": count})
    await here.world.settle()


async def august_is_paid(here: Kecamatan) -> None:
    """Sealed on the 11th, sent on the 20th, everybody credited: 697 people, three are held."""
    await here.comes("2025-08-11")
    await here.open_month(AUGUST)
    batch = await here.sent_to_bank(AUGUST, "00801/SP2D/LS/2025 (sintetis)", "2025-08-20")
    await here.comes("2025-08-25")
    await here.bank_answers(batch, "2025-08-22", lambda account: "00")


async def september_comes_in(here: Kecamatan) -> None:
    """The second decree and its accounts; who died, moved or is too old; who is looked into; three files that were cleared."""
    await _decree_and_accounts(here, "baru", 300, NEW, "Kepgub 900/2025 (sintetis)", SEPTEMBER)
    status, count = here.rows("status", lambda row: row["mulai_bulan"] == SEPTEMBER, "status-september")
    await here.bring_in("status", status, {"count": count})
    niks = [person.nik for person in here.cast.resumed]
    ids = (await here.post("operator", "/beneficiary/people:resolve", {"niks": niks, "purpose": "import"}))["ids"]
    items = [
        {
            "person_id": one, "programme": person.programme, "action": "resume", "reason": "cleared", "from_month": JULY,
            "evidence": "BA-33/IX/2025",
        }
        for one, person in zip(ids, here.cast.resumed, strict=True)
    ]  # fmt: skip
    order = await here.post("operator", "/beneficiary/status-changes", {"items": items})
    await here.post("operator2", f"/beneficiary/status-changes/{order['id']}/confirmation")
    await here.world.settle()


def _niks(file: Path) -> set[str]:
    return {row["nik"] for row in rows_of(file)}


__all__: Sequence[str] = (
    "AUGUST", "JULY", "NEW", "OLD", "SEPTEMBER", "Kecamatan", "attached", "august_is_paid", "cengkareng_in_august", "decree_controls",
    "rows_of", "september_comes_in",
)  # fmt: skip
