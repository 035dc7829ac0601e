"""Suspend, resume, end: by file and by API, with the guard rails of the core and a second person where it wants one."""

from __future__ import annotations

from typing import Any

from tests.service.beneficiary.story import Citizen, changed, commit, decreed, resolved, sealed, send, status_file
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 7)]


async def order(world: World, *items: dict[str, Any], by: str = "operator") -> tuple[int, dict[str, Any]]:
    answer = await world.as_(by).post("/beneficiary/status-changes", json={"items": list(items)})
    return answer.status_code, answer.json()


async def confirm(world: World, order_id: str, *, by: str = "operator2") -> tuple[int, dict[str, Any]]:
    answer = await world.as_(by).post(f"/beneficiary/status-changes/{order_id}/confirmation")
    return answer.status_code, answer.json()


def item(person_id: str | None, action: str, reason: str = "", month: str = "2025-09") -> dict[str, Any]:
    return {"person_id": person_id, "programme": "KLJ", "action": action, "reason": reason, "from_month": month, "evidence": "BA-2"}


async def states(world: World) -> dict[str, tuple[str, str, str, int]]:
    items = (await world.as_("operator").get("/beneficiary/enrolments")).json()["items"]
    return {i["person_id"]: (i["status"], i["reason"], i["from_month"], i["person_version"]) for i in items}


async def test_illegal_rows_of_a_file_are_row_problems_in_the_office_s_words(world: World) -> None:
    await decreed(world, PEOPLE)
    await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-07"), (PEOPLE[1], "hentikan", "meninggal", "2025-08")])
    rows = [
        (PEOPLE[0], "tangguhkan", "sanggah", "2025-08"),
        (PEOPLE[0], "lanjutkan", "", "2025-08"),
        (PEOPLE[1], "hentikan", "pindah", "2025-09"),
        (PEOPLE[2], "lanjutkan", "", "2025-09"),
        (PEOPLE[3], "hentikan", "bosan", "2025-09"),
        (PEOPLE[3], "tangguhkan", "", "2025-09"),
        (PEOPLE[3], "hentikan", "dead", "2024-12"),
        (Citizen(77), "hentikan", "dead", "2025-09"),
        (PEOPLE[4], "hentikan", "over_age", "2025-09"),
        (PEOPLE[4], "hentikan", "over_age", "2025-09"),
    ]
    status, view = await send(world, "status", status_file(rows), {"count": 1})
    assert status == 201
    found = (await world.as_("operator").get(f"/beneficiary/imports/{view['id']}/problems")).json()["items"]
    assert [(p["row"], p["column"], p["code"]) for p in found] == [
        (2, "tindakan", "illegal-transition"),
        (3, "mulai_bulan", "resume-month"),
        (4, "tindakan", "illegal-transition"),
        (5, "tindakan", "illegal-transition"),
        (6, "alasan", "unknown-reason"),
        (7, "alasan", "unknown-reason"),
        (8, "mulai_bulan", "not-enrolled"),
        (9, "nik", "unknown-person"),
        (11, "nik", "double-row"),
    ]
    assert "Ditangguhkan sejak 2025-07" in found[1]["message"]


async def test_a_state_that_changed_since_the_check_refuses_the_whole_file(world: World) -> None:
    await decreed(world, PEOPLE)
    _, view = await send(world, "status", status_file([(one, "hentikan", "pindah", "2025-09") for one in PEOPLE[:2]]), {"count": 2})
    ids = await resolved(world, PEOPLE)
    assert (await order(world, item(ids[0], "end", "dead")))[1]["state"] == "done"
    before = await states(world)
    status, problem = await commit(world, view["id"])
    assert (status, problem["code"]) == (409, "illegal-transition")
    assert await states(world) == before


