"""Builders for the books: files as the office sends them, events as other services publish them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.contracts.disbursement import BatchApproved, BatchSettled, BatchWithdrawn, SettledTotal
from shared.contracts.registry import Event, ProgrammeTotal
from shared.kernel.ids import natural_id
from shared.messaging.log import Record
from tests.support.world import World

SUB_SKPD = "1.06.0.00.0.00.01.0000"
CASH_AID = "5.1.06.01.01.0001"
FOOD = "5.1.02.01.01.0043"


def pkd_key(programme: str) -> dict[str, Any]:
    return {
        "tahun": 2025,
        "kode_sub_skpd": SUB_SKPD,
        "kode_sub_giat": "1.06.04.1.05.0001",
        "kode_akun": CASH_AID,
        "program": programme,
        "panti": "",
    }


def food_key(panti: str = "BM1", account: str = FOOD) -> dict[str, Any]:
    return {
        "tahun": 2025,
        "kode_sub_skpd": f"{SUB_SKPD}.{panti}",
        "kode_sub_giat": "1.06.04.1.03.0002",
        "kode_akun": account,
        "program": "",
        "panti": panti,
    }


@dataclass
class Books:
    """budget_audit in a world of its own."""

    world: World
    versions: dict[tuple[int, UUID], int] = field(default_factory=dict)

    def as_(self, person: str) -> Any:
        return self.world.as_(person)

    async def check(
        self, kind: str, rows: list[dict[str, Any]], *, person: str = "operator", name: str = "", **controls: Any
    ) -> dict[str, Any]:
        """Send a file; controls default to what its rows sum to."""
        header = list(rows[0])
        content = ";".join(header) + "\n" + "".join(";".join(str(row.get(name, "")) for name in header) + "\n" for row in rows)
        amount = next((name for name in ("pagu", "rencana", "nilai") if name in header), None)
        typed: dict[str, Any] = {"count": len(rows)} | controls
        if amount and "sum" not in controls:
            typed["sum"] = sum(int(row[amount]) for row in rows)
        answer = await self.as_(person).post(
            f"/budget_audit/imports/{kind}", files={"file": (name or f"{kind}.csv", content.encode())}, data={"controls": json.dumps(typed)}
        )
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bring(self, kind: str, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Check and commit a file that must be good."""
        view = await self.check(kind, rows, **more)
        assert view["ready"], (view["not_ready"], await self.problems(view["id"]))
        answer = await self.commit(view, second=more.get("person", "operator"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def commit(self, view: dict[str, Any], *, second: str = "operator") -> Any:
        """Money that came or went back needs another person than who sent the file; for the rest ``second`` may be the sender."""
        who = "treasurer" if view["kind"] in ("sp2d", "sts") else second
        return await self.as_(who).post(f"/budget_audit/imports/{view['id']}/commit")

    async def problems(self, import_id: str) -> list[tuple[int, str, str]]:
        answer = await self.as_("operator").get(f"/budget_audit/imports/{import_id}/problems")
        return [(item["row"], item["column"], item["code"]) for item in answer.json()["items"]]

    async def get(self, path: str, person: str = "auditor") -> Any:
        answer = await self.as_(person).get(f"/budget_audit{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def mismatches(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.as_("auditor").get("/budget_audit/mismatches", params=query)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def publish(self, key: UUID, *events: Event) -> str:
        """Put events on the bus as their publisher's relay does; the id of the last."""
        record = None
        for data in events:
            version = self.versions[data.topic.number, key] = self.versions.get((data.topic.number, key), 0) + 1
            text = encode(data)
            record = Record(f"test-{data.topic.number}-{key}-{version}", data.number, key, version, self.world.clock.now(), "", "", text)
            await self.world.service("budget_audit").bus.append([record])
        assert record is not None
        return record.id

    async def dpa(self, ceiling: int = 300_000_000) -> None:
        """Cash aid lines for the three programmes."""
        await self.bring("dpa", [{**pkd_key(p), "uraian": "Bantuan sosial uang", "pagu": ceiling} for p in ("KLJ", "KPDJ", "KAJ")])

    async def lock_waited_for(self) -> None:
        """Return once a transaction of this service stands before a lock that another one holds."""
        with self.world.sql("budget_audit") as connection:
            connection.autocommit = True
            for _ in range(1_000):
                row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'").fetchone()
                if row is not None and row[0]:
                    return
                await asyncio.sleep(0.01)
        raise AssertionError("nobody waits")

    def outbox(self, name: str) -> list[dict[str, Any]]:
        """Payloads that this service published of an event type, oldest first, with key and version."""
        from shared.contracts.registry import EVENTS_BY_NAME

        with self.world.sql("budget_audit") as connection:
            rows = connection.execute(
                """SELECT o.key, o.version, o.data, c.causation_id FROM outbox o JOIN outbox_command c ON c.id = o.command_id
                    WHERE o.type = %s ORDER BY o.seq""",
                (EVENTS_BY_NAME[name].number,),
            ).fetchall()
        return [{**json.loads(str(data)), "key": key, "version": version, "cause": cause} for key, version, data, cause in rows]


def encode(data: Event) -> str:
    import msgspec

    return msgspec.json.encode(data).decode()


BATCH = natural_id("batch", "2025-09-M01")
LIST = {"KLJ": 182_400_000, "KPDJ": 21_600_000, "KAJ": 39_000_000}
"""243,000,000 rupiah, as in Cengkareng."""


def approved(
    list_hash: str = "a" * 64, sums: dict[str, int] | None = None, batch_id: UUID = BATCH, code: str = "2025-09-M01", *,
    financing: str = "sp2d",
) -> BatchApproved:  # fmt: skip
    totals = [ProgrammeTotal(programme=p, count=s // 300_000, sum=s) for p, s in (sums or LIST).items()]
    return BatchApproved(
        batch_id=batch_id, code=code, month="2025-09", list_hash=list_hash, list=f"/disbursement/batches/{batch_id}/list.tsv",
        totals=totals, financing=financing,
    )  # fmt: skip


def withdrawn(list_hash: str = "a" * 64, batch_id: UUID = BATCH) -> BatchWithdrawn:
    return BatchWithdrawn(batch_id=batch_id, list_hash=list_hash)


def settled(
    result_no: int, credited: dict[str, int], *, rejected: dict[str, int] | None = None, sums: dict[str, int] | None = None,
    batch: UUID = BATCH, code: str = "2025-09-M01", from_holding: dict[str, int] | None = None, paid_on: dict[str, int] | None = None,
) -> BatchSettled:  # fmt: skip
    """What is neither credited nor rejected is unknown."""
    totals = []
    for programme, total in (sums or LIST).items():
        c, r = credited.get(programme, 0), (rejected or {}).get(programme, 0)
        totals.append(
            SettledTotal(
                programme=programme, released=1, released_sum=total, credited=1, credited_sum=c, rejected=1, rejected_sum=r,
                returned_late=0,
                returned_late_sum=0, unknown=1, unknown_sum=total - c - r, in_payment=0, in_payment_sum=0,
                from_holding_sum=(from_holding or {}).get(programme, 0), paid_on_sum=(paid_on or {}).get(programme, 0),
            )
        )  # fmt: skip
    return BatchSettled(
        batch_id=batch, code=code, month="2025-09", result_no=result_no, totals=totals, file_id=None, part=1, parts=1,
        results_due=True, list="/disbursement/batches/x/lines.ndjson",
    )  # fmt: skip


def sp2d_rows(sums: dict[str, int] | None = None, number: str = "0001/SP2D/2025", reference: str = "2025-09-M01") -> list[dict[str, Any]]:
    return [{"nomor": number, "tanggal": "2025-09-22", **pkd_key(p), "nilai": s, "rujukan": reference} for p, s in (sums or LIST).items()]
