"""A wrong file was committed: two people take it back while nothing rests on it, and what rests on it is named (USERS.md)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.beneficiary.story import Citizen, changed, commit, decreed, resolved, sealed, send, status_file
from tests.service.beneficiary.test_status import states
from tests.support.world import World

PEOPLE = [Citizen(n) for n in range(1, 5)]
OTHERS = [Citizen(n, area="31.71.01.1001") for n in range(11, 13)]
PAPER = {"reason": "berkas kecamatan lain", "document": "ND 14/2025"}


async def knock(world: World, import_id: str, door: str, body: dict[str, Any] | None = None, *, by: str = "operator") -> tuple[int, Any]:
    answer = await world.as_(by).post(f"/beneficiary/imports/{import_id}/{door}", json=body or {})
    return answer.status_code, answer.json()


async def undone(world: World, import_id: str) -> Any:
    status, asked = await knock(world, import_id, "undo", PAPER)
    assert (status, asked["undo"]["state"]) == (201, "proposed"), asked
    status, done = await knock(world, import_id, "undo/confirmation", by="operator2")
    assert status == 200, done
    return done


async def test_two_people_take_a_wrong_file_back_and_the_next_seal_is_as_if_it_had_not_been(world: World) -> None:
    await decreed(world, PEOPLE)
    await sealed(world, month="2025-08")
    before = await states(world)
    wrong = await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09"), (PEOPLE[1], "hentikan", "meninggal", "2025-09")])
    after = await states(world)
    assert sorted(one[0] for one in after.values()) == ["active", "active", "ended", "suspended"]

    status, asked = await knock(world, wrong["id"], "undo", PAPER)
    assert (status, asked["possible"], asked["undo"]["asked_by"]) == (201, True, "operator")
    assert await states(world) == after, "one person alone takes nothing back"
    assert (await knock(world, wrong["id"], "undo", PAPER))[1]["code"] == "undo-waits"
    assert (await knock(world, wrong["id"], "undo/confirmation"))[1]["code"] == "four-eyes"
    status, done = await knock(world, wrong["id"], "undo/confirmation", by="operator2")
    assert (status, done["undo"]["state"], done["undo"]["decided_by"], done["undo"]["changes"]) == (200, "done", "operator2", 2)
    found = await states(world)
    assert {who: one[:2] for who, one in found.items()} == {who: one[:2] for who, one in before.items()}
    assert (await knock(world, wrong["id"], "undo/confirmation", by="operator2"))[1]["code"] == "illegal-transition"

    who = (await resolved(world, PEOPLE))[1]
    with world.sql("beneficiary") as connection:
        trail = connection.execute(
            """SELECT person_version, status, undoes, evidence, author FROM enrolment WHERE person_id = %s ORDER BY person_version""",
            (who,),
        ).fetchall()
        told = connection.execute("SELECT type, version FROM outbox WHERE key = %s ORDER BY seq", (who,)).fetchall()
    assert trail[1:] == [(2, "ended", None, "BA-1/2025", "operator2"), (3, "active", 2, "ND 14/2025", "operator2")]
    assert told == [(101, 1), (104, 2), (101, 3)]
    seal = await sealed(world)
    listed = (await world.as_("operator").get(f"/beneficiary/cutoffs/{seal['id']}/list.tsv")).text.splitlines()
    assert [line.split("\t")[1] for line in listed] == ["active"] * len(PEOPLE)


async def test_the_same_bytes_can_come_again_after_it(world: World) -> None:
    await decreed(world, PEOPLE)
    rows = [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")]
    first = await changed(world, rows)
    await undone(world, first["id"])
    view = (await world.as_("operator").get(f"/beneficiary/imports/{first['id']}")).json()
    assert (view["state"], view["result"]) == ("cancelled", {"changes": 1, "undone": 1})
    again = await changed(world, rows)
    assert again["id"] != first["id"]
    assert sorted(one[0] for one in (await states(world)).values()) == ["active", "active", "active", "suspended"]


async def test_a_suspension_comes_back_where_its_resumption_is_taken_back(world: World) -> None:
    await decreed(world, PEOPLE)
    await sealed(world, month="2025-08")
    await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")])
    wrong = await changed(world, [(PEOPLE[0], "lanjutkan", "", "2025-09")])
    await undone(world, wrong["id"])
    (found,) = [one for one in (await states(world)).values() if one[0] != "active"]
    assert found[:2] == ("suspended", "objection")


async def test_what_rests_on_a_file_is_named_and_nothing_is_taken_back(world: World) -> None:
    await decreed(world, PEOPLE)
    wrong = await changed(world, [(one, "tangguhkan", "sanggah", "2025-09") for one in PEOPLE[:3]])
    (first, *_) = await resolved(world, PEOPLE)
    item = {"person_id": first, "programme": "KLJ", "action": "end", "reason": "dead", "from_month": "2025-09", "evidence": "BA-2"}
    answer = await world.as_("operator").post("/beneficiary/status-changes", json={"items": [item]})
    assert answer.json()["state"] == "done"
    status, refused = await knock(world, wrong["id"], "undo", PAPER)
    assert (status, refused["code"], refused["changed_since"], refused["people"]) == (409, "import-built-on", 1, [first])
    assert refused["sealed"] == []
    await sealed(world)
    status, refused = await knock(world, wrong["id"], "undo", PAPER)
    assert refused["sealed"] == [{"programme": "KLJ", "month": "2025-09"}]
    assert "KLJ 2025-09 is sealed with it" in refused["detail"]
    shown = (await world.as_("operator").get(f"/beneficiary/imports/{wrong['id']}/undo")).json()
    assert (shown["possible"], shown["undo"], shown["depends"]["changed_since"]) == (False, None, 1)
    assert sorted(one[0] for one in (await states(world)).values()) == ["active", "ended", "suspended", "suspended"]


async def test_a_seal_between_asking_and_confirming_is_seen(world: World) -> None:
    await decreed(world, PEOPLE)
    wrong = await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")])
    assert (await knock(world, wrong["id"], "undo", PAPER))[0] == 201
    await sealed(world)
    assert (await knock(world, wrong["id"], "undo/confirmation", by="operator2"))[1]["code"] == "import-built-on"
    status, refused = await knock(world, wrong["id"], "undo/refusal")
    assert (status, refused["undo"]["state"]) == (200, "refused")
    assert (await knock(world, wrong["id"], "undo/refusal"))[1]["code"] == "illegal-transition"


async def test_months_from_before_ritme_may_have_followed(world: World) -> None:
    """A resumption that reaches back makes carried-in months due; no seal tells, so it is ordered back and not undone."""
    await decreed(world, PEOPLE)
    await changed(world, [(PEOPLE[0], "tangguhkan", "sanggah", "2025-07")])
    wrong = await changed(world, [(PEOPLE[0], "lanjutkan", "", "2025-07")])
    status, refused = await knock(world, wrong["id"], "undo", PAPER)
    assert (status, refused["reaching_back"]) == (409, [{"programme": "KLJ", "month": "2025-07"}])


@pytest.mark.parametrize("body", [{}, {"reason": "x", "document": "ND 1"}, {**PAPER, "state": "done"}])
async def test_what_cannot_be_undone(world: World, body: dict[str, Any]) -> None:
    decree = await decreed(world, PEOPLE)
    status, refused = await knock(world, decree["id"], "undo", PAPER)
    assert (status, refused["code"], refused["instead"]) == (409, "import-not-undoable", "end")
    _, waiting = await send(world, "status", status_file([(PEOPLE[0], "tangguhkan", "sanggah", "2025-09")]), {"count": 1})
    assert (await knock(world, waiting["id"], "undo", PAPER))[1]["code"] == "illegal-transition"
    await commit(world, waiting["id"])
    assert (await knock(world, waiting["id"], "undo", body))[0] == 422
    assert (await knock(world, waiting["id"], "undo", PAPER, by="checker"))[0] == 403
    assert (await knock(world, waiting["id"], "undo/confirmation", by="operator2"))[1]["code"] == "illegal-transition"
    assert (await knock(world, str(decree["result"]["decree_id"]), "undo", PAPER))[0] == 404


async def test_a_file_of_the_whole_is_nobodys_of_a_part(world: World) -> None:
    await decreed(world, [*PEOPLE, *OTHERS])
    whole = await changed(world, [(OTHERS[0], "tangguhkan", "sanggah", "2025-09"), (PEOPLE[0], "tangguhkan", "sanggah", "2025-09")])
    assert (await knock(world, whole["id"], "undo", PAPER, by="jakpus"))[0] == 404
