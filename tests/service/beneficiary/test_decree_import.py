"""A decree's list as offices send it: problems by row and column, mended rows, totals, two people, nothing half applied."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from shared.contracts.beneficiary import PERSON
from shared.kernel.clock import SystemClock
from shared.kernel.failpoints import FailpointHit
from tests.service.beneficiary.story import HEADER, Citizen, commit, controls, decree_file, decreed, resolved, sealed, send
from tests.support.world import World

GOOD = [Citizen(n) for n in range(1, 4)]


async def problems(world: World, import_id: str) -> list[tuple[int, str, str, bool]]:
    answer = await world.as_("operator").get(f"/beneficiary/imports/{import_id}/problems")
    return [(p["row"], p["column"], p["code"], p["warning"]) for p in answer.json()["items"]]


def rows_of(world: World, table: str) -> int:
    with world.sql("beneficiary", "verify") as look:
        found = look.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(str(found[0]))


def spoiled() -> bytes:
    """O5, O6 and O4, row by row; row 2 is good."""
    base = Citizen(1)
    return "\r\n".join(
        [
            "\ufeff" + HEADER,
            base.row(),
            Citizen(2).row().replace(Citizen(2).nik, "3,17E+15"),
            Citizen(3).row().replace(Citizen(3).nik, "31730112055090"),
            Citizen(4, amount="300.000,00").row(),
            Citizen(5, amount="Rp 300.000").row(),
            Citizen(6, amount="250.000").row(),
            Citizen(7, amount="300,50").row(),
            Citizen(8, area="Kapuk Selatan").row(),
            Citizen(9, area="Kapuk").row(),
            Citizen(10, area="3173011001").row(),
            Citizen(11, programme="KPDJ").row(),
            Citizen(12, born=(SystemClock().today() + timedelta(days=1)).isoformat()).row(),
            Citizen(13, cohort="mungkin").row(),
            base.row(),
            Citizen(1, "KAJ", area="31.71.01.1001").row(),
        ]
    ).encode()


async def test_every_problem_has_its_row_its_column_and_plain_words(world: World) -> None:
    status, view = await send(world, "decree", spoiled(), controls([*(Citizen(n) for n in range(1, 15)), Citizen(1, "KAJ")]))
    assert status == 201
    assert await problems(world, view["id"]) == [
        (3, "nik", "nik-e-notation", False),
        (4, "nik", "nik-length", False),
        (7, "nominal", "amount-differs", False),
        (8, "nominal", "money-fraction", False),
        (9, "kode_kelurahan", "area-without-code", True),
        (10, "kode_kelurahan", "area-not-a-code", False),
        (11, "kode_kelurahan", "area-unknown", False),
        (12, "program", "programme-not-in-decree", False),
        (13, "tanggal_lahir", "birth-date-future", False),
        (14, "penerima", "unknown-choice", False),
        (15, "nik", "double-row", False),
        (16, "kode_kelurahan", "area-differs", False),
    ]
    assert (view["rows"], view["accepted"], view["rejected"], view["warnings"]) == (15, 4, 11, 1)
    assert view["totals"] == {"count": 4, "sum": 1_200_000, "programmes": {"KLJ": {"count": 4, "sum": 1_200_000}}}
    refused, problem = await commit(world, view["id"])
    assert (refused, problem["code"]) == (409, "rows-rejected")
    assert rows_of(world, "person") == rows_of(world, "enrolment") == rows_of(world, "outbox") == 0


async def test_mended_rows_join_the_accepted_ones_and_stay_one_person(world: World) -> None:
    citizens = [*GOOD, Citizen(1, "KPDJ")]
    content = decree_file([*GOOD[:2], Citizen(3, area="Kapuk"), Citizen(1, "KPDJ", amount="100.000")])
    _, view = await send(world, "decree", content, controls(citizens))
    assert (view["accepted"], view["rejected"], view["ready"]) == (2, 2, False)
    to_mend = (await world.as_("operator").get(f"/beneficiary/imports/{view['id']}/rejected.csv")).text
    mended = to_mend.replace("100.000", "300.000").replace('"Kapuk"', '"31.73.01.1005"')
    answer = await world.as_("operator").post(
        f"/beneficiary/imports/{view['id']}/mended", files={"file": ("perbaikan.csv", mended.encode())}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["accepted"], answer.json()["rejected"], answer.json()["ready"]) == (4, 0, True)
    status, done = await commit(world, view["id"])
    assert status == 200, done
    assert rows_of(world, "person") == 3
    assert rows_of(world, "enrolment") == 4
    assert rows_of(world, "decree_staging") == 0


async def test_a_double_of_an_accepted_row_is_still_seen_in_the_mended_file(world: World) -> None:
    _, view = await send(world, "decree", decree_file([GOOD[0], Citizen(2, area="Kapuk")]), controls(GOOD[:2]))
    mended = await world.as_("operator").post(
        f"/beneficiary/imports/{view['id']}/mended", files={"file": ("perbaikan.csv", decree_file([GOOD[0]]))}
    )
    assert (mended.json()["accepted"], mended.json()["rejected"]) == (1, 1)
    assert [code for _, _, code, _ in await problems(world, view["id"])] == ["double-row"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": 4}, "SK 4 orang"),
        ({"sum": 900_001}, "SK 3 orang, Rp900.001"),
        ({"programmes": {"KLJ": {"count": 3, "sum": 600_000, "quota": 3}}}, "KLJ: berkas 3 orang, Rp900.000; SK 3 orang, Rp600.000"),
        ({"programmes": {"KLJ": {"count": 3, "sum": 900_000, "quota": 2}}}, "melebihi kuota 2"),
    ],
)
async def test_totals_that_differ_from_the_signed_decree_are_shown_and_nothing_is_applied(
    world: World, change: dict[str, Any], words: str
) -> None:
    _, view = await send(world, "decree", decree_file(GOOD), controls(GOOD) | change)
    assert view["ready"] is False
    status, problem = await commit(world, view["id"])
    assert (status, problem["code"]) == (409, "totals-differ")
    assert words in problem["detail"]
    assert problem["totals"]["count"] == 3
    assert problem["controls"]["sum"] == (change.get("sum") or 900_000)
    assert rows_of(world, "enrolment") == 0


async def test_whoever_sent_the_list_cannot_commit_it(world: World) -> None:
    _, view = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    status, problem = await commit(world, view["id"], by="operator")
    assert (status, problem["code"]) == (409, "four-eyes")
    status, problem = await commit(world, view["id"], by="approver")
    assert (status, problem["code"]) == (403, "not-allowed")
    status, _ = await commit(world, view["id"], by="operator2")
    assert status == 200
    status, problem = await commit(world, view["id"], by="operator2")
    assert (status, problem["code"]) == (409, "illegal-transition")


async def test_a_part_of_the_agency_neither_sends_nor_commits_a_decree(world: World) -> None:
    status, problem = await send(world, "decree", decree_file(GOOD), controls(GOOD), by="jakpus")
    assert (status, problem["code"]) == (403, "not-allowed")
    _, view = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    status, problem = await commit(world, view["id"], by="jakpus")
    assert (status, problem["code"]) == (404, "not-found"), "a file of the whole is not there for a part"


async def test_another_decree_in_the_same_months_is_a_problem_of_the_row(world: World) -> None:
    await decreed(world, GOOD)
    status, view = await send(
        world,
        "decree",
        decree_file([GOOD[0], Citizen(9)]),
        controls([GOOD[0], Citizen(9)], number="200/2025", from_month="2025-12", to_month="2026-12"),
    )
    assert status == 201
    assert await problems(world, view["id"]) == [(2, "nik", "enrolled-by-other-decree", False)]
    following = await decreed(world, [*GOOD, Citizen(9)], number="200/2026", from_month="2026-01", to_month="2026-12")
    assert following["result"]["people_known"] == 3
    with world.sql("beneficiary", "verify") as look:
        versions = look.execute("SELECT version, count(*) FROM person GROUP BY version ORDER BY version").fetchall()
    assert versions == [(1, 1), (2, 3)]


async def test_the_same_decree_is_not_recorded_twice(world: World) -> None:
    await decreed(world, GOOD)
    status, first = await send(world, "decree", decree_file(GOOD), controls(GOOD), name="nama-lain.csv")
    assert status == 200
    assert first["duplicate_of"] == first["id"]
    _, view = await send(world, "decree", decree_file([Citizen(50)]), controls([Citizen(50)]))
    assert view["not_ready"] == ["SK 100/2025 sudah dicatat untuk KLJ"]
    _, other = await send(world, "decree", decree_file([Citizen(51, "KAJ")]), controls([Citizen(51, "KAJ")], to_month="2025-11"))
    status, problem = await commit(world, other["id"])
    assert (status, problem["code"]) == (409, "decree-differs")


async def test_two_lists_checked_side_by_side_make_one_person_of_one_nik(world: World) -> None:
    """Both were checked before either was committed: the second is about the person whom the first made."""
    klj, kpdj = [Citizen(1), Citizen(2)], [Citizen(1, "KPDJ"), Citizen(3, "KPDJ")]
    _, first = await send(world, "decree", decree_file(klj), controls(klj))
    _, second = await send(world, "decree", decree_file(kpdj), controls(kpdj, number="101/2025"))
    for view in (first, second):
        status, done = await commit(world, view["id"])
        assert status == 200, done
    assert rows_of(world, "person") == 3
    ids = await resolved(world, [Citizen(1), Citizen(2), Citizen(3)])
    revealed = await world.as_("operator").post(
        "/beneficiary/people:reveal", json={"ids": ids, "purpose": "import", "fields": ["nik", "address"]}
    )
    assert [p["nik"] for p in revealed.json()["people"]] == [Citizen(n).nik for n in (1, 2, 3)]


async def test_two_lists_that_name_the_same_enrolment_cannot_both_be_committed(world: World) -> None:
    _, first = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    _, second = await send(world, "decree", decree_file(GOOD[:2]), controls(GOOD[:2], number="101/2025"))
    assert (await commit(world, first["id"]))[0] == 200
    status, problem = await commit(world, second["id"])
    assert (status, problem["code"], problem["people"]) == (409, "already-enrolled", 2)
    assert rows_of(world, "enrolment") == 3
    answer = await world.as_("operator").post(f"/beneficiary/imports/{second['id']}/cancel")
    assert answer.json()["state"] == "cancelled"
    assert rows_of(world, "decree_staging") == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"from_month": "2025-12", "to_month": "2025-01"},
        {"programmes": {"XYZ": {"count": 3, "sum": 900_000, "quota": 3}}},
        {"number": ""},
        {"anything": 1},
    ],
)
async def test_controls_that_cannot_be_are_refused_at_once(world: World, typed: dict[str, Any]) -> None:
    status, problem = await send(world, "decree", decree_file(GOOD), controls(GOOD) | typed)
    assert (status, problem["code"]) == (422, "invalid-input")
    assert rows_of(world, "import_file") == rows_of(world, "decree_staging") == 0


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in [HEADER.split(";"), *rows]:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


async def test_a_workbook_with_numbers_for_niks_text_dates_and_formulas(world: World) -> None:
    """O5: a numeric cell that ends in 0 may have lost its last digit; with another last digit it is exact."""
    rest = ["Jl. Contoh 1", "31.73.01.1001", "KLJ", "lama", 300_000]
    rows = [
        [3173011205509010, "Contoh A", date(1950, 5, 12), *rest],
        [3173011205509011, "Contoh B", date(1950, 5, 12), *rest],
        ["3173011205509012", "Contoh C", "12 Mei 1950", *rest],
        ["3173011205509013", "Contoh D", "12/31/1950", *rest],
        ["3173011205509014", "Contoh E", date(1950, 5, 12), *rest[:-1], "=300000"],
    ]
    status, view = await send(world, "decree", workbook(rows), controls([Citizen(n) for n in range(1, 6)]), name="daftar.xlsx")
    assert status == 201, view
    found = await problems(world, view["id"])
    assert (2, "nik", "nik-last-digit-lost", False) in found
    assert (3, "nik", "nik-number-cell", True) in found
    assert {(row, column) for row, column, _, warning in found if not warning} == {(2, "nik"), (5, "tanggal_lahir"), (6, "nominal")}
    assert view["accepted"] == 2


async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, view = await send(world, "decree", decree_file(GOOD), controls(GOOD))
    monkeypatch.setenv("FAILPOINT", "beneficiary.decree.before_commit:1:raise")
    with pytest.raises(FailpointHit):
        await commit(world, view["id"])
    assert rows_of(world, "person") == rows_of(world, "enrolment") == rows_of(world, "outbox") == rows_of(world, "decree") == 0
    assert rows_of(world, "decree_staging") == 3
    status, done = await commit(world, view["id"])
    assert (status, done["result"]["enrolments"]) == (200, 3)
    monkeypatch.setenv("FAILPOINT", "beneficiary.seal.before_commit:1:raise")
    with pytest.raises(FailpointHit):
        await sealed(world)
    assert rows_of(world, "cutoff") == rows_of(world, "cutoff_line") == 0
    assert (await sealed(world))["cutoff_no"] == 1


async def test_a_decree_that_reaches_back_says_which_months_were_sealed_before(world: World) -> None:
    await decreed(world, GOOD)
    seal = await sealed(world)
    view = await decreed(world, [Citizen(8)], number="300/2025", from_month="2025-08", to_month="2025-12")
    assert view["result"]["sealed_before"] == [{"programme": "KLJ", "month": "2025-09"}]
    assert (await sealed(world, month="2025-10"))["count"] == seal["count"] + 1
    assert (await world.as_("operator").get("/beneficiary/months/2025-09/seal")).json()["programmes"][0]["count"] == 3


async def test_what_was_committed_reaches_the_bus(world: World) -> None:
    await decreed(world, GOOD)
    await sealed(world)
    assert rows_of(world, "outbox_pending") == 5
    await world.settle()
    assert rows_of(world, "outbox_pending") == 0
    ends = await world.service("beneficiary").ends(PERSON)
    assert sum(ends.values()) == 3
