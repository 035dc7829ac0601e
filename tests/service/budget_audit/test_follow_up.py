"""From finding to solution: asked, explained, accepted in part, agreed, done, verified by somebody else, and opened again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.kernel.clock import FrozenClock
from shared.kernel.data import holidays
from shared.kernel.workdays import add_working_days
from tests.service.budget_audit.books import Books
from tests.service.budget_audit.test_mismatches import FOOD_SP2D, act, panti
from tests.support.world import Ground, open_world

AGREEMENT = {"solution": "Setor kembali 60 hari-orang", "owner": "panti/BM1", "due_on": "2099-12-01"}
EXPLANATION = {"text": "Makan keluarga tanggal 17", "evidence": ["daftar hadir 17 Sep"], "amount": 5_775_000}


async def found_food(books: Books) -> str:
    await panti(books)
    await books.bring("sp2d", FOOD_SP2D)
    await books.world.settle()
    (found,) = await books.mismatches(year=2025)
    return str(found["id"])


async def done(books: Books, person: str, mismatch_id: str, step: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await act(books, person, mismatch_id, step, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(books: Books, person: str, mismatch_id: str, step: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = await act(books, person, mismatch_id, step, body)
    return answer.status_code, answer.json()["code"]


def ten_days_after(day: date) -> str:
    return add_working_days(day, 10, {row[0] for row in holidays()}).isoformat()


async def test_asked_explained_accepted_in_part_agreed_done_and_closed_by_another(books: Books) -> None:
    found = await found_food(books)
    assert await refused(books, "panti-head", found, "request", {"text": "Mohon penjelasan"}) == (403, "not-allowed")
    asked = await done(books, "auditor", found, "request", {"text": "Mohon penjelasan 150 hari-orang"})
    assert (asked["state"], asked["due_on"]) == ("asked", ten_days_after(books.world.clock.today()))

    explained = await done(books, "panti-head", found, "explanation", EXPLANATION)
    assert (explained["state"], explained["open"]) == ("explained", 0)
    assert await refused(books, "auditor", found, "acceptance", {"text": "x" * 3, "amount": 5_775_001}) == (422, "invalid-input")
    assert (await act(books, "auditor", found, "acceptance", {"text": "tak mungkin", "amount": -1})).status_code == 422
    accepted = await done(books, "auditor", found, "acceptance", {"text": "90 hari-orang ada daftar hadirnya", "amount": 3_465_000})
    assert (accepted["state"], accepted["explained"], accepted["open"]) == ("explained", 3_465_000, 2_310_000)

    agreed = await done(books, "auditor", found, "agreement", AGREEMENT)
    assert (agreed["state"], agreed["open"]) == ("agreed", 2_310_000)
    handed = await done(books, "panti-head", found, "evidence", {"text": "Sudah disetor", "evidence": ["STS 12/2025 Rp2.310.000"]})
    assert handed["state"] == "agreed"
    closing = {"evidence": "STS 12/2025 Rp2.310.000"}
    assert await refused(books, "auditor", found, "closing", closing) == (409, "four-eyes")
    closed = await done(books, "auditor2", found, "closing", closing)
    assert closed["state"] == "closed"
    assert [(step["step"], step["person"], step["amount"]) for step in closed["history"]] == [
        ("detect", "", 0), ("ask", "auditor", 5_775_000), ("explain", "panti-head", 5_775_000), ("accept", "auditor", 3_465_000),
        ("agree", "auditor", 2_310_000), ("evidence", "panti-head", 0), ("close", "auditor2", 0),
    ]  # fmt: skip
    (event,) = books.outbox("budget_audit.mismatch.explanation_asked.v1")
    assert (event["version"], event["open"], event["owner"]) == (2, 5_775_000, "panti/BM1")
    (event,) = books.outbox("budget_audit.mismatch.explanation_accepted.v1")
    assert (event["version"], event["accepted"], event["open"]) == (4, 3_465_000, 2_310_000)
    (event,) = books.outbox("budget_audit.mismatch.closed.v1")
    assert event["version"] == 6


async def test_an_answer_that_leaves_something_open_is_asked_about_again(books: Books) -> None:
    found = await found_food(books)
    await done(books, "panti-head", found, "explanation", {**EXPLANATION, "amount": 1_000_000})
    again = await done(books, "auditor", found, "request", {"text": "Sisanya?"})
    assert (again["state"], again["explained"], again["history"][-1]["amount"]) == ("asked", 1_000_000, 4_775_000)
    whole = await done(books, "panti-head", found, "explanation", EXPLANATION)
    assert (whole["state"], whole["open"]) == ("explained", 0)
    nothing = await done(books, "auditor", found, "acceptance", {"text": "Tanpa daftar hadir", "amount": 0})
    assert (nothing["state"], nothing["open"]) == ("explained", 5_775_000)


async def test_what_is_closed_opens_again_for_a_reason_and_the_same_people_may_answer(books: Books) -> None:
    found = await found_food(books)
    assert await refused(books, "auditor", found, "reopening", {"reason": "Belum ditutup"}) == (409, "illegal-transition")
    await done(books, "panti-head", found, "explanation", EXPLANATION)
    await done(books, "auditor", found, "agreement", AGREEMENT)
    await done(books, "auditor2", found, "closing", {"evidence": "STS 12/2025"})
    assert (await act(books, "auditor2", found, "reopening", {"reason": ""})).status_code == 422
    opened = await done(books, "auditor2", found, "reopening", {"reason": "STS 12/2025 atas nama panti lain"})
    assert (opened["state"], opened["explained"], opened["open"]) == ("detected", 0, 5_775_000)
    assert opened["history"][-1]["numbers_version"] == 2
    assert opened["due_on"] == ten_days_after(books.world.clock.today())
    # Another round: who closed before may agree now, and who agreed may close.
    await done(books, "panti-head", found, "explanation", EXPLANATION)
    await done(books, "auditor2", found, "agreement", AGREEMENT)
    assert (await done(books, "auditor", found, "closing", {"evidence": "STS 15/2025"}))["state"] == "closed"
    (event,) = books.outbox("budget_audit.mismatch.reopened.v1")
    assert (event["version"], event["reason"]) == (5, "STS 12/2025 atas nama panti lain")


async def test_equal_figures_leave_nothing_to_open_again(books: Books) -> None:
    found = await found_food(books)
    await done(books, "auditor", found, "agreement", AGREEMENT)
    await done(books, "auditor2", found, "closing", {"evidence": "STS 12/2025"})
    await books.bring("census", [{"kode_panti": "BM1", "tanggal": "2025-09-01", "penghuni": 266}])
    await books.world.settle()
    (equal,) = await books.mismatches()
    assert (equal["difference"], equal["state"]) == (0, "closed")
    assert await refused(books, "auditor", found, "reopening", {"reason": "Coba lagi"}) == (409, "illegal-transition")


async def test_a_note_changes_nothing_but_the_history(books: Books) -> None:
    found = await found_food(books)
    noted = await done(books, "auditor", found, "notes", {"text": "Telepon kepala panti, 3 Okt"})
    assert (noted["state"], noted["history"][-1]["step"], noted["history"][-1]["text"]) == (
        "detected",
        "note",
        "Telepon kepala panti, 3 Okt",
    )
    assert await refused(books, "warehouse", found, "notes", {"text": "Saya juga"}) == (403, "not-allowed")
    # A note is no part of the answer: who noted may still close.
    await done(books, "auditor2", found, "notes", {"text": "Berkas lengkap"})
    await done(books, "auditor", found, "agreement", AGREEMENT)
    assert (await done(books, "auditor2", found, "closing", {"evidence": "STS 12/2025"}))["state"] == "closed"


async def test_no_answer_at_its_date_is_told_once_to_the_office_above(ground: Ground) -> None:
    clock = FrozenClock(datetime(2025, 10, 7, 3, 0, tzinfo=UTC))
    async with open_world(ground, clock, names=("budget_audit",)) as world:
        books = Books(world)
        found = await found_food(books)
        asked = await done(books, "auditor", found, "request", {"text": "Mohon penjelasan"})
        assert asked["due_on"] == "2025-10-21"
        clock.move(timedelta(days=14))
        await world.settle()
        assert (await books.mismatches())[0]["escalated_to"] == "", "the 21st is still in time"
        for _ in range(2):
            clock.move(timedelta(days=1))
            await world.settle()
        (late,) = await books.mismatches()
        assert (late["state"], late["overdue"], late["escalated_to"]) == ("asked", True, "kepala-dinas")
        (event,) = books.outbox("budget_audit.mismatch.escalated.v1")
        assert (event["version"], event["to"], event["open"]) == (3, "kepala-dinas", 5_775_000)

        # A new date is a new chance; a solution that is late in its turn is told again.
        await done(books, "auditor", found, "agreement", {**AGREEMENT, "due_on": "2025-11-03"})
        assert (await books.mismatches())[0]["escalated_to"] == ""
        clock.move(timedelta(days=14))
        await world.settle()
        assert (await books.mismatches())[0]["escalated_to"] == "kepala-dinas"
