"""Files from the bank in the bank's own form: agreed by two people, tried out before, applied as any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.kernel.clock import FrozenClock
from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.files import commit
from tests.service.disbursement.paying import Office, account_number
from tests.service.disbursement.test_handover import folder, put

MORNING = datetime(2025, 9, 26, 2, tzinfo=UTC)
FIXED: dict[str, Any] = {
    "form": "fixed", "titles": False, "encoding": "ascii", "date": "DDMMYYYY", "amount": {"decimals": 2},
    "first": [
        {"value": "H", "length": 1}, {"field": "batch_code", "length": 16},
        {"field": "part", "length": 2, "align": "right", "fill": "0"}, {"field": "parts", "length": 2, "align": "right", "fill": "0"},
    ],
    "columns": [
        {"value": "D", "length": 1},
        {"field": "account_number", "length": 16, "align": "right", "fill": "0", "keep": 10},
        {"field": "amount", "length": 17, "align": "right", "fill": "0"},
        {"field": "day", "length": 8}, {"field": "code", "length": 4}, {"field": "reference", "length": 20},
    ],
    "last": [{"value": "T", "length": 1}, {"field": "count", "length": 9, "align": "right", "fill": "0"},
             {"field": "sum", "length": 17, "align": "right", "fill": "0"}],
}  # fmt: skip
TITLED: dict[str, Any] = {
    "delimiter": "|", "encoding": "iso-8859-1", "skip": 2, "date": "DD/MM/YYYY",
    "amount": {"thousands": ".", "decimal": ",", "decimals": 2},
    "columns": [
        {"field": "code", "title": "Kode Respon"}, {"field": "reference", "title": "No. Referensi"},
        {"field": "day", "title": "Tgl Transaksi"}, {"field": "amount", "title": "Jumlah (Rp)"},
    ],
}  # fmt: skip


@pytest.fixture
async def clock() -> FrozenClock:
    return FrozenClock(MORNING)


@pytest.fixture
async def office(desk: Desk) -> Office:
    office = Office(desk)
    await office.open_month_with_accounts(range(4))
    return office


async def propose(office: Office, kind: str, body: Mapping[str, Any], status: int = 201) -> dict[str, Any]:
    proposal = {"kind": kind, "valid_from": "2025-09-26", "body": body, "document": "Surat bank 7/2025"}
    return await office.post("operator", "/bank/settings", proposal, status=status)


async def agree(office: Office, kind: str, body: Mapping[str, Any]) -> str:
    proposed = await propose(office, kind, body)
    await office.post("treasurer", f"/bank/settings/{proposed['id']}/decision", {"confirm": True})
    return str(proposed["id"])


async def send(office: Office, content: bytes, path: str = "/results", **query: str) -> tuple[int, dict[str, Any]]:
    answer = await office.desk.as_("operator").post(path, files={"file": ("hasil.txt", content, "text/plain")}, params=query)
    return answer.status_code, answer.json()


def fixed(batch: Mapping[str, Any], rows: list[tuple[int, int, str]], *, part: str = "0101", total: int | None = None) -> bytes:
    """Person, sequence, code; amounts in sen."""
    lines = [f"H{batch['code']:<16}{part}"]
    for number, sequence, code in rows:
        reference = f"{batch['code']}-{sequence:06d}"
        lines.append(f"D{account_number(number):0>16}{30_000_000:017d}25092025{code:<4}{reference:<20}".rstrip())
    lines.append(f"T{len(rows):09d}{(30_000_000 * len(rows)) if total is None else total:017d}")
    return "\r\n".join([*lines, ""]).encode()


async def order(office: Office, batch: Mapping[str, Any]) -> list[int]:
    """Persons' numbers by their place in the file."""
    return [int(line["person_id"][-12:], 16) for line in await office.lines(batch)]


