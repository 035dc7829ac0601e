"""A reason, a document, an evidence of blanks says nothing: no door takes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.disbursement.desk import Desk, person
from tests.service.disbursement.paying import MONTH, Office

BLANK = "     "


@pytest.mark.parametrize(
    ("who", "door", "body"),
    [
        ("operator", "/batches/{batch}/withdrawal", {"reason": BLANK}),
        ("operator", f"/batches/{{batch}}/lines/{person(1)}/removal", {"reason": BLANK}),
        ("operator", "/freezes", {"scope": "programme", "programme": "KLJ", "reason": BLANK}),
        ("treasurer", f"/months/{MONTH}/closing", {"programme": "KLJ", "minutes": BLANK}),
        ("treasurer", "/holding/years/2025/disposals", {"way": "sts", "document": BLANK}),
        ("treasurer", "/batches/{batch}/payment-request", {"number": BLANK, "day": "2025-09-01"}),
        ("operator", f"/quarantine/{person(1)}/1/decision", {"decision": "leave", "evidence": BLANK}),
    ],
)
async def test_blanks_are_no_words(desk: Desk, who: str, door: str, body: dict[str, Any]) -> None:
    office = Office(desk)
    await office.open_month([1])
    office.give_account(1)
    batch = await office.compose()
    refused = await office.post(who, door.format(batch=batch["id"]), body, status=422)
    assert refused["code"] == "request-shape"
    assert (await office.get(f"/batches/{batch['id']}"))["payments"] == 1
