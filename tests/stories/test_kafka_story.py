"""The month of Cengkareng with Apache Kafka as the bus: the same services, the same commands, the same figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ritme.instance import throw_away_instance
from tests.support.commands import Ritme, Told
from tests.support.crash import until
from tests.support.kafka_broker import KafkaBroker, KafkaUnavailable

pytestmark = pytest.mark.kafka

MONTH = "2025-09"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    made = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    try:
        made.start()
    except KafkaUnavailable as unavailable:
        pytest.skip(str(unavailable))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def told(broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("cengkareng-kafka")
    with throw_away_instance(extra={"RITME_BUS": "kafka", "RITME_KAFKA": broker.bootstrap}) as instance:
        ritme = Ritme(instance)
        yield Told(ritme, folder, ritme("replay", "cengkareng-2025-09", "--url", instance.url, "--out", str(folder)))


def test_the_month_ends_as_on_one_machine(told: Told) -> None:
    assert httpx.get(f"{told.url}/health/ready", timeout=30).json()["bus"] == "kafka"
    report = told.report
    assert report["equation"] == {
        "entitled": 1000, "due": 0, "in_payment": 0, "unknown": 3, "paid": 796, "held": 12, "missed": 185, "excluded": 4, "holds": True,
    }  # fmt: skip
    assert report["money"] == {"sp2d": 243_000_000, "credited": 240_600_000, "returned": 0, "holding": 2_400_000, "balanced": True}
    assert report["gaps"] == {"open": 188, "without_owner": 0, "without_due_date": 0}
    assert report["seal"]["beneficiary"] == report["seal"]["disbursement"] != ""
    for month in ("2025-07", "2025-08"):
        assert told.ritme("month", "show", month)["paid"] == 3


def test_nothing_is_left_on_the_way(told: Told) -> None:
    status = told.ritme("status")
    assert (status["pending"], status["lag"], status["parked"]) == (0, 0, 0)
    read = {position["topic"] for service in status["services"].values() for position in service["positions"] if position["position"]}
    assert {"beneficiary.person", "beneficiary.programme", "budget_audit.treasury", "disbursement.month"} <= read


def test_the_databases_agree(told: Told) -> None:
    report = told.ritme("verify")
    assert [one["name"] for one in report["invariants"] if not one["ok"]] == []
    assert sum(one["checked"] for one in report["invariants"]) > 1_000


def test_a_broker_that_lost_everything_is_filled_again(told: Told, broker: KafkaBroker) -> None:
    """Last in this file. What is published again is known to its readers by its version: no figure moves."""
    ritme = told.ritme
    before = figures(ritme)
    broker.kill()
    broker.wipe()
    broker.start()
    assert ritme("events", "republish")["republished"] > 1_000

    def at_rest() -> Any:
        status = ritme("status")
        # While a client still looks for the broker, a position may be unknown: that is not rest.
        known = all(place["lag"] is not None for service in status["services"].values() for place in service["positions"])
        return status if known and not (status["pending"] or status["lag"]) else None

    status = until("the topics are full again and read to their ends", at_rest)
    assert status["parked"] == 0
    ends = {place["topic"]: place["end"] for service in status["services"].values() for place in service["positions"] if place["end"]}
    assert {"beneficiary.person", "disbursement.month"} <= set(ends)
    assert figures(ritme) == before
    assert ritme("verify")["ok"] is True


def figures(ritme: Ritme) -> dict[str, Any]:
    """Month, money and gaps, but for the time at which they were read."""
    shown = ritme("month", "show", MONTH) | ritme("money", "--month", MONTH) | ritme("gaps", "--month", MONTH)
    return {name: value for name, value in shown.items() if name != "data_as_of"}
