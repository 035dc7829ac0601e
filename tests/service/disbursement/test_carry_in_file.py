"""Months from before Ritme, and the resumption that reaches them: whichever comes second makes them due (CORE.md section 3)."""

from __future__ import annotations

from shared.kernel.month import month_of
from tests.service.disbursement.desk import Desk, nik, person
from tests.service.disbursement.files import CARRY_IN, commit, know, problems, send

MONTHS = {"2025-07": 3, "2025-08": 3}


def held(number: int, month: str, *, state: str = "ditahan", reason: str = "verification") -> str:
    return f"{nik(number)};KLJ;{month};{state};{reason};ND 12/2025"


def six_rows() -> list[str]:
    return [held(number, month) for month in MONTHS for number in (1, 2, 3)]


async def enrolled(desk: Desk) -> None:
    for number in (1, 2, 3, 4):
        desk.beneficiary.activate(person(number), from_month="2025-01")
        if number < 4:
            desk.beneficiary.suspend(person(number), from_month="2025-07")
    await desk.told()
    know(desk, 1, 2, 3, 4)


async def carried_in(desk: Desk) -> None:
    sent = await send(desk, "carry-in", CARRY_IN, six_rows(), {"count": 6, "months": MONTHS})
    status, done = await commit(desk, sent)
    assert status == 200, done


def resume_three(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.beneficiary.resume(person(number), from_month="2025-07")


async def opened(desk: Desk) -> None:
    desk.beneficiary.seal()
    await desk.told()
    answer = await desk.as_("operator").post("/months/2025-09/opening")
    assert answer.status_code == 200, answer.text


def standings(desk: Desk) -> list[tuple[str, str, int]]:
    rows = desk.sql("SELECT month, outcome, standing, count(*) FROM entitlement_month GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    return [(f"{month} {outcome}", standing, int(n)) for month, outcome, standing, n in rows]


EXPECTED = [("2025-07 due", "", 3), ("2025-08 due", "", 3), ("2025-09 due", "", 1), ("2025-09 due", "reinstated", 3)]


async def test_resumption_after_the_carry_in(desk: Desk) -> None:
    await enrolled(desk)
    await carried_in(desk)
    assert desk.outcomes("2025-07") == {"held": 3}
    resume_three(desk)
    await opened(desk)

    assert standings(desk) == EXPECTED
    trail = desk.sql(
        """SELECT version, from_outcome, outcome, cause FROM entitlement_entry
            WHERE month = '2025-07' AND person_id = %s ORDER BY id""",
        person(1),
    )
    assert trail == [(1, "", "held", "carried_in"), (2, "held", "due", "resumed")]


async def test_resumption_before_the_carry_in(desk: Desk) -> None:
    await enrolled(desk)
    resume_three(desk)
    await desk.told()
    await carried_in(desk)
    await opened(desk)

    assert standings(desk) == EXPECTED


async def test_resumption_after_the_opening(desk: Desk) -> None:
    await enrolled(desk)
    await carried_in(desk)
    await opened(desk)
    assert desk.outcomes() == {"due": 1, "held": 3}
    resume_three(desk)
    await desk.told()

    assert standings(desk) == EXPECTED


async def test_a_second_person_commits_and_totals_are_the_papers(desk: Desk) -> None:
    await enrolled(desk)
    sent = await send(desk, "carry-in", CARRY_IN, six_rows(), {"count": 6, "months": {"2025-07": 2, "2025-08": 4}})
    assert sent["not_ready"] == ["bulan 2025-07: 3 baris, menurut dokumen 2", "bulan 2025-08: 3 baris, menurut dokumen 4"]
    assert (await commit(desk, sent, by="operator"))[1]["code"] == "four-eyes"
    assert (await commit(desk, sent))[1]["code"] == "totals-differ"


async def test_a_month_that_ritme_sealed_is_not_carried_in(desk: Desk) -> None:
    await enrolled(desk)
    desk.beneficiary.seal(month="2025-08")
    await desk.told()

    sent = await send(desk, "carry-in", CARRY_IN, six_rows(), {"count": 6, "months": MONTHS})

    assert sent["not_ready"] == ["KLJ 2025-08: sudah dikunci di Ritme atau bulan berjalan; tidak dapat dibawa masuk (3 baris)"]


async def test_the_present_month_is_ritmes_even_before_its_seal(desk: Desk) -> None:
    """A month that was carried in is never opened: two people with a wrong file would stop it for everybody."""
    await enrolled(desk)
    now = month_of(desk.clock.today())

    sent = await send(desk, "carry-in", CARRY_IN, [held(1, now)], {"count": 1, "months": {now: 1}})

    assert sent["ready"] is False
    status, refused = await commit(desk, sent)
    assert (status, refused["code"]) == (409, "totals-differ")


async def test_doubles_are_refused_by_row(desk: Desk) -> None:
    await enrolled(desk)
    rows = [held(1, "2025-07"), held(1, "2025-07", state="terlewat", reason="account_closed")]
    sent = await send(desk, "carry-in", CARRY_IN, rows, {"count": 1, "months": {"2025-07": 1}})

    assert await problems(desk, sent) == [(3, "bulan", "double-row")]


async def test_only_reasons_of_the_signed_lists_each_for_its_state(desk: Desk) -> None:
    """A reason that no table has owns nothing: the gap would have no office, the hold no decision."""
    await enrolled(desk)
    rows = [
        held(1, "2025-07", reason="because"),
        held(2, "2025-07", reason="account_closed"),  # of a missed month
        held(3, "2025-07", state="terlewat", reason="verification"),  # of a held one
        held(4, "2025-07", state="terlewat", reason="awaiting_bank"),  # Ritme never sent it
        held(1, "2025-08", state="terlewat", reason="card_not_handed_over"),
        held(2, "2025-08", reason="under_review"),
    ]
    sent = await send(desk, "carry-in", CARRY_IN, rows, {"count": 2, "months": {"2025-08": 2}})

    assert await problems(desk, sent) == [(row, "alasan", "reason-unknown") for row in (2, 3, 4, 5)]
    assert (sent["accepted"], sent["rejected"], sent["ready"]) == (2, 4, False)
    told = (await desk.as_("operator").get(f"/imports/{sent['id']}/problems")).json()["items"]
    assert "Yang ada: under_review, verification." in told[0]["message"]
    assert "card_not_handed_over" in told[2]["message"]
    assert (await commit(desk, sent))[1]["code"] == "rows-rejected"


async def test_the_equation_of_a_carried_in_month_says_that_it_has_no_seal(desk: Desk) -> None:
    await enrolled(desk)
    await carried_in(desk)

    found = (await desk.as_("operator").get("/months/2025-07/equation")).json()

    assert (found["entitled"], found["held"], found["holds"]) == (3, 3, True)
    assert (found["quota"], found["vacant"], found["seal"]) == (None, None, {"disbursement": None})
    assert found["by_programme"]["KLJ"]["state"] == "carried_in"
