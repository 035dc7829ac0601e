"""Accounts and cards come in by file: every problem by row and column, one account may serve several people (O21)."""

from __future__ import annotations

from tests.service.disbursement.desk import Desk, nik, person
from tests.service.disbursement.files import ACCOUNTS, account_row, commit, know, problems, send


async def enrolled(desk: Desk, *numbers: int, area: str = "31.71.01.1001") -> None:
    for number in numbers:
        desk.beneficiary.activate(person(number), area=area)
    await desk.told()
    know(desk, *numbers)


async def test_accounts_are_kept_encrypted_and_may_be_shared(desk: Desk) -> None:
    await enrolled(desk, 1, 2, 3)
    rows = [account_row(1), account_row(2, account="0005000000001"), account_row(3, account="0005000000001", card="tidak")]

    sent = await send(desk, "accounts", ACCOUNTS, rows, {"count": 3})
    assert (sent["accepted"], sent["rejected"]) == (3, 0)
    assert sent["totals"] == {"count": 3, "new": 3, "changed": 0, "account_changes": 0, "with_card": 2}
    status, refused = await commit(desk, sent, by="operator")
    assert (status, refused["code"]) == (409, "four-eyes")
    status, done = await commit(desk, sent)

    assert (status, done["result"]["applied"]) == (200, 3)
    stored = desk.sql("SELECT person_id, card_handed_over, number_enc, holder_enc, number_index, account_ref FROM account ORDER BY 1")
    assert [row[:2] for row in stored] == [(person(1), True), (person(2), True), (person(3), False)]
    assert stored[1][4] == stored[2][4]
    assert stored[1][5] != stored[2][5], "the holder's name is part of the reference"
    assert b"PENERIMA" not in bytes(stored[0][3])
    assert desk.sql("SELECT count(*) FROM accounts_staging") == [(0,)]


async def test_the_same_accounts_again_change_nothing_and_a_card_handed_over_changes_its_row(desk: Desk) -> None:
    await enrolled(desk, 1, 2)
    await commit(desk, await send(desk, "accounts", ACCOUNTS, [account_row(1), account_row(2, card="tidak")], {"count": 2}))

    again = await send(desk, "accounts", ACCOUNTS, [account_row(2), account_row(1)], {"count": 2})
    _, done = await commit(desk, again)

    assert done["result"] == {
        "accounts": 2, "applied": 1, "account_changes": 0, "unchanged": 1, "in_force_on": None, "lines_on_lists": 0,
    }  # fmt: skip
    assert desk.sql("SELECT version, card_handed_over FROM account ORDER BY person_id") == [(1, True), (2, True)]


async def test_problems_are_named_by_row_and_column(desk: Desk) -> None:
    await enrolled(desk, 1, 2)
    desk.beneficiary.niks[nik(4)] = person(4)  # known to beneficiary, enrolled nowhere
    rows = [account_row(1), account_row(1), account_row(2, programme="KAJ"), account_row(3), account_row(4)]

    sent = await send(desk, "accounts", ACCOUNTS, rows, {"count": 1})

    assert (sent["accepted"], sent["rejected"]) == (1, 4)
    assert await problems(desk, sent) == [
        (3, "nik", "double-row"), (4, "program", "not-enrolled"), (5, "nik", "person-unknown"), (6, "program", "not-enrolled"),
    ]  # fmt: skip
    shown = await desk.as_("operator").get(f"/imports/{sent['id']}/problems")
    assert not [number for number in (1, 3) if nik(number) in shown.text]  # masked: it is stored, and many roles read it
    status, refused = await commit(desk, sent)
    assert (status, refused["code"]) == (409, "rows-rejected")
    assert desk.sql("SELECT count(*) FROM account") == [(0,)]


async def test_another_count_than_the_banks_letter_is_refused(desk: Desk) -> None:
    await enrolled(desk, 1)
    sent = await send(desk, "accounts", ACCOUNTS, [account_row(1)], {"count": 2})

    status, refused = await commit(desk, sent)

    assert (sent["ready"], status, refused["code"]) == (False, 409, "totals-differ")


async def test_a_part_of_the_agency_sees_and_changes_its_own_people_only(desk: Desk) -> None:
    await enrolled(desk, 1)
    await enrolled(desk, 2, area="31.74.01.1001")

    sent = await send(desk, "accounts", ACCOUNTS, [account_row(1), account_row(2)], {"count": 1}, by="jakpus")

    assert await problems(desk, sent) == [(3, "program", "not-enrolled")]


async def test_no_nik_account_or_name_stands_readable_in_any_table(desk: Desk) -> None:
    await enrolled(desk, 1, 2)
    rows = [account_row(1, account="4711081547", holder="KENARI KUNING"), account_row(3, account="4711081548", holder="KENARI HIJAU")]
    sent = await send(desk, "accounts", ACCOUNTS, rows, {"count": 1})
    assert sent["rejected"] == 1
    mended = "\n".join([ACCOUNTS, account_row(2, account="4711081548", holder="KENARI HIJAU"), ""]).encode()
    answer = await desk.as_("operator").post(f"/imports/{sent['id']}/mended", files={"file": ("m.csv", mended)})
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (2, 0)

    tables = [name for (name,) in desk.sql("SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'part')")]
    assert "import_rejected" in tables
    found = []
    for table in tables:
        for canary in ("KENARI", "471108154", nik(1), nik(2), nik(3)):
            where = f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s OR t::text LIKE %s"
            if desk.sql(where, f"%{canary}%", f"%{canary.encode().hex()}%", role="verify") != [(0,)]:
                found.append((table, canary))
    assert found == []
