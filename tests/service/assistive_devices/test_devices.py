"""From delivery to handover: stock is a sum of movements, one device has one holder, the last one goes to one person."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from shared.kernel.ids import natural_id
from tests.service.assistive_devices.store_room import CHAIR, WEST, StoreRoom, chairs


async def test_a_delivery_becomes_devices_movements_and_one_event(room: StoreRoom) -> None:
    view = await room.receive(chairs(3), chairs(1, nomor_seri="KR-1"), chairs(1, nomor_seri="KR-2"))
    assert view["result"] == {"deliveries": 1, "units": 5}
    assert await room.shelf() == {"on_hand": 5, "reserved": 0, "free": 5, "incoming": 0}
    devices = await room.get(f"/devices?kind={CHAIR}")
    assert [d["serial"] for d in devices] == ["BAST-03/2025#0001", "BAST-03/2025#0002", "BAST-03/2025#0003", "KR-1", "KR-2"]
    (event,) = room.outbox("assistive_devices.stock.received.v1")
    assert (event["key"], event["version"]) == (natural_id("delivery", "BAST-03/2025"), 1)
    assert (event["contract"], event["kind"], event["place"], event["units"], event["unit_price"]) == (
        "BAST-03/2025",
        CHAIR,
        WEST,
        5,
        2_500_000,
    )


async def test_a_later_part_of_a_delivery_is_its_next_version(room: StoreRoom) -> None:
    await room.receive(chairs(3))
    await room.receive(chairs(2, tanggal="2025-03-24"), chairs(4, jenis="Alat bantu dengar", harga=0))
    events = room.outbox("assistive_devices.stock.received.v1")
    assert [(e["version"], e["kind"], e["units"]) for e in events] == [(1, CHAIR, 3), (2, "alat-bantu-dengar", 4), (3, CHAIR, 2)]
    serials = [d["serial"] for d in await room.get("/devices")]
    assert len(serials) == len(set(serials)) == 9


async def test_rows_are_checked_by_row_and_column(room: StoreRoom) -> None:
    await room.receive(chairs(3), chairs(1, nomor_seri="KR-1"))
    rows = [
        chairs(2), chairs(1, nomor_seri="KR-1", nomor="BAST-04/2025"), chairs(2, nomor_seri="KR-9"), chairs(1, jenis="kursi terbang"),
        chairs(1, tempat="gudang"), chairs(1, tanggal="2099-01-01"), chairs(1, nomor_seri="KR-3"), chairs(1, nomor_seri="KR-3"),
    ]  # fmt: skip
    view = await room.check(rows)
    assert await room.problems(view["id"]) == {
        (2, "recorded-differently"), (3, "serial-taken"), (4, "serial-is-one-unit"), (5, "unknown-kind"), (6, "unknown-place"),
        (7, "future-day"), (9, "double-row"),
    }  # fmt: skip
    refused = await room.as_("warehouse").post(f"/assistive_devices/imports/{view['id']}/commit")
    assert (refused.status_code, refused.json()["code"]) == (409, "rows-rejected")


async def test_the_same_delivery_again_has_no_effect(room: StoreRoom) -> None:
    rows = [chairs(3), chairs(1, nomor_seri="KR-1")]
    first = await room.receive(*rows)
    assert (await room.check(rows, name="lain.csv"))["duplicate_of"] == first["id"]
    again = await room.receive(*reversed(rows))
    assert again["result"] == {"deliveries": 0, "units": 0}
    assert (await room.shelf())["on_hand"] == 4


async def test_fifty_at_once_for_the_last_device(room: StoreRoom) -> None:
    await room.receive(chairs(1))
    asked = [(await room.ask()).json()["id"] for _ in range(50)]
    answers = await asyncio.gather(*(room.step(request_id, "reservation") for request_id in asked))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 49
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"nothing-free"}
    assert await room.shelf() == {"on_hand": 1, "reserved": 1, "free": 0, "incoming": 0}


async def test_fifty_at_once_for_one_request(room: StoreRoom) -> None:
    await room.receive(chairs(50))
    request_id = (await room.ask()).json()["id"]
    answers = await asyncio.gather(*(room.step(request_id, "reservation") for _ in range(50)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 49
    assert (await room.shelf())["reserved"] == 1


async def test_reservation_handover_and_what_comes_after(room: StoreRoom) -> None:
    await room.receive(chairs(1, nomor_seri="KR-1"))
    first, second = (await room.ask()).json(), (await room.ask()).json()
    assert (first["state"], first["position"], second["position"]) == ("waiting", 1, 2)
    assert (await room.step(first["id"], "handover", minutes_number="B-1", handed_over_on="2025-03-20")).json()[
        "code"
    ] == "illegal-transition"
    reserved = (await room.step(second["id"], "reservation")).json()
    assert (reserved["serial"], reserved["ahead"]) == ("KR-1", 1)
    assert (await room.step(first["id"], "reservation")).json()["code"] == "nothing-free"

    late = await room.step(second["id"], "handover", minutes_number="B-1", handed_over_on="2099-03-20")
    assert late.status_code == 422
    done = await room.step(second["id"], "handover", minutes_number="B-1", handed_over_on="2025-03-20")
    assert done.status_code == 201, done.text
    assert await room.shelf() == {"on_hand": 0, "reserved": 0, "free": 0, "incoming": 0}
    (event,) = room.outbox("assistive_devices.device.handed_over.v1")
    assert (str(event["key"]), event["version"], event["request_id"]) == (reserved["device_id"], 1, second["id"])
    assert (await room.step(second["id"], "cancellation", reason="salah orang")).json()["code"] == "illegal-transition"

    await room.receive(chairs(1, nomor="BAST-05/2025"))
    await room.step(first["id"], "reservation")
    again = await room.step(first["id"], "handover", minutes_number="B-1", handed_over_on="2025-03-21")
    assert (again.status_code, again.json()["code"]) == (409, "minutes-number-used")
    assert (await room.shelf())["reserved"] == 1


async def test_cancelling_frees_the_device(room: StoreRoom) -> None:
    await room.receive(chairs(1))
    first, second = (await room.ask()).json()["id"], (await room.ask()).json()["id"]
    await room.step(first, "reservation")
    assert (await room.step(second, "reservation")).status_code == 409
    assert (await room.step(first, "cancellation", reason="Meninggal")).json()["state"] == "cancelled"
    assert (await room.step(second, "reservation")).status_code == 201


async def test_one_person_waits_once_for_a_kind(room: StoreRoom) -> None:
    first = (await room.ask()).json()
    again = await room.ask(person_id=first["person_id"])
    assert (again.status_code, again.json()["code"]) == (409, "already-waiting")
    assert (await room.ask(kind="kursi-terbang")).status_code == 422
    assert (await room.ask(person="auditor")).status_code == 403


async def test_readiness_is_at_risk_and_restored_by_the_worker(room: StoreRoom) -> None:
    await room.receive(chairs(1))
    for _ in range(3):
        await room.ask()
    assert await room.get("/readiness") == []
    await room.world.settle()
    (found,) = await room.get("/readiness")
    assert (found["state"], found["waiting"], found["stock"], found["incoming"], found["days"]) == ("at_risk", 3, 1, 0, 0)
    assert (found["owner"], bool(found["due_on"])) == ("sudin/31.73", True)

    answer = await room.as_("warehouse").post(
        "/assistive_devices/incoming", json={"kind": CHAIR, "place": WEST, "units": 2, "expected_on": "2026-12-20"}
    )
    assert (answer.status_code, answer.json()["incoming"]) == (201, 2)
    await room.world.settle()
    (found,) = await room.get("/readiness")
    assert (found["state"], found["incoming"], found["owner"]) == ("ok", 2, "")

    # What arrives is no longer coming, and serves as many as before.
    await room.receive(chairs(2, nomor="BAST-06/2025"))
    await room.world.settle()
    assert await room.shelf() == {"on_hand": 3, "reserved": 0, "free": 3, "incoming": 0}
    await room.ask()
    await room.world.settle()
    at_risk, restored = room.outbox("assistive_devices.readiness.at_risk.v1"), room.outbox("assistive_devices.readiness.restored.v1")
    assert [e["version"] for e in at_risk] == [1, 3]
    assert [e["version"] for e in restored] == [2]
    assert at_risk[0]["key"] == natural_id("readiness", CHAIR, WEST)


async def test_requests_are_seen_in_their_areas_only(room: StoreRoom) -> None:
    west, centre = (await room.ask()).json(), (await room.ask(place="sudin-31.71", area="31.71.01.1001")).json()
    own = await room.get("/requests", person="jakpus")
    assert [item["id"] for item in own] == [centre["id"]]
    client = room.as_("jakpus")
    assert (await client.get(f"/assistive_devices/requests/{west['id']}")).status_code == 404
    assert (await client.post(f"/assistive_devices/requests/{west['id']}/reservation", json={})).status_code == 404
    assert (await room.ask(person="jakpus")).status_code == 403
    assert [item["id"] for item in await room.get("/requests", person="jakpus")] == [centre["id"]]
    with room.world.sql("assistive_devices", "api") as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT set_config('app.areas', '31.%', true)")
        assert connection.execute("SELECT count(*) FROM request").fetchone() == (2,)
        connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM request").fetchone() == (0,)


async def test_movements_and_handovers_are_never_changed(room: StoreRoom) -> None:
    await room.receive(chairs(1))
    for role in ("api", "worker"):
        for table in ("movement", "handover", "delivery_line", "incoming"):
            with room.world.sql("assistive_devices", role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"DELETE FROM {table}".encode())
    with room.world.sql("assistive_devices", "api") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE movement SET units = 1")


async def test_a_note_is_stored_sealed_and_never_published(room: StoreRoom) -> None:
    asked = (await room.ask(note="KENARI-9 tinggal di gang sempit")).json()
    assert "note" not in asked
    shown = await room.as_("warehouse").get(f"/assistive_devices/requests/{asked['id']}")
    assert shown.json()["note"] == "KENARI-9 tinggal di gang sempit"
    await room.world.settle()
    with room.world.sql("assistive_devices") as connection:
        (note,) = connection.execute("SELECT note_enc FROM request").fetchone() or (b"",)
        events = connection.execute("SELECT data FROM outbox").fetchall()
        entries = connection.execute("SELECT operation, count FROM audit_entry ORDER BY seq").fetchall()
    assert isinstance(note, bytes)
    assert b"KENARI" not in note
    assert all("KENARI" not in str(data) for (data,) in events)
    assert entries == [("request.ask", 1), ("request.read-note", 1)]


async def test_the_tables_are_those_of_the_migration(room: StoreRoom) -> None:
    from services.assistive_devices.main import service
    from shared.db import migrate

    migrate.check(
        room.world.ground.postgres.address("ritme_assistive_devices", "assistive_devices_owner"), service.migrations, service.metadata
    )
