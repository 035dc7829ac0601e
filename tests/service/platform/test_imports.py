"""The lifecycle that every file has, tried through one kind: the same bytes, mended rows, hostile files, undo."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator

import pytest

from tests.service.beneficiary.story import Citizen, commit, controls, decree_file, decreed, send, status_file
from tests.support.world import Ground, World, open_world

GOOD = [Citizen(n) for n in range(1, 6)]
SPOILED = [*GOOD[:3], Citizen(4, area="31.99.99.9999"), Citizen(5, amount="30")]


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    async with open_world(ground, names=["beneficiary"]) as opened:
        yield opened


async def test_the_same_bytes_are_the_same_import_whatever_their_name(world: World) -> None:
    _, first = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    status, again = await send(world, "decree", decree_file(GOOD), controls(GOOD), name="lain.csv")
    assert (status, again["duplicate_of"]) == (200, first["id"])
    await commit(world, first["id"])
    status, after = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    assert (status, after["duplicate_of"], after["state"]) == (200, first["id"], "committed")


async def test_what_was_typed_wrong_is_checked_afresh(world: World) -> None:
    """A clerk who types a total wrong sends the same file again with the right one."""
    _, wrong = await send(world, "decree", decree_file(GOOD), controls(GOOD) | {"sum": 15})
    assert wrong["ready"] is False
    status, right = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    assert status == 201
    assert right["ready"] is True
    assert right["id"] != wrong["id"]
    assert (await world.as_("operator").get(f"/beneficiary/imports/{wrong['id']}")).json()["state"] == "cancelled"


async def test_rejected_rows_come_as_a_file_and_none_may_get_lost(world: World) -> None:
    _, view = await send(world, "decree", decree_file(SPOILED), controls(GOOD))
    assert (view["accepted"], view["rejected"], view["ready"]) == (3, 2, False)
    door = world.as_("operator")
    rejected = (await door.get(f"/beneficiary/imports/{view['id']}/rejected.csv")).content.decode("utf-8-sig")
    assert rejected.splitlines()[0].endswith('"masalah"')
    assert len(rejected.splitlines()) == 3
    too_few = await door.post(f"/beneficiary/imports/{view['id']}/mended", files={"file": ("p.csv", decree_file(GOOD[3:4]))})
    assert (too_few.status_code, too_few.json()["code"]) == (409, "rows-missing")
    status, refused = await commit(world, view["id"])
    assert (status, refused["code"]) == (409, "rows-rejected")
    mended = await door.post(f"/beneficiary/imports/{view['id']}/mended", files={"file": ("p.csv", decree_file(GOOD[3:]))})
    assert mended.json()["ready"], mended.text
    status, done = await commit(world, view["id"])
    assert (status, done["state"]) == (200, "committed")


async def test_a_checked_file_is_forgotten_on_demand_and_a_committed_one_is_not(world: World) -> None:
    door = world.as_("operator")
    _, view = await send(world, "decree", decree_file(SPOILED), controls(GOOD))
    assert (await door.post(f"/beneficiary/imports/{view['id']}/cancel")).json()["state"] == "cancelled"
    _, view = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    await commit(world, view["id"])
    assert (await door.post(f"/beneficiary/imports/{view['id']}/cancel")).json()["code"] == "illegal-transition"


async def test_a_file_of_the_whole_agency_is_nobodys_part(world: World) -> None:
    """Rejected rows hold NIK, name and address as they came: whoever has one city sees, mends and cancels the files of that city."""
    _, view = await send(world, "decree", decree_file(SPOILED), controls(GOOD))
    city = world.as_("jakpus")
    for door in ("", "/problems", "/rejected.csv"):
        answer = await city.get(f"/beneficiary/imports/{view['id']}{door}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), door
    for door in ("commit", "cancel"):
        assert (await city.post(f"/beneficiary/imports/{view['id']}/{door}")).status_code == 404
    mending = await city.post(f"/beneficiary/imports/{view['id']}/mended", files={"file": ("p.csv", decree_file(GOOD[3:]))})
    assert mending.status_code == 404
    assert (await city.get("/beneficiary/imports")).json()["items"] == []
    same = await city.post(
        "/beneficiary/imports/decree", files={"file": ("x.csv", decree_file(SPOILED))}, data={"controls": json.dumps(controls(GOOD))}
    )
    assert same.status_code in (403, 409), same.text
    assert (await world.as_("operator2").get(f"/beneficiary/imports/{view['id']}")).json()["state"] == "checked"


async def test_a_file_of_a_part_is_open_to_that_part_and_to_the_whole(world: World) -> None:
    await decreed(world, [Citizen(1, area="31.71.01.1001")])
    _, view = await send(world, "status", status_file([(Citizen(1), "tangguhkan", "under_review", "2025-09")]), {"count": 1}, by="jakpus")
    assert view.get("state") == "checked", view
    for who in ("jakpus", "operator"):
        assert (await world.as_(who).get(f"/beneficiary/imports/{view['id']}")).status_code == 200


async def test_whoever_mended_rows_is_not_the_second_person(world: World) -> None:
    """operator sends, operator2 mends: the rows of operator2 would be seen by nobody else."""
    _, view = await send(world, "decree", decree_file(SPOILED), controls(GOOD))
    mended = await world.as_("operator2").post(
        f"/beneficiary/imports/{view['id']}/mended", files={"file": ("p.csv", decree_file(GOOD[3:]))}
    )
    assert mended.json()["ready"], mended.text
    for who in ("operator", "operator2"):
        status, refused = await commit(world, view["id"], by=who)
        assert (status, refused["code"]) == (409, "four-eyes"), who
    assert (await world.as_("operator").post(f"/beneficiary/imports/{view['id']}/cancel")).status_code == 200


async def test_a_page_of_problems_is_asked_for_with_any_text(world: World) -> None:
    _, view = await send(world, "decree", decree_file(SPOILED), controls(GOOD))
    for after in ("\u00b2", "1." + "9" * 30, "9" * 30, "\0", "-1", "a.b"):
        answer = await world.as_("operator").get(f"/beneficiary/imports/{view['id']}/problems", params={"after": after})
        assert answer.status_code in (200, 422), after


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 500_000_000)
    return out.getvalue()


async def test_files_that_are_no_decree_are_refused_in_words_and_leave_nothing(world: World) -> None:
    wrong = b"nomor;tanggal;nilai\r\n1;2025-09-01;3\r\n"
    for content, name, reason in (
        (zip_bomb(), "bom.xlsx", "zip-bomb"),
        (wrong, "sp2d.csv", "wrong-workbook"),
        (b"", "kosong.csv", "empty"),
        (b"%PDF-1.7 ...", "sk.pdf", "not-a-table"),
    ):
        status, problem = await send(world, "decree", content, controls(GOOD), name=name)
        assert (status, problem["code"]) == (422, "file-refused"), (name, problem)
        assert problem["reason"] in {reason, "not-a-table", "wrong-workbook", "header-missing", "too-large"}, problem
        assert problem["detail"].endswith(".")
    assert (await world.as_("operator").get("/beneficiary/imports")).json()["items"] == []


async def test_templates_are_published_for_every_kind(world: World) -> None:
    door = world.as_("operator")
    for kind in (await door.get("/beneficiary/imports")).json()["kinds"]:
        for form in ("csv", "xlsx"):
            answer = await door.get(f"/beneficiary/templates/{kind}.{form}")
            assert answer.status_code == 200
            assert answer.content
