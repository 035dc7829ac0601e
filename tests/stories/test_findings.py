"""Two published findings rebuilt: every listed irregularity is found with its rupiah, none in a clean panti; the audit adds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.stories.test_other_stories import replay


def bench(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "ritme", "bench-findings", *words, "--json"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_maluku_utara_every_listed_irregularity_is_found() -> None:
    found = replay("maluku-utara-2024")["findings"]
    assert set(found) == {"minutes_from_contract_value", "unit_differs_from_contract", "item_not_in_contract"}
    assert sum(one["rupiah"] for one in found.values()) == 1_810_000_000


def test_o11_two_findings_with_rupiah_and_neither_without_the_standard_prices() -> None:
    """That neither is there without the table is one of the story's own figures; it fails where one is."""
    found = replay("tangerang-2021")["findings"]
    assert {code: one["rupiah"] for code, one in found.items()} == {"portions_for_capacity": 21_927_250, "price_above_ssh": 6_460_500}


def test_nothing_is_found_in_a_clean_panti() -> None:
    assert replay("panti-bersih-2025")["findings"] == {}


def test_a_generated_year_is_found_as_well_as_before() -> None:
    """A regression figure: the generator knows no threshold, so some of what it plants is too small and some noise looks wrong."""
    found = bench("--seed", "20250117")
    assert (found["planted"], found["differing"]) == (16, 0)
    assert found["recall"] >= 0.8
    assert found["precision"] >= 0.7
