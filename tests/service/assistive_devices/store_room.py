"""Builders for the store room: deliveries as files, requests as the counter makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from shared.contracts.registry import EVENTS_BY_NAME
from shared.kernel.ids import uuid7
from tests.support.world import World

CHAIR = "kursi-roda-dewasa"
WEST = "sudin-31.73"
HEADER = ("nomor", "tanggal", "tempat", "jenis", "jumlah", "harga", "nomor_seri")


def chairs(units: int = 5, **more: Any) -> dict[str, Any]:
    return {"nomor": "BAST-03/2025", "tanggal": "2025-03-17", "tempat": WEST, "jenis": CHAIR, "jumlah": units, "harga": 2_500_000} | more


@dataclass
class StoreRoom:
    """assistive_devices in a world of its own."""

    world: World

    def as_(self, person: str) -> httpx.AsyncClient:
        return self.world.as_(person)

    async def check(
        self, rows: list[dict[str, Any]], *, person: str = "warehouse", name: str = "terima.csv", **controls: Any
    ) -> dict[str, Any]:
        """Send a file; controls default to what its rows sum to."""
        lines = [";".join(HEADER), *(";".join(str(row.get(column, "")) for column in HEADER) for row in rows)]
        typed = {"count": len(rows), "sum": sum(row["jumlah"] * row["harga"] for row in rows)} | controls
        answer = await self.as_(person).post(
            "/assistive_devices/imports/delivery",
            files={"file": (name, "\n".join(lines).encode())},
            data={"controls": json.dumps(typed)},
        )
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def receive(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Check and commit a delivery that must be good."""
        view = await self.check(list(rows))
        assert view["ready"], (view["not_ready"], await self.problems(view["id"]))
        answer = await self.as_("warehouse").post(f"/assistive_devices/imports/{view['id']}/commit")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def problems(self, import_id: str) -> set[tuple[int, str]]:
        answer = await self.as_("warehouse").get(f"/assistive_devices/imports/{import_id}/problems")
        return {(item["row"], item["code"]) for item in answer.json()["items"]}

    async def ask(self, *, person: str = "warehouse", kind: str = CHAIR, place: str = WEST, **more: Any) -> httpx.Response:
        body = {"person_id": str(uuid7()), "kind": kind, "place": place} | more
        return await self.as_(person).post("/assistive_devices/requests", json=body)

    async def step(self, request_id: str, step: str, **body: Any) -> httpx.Response:
        return await self.as_("warehouse").post(f"/assistive_devices/requests/{request_id}/{step}", json=body)

    async def get(self, path: str, person: str = "leader") -> list[dict[str, Any]]:
        answer = await self.as_(person).get(f"/assistive_devices{path}")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def shelf(self) -> dict[str, int]:
        (row,) = await self.get(f"/stock?kind={CHAIR}&place={WEST}")
        return {name: row[name] for name in ("on_hand", "reserved", "free", "incoming")}

    def outbox(self, name: str) -> list[dict[str, Any]]:
        """Published payloads of a type, oldest first, with key and version; each must have its declared shape."""
        declared = EVENTS_BY_NAME[name]
        with self.world.sql("assistive_devices") as connection:
            rows = connection.execute("SELECT key, version, data FROM outbox WHERE type = %s ORDER BY seq", (declared.number,)).fetchall()
        for _, _, data in rows:
            msgspec.json.decode(str(data), type=declared)
        return [{**json.loads(str(data)), "key": key, "version": version} for key, version, data in rows]
