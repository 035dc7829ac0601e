"""Whose signature is believed: development makes its own pair, production takes the agency's issuer and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.embedded import place_issuer_keys
from shared.settings import Settings


def production(folder: Path) -> Settings:
    return Settings(mode="production", field_key="ab" * 32, keys=folder)


def test_development_makes_a_pair_once(tmp_path: Path) -> None:
    settings = Settings(keys=tmp_path)
    place_issuer_keys(settings)
    made = (tmp_path / "issuer.pub.pem").read_bytes()
    assert (tmp_path / "issuer.pem").stat().st_mode & 0o077 == 0
    place_issuer_keys(settings)
    assert (tmp_path / "issuer.pub.pem").read_bytes() == made


def test_production_keeps_the_key_that_was_put_there(tmp_path: Path) -> None:
    (tmp_path / "issuer.pub.pem").write_text("the agency's")
    place_issuer_keys(production(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["issuer.pub.pem"]
    assert (tmp_path / "issuer.pub.pem").read_text() == "the agency's"


def test_production_without_an_issuer_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"issuer\.pub\.pem is missing"):
        place_issuer_keys(production(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_production_refuses_what_development_left(tmp_path: Path) -> None:
    place_issuer_keys(Settings(keys=tmp_path))
    with pytest.raises(RuntimeError, match="signs for everybody"):
        place_issuer_keys(production(tmp_path))
