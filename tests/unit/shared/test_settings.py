"""What stands in the environment, and what a compose file passes on without anybody having set it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import Settings

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty path would be the present folder: every webhook would be sent with its certificates."""
    for name in ("WEBHOOK_NETWORKS", "WEBHOOK_AUTHORITY", "KEYS", "PULSE", "DEMO"):
        monkeypatch.setenv(f"RITME_{name}", "")
    settings = Settings()
    assert (settings.webhook_networks, settings.webhook_authority, settings.keys, settings.pulse) == ("", None, None, None)
    assert settings.demo is True
    monkeypatch.setenv("RITME_WEBHOOK_AUTHORITY", "/var/lib/ritme-keys/ca.pem")
    assert Settings().webhook_authority == Path("/var/lib/ritme-keys/ca.pem")


@pytest.mark.parametrize("name", ["RITME_WEBHOOK_NETWORKS", "RITME_WEBHOOK_AUTHORITY"])
def test_containers_get_what_webhooks_need(name: str) -> None:
    assert f"{name}: ${{{name}:-}}\n" in COMPOSE.read_text()
