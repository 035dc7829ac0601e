"""Who sees whom: areas by row-level security on pooled connections, and what each database role may change."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from shared.db import migrate
from tests.service.beneficiary.story import Citizen, decreed, resolved, sealed
from tests.support.world import World

BARAT = [Citizen(n) for n in range(1, 4)]
PUSAT = [Citizen(n, area="31.71.01.1001") for n in range(4, 6)]


async def seen_by(world: World, person: str) -> set[str]:
    answer = await world.as_(person).get("/beneficiary/enrolments")
    assert answer.status_code == 200, answer.text
    return {i["area"] for i in answer.json()["items"]}


async def test_jakpus_sees_31_71_only_again_and_again_on_one_pooled_connection(world: World) -> None:
    await decreed(world, BARAT + PUSAT)
    database = world.service("beneficiary").database
    for _ in range(3):
        assert await seen_by(world, "operator") == {"31.73.01.1001", "31.71.01.1001"}
        assert await seen_by(world, "jakpus") == {"31.71.01.1001"}
    client = world.as_("jakpus")
    anonymous = await client.get("/beneficiary/enrolments", headers={"authorization": ""})
    assert anonymous.status_code == 401
    async with database.read() as session:  # a connection that was used with areas before, now without
        for table in ("person", "enrolment"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    async with database.read(("31.7",)) as session:  # a prefix of a code is not an area
        assert await session.scalar(text("SELECT count(*) FROM person")) == 0


async def test_people_of_other_areas_are_unknown_to_jakpus(world: World) -> None:
    await decreed(world, BARAT + PUSAT)
    ids = await resolved(world, BARAT + PUSAT)
    assert await resolved(world, BARAT + PUSAT, by="jakpus") == [None, None, None, *ids[3:]]
    revealed = await world.as_("jakpus").post("/beneficiary/people:reveal", json={"ids": ids, "purpose": "counter", "fields": ["name"]})
    assert [p["id"] for p in revealed.json()["people"]] == ids[3:]
    found = await world.as_("jakpus").post("/beneficiary/people:find", json={"nik": BARAT[0].nik, "purpose": "counter"})
    assert found.json() == {"person_id": None, "enrolments": []}
    change = {"person_id": ids[0], "programme": "KLJ", "action": "end", "reason": "dead", "from_month": "2025-09", "evidence": "x"}
    refused = await world.as_("jakpus").post("/beneficiary/status-changes", json={"items": [change]})
    assert refused.status_code == 404
    allowed = await world.as_("jakpus").post("/beneficiary/status-changes", json={"items": [change | {"person_id": ids[4]}]})
    assert allowed.status_code == 201, allowed.text


async def test_cut_offs_concern_the_whole_agency(world: World) -> None:
    await decreed(world, BARAT + PUSAT)
    refused = await world.as_("jakpus").post("/beneficiary/cutoffs", json={"programme": "KLJ", "month": "2025-09"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    seal = await sealed(world)
    assert seal["count"] == 5
    listed = await world.as_("jakpus").get(f"/beneficiary/cutoffs/{seal['id']}/list.tsv")
    assert listed.status_code == 403
    for body, status, code in (
        ({"programme": "XX1", "month": "2025-09"}, 422, "invalid-input"),
        ({"programme": "KAJ", "month": "2025-09"}, 409, "nobody-named"),
        ({"programme": "KLJ", "month": "2026-01"}, 409, "nobody-named"),
        ({"programme": "KLJ", "month": "September"}, 422, "request-shape"),
    ):
        answer = await world.as_("operator").post("/beneficiary/cutoffs", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cutoff_line SET status = 'active'",
        "DELETE FROM cutoff_line",
        "UPDATE cutoff SET hash = ''",
        "UPDATE enrolment SET status = 'active'",
        "DELETE FROM enrolment",
        "UPDATE outbox SET data = '{}'",
        "UPDATE decree_programme SET quota = 1",
        "UPDATE tariff SET amount = 1",
        "DELETE FROM person",
        "DELETE FROM audit_entry",
    ],
)
async def test_what_was_written_is_not_changed_by_any_role_of_the_service(world: World, role: str, statement: str) -> None:
    with world.sql("beneficiary", role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


async def test_tables_and_migrations_agree(world: World) -> None:
    service = world.service("beneficiary").definition
    migrate.check(world.ground.postgres.address("ritme_beneficiary", "beneficiary_owner"), service.migrations, service.metadata)


async def test_reference_data_shows_dated_areas_tariffs_and_reasons(world: World) -> None:
    client = world.as_("leader")
    areas = (await client.get("/beneficiary/areas", params={"level": "kelurahan", "parent": "31.73.01"})).json()["items"]
    kapuk = next(a for a in areas if a["name"] == "Kapuk")
    assert [s["name"] for s in kapuk["successors"]] == ["Kapuk Selatan", "Kapuk Timur"]
    assert {s["code"] for s in kapuk["successors"]} == {None}
    programmes = {p["code"]: p["tariffs"] for p in (await client.get("/beneficiary/programmes")).json()}
    assert [(t["to_month"], t["amount"]) for t in programmes["KLJ"]] == [("2022-12", 600_000), (None, 300_000)]
    reasons = (await client.get("/beneficiary/status-reasons")).json()["items"]
    assert ("end", "dead") in {(r["action"], r["code"]) for r in reasons}


async def test_a_look_is_not_kept_for_a_second_answer(world: World) -> None:
    """An Idempotency-Key keeps answers: names would lie there in clear, and come again unaudited to whoever may not look any more."""
    await decreed(world, BARAT)
    ids = await resolved(world, BARAT)
    door, key = world.as_("operator"), {"idempotency-key": "look-1"}
    looks: list[tuple[str, dict[str, object]]] = [
        ("reveal", {"ids": ids, "purpose": "counter", "fields": ["nik", "name"]}),
        ("find", {"nik": BARAT[0].nik, "purpose": "counter"}),
        ("resolve", {"niks": [BARAT[0].nik], "purpose": "counter"}),
    ]
    for name, body in looks:
        for _ in range(2):
            answer = await door.post(f"/beneficiary/people:{name}", json=body, headers=key)
            assert (answer.status_code, answer.headers.get("idempotent-replay")) == (200, None)
    with world.sql("beneficiary") as connection:
        assert connection.execute("SELECT count(*) FROM idempotency_key").fetchone() == (0,)
        (audited,) = connection.execute("SELECT count(*) FROM audit_entry WHERE operation LIKE 'people.reveal%'").fetchone() or (0,)
    assert audited == 2