async def test_one_person_suspends_and_a_second_one_must_confirm_a_resumption(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    status, done = await order(world, item(ids[0], "suspend", "data_mismatch", "2025-07"), item(ids[1], "end", "moved_out"))
    assert (status, done["state"]) == (201, "done")
    status, proposed = await order(world, item(ids[0], "resume", month="2025-07"))
    assert (status, proposed["state"]) == (201, "proposed")
    assert (await states(world))[str(ids[0])] == ("suspended", "data_mismatch", "2025-07", 2)
    status, problem = await confirm(world, proposed["id"], by="operator")
    assert (status, problem["code"]) == (409, "four-eyes")
    status, confirmed = await confirm(world, proposed["id"])
    assert (status, confirmed["state"]) == (201, "done")
    status, problem = await confirm(world, proposed["id"])
    assert (status, problem["code"]) == (409, "illegal-transition")
    found = await states(world)
    assert found[str(ids[0])] == ("active", "", "2025-07", 3)
    assert found[str(ids[1])] == ("ended", "moved_out", "2025-09", 2)


async def test_the_api_refuses_what_the_table_and_the_guard_rails_do_not_have(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    await sealed(world, month="2025-09")
    refusals = [
        (item(ids[0], "resume", month="2025-10"), 409, "illegal-transition"),
        (item(ids[0], "end", "dead", "2025-11"), 409, "month-too-late"),
        (item(ids[0], "end", "dead", "2026-01"), 409, "not-enrolled"),
        (item(ids[0], "end", "bored", "2025-10"), 422, "unknown-reason"),
        (item(ids[0], "end", "meninggal", "2025-10"), 422, "unknown-reason"),
        (item(ids[0], "suspend", "dead", "2025-10"), 422, "unknown-reason"),
        (item("00000000-0000-7000-8000-000000000001", "end", "dead", "2025-10"), 404, "not-found"),
    ]
    for given, status, code in refusals:
        answer = await order(world, item(ids[1], "suspend", "objection", "2025-10"), given)
        assert (answer[0], answer[1]["code"]) == (status, code), given
    assert {state[0] for state in (await states(world)).values()} == {"active"}  # all of an order or nothing
    assert (await order(world, item(ids[0], "end", "dead"), by="checker"))[0] == 403


async def test_a_sealed_month_is_reached_by_two_people_and_its_list_stays_as_it_was(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    seal = await sealed(world, month="2025-09")
    _, proposed = await order(world, item(ids[0], "end", "dead", "2025-09"))
    assert proposed["state"] == "proposed"
    assert (await confirm(world, proposed["id"]))[1]["state"] == "done"
    _, done = await order(world, item(ids[1], "suspend", "objection", "2025-10"))
    assert done["state"] == "done"
    listed = (await world.as_("operator").get(f"/beneficiary/cutoffs/{seal['id']}/list.tsv")).text
    assert listed.count("\tactive\t\t300000\n") == 6
    with world.sql("beneficiary", "verify") as look:
        assert look.execute("SELECT cutoff_no, count(*) FROM enrolment GROUP BY 1 ORDER BY 1").fetchall() == [(1, 6), (2, 2)]
    following = await sealed(world, month="2025-10")
    assert (following["cutoff_no"], following["by_status"]) == (2, {"active": 4, "suspended": 1, "ended": 1})


async def test_the_same_idempotency_key_orders_once(world: World) -> None:
    await decreed(world, PEOPLE)
    ids = await resolved(world, PEOPLE)
    body = {"items": [item(ids[0], "suspend", "objection")]}
    answers = [
        await world.as_("operator").post("/beneficiary/status-changes", json=body, headers={"Idempotency-Key": "surat-12"})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (await states(world))[str(ids[0])][3] == 2


async def test_pages_of_enrolments_follow_one_another_and_filter(world: World) -> None:
    await decreed(world, [*PEOPLE, Citizen(1, "KPDJ"), Citizen(8, area="31.71.01.1001")])
    seen, after = [], ""
    while True:
        page = (await world.as_("operator").get("/beneficiary/enrolments", params={"limit": 3, "after": after})).json()
        seen += [(i["person_id"], i["programme"]) for i in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen)
    for params, count in (({"programme": "KPDJ"}, 1), ({"area": "31.71"}, 1), ({"area": "31.7"}, 0), ({"status": "ended"}, 0)):
        answer = await world.as_("operator").get("/beneficiary/enrolments", params=params)
        assert len(answer.json()["items"]) == count, params
    refused = await world.as_("operator").get("/beneficiary/enrolments", params={"after": "x"})
    assert refused.status_code == 422


async def test_a_status_file_wants_its_count_and_a_second_person(world: World) -> None:
    await decreed(world, PEOPLE)
    rows = [(PEOPLE[0], "tangguhkan", "under_review", "2025-09"), (PEOPLE[1], "HENTIKAN", "Pindah", "2025-09")]
    _, view = await send(world, "status", status_file(rows), {"count": 3})
    assert view["not_ready"] == ["Jumlah perubahan: berkas 2, surat 3"]
    status, problem = await commit(world, view["id"])
    assert (status, problem["code"]) == (409, "totals-differ")
    await world.as_("operator").post(f"/beneficiary/imports/{view['id']}/cancel")
    _, view = await send(world, "status", status_file(rows), {"count": 2})
    assert view["totals"] == {"count": 2, "actions": {"end": 1, "suspend": 1}}
    status, problem = await commit(world, view["id"], by="operator")
    assert (status, problem["code"]) == (409, "four-eyes")
    status, done = await commit(world, view["id"])
    assert (status, done["result"]) == (200, {"changes": 2})
    assert sorted(state[:2] for state in (await states(world)).values())[-2:] == [("ended", "moved_out"), ("suspended", "under_review")]
