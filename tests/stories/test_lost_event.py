"""A broker that acknowledged and lost: the month does not open, says who is missing, and is healed by publishing again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ritme.instance import throw_away_instance
from ritme.replay import cengkareng
from tests.support.commands import Ritme

MONTH = cengkareng.MONTH
WAIT_S = 60


@pytest.mark.parametrize(
    ("event", "nth", "expected"),
    [
        ("beneficiary.enrolment.activated.v1", 7, {"only_in_beneficiary": 1, "only_in_disbursement": 0, "differs": 0}),
        ("beneficiary.enrolment.suspended.v1", 3, {"only_in_beneficiary": 0, "only_in_disbursement": 0, "differs": 1}),
    ],
)
def test_a_lost_event_is_named_and_healed(tmp_path: Path, event: str, nth: int, expected: dict[str, int]) -> None:
    with throw_away_instance(extra={"FAILPOINT": f"relay.append/{event}:{nth}:drop"}) as instance:
        ritme = Ritme(instance)
        cast = cengkareng.write_cast(tmp_path)
        controls = cengkareng.decree_controls(cast.counts, cast.counts, cengkareng.DECREE, cengkareng.DECREE_MONTHS, cengkareng.AMOUNT)
        for kind, file, typed in (("decree", cast.decree, controls), ("status", cast.status, {"count": cast.rows["status"]})):
            view = ritme("import", kind, str(file), "--controls", json.dumps(typed))
            ritme("import-commit", view["id"])
        ritme("month", "seal", MONTH)

        refused = opened(ritme, until="seal_differs")
        assert {key: refused[key] for key in expected} == expected
        assert refused["opened"] is False
        assert ritme("events", "republish", "--type", event)["republished"] > nth
        assert opened(ritme, until="")["opened"] is True
        equation = ritme("month", "show", MONTH)
        assert (equation["entitled"], equation["unreconciled"]) == (1000, 0)


def opened(ritme: Ritme, *, until: str) -> dict[str, Any]:
    """Ask to open until it is refused for this reason ('' : until it opens)."""
    deadline = time.monotonic() + WAIT_S
    while True:
        done = ritme.run_any("month", "open", MONTH, "--json")
        answer = json.loads(done.stdout.splitlines()[-1])
        assert isinstance(answer, dict)
        if answer.get("refused", "") == until:
            assert done.returncode == (3 if until else 0)
            return answer
        assert time.monotonic() < deadline, f"still {answer}"
