"""A refused form names its fields by the words on the page, and says in the clerk's language what is wrong with them."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from services.console import fields
from services.console.doors import DoorProblem
from services.console.refusals import refusal
from services.disbursement.api import router
from shared.webhooks import api as webhooks
from tests.service.console.conftest import OpenConsole, words


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("body.valid_from", "Berlaku mulai"), ("body.instalments.0.on", "Angsuran, baris 1, Tanggal"),
        ("body.holiday_added.name", "Nama"), ("body.body.code", "Isi, Kode"), ("query.wohl", "query.wohl"), ("body", "body"),
    ],
)  # fmt: skip
def test_a_place_of_a_door_has_the_pages_word(at: str, said: str) -> None:
    assert fields.label(at, {}) == said


def test_the_forms_own_label_goes_before() -> None:
    problem = DoorProblem(422, "request-shape", "", {"errors": [{"at": "body.document", "problem": "Field required"}]})
    problem.labels = {"document": "Surat bank atau berita acara"}
    assert refusal(problem).facts == ["Surat bank atau berita acara: wajib diisi"]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("String should have at least 3 characters", "paling sedikit 3 huruf"), ("String should have at least 1 character", "wajib diisi"),
        ("Input should be less than or equal to 30", "paling banyak 30"), ("Input should be greater than 0", "lebih dari 0"),
        ("Input should be a valid date or datetime, input is too short", "bukan tanggal atau waktu"),
        ("Input should be 'existing', 'new' or ''", "pilih salah satu"), ("something new", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(message: str, said: str) -> None:
    assert fields.said(message) == said


def test_a_refusal_by_the_services_own_rules_names_the_field() -> None:
    problem = DoorProblem(422, "invalid-input", "english", {"valid_from": "2020-01-01", "roles": ["x"]})
    assert refusal(problem).facts == ["Periksa: Berlaku mulai"]


def test_every_field_of_the_doors_behind_these_pages_has_a_word() -> None:
    app = FastAPI()
    app.include_router(router)
    app.include_router(webhooks.router)
    schemas = app.openapi()["components"]["schemas"]
    asked = {name for key, schema in schemas.items() if "ValidationError" not in key for name in schema.get("properties", {})}
    assert asked - set(fields.LABELS) == set(), "say it in services/console/fields.py"


async def test_a_page_says_which_field_is_wrong_and_why(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    typed = {"kode_bank": "111", "jumlah": "900.000", "mulai": "", "dokumen": "x"}
    refused = words(await treasurer.sends("/bank/batas", typed))
    assert "Berlaku mulai: bukan tanggal atau waktu" in refused
    assert "Surat bank atau berita acara: paling sedikit 3 huruf" in refused
    assert "valid_from" not in refused


async def test_a_field_that_is_wrong_says_so_itself(console: OpenConsole) -> None:
    treasurer = await console().enters_as("treasurer")
    typed = {"kode_bank": "111", "jumlah": "900.000", "mulai": "2025-09-18", "dokumen": "x"}
    page = (await treasurer.sends("/bank/batas", typed)).text
    assert re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', page) == ["dokumen"]
    assert '<small class="late">paling sedikit 3 huruf</small>' in page
    assert "aria-invalid" not in (await treasurer.http.get("/bank")).text
