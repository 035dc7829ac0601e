"""Events are for ever: what was once published must still be read, and what we publish must fit what others read."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import shared.contracts.assistive_devices
import shared.contracts.beneficiary
import shared.contracts.budget_audit
import shared.contracts.disbursement  # noqa: F401 - declares the types
from shared.contracts.registry import EVENTS, EVENTS_BY_NAME

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "contracts" / "schemas"
STORED = sorted(SCHEMAS.glob("*.json"))


def test_every_type_has_its_golden_file() -> None:
    assert {path.stem for path in STORED} == set(EVENTS_BY_NAME)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_sample_is_still_read(path: Path) -> None:
    stored = json.loads(path.read_text())
    event = EVENTS[stored["number"]]
    assert event.type == stored["type"]
    assert event.topic.name == stored["topic"]
    msgspec.json.decode(json.dumps(stored["sample"]), type=event, strict=True)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_nothing_that_was_required_or_promised_has_gone(path: Path) -> None:
    stored = json.loads(path.read_text())
    now = msgspec.json.schema(EVENTS[stored["number"]])
    for name, old in stored["schema"]["$defs"].items():
        new = now["$defs"][name]
        assert set(old["properties"]) <= set(new["properties"]), "a field has gone"
        assert set(new.get("required", [])) <= set(old.get("required", [])), "a new field must be optional"
        for field, shape in old["properties"].items():
            assert new["properties"][field] == shape, f"{field} has another shape"


FORBIDDEN = {"nik", "name", "nama", "address", "alamat", "account", "account_number", "holder", "birth_date", "disability", "diagnosis"}


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_no_payload_has_room_for_personal_data(event: type) -> None:
    fields = {field for shape in msgspec.json.schema(event)["$defs"].values() for field in shape["properties"]}
    assert not fields & FORBIDDEN