async def test_fixed_width_with_fillers_and_sen(office: Office, desk: Desk) -> None:
    batch = await office.released()
    people = await order(office, batch)
    refused = await send(office, fixed(batch, [(people[0], 1, "00")]))
    assert (refused[0], refused[1]["code"]) == (422, "file-unreadable")  # nothing was agreed

    template = await agree(office, "template_results", FIXED)
    rows = [(people[0], 1, "00"), (people[1], 2, "03"), (people[2], 3, "0X")]
    status, answer = await send(office, fixed(batch, rows))
    assert status == 201, answer
    assert {key: answer[key] for key in ("batch", "part", "parts", "applied", "rejected", "quarantined")} == {
        "batch": batch["code"], "part": 1, "parts": 1, "applied": 2, "rejected": 1, "quarantined": 1,
    }  # fmt: skip
    assert office.head(people[0]) == ("paid", "")
    assert office.head(people[1]) == ("missed", "account_closed")
    await desk.settle()
    assert office.head(people[2])[0] == "unknown"  # a code that is not in the table is never "failed"
    ((noted,),) = desk.sql("SELECT template_id FROM result_file_form")
    assert str(noted) == template
    again, same = await send(office, fixed(batch, rows))
    assert (again, same["duplicate_of"]) == (200, answer["file_id"])


async def test_what_does_not_fit_the_frame_applies_nothing(office: Office, desk: Desk) -> None:
    batch = await office.released()
    people = await order(office, batch)
    await agree(office, "template_results", FIXED)
    good = fixed(batch, [(people[0], 1, "00")])
    for content, code, problem in (
        (fixed(batch, [(people[0], 1, "00")], total=1), "file-unreadable", "preamble-bad"),  # one sen
        (fixed(batch, [(people[0], 1, "00")], total=100), "totals-differ", None),
        (fixed(batch, [(people[0], 1, "00")], part="0201"), "file-unreadable", "preamble-bad"),
        (good.replace(b"H2025", b"X2025"), "file-unreadable", "preamble-bad"),
        (good.replace(b"4000", "é000".encode()), "file-unreadable", "encoding"),
        (b"\r\n".join(good.splitlines()[:-1]), "file-unreadable", "preamble-bad"),  # the bank's transfer broke off
        (good.replace(batch["code"].encode(), b"2024-01-M01"), "unknown-batch", None),
        (b"", "file-unreadable", "empty"),
    ):
        status, refused = await send(office, content)
        assert (status, refused["code"], refused.get("problem")) == (422, code, problem), (content, refused)
    assert desk.outcomes() == {"in_payment": 4}
    assert desk.sql("SELECT count(*) FROM result_file") == [(0,)]


async def test_rows_that_cannot_be_read_wait_and_the_others_are_applied(office: Office) -> None:
    batch = await office.released()
    people = await order(office, batch)
    await agree(office, "template_results", FIXED)
    lines = fixed(batch, [(one, nth, "00") for nth, one in enumerate(people, start=1)]).split(b"\r\n")
    lines[1] = lines[1].replace(b"25092025", b"31022025")
    lines[2] = b"D9" + lines[2][2:]
    lines[3] = lines[3][:30]
    content = b"\r\n".join(lines).replace(b"T000000004", b"T000000004").replace(b"00000000120000000", b"00000000090000000")
    status, told = await send(office, content, "/results:try")
    assert status == 200, told
    assert [(one["row"], one["column"], one["code"], one["value"]) for one in told["problems"]] == [
        (2, "tanggal", "date-invalid", "3102…"), (3, "nomor_rekening", "filler", "9000…"), (4, "", "width", ""),
    ]  # fmt: skip
    assert (told["form"], told["applied"], told["quarantined"]) == ("agreed", 1, 3)
    assert office.head(people[3])[0] == "in_payment"  # told, not done
    status, answer = await send(office, content)
    assert (status, answer["applied"], answer["quarantined"]) == (201, 1, 3)
    rows = await office.get(f"/results/{answer['file_id']}/rows?state=quarantined")
    assert [one["problem"] for one in rows["items"]] == [
        "unreadable:tanggal:date-invalid", "unreadable:nomor_rekening:filler", "unreadable::width",
    ]  # fmt: skip
    assert office.head(people[3]) == ("paid", "")


