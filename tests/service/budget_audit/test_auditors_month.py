"""The auditor's month (USERS.md, auditor of the panti), step by step, with what goes wrong on the way."""

from __future__ import annotations

from tests.service.budget_audit.books import Books
from tests.service.budget_audit.supplies import CONTRACT, bast, bring, item, ssh
from tests.service.budget_audit.test_follow_up import AGREEMENT, EXPLANATION, done, found_food, refused


async def test_from_the_list_of_panti_to_the_file_for_bpk(books: Books) -> None:
    found = await found_food(books)
    # 1, 2. The worst panti first; budget, plan, census, contract and SP2D on one screen; over capacity is a fact and no finding.
    assert (await books.get("/panti"))["items"][0]["code"] == "BM1"
    month = await books.get("/panti/BM1/months/2025-09")
    assert (month["resident_days"], month["difference"], all(day["over_capacity"] for day in month["residents"])) == (
        3_480,
        5_775_000,
        True,
    )
    assert [one["id"] for one in (await books.get("/panti/BM1/story/2025-09"))["findings"] if one["of_money"]] == [found]
    # 3. Formula with its numbers; a tender below the pagu is ruled out, since it explains less spending and not more.
    opened = await books.get(f"/mismatches/{found}")
    assert "3.480 hari-orang × 38.500" in opened["formula"]
    assert "1.500 × 3.480 = 5.220.000" in opened["ruled_out"][0]
    # 4. Uji petik; 5. asked, answered, 90 of 150 resident-days accepted.
    sample = await books.as_("auditor").post(f"/budget_audit/mismatches/{found}/samples", json={"size": 3, "seed": "1"})
    assert len(sample.json()["items"]) == 3
    await done(books, "auditor", found, "request", {"text": "Mohon penjelasan"})
    await done(books, "panti-head", found, "explanation", EXPLANATION)
    assert (await done(books, "auditor", found, "acceptance", {"text": "Makan keluarga tanggal 17", "amount": 3_465_000}))[
        "open"
    ] == 2_310_000
    # 6. Agreed; the auditor who agreed does not verify. 7. The file.
    await done(books, "auditor", found, "agreement", AGREEMENT)
    await done(books, "panti-head", found, "evidence", {"text": "Disetor", "evidence": ["STS 12/2025"]})
    assert await refused(books, "auditor", found, "closing", {"evidence": "STS 12/2025"}) == (409, "four-eyes")
    await done(books, "auditor2", found, "closing", {"evidence": "STS 12/2025"})
    file = await books.as_("auditor").get(f"/budget_audit/mismatches/{found}/file.pdf")
    assert file.content[:5] == b"%PDF-"
    assert (await books.get("/panti"))["items"][0]["unexplained"] == 0


async def test_the_cross_a_price_above_ssh_stands_on_the_page_of_the_panti(books: Books) -> None:
    await bring(books, "ssh", [ssh()])
    await bring(books, "contract-items", [item()])
    await bring(books, "bast", [bast("BAST-9", "2025-09-30", "100", 6_900_000)])
    await books.world.settle()
    story = await books.get("/panti/BM1/story/2025-09")
    found = {one["code"]: one for one in story["findings"]}
    # 100 kg at 69.000 where the table says 63.100: 590.000 too much, found by the contract and shown with the panti it feeds.
    assert (found["price_above_ssh"]["subject"], found["price_above_ssh"]["open"]) == (CONTRACT, 590_000)
