"""What the treasury has for the months ahead."""

from __future__ import annotations

from tests.service.budget_audit.books import BATCH, Books, approved, food_key, pkd_key


async def test_what_is_left_of_each_line_and_its_plan_by_month(books: Books) -> None:
    await books.dpa()
    await books.bring("dpa", [{**food_key(), "uraian": "Makan", "pagu": 1_000}])
    months = (("2025-09", 200_000_000), ("2025-10", 50_000_000))
    await books.bring("cash-plan", [{**pkd_key("KLJ"), "bulan": month, "rencana": planned} for month, planned in months])
    await books.publish(BATCH, approved())
    await books.world.settle()
    lines = (await books.get("/outlook?from=2025-09&to=2026-08"))["lines"]
    assert [(one["programme"], one["year"]) for one in lines] == [("KAJ", 2025), ("KLJ", 2025), ("KPDJ", 2025)]  # no food, no 2026
    klj = lines[1]
    assert (klj["ceiling"], klj["reserved"], klj["available"]) == (300_000_000, 182_400_000, 117_600_000)
    assert klj["plan"] == [{"month": month, "planned": planned} for month, planned in months]
    assert lines[0]["plan"] == []
    assert (await books.get("/outlook?from=2026-01&to=2026-12"))["lines"] == []


async def test_the_budget_is_the_whole_agencys(books: Books) -> None:
    refused = await books.as_("jakpus").get("/budget_audit/outlook?from=2025-09&to=2026-08")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    wrong = await books.as_("auditor").get("/budget_audit/outlook?from=2025-09&to=soon")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-input")