async def test_columns_by_their_titles_without_account_or_parts(office: Office, desk: Desk) -> None:
    batch = await office.released()
    people = await order(office, batch)
    await agree(office, "template_results", TITLED)
    content = "\n".join(
        [
            "BANK JAKARTA – é".replace("–", "-"), "Laporan transaksi", "Tgl Transaksi|NO. REFERENSI|Nama|Kode Respon|Jumlah (Rp)",
            f"25/09/2025|{batch['code']}-000001|SITI|00|300.000,00",
            f"25/09/2025|{batch['code']}-000002|SITI|00|300.000,50",
            f"25/09/2025|{batch['code']}-000003|SITI|99|300000,00",
            "25/09/2025|bukan rujukan|SITI|00|300.000,00",
        ]
    ).encode("iso-8859-1")  # fmt: skip
    status, told = await send(office, content, "/results:try")
    assert status == 200, told
    assert [(one["row"], one["column"], one["code"]) for one in told["problems"]] == [(5, "nominal", "amount-cents")]
    assert sorted((one["code"], one["meaning"], one["rows"]) for one in told["codes"]) == [("00", "credited", 3), ("99", "unknown", 1)]
    status, answer = await send(office, content)
    assert (status, answer["part"], answer["parts"], answer["applied"], answer["quarantined"]) == (201, 0, 0, 1, 3), answer
    assert office.head(people[0]) == ("paid", "")
    await desk.settle()
    assert desk.outcomes() == {"in_payment": 3, "paid": 1}  # no part says that it was the last


async def test_an_empty_line_of_the_letterhead_swallows_no_payment(office: Office) -> None:
    """Two lines above the rows, one of them empty; and an amount that no column takes quarantines its row, not the file."""
    batch = await office.released()
    people = await order(office, batch)
    plain: dict[str, Any] = {
        "titles": False, "skip": 2, "columns": [{"field": name} for name in ("reference", "amount", "code", "day")], "whole": True,
    }  # fmt: skip
    await agree(office, "template_results", plain)
    far = [f"{batch['code']}-{n:06d};{10**18 - 1};00;2025-09-25" for n in range(2, 14)]
    content = "\r\n".join(["BANK JAKARTA", "", f"{batch['code']}-000001;300000;00;2025-09-25", *far]).encode()
    status, answer = await send(office, content)
    assert (status, answer.get("applied"), answer.get("quarantined")) == (201, 1, 12), answer
    assert office.head(people[0]) == ("paid", "")


async def test_one_file_about_two_lists(office: Office, desk: Desk) -> None:
    first = await office.released()
    desk.beneficiary.activate(person(9), from_month="2025-10", to_month="2025-10")
    await office.open_month([], "2025-10", enrol=False)
    office.give_account(9)
    second = await office.released("2025-10")
    await agree(office, "template_results", TITLED)
    rows = [f"25/09/2025|{one['code']}-000001|00|300.000,00" for one in (first, second)]
    content = "\n".join(["a", "b", "Tgl Transaksi|No. Referensi|Kode Respon|Jumlah (Rp)", *rows]).encode()
    status, answer = await send(office, content)
    assert status == 201, answer
    assert [(one["batch"], one["applied"]) for one in (answer, *answer["more"])] == [(first["code"], 1), (second["code"], 1)]
    status, again = await send(office, content)
    assert status == 200, again


async def test_the_second_person_tries_what_the_first_proposed(office: Office, desk: Desk) -> None:
    batch = await office.released()
    people = await order(office, batch)
    proposed = await propose(office, "template_results", FIXED)
    content = fixed(batch, [(people[0], 1, "00")])
    status, told = await send(office, content, "/results:try", template=proposed["id"])
    assert (status, told["applied"], told["template_id"]) == (200, 1, proposed["id"]), told
    status, refused = await send(office, content, template=proposed["id"])
    assert (status, refused["code"]) == (404, "not-found")
    assert desk.outcomes() == {"in_payment": 4}
    assert desk.sql("SELECT count(*) FROM result_row") == [(0,)]


async def test_the_published_form_is_still_read(office: Office) -> None:
    batch = await office.released()
    await agree(office, "template_results", FIXED)
    status, answer = await office.send_results(batch, [await office.row(batch, 1)])
    assert (status, answer["applied"]) == (201, 1)


