"""Working hours until the bank's receipt is late, and how a name is written in a bank's characters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.disbursement.domain.characters import SWIFT_X, CharacterRule, NotWritable
from services.disbursement.domain.handover import Handover, add_working_hours, handover_state
from shared.kernel.errors import InvalidInput

JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.mark.parametrize(
    ("given", "due"),
    [
        ("2025-09-18T08:00", "2025-09-18T12:00"),
        ("2025-09-18T12:00", "2025-09-18T16:00"),
        ("2025-09-18T12:01", "2025-09-19T08:01"),
        ("2025-09-18T06:00", "2025-09-18T12:00"),  # before the desk opens
        ("2025-09-18T20:00", "2025-09-19T12:00"),  # after it has closed
        ("2025-09-19T15:00", "2025-09-22T11:00"),  # over a weekend
        ("2025-09-20T10:00", "2025-09-22T12:00"),  # on one
        ("2025-09-04T14:00", "2025-09-08T10:00"),  # 5 September: Maulid
    ],
)
def test_four_working_hours(given: str, due: str) -> None:
    at = datetime.fromisoformat(given).replace(tzinfo=JAKARTA).astimezone(UTC)
    found = add_working_hours(at, 4, {date(2025, 9, 5)})
    assert (found.tzinfo, found.astimezone(JAKARTA).strftime("%Y-%m-%dT%H:%M")) == (UTC, due)


def test_time_runs_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_hours(datetime(2025, 9, 18, tzinfo=UTC), -1, ())


def test_a_receipt_ends_every_other_state() -> None:
    at = datetime(2025, 9, 18, tzinfo=UTC)
    assert handover_state(None, None, late=False) == Handover.WAITING
    assert handover_state(at, None, late=False) == Handover.HANDED_OVER
    assert handover_state(at, None, late=True) == Handover.LATE
    assert handover_state(at, at, late=True) == Handover.RECEIVED
    assert handover_state(None, at, late=False) == Handover.RECEIVED  # carried there by hand


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("SITI AMINAH", "SITI AMINAH"), ("Ançelo D’Souza", "Ancelo D'Souza"), ("R.A. Kartini–Djojo", "R.A. Kartini-Djojo"),
        ("Đoàn & Łukasz", "Doan + Lukasz"), ("Weiß_Müller", "Weiss-Muller"), ("Siti\u00a0Aminah", "Siti Aminah"), ("=SUM(A1)", ".SUM(A1)"),
    ],
)  # fmt: skip
def test_names_in_the_characters_of_payment_messages(name: str, written: str) -> None:
    assert CharacterRule("ascii", SWIFT_X).write(name) == written


@pytest.mark.parametrize("name", ["李小龍", "Ольга", "Siti 😀", ""])
def test_a_name_without_a_rule_is_refused_and_not_guessed(name: str) -> None:
    rule = CharacterRule("ascii", SWIFT_X)
    if not name:
        assert rule.write(name) == ""
        return
    with pytest.raises(NotWritable):
        rule.write(name, "holder")


def test_whatever_utf_8_holds_goes_out_as_it_is() -> None:
    assert CharacterRule().write("李 Ançelo") == "李 Ançelo"
    assert CharacterRule("iso-8859-1").write("Ançelo – Đoàn") == "Ancelo - Doan"
    assert CharacterRule("utf-8", "A-Z ", upper=True).write("Ançelo") == "ANCELO"


@pytest.mark.parametrize(("encoding", "allowed"), [("ebcdic", ""), ("ascii", "Z-A")])
def test_rules_that_are_none(encoding: str, allowed: str) -> None:
    with pytest.raises(InvalidInput):
        CharacterRule(encoding, allowed)
