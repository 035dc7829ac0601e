"""The daily book of a panti: lines, nights, counts, corrections, people without NIK, and whose book is whose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.beneficiary.main import service
from shared.db import migrate
from shared.kernel.clock import FrozenClock
from tests.service.beneficiary.story import Citizen, decreed, resolved
from tests.support.world import World

FIRST = "2025-09-01"
HEAD, OTHER_HEAD = "panti-head", "panti-head2"


@pytest.fixture
def clock() -> FrozenClock:
    """Friday 19 September 2025, 10:00 in Jakarta."""
    return FrozenClock(datetime(2025, 9, 19, 3, tzinfo=UTC))


async def opened(world: World, *codes: str) -> None:
    for code in codes or ("BM1", "BM2"):
        answer = await world.as_("operator").post(f"/beneficiary/panti/{code}/book", json={"from_day": FIRST})
        assert answer.status_code == 201, answer.text


async def write(world: World, kind: str, day: str, *, by: str = HEAD, panti: str = "BM1", **more: Any) -> tuple[int, dict[str, Any]]:
    body = {"kind": kind, "day": day, "reason": "menurut buku", **more}
    answer = await world.as_(by).post(f"/beneficiary/panti/{panti}/entries", json=body)
    return answer.status_code, answer.json()


async def written(world: World, kind: str, day: str, **more: Any) -> dict[str, Any]:
    status, answer = await write(world, kind, day, **more)
    assert status == 201, answer
    return answer


async def somebody(world: World, day: str = FIRST, name: str = "Contoh Melati", **more: Any) -> str:
    """A resident without NIK, admitted on that day."""
    return str((await written(world, "admission", day, newcomer={"name": name}, **more))["person_id"])


async def census(world: World, panti: str = "BM1", by: str = "operator", **query: Any) -> dict[str, int]:
    answer = await world.as_(by).get(f"/beneficiary/panti/{panti}/census", params={"from": FIRST, "to": "2025-09-19", **query})
    assert answer.status_code == 200, answer.text
    return {one["day"][8:]: one["residents"] for one in answer.json()["items"]}


async def counted(world: World, panti: str = "BM1") -> dict[str, tuple[int, int]]:
    """Day of the month to what was counted and said, and which version of it."""
    answer = await world.as_("operator").get(f"/beneficiary/panti/{panti}/census", params={"from": FIRST, "to": "2025-09-19"})
    return {one["day"][8:]: (one["counted"], one["count_no"]) for one in answer.json()["items"] if one["count_no"]}


async def residents(world: World, panti: str = "BM1", by: str = HEAD, **query: Any) -> dict[str, str]:
    answer = await world.as_(by).get(f"/beneficiary/panti/{panti}/residents", params=query)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one["state"] for one in answer.json()["items"]}


async def test_tables_and_migrations_say_the_same(world: World) -> None:
    migrate.check(
        world.ground.postgres.address("ritme_beneficiary", "beneficiary_owner"), service.migrations, service.metadata
    )  # fmt: skip


async def test_nights_follow_from_the_lines_by_one_rule(world: World) -> None:
    """Admission counts, leave and flight do not, return counts, transfer counts where somebody arrives, discharge does not."""
    await opened(world)
    one = await somebody(world, "2025-09-02")
    await written(world, "leave", "2025-09-04", person_id=one, expected_return="2025-09-06")
    await written(world, "return", "2025-09-06", person_id=one)
    await written(world, "flight", "2025-09-08", person_id=one)
    await written(world, "return", "2025-09-09", person_id=one)
    await written(world, "transfer", "2025-09-11", person_id=one, to_panti="BM2")
    await written(world, "discharge", "2025-09-13", person_id=one, by=OTHER_HEAD, panti="BM2")
    first, second = await census(world), await census(world, "BM2")
    assert {day for day, residents in first.items() if residents} == {"02", "03", "06", "07", "09", "10"}
    assert {day for day, residents in second.items() if residents} == {"11", "12"}


async def test_a_line_that_cannot_follow_is_refused(world: World) -> None:
    await opened(world)
    one = await somebody(world)
    await written(world, "flight", "2025-09-05", person_id=one)
    for kind, day, code in (
        ("leave", "2025-09-06", "illegal-transition"),
        ("admission", "2025-09-06", "illegal-transition"),
        ("return", "2025-09-04", "illegal-transition"),  # before the flight
        ("return", "2025-09-20", "future-day"),
        ("return", "2025-08-31", "before-book"),
    ):
        status, problem = await write(world, kind, day, person_id=one)
        assert (status, problem["code"]) == (409, code), (kind, day)
    status, problem = await write(world, "return", "2025-09-07", person_id=one, panti="BM2", by=OTHER_HEAD)
    assert (status, problem["code"], problem["panti"]) == (409, "lives-in-other-panti", "BM1")
    await written(world, "death", "2025-09-08", person_id=one)
    status, problem = await write(world, "return", "2025-09-09", person_id=one)
    assert (status, problem["code"], problem["state"]) == (409, "illegal-transition", "dead")


async def test_shapes_that_make_no_sense_are_refused(world: World) -> None:
    await opened(world)
    one = await somebody(world)
    shapes: tuple[dict[str, Any], ...] = (
        {"kind": "transfer", "person_id": one},
        {"kind": "leave", "person_id": one, "to_panti": "BM2"},
        {"kind": "leave", "person_id": one, "expected_return": "2025-09-01", "day": "2025-09-03"},
        {"kind": "leave"},
        {"kind": "leave", "newcomer": {"name": "Orang Baru"}},
        {"kind": "admission", "nik": "123"},
        {"kind": "admission", "newcomer": {"name": "     "}},
        {"kind": "leave", "person_id": one, "reason": "    "},
        {"kind": "holiday", "person_id": one},
    )
    for wrong in shapes:
        status, problem = await write(world, wrong.pop("kind"), wrong.pop("day", "2025-09-03"), **wrong)
        assert status == 422, problem
    status, problem = await write(world, "admission", "2025-09-03", panti="KK", by="operator", newcomer={"name": "Orang Baru"})
    assert (status, problem["code"]) == (409, "book-not-open")
    status, problem = await write(world, "admission", "2025-09-03", panti="XX", by="operator", newcomer={"name": "Orang Baru"})
    assert status == 404
    status, problem = await write(world, "transfer", "2025-09-03", person_id=one, to_panti="KK")
    assert (status, problem["code"]) == (409, "book-not-open")


async def test_two_lines_of_one_day_go_by_the_hour(world: World) -> None:
    await opened(world)
    one = await somebody(world, hour="08:00")
    await written(world, "leave", "2025-09-03", person_id=one, hour="09:00")
    await written(world, "return", "2025-09-03", person_id=one, hour="17:30")
    assert (await census(world))["03"] == 1


async def test_a_wrong_line_is_taken_back_and_the_census_gets_a_new_version(world: World) -> None:
    await opened(world)
    await world.settle()
    assert await counted(world) == {f"{day:02}": (0, 1) for day in range(1, 19)}
    one = await somebody(world, "2025-09-03")
    line = await written(world, "discharge", "2025-09-10", person_id=one)
    await world.settle()
    assert await counted(world) == {f"{day:02}": (1, 2) if 3 <= day < 10 else (0, 1) for day in range(1, 19)}
    path = f"/beneficiary/panti-entries/{line['entry_id']}/correction"
    right = {"reason": "salah tanggal", "instead": {"day": "2025-09-12", "reason": "dijemput keluarga", "paper": "BA-7"}}
    assert (await world.as_(OTHER_HEAD).post(path, json=right)).status_code == 404
    answer = await world.as_(HEAD).post(path, json=right)
    assert answer.status_code == 201, answer.text
    await world.settle()
    now = await counted(world)
    assert (now["09"], now["10"], now["11"], now["12"]) == ((1, 2), (1, 2), (1, 2), (0, 1))
    again = await world.as_(HEAD).post(path, json={"reason": "salah lagi"})
    assert (again.status_code, again.json()["code"]) == (409, "already-taken-back")
    book = (await world.as_(HEAD).get("/beneficiary/panti/BM1/entries")).json()["items"]
    assert [(one["kind"], one["day"], one["taken_back_by"] is not None) for one in book] == [
        ("discharge", "2025-09-12", False), ("counter", "2025-09-10", False), ("discharge", "2025-09-10", True),
        ("admission", "2025-09-03", False),
    ]  # fmt: skip


async def test_an_admission_under_later_lines_cannot_be_taken_back_alone(world: World) -> None:
    await opened(world)
    first = await written(world, "admission", FIRST, newcomer={"name": "Contoh Melati"})
    await written(world, "leave", "2025-09-04", person_id=first["person_id"])
    answer = await world.as_(HEAD).post(f"/beneficiary/panti-entries/{first['entry_id']}/correction", json={"reason": "salah orang"})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")


async def test_one_person_may_enter_a_late_line_only_so_far_back(world: World, clock: FrozenClock) -> None:
    await opened(world)
    one = await somebody(world)
    clock.move(timedelta(days=92))
    status, problem = await write(world, "leave", "2025-09-18", person_id=one)
    assert (status, problem["code"], problem["first"]) == (409, "too-late", "2025-09-19")
    assert (await write(world, "leave", "2025-09-19", person_id=one))[0] == 201


async def test_the_days_of_a_panti_are_said_once_a_version_and_without_people(world: World) -> None:
    await opened(world, "BM1")
    one = await somebody(world, "2025-09-17")
    await world.settle()
    with world.sql("beneficiary") as connection:
        said = connection.execute("SELECT version, data FROM outbox WHERE type = 121 ORDER BY seq").fetchall()
    assert [version for version, _ in said] == list(range(1, 19))
    assert '"panti":"BM1","day":"2025-09-17","residents":1' in str(said[-2][1])
    assert one not in "".join(str(data) for _, data in said)
    assert await world.settle() == 0


async def test_over_capacity_is_shown_and_never_refused(world: World) -> None:
    await opened(world, "DBB")
    with world.sql("beneficiary") as connection:
        connection.execute("UPDATE panti SET capacity = 1 WHERE code = 'DBB'")
    for name in ("Contoh Satu", "Contoh Dua"):
        await somebody(world, "2025-09-17", name, by="operator", panti="DBB")
    await world.settle()
    shown = {one["code"]: one for one in (await world.as_("leader").get("/beneficiary/panti")).json()["items"]}
    assert (shown["DBB"]["residents"], shown["DBB"]["capacity"], shown["DBB"]["over_capacity"]) == (2, 1, True)


async def test_whose_book_is_whose(world: World) -> None:
    await opened(world)
    one = await somebody(world)
    assert (await write(world, "leave", "2025-09-05", person_id=one, by=OTHER_HEAD))[1]["code"] == "not-your-panti"
    assert (await write(world, "leave", "2025-09-05", person_id=one, by="jakpus"))[1]["code"] == "not-your-panti"
    assert (await write(world, "leave", "2025-09-05", person_id=one, by="treasurer"))[1]["code"] == "not-allowed"
    assert await residents(world) == await residents(world, by="auditor") == {"Contoh Melati": "present"}
    for person, code in ((OTHER_HEAD, "not-your-panti"), ("jakpus", "not-your-panti"), ("leader", "not-allowed")):
        answer = await world.as_(person).get("/beneficiary/panti/BM1/residents")
        assert (answer.status_code, answer.json()["code"]) == (403, code), person
    assert (await census(world, by="leader"))["02"] == 1
    assert (await world.as_(OTHER_HEAD).get("/beneficiary/panti/BM1/census")).status_code == 403


async def test_the_database_itself_shows_no_line_without_a_panti(world: World) -> None:
    await opened(world)
    await somebody(world)
    with world.sql("beneficiary", "api") as connection:
        connection.execute("SELECT set_config('app.areas', '31.%', true)")
        for table in ("book_entry", "stay"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        connection.execute("SELECT set_config('app.panti', 'BM2', true)")
        assert connection.execute("SELECT count(*) FROM stay").fetchone() == (0,)
        connection.execute("SELECT set_config('app.panti', 'BM1', true)")
        assert connection.execute("SELECT count(*) FROM stay").fetchone() == (1,)


async def test_looks_and_lines_are_in_the_audit_chain(world: World) -> None:
    await opened(world, "BM1")
    await somebody(world)
    await residents(world)
    with world.sql("beneficiary") as connection:
        rows = connection.execute("SELECT person, operation, purpose, count FROM audit_entry ORDER BY seq").fetchall()
    assert rows == [(HEAD, "panti.line(admission)", "panti", 1), (HEAD, "panti.residents(BM1)", "panti", 1)]


async def test_somebody_without_nik_is_joined_to_a_known_person_by_two(world: World) -> None:
    known = Citizen(7)
    await decreed(world, [known])
    (person,) = await resolved(world, [known])
    await opened(world)
    answer = await written(world, "admission", FIRST, newcomer={"name": "Tanpa nama, perempuan"})
    assert answer["number"] == "BM1-00001"
    assert answer["held"] == []
    proposal = {"provisional_id": answer["person_id"], "nik": known.nik, "evidence": "sidik jari Dukcapil 12/2025"}
    assert (await world.as_(OTHER_HEAD).post("/beneficiary/person-joins", json=proposal)).json()["code"] == "not-your-panti"
    join = (await world.as_(HEAD).post("/beneficiary/person-joins", json=proposal)).json()
    path = f"/beneficiary/person-joins/{join['id']}/decision"
    assert (await world.as_(HEAD).post(path, json={"accept": True})).json()["code"] == "four-eyes"
    assert (await world.as_("operator").post(path, json={"accept": True})).json()["state"] == "done"
    assert await residents(world) == {known.name: "present"}
    items = (await world.as_("operator").get("/beneficiary/enrolments")).json()["items"]
    assert [(one["person_id"], one["status"], one["reason"]) for one in items] == [(person, "suspended", "panti_resident")]
    await written(world, "leave", "2025-09-05", person_id=person)
    assert (await census(world))["05"] == 0


async def test_an_admission_by_nik_finds_the_person_or_makes_one(world: World) -> None:
    known = Citizen(7)
    await decreed(world, [known])
    (person,) = await resolved(world, [known])
    await opened(world)
    assert (await written(world, "admission", FIRST, nik=known.nik))["person_id"] == person
    status, problem = await write(world, "admission", FIRST, nik="3171010101509999")
    assert (status, problem["code"]) == (409, "person-unknown")
    new = {"name": "Contoh Mawar", "birth_date": "1950-01-01", "address": "Jalan Mawar 1", "area": "31.71.01.1001"}
    made = await written(world, "admission", FIRST, nik="3171010101509999", newcomer=new)
    found = await world.as_("operator").post("/beneficiary/people:find", json={"nik": "3171010101509999", "purpose": "counter"})
    assert found.json() == {"person_id": made["person_id"], "enrolments": []}
    status, problem = await write(world, "leave", "2025-09-02", person_id=str(date(2025, 1, 1)))
    assert status == 422
