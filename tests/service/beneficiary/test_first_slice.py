"""From a decree's file to the sealed list, and the people behind it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.registry import EVENTS
from tests.service.beneficiary.story import Citizen, changed, decreed, resolved, sealed
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 8)] + [Citizen(1, "KPDJ"), Citizen(20, "KPDJ", area="31.71.01.1001", cohort="baru")]


async def test_a_decree_becomes_enrolments_events_and_a_sealed_list(world: World) -> None:
    view = await decreed(world, PEOPLE, vacant=2)
    assert view["result"]["enrolments"] == 9
    assert view["result"]["programmes"]["KLJ"] == {"count": 7, "sum": 2_100_000, "quota": 9}
    await changed(world, [(PEOPLE[0], "tangguhkan", "data tidak padan", "2025-07"), (PEOPLE[1], "hentikan", "meninggal", "2025-09")])
    await changed(world, [(PEOPLE[0], "lanjutkan", "", "2025-07")])
    await changed(world, [(PEOPLE[2], "tangguhkan", "sanggah", "2025-08")])
    seal = await sealed(world)
    assert seal["by_status"] == {"active": 5, "suspended": 1, "ended": 1}
    assert (seal["count"], seal["sum"], seal["quota"], seal["seal_no"], seal["cutoff_no"]) == (7, 2_100_000, 9, 1, 1)

    listed = await world.as_("operator").get(f"/beneficiary/cutoffs/{seal['id']}/list.tsv")
    assert sha256(listed.content).hexdigest() == seal["hash"]
    ids = [one for one in await resolved(world, PEOPLE[:7]) if one]
    states = {ids[1]: ("ended", "dead"), ids[2]: ("suspended", "objection")}
    expected = ["\t".join((one, *states.get(one, ("active", "")), "300000\n")) for one in sorted(ids)]
    assert listed.content == "".join(expected).encode()

    again = await world.as_("operator").post("/beneficiary/cutoffs", json={"programme": "KLJ", "month": "2025-09"})
    assert (again.status_code, again.json()["code"], again.json()["cutoff_id"]) == (409, "already-sealed", seal["id"])
    await sealed(world, "KPDJ")
    month = (await world.as_("leader").get("/beneficiary/months/2025-09/seal")).json()
    lines = "".join(f"{p['programme']}\t{p['count']}\t{p['sum']}\t{p['hash']}\n" for p in month["programmes"])
    assert [p["programme"] for p in month["programmes"]] == ["KLJ", "KPDJ"]
    assert sha256(lines.encode()).hexdigest() == month["hash"]


async def test_events_are_gapless_decode_strictly_and_hold_no_canary(world: World) -> None:
    await decreed(world, PEOPLE)
    await changed(world, [(PEOPLE[0], "tangguhkan", "address_unknown", "2025-07")])
    await sealed(world)
    with world.sql("beneficiary", "verify") as look:
        rows: list[Any] = look.execute("SELECT type, key, version, data FROM outbox ORDER BY seq").fetchall()
        tables = [str(row[0]) for row in look.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        dump = "".join(str(row) for table in tables for row in look.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t').fetchall())
        people: list[Any] = look.execute("SELECT id, version FROM person").fetchall()
        pending = look.execute("SELECT count(*) FROM outbox_pending").fetchone()
    by_key: dict[tuple[str, UUID], list[int]] = {}
    for number, key, version, data in rows:
        event = EVENTS[number]
        msgspec.json.decode(data, type=event, strict=True)
        assert set(msgspec.json.decode(data)) == set(event.__struct_fields__)
        by_key.setdefault((event.topic.name, key), []).append(version)
    assert all(versions == list(range(1, len(versions) + 1)) for versions in by_key.values())
    assert {key: max(found) for (topic, key), found in by_key.items() if topic == "beneficiary.person"} == dict(people)
    first = (await resolved(world, PEOPLE[:1]))[0]
    assert by_key["beneficiary.person", UUID(str(first))] == [1, 2, 3]  # KLJ, KPDJ, suspended
    assert pending == (len(rows),)
    for one in PEOPLE:
        for canary in (one.nik, one.name, one.address):
            assert canary not in dump
            assert canary.encode().hex() not in dump


async def test_reveal_gives_the_fields_that_were_asked_for_and_audits_it(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, [*PEOPLE[:2], Citizen(999)])
    assert ids[2] is None
    answer = await world.as_("releaser").post(
        "/beneficiary/people:reveal", json={"ids": ids[:2], "purpose": "payment-file", "fields": ["nik", "name", "birth_date"]}
    )
    assert answer.json()["people"] == [
        {"id": ids[n], "area": "31.73.01.1001", "nik": PEOPLE[n].nik, "name": PEOPLE[n].name, "birth_date": "1950-05-12"} for n in (0, 1)
    ]
    found = await world.as_("operator").post("/beneficiary/people:find", json={"nik": PEOPLE[0].nik, "purpose": "counter"})
    assert [e["programme"] for e in found.json()["enrolments"]] == ["KLJ", "KPDJ"]
    with world.sql("beneficiary", "verify") as look:
        entries = look.execute(
            "SELECT person, operation, purpose, count FROM audit_entry WHERE operation LIKE 'people.%' ORDER BY seq"
        ).fetchall()
    assert entries == [
        ("operator", "people.resolve", "import", 2),
        ("releaser", "people.reveal(birth_date,name,nik)", "payment-file", 2),
        ("operator", "people.find", "counter", 1),
    ]
    for person, purpose in (("leader", "audit"), ("auditor", "payment-file"), ("operator", "curiosity"), ("checker", "payment-file")):
        refused = await world.as_(person).post("/beneficiary/people:resolve", json={"niks": [PEOPLE[0].nik], "purpose": purpose})
        assert (refused.status_code, refused.json()["code"]) == (403, "purpose-not-allowed")
