"""Fixture C of the users, from the decree to the last gap, by the command line."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from ritme.commands.imports import SERVICE_OF
from ritme.replay.files import HEADERS
from tests.support.commands import Told
from tests.support.crash import until

MONTH = "2025-09"


def test_the_month_ends_as_the_users_wrote_it(cengkareng: Told) -> None:
    report = cengkareng.report
    assert report["story"] == "cengkareng-2025-09"
    assert report["equation"] == {
        "entitled": 1000, "due": 0, "in_payment": 0, "unknown": 3, "paid": 796, "held": 12, "missed": 185, "excluded": 4, "holds": True,
    }  # fmt: skip
    assert report["money"] == {"sp2d": 243_000_000, "credited": 240_600_000, "returned": 0, "holding": 2_400_000, "balanced": True}
    assert report["gaps"] == {"open": 188, "without_owner": 0, "without_due_date": 0}
    assert report["seal"]["beneficiary"] == report["seal"]["disbursement"] != ""
    assert report["paid_amount"] == 240_600_000
    assert sum(report["unpaid_by_reason"].values()) == 1000 - 796
    assert report["mismatches"] == []
    assert "peak_rss_mb" not in report  # another's instance: not ours to measure


def test_the_commands_say_the_same(cengkareng: Told) -> None:
    ritme = cengkareng.ritme
    gaps = ritme("gaps", "--month", MONTH)
    assert set(gaps) == {"open", "by_reason", "without_owner", "without_due_date", "parked"}
    assert (gaps["open"], gaps["without_owner"], gaps["without_due_date"], gaps["parked"]) == (188, 0, 0, 0)
    assert sum(gaps["by_reason"].values()) == 188
    items = ritme("gaps", "--month", MONTH, "--items")["items"]
    assert len(items) == 188
    assert all(one["owner"] and one["due_on"] for one in items)
    assert ritme("month", "show", MONTH)["paid"] == 796
    assert ritme("money", "--month", MONTH)["balanced"] is True
    status = ritme("status")
    assert (status["pending"], status["parked"]) == (0, 0)
    assert ritme("doctor")["ok"] is True
    shown = ritme.run("gaps", "--month", MONTH).stdout
    assert "card_not_handed_over" in shown


def test_the_month_stands_against_its_calendar_and_the_months_ahead_have_their_people(cengkareng: Told) -> None:
    """On all services together: the budget and the ages come over their doors, with the token of whoever asks."""
    klj = next(one for one in cengkareng.ritme("calendar", "show", MONTH)["programmes"] if one["programme"] == "KLJ")
    assert [one["step"] for one in klj["steps"] if one["state"] not in ("done", "done_late")] == ["closed"]
    assert klj["now"] == "closed", "the minutes of the month, which two people sign"
    ahead = cengkareng.ritme("outlook", "--from", MONTH, "--months", "5")
    assert ahead["silent"] == []
    september = {one["programme"]: one["people"] for one in ahead["months"][0]["programmes"]}
    assert sum(september.values()) == 1000 - 12 - 4  # held and excluded are not expected
    assert all(one["last_month_by_age"] is not None for month in ahead["months"] for one in month["programmes"])
    assert {one["year"] for one in ahead["budget"]} == {int(month["month"][:4]) for month in ahead["months"] if month["people"]}
    proposal = (
        '{"kind": "holiday_added", "day": "2027-06-15", "name": "Libur daerah", "sort": "libur_nasional", "source": "SE Sekda 9/2027"}'
    )
    proposed = cengkareng.ritme("calendar", "propose", proposal)
    assert cengkareng.ritme("calendar", "confirm", proposed["id"])["state"] == "confirmed"
    assert "2027-06-15" in {one["day"] for one in cengkareng.ritme("calendar", "holidays", "2027")["items"]}


@pytest.mark.parametrize(
    "words",
    [
        ("imports",), ("parked", "list"), ("lines", "--year", "2025"), ("month", "seals", MONTH), ("batch", "list", "--month", MONTH),
        ("batch", "show", "2025-09-M01"), ("mismatches", "--year", "2025"), ("events", "export"), ("devices", "stock"),
        ("devices", "kinds"), ("devices", "places"), ("devices", "readiness"), ("devices", "requests"),
        ("calendar", "show", MONTH), ("calendar", "holidays", "2025"), ("calendar", "changes"), ("outlook", "--from", MONTH),
    ],
)  # fmt: skip
def test_every_look_answers_people_and_programs(cengkareng: Told, words: tuple[str, ...]) -> None:
    cengkareng.ritme(*words)
    assert cengkareng.ritme.run(*words).stdout


@pytest.mark.parametrize("kind", sorted(SERVICE_OF))
def test_every_kind_of_file_has_its_template(cengkareng: Told, kind: str) -> None:
    for form in ("xlsx", "csv"):
        target = cengkareng.folder / f"template-{kind}.{form}"
        assert cengkareng.ritme("template", kind, "--out", str(target))["bytes"] == target.stat().st_size > 20
    header = target.read_text(encoding="utf-8-sig")
    for column in HEADERS.get(kind, ()):
        assert column in header


def test_niks_become_ids_in_the_order_of_the_file(cengkareng: Told) -> None:
    with (cengkareng.folder / "decree.csv").open(encoding="utf-8", newline="") as file:
        niks = [row["nik"] for row in csv.DictReader(file, delimiter=";")][:5]
    asked = cengkareng.folder / "niks.txt"
    asked.write_text("\n".join([*niks, "3173010101019999"]))
    mapping = cengkareng.folder / "mapping.csv"
    assert cengkareng.ritme("people", "resolve", str(asked), "--out", str(mapping)) == {"file": str(mapping), "people": 6, "unknown": 1}
    with mapping.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [row["nik"] for row in rows[:5]] == niks
    assert len({row["person_id"] for row in rows}) == 6


def test_older_months_were_paid_first(cengkareng: Told) -> None:
    for month in ("2025-07", "2025-08"):
        equation = cengkareng.ritme("month", "show", month)
        assert (equation["entitled"], equation["paid"], equation["holds"]) == (3, 3, True)


def test_a_story_wants_an_empty_instance_or_its_own(cengkareng: Told) -> None:
    refused = cengkareng.ritme("replay", "cengkareng-2025-09", "--url", cengkareng.url, code=3)
    assert (refused["status"], refused["code"]) == (409, "not-empty")
    other = cengkareng.ritme("replay", "august-2025", "--scale", "0.001", "--url", cengkareng.url, "--resume", code=3)
    assert other["code"] == "not-empty"


def test_a_finished_story_resumed_changes_nothing(cengkareng: Told) -> None:
    again = cengkareng.ritme("replay", "cengkareng-2025-09", "--url", cengkareng.url, "--resume")
    assert without_seconds(again) == without_seconds(cengkareng.report)


def test_the_same_bank_file_under_another_name_is_known(cengkareng: Told) -> None:
    copy = cengkareng.folder / "hasil-kiriman-kedua.csv"
    copy.write_bytes((cengkareng.folder / "results.csv").read_bytes())
    answer = cengkareng.ritme("bank", "results", str(copy))
    assert answer["duplicate_of"]
    assert cengkareng.ritme("month", "show", MONTH)["paid"] == 796


def test_the_bank_file_comes_out_again_byte_for_byte(cengkareng: Told) -> None:
    out = cengkareng.folder / "again.csv"
    batch = cengkareng.ritme("batch", "list", "--month", MONTH)["items"][0]
    cengkareng.ritme("bank", "file", batch["code"], "--out", str(out))
    assert out.read_bytes() == (cengkareng.folder / "bank.csv").read_bytes()
    folder = cengkareng.ritme.instance.data / "bank" / "out"
    until("the hand-over", lambda: next(folder.glob("*.sha256"), None))
    assert (folder / f"{batch['code']}.csv").read_bytes() == out.read_bytes()


def test_published_events_are_cloud_events_without_anybody_in_them(cengkareng: Told) -> None:
    target = cengkareng.folder / "events.ndjson"
    cengkareng.ritme("events", "export", "--out", str(target))
    text = target.read_text(encoding="utf-8")
    read = 0
    for line in text.splitlines():
        event = JSONFormat().read(CloudEvent, line)
        assert event.get_source().startswith("/")
        read += 1
    assert read > 1_000
    for secret in personal_values(cengkareng):
        assert secret not in text


def personal_values(told: Told) -> set[str]:
    """NIKs, whole names, addresses and account numbers of the input files."""
    values: set[str] = set()
    with (told.folder / "decree.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            values |= {row["nik"], row["alamat"]} | ({row["nama"]} if " " in row["nama"] else set())
    with (told.folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        values |= {row["nomor_rekening"] for row in csv.DictReader(file, delimiter=";")}
    assert len(values) > 2_500
    return values


def without_seconds(report: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in report.items() if key != "seconds"}, sort_keys=True)