async def test_the_inbox_reads_the_banks_own_form(office: Office, desk: Desk) -> None:
    batch = await office.released()
    people = await order(office, batch)
    await agree(office, "template_results", FIXED)
    put(desk, "hasil-1.txt", fixed(batch, [(people[0], 1, "00")]))
    put(desk, "hasil-2.txt", b"apa saja")
    await desk.settle()
    assert office.head(people[0]) == ("paid", "")
    items = (await office.get("/bank/inbox"))["items"]
    assert {one["name"]: one["state"] for one in items} == {"hasil-1.txt": "applied", "hasil-2.txt": "refused"}
    assert [one.name for one in folder(desk, "in").iterdir()] == []


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("template_results", {"columns": []}, "the column 'reference' is missing"),
        ("template_results", {**FIXED, "columns": FIXED["columns"][1:5]}, "'reference' is missing"),
        ("template_results", {**FIXED, "date": "DD-MM"}, "names the year"),
        ("template_results", {**FIXED, "amount": {"decimal": ","}}, "how many decimals"),
        ("template_results", {**FIXED, "amount": {"thousands": ",", "decimal": ",", "decimals": 2}}, "two signs"),
        ("template_results", {**FIXED, "encoding": "ebcdic"}, "'encoding' is one of"),
        ("template_results", {**TITLED, "columns": [{"field": "code"}, *TITLED["columns"][1:]]}, "needs a title"),
        ("template_results", {**TITLED, "first": [{"field": "part"}]}, "come together"),
        ("template_results", {**TITLED, "form": "fixed"}, "needs a length"),
        ("template_results", {**TITLED, "columns": [*TITLED["columns"], {"field": "nik", "title": "NIK"}]}, "'field' is one of"),
        (
            "template_results",
            {**FIXED, "columns": [{**one, "keep": 0} for one in FIXED["columns"]]},
            "take signs of the value away",
        ),
        ("template_statement", TITLED, "'field' is one of"),
        (
            "template_statement",
            {"columns": [{"field": "day", "title": "Tgl"}, {"field": "credit", "title": "Kredit"}]},
            "a movement is either",
        ),
    ],
)
async def test_what_cannot_be_used_is_said_at_once(office: Office, kind: str, body: dict[str, Any], says: str) -> None:
    refused = await propose(office, kind, body, status=422)
    assert refused["code"] == "template-wrong"
    assert any(says in problem for problem in refused["problems"]), refused


STATEMENT: dict[str, Any] = {
    "delimiter": ",", "titles": True, "date": "YYMMDD", "amount": {"thousands": "", "decimal": ".", "decimals": 2},
    "credit": ["K"], "debit": ["D"],
    "columns": [
        {"field": "day", "title": "TANGGAL"}, {"field": "words", "title": "URAIAN"}, {"field": "side", "title": "D/K"},
        {"field": "amount", "title": "MUTASI"}, {"field": "reference", "title": "REF"},
    ],
}  # fmt: skip


async def test_the_statement_in_the_banks_own_form(office: Office, desk: Desk) -> None:
    await office.released()
    await agree(office, "template_statement", STATEMENT)
    rows = ["TANGGAL,URAIAN,D/K,MUTASI,REF,SALDO", "250918,DROPPING DANA,K,1200000.00,SP2D-1,1200000.00"]
    controls = {"account": "1010101010", "from_day": "2025-09-18", "to_day": "2025-09-18", "opening": 0, "closing": 1_200_000}

    async def check(content: str) -> dict[str, Any]:
        answer = await desk.as_("treasurer").post(
            "/imports/statement", files={"file": ("koran.csv", content.encode())}, data={"controls": json.dumps(controls)}
        )
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    wrong = await check("\n".join([*rows, "250918,BIAYA,X,1.00,,", "250918,BIAYA,D,1.50,,", ""]))
    found = (await desk.as_("treasurer").get(f"/imports/{wrong['id']}/problems")).json()["items"]
    assert [(one["row"], one["column"], one["code"]) for one in found] == [(3, "masuk", "side"), (4, "masuk", "amount-cents")]
    checked = await check("\n".join([*rows, ""]))
    assert checked["ready"], checked["not_ready"]
    status, shown = await commit(desk, checked, by="treasurer")
    assert status == 200, shown
    lines = await office.get(f"/statements/{checked['id']}/lines", "treasurer")
    assert [(one["reference"], one["amount"]) for one in lines["items"]] == [("SP2D-1", 1_200_000)]
