"""The edge of every service: who may come in, what an error looks like, and that an answer is given once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.embedded import SERVICES
from tests.support.world import World


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    good = {
        "iss": "ritme-local", "aud": "ritme", "sub": "operator", "name": "O", "roles": ["operator"], "areas": ["31"],
        "iat": now, "exp": now + timedelta(hours=1),
    }  # fmt: skip
    return {key: value for key, value in (good | changes).items() if value is not None}


def signed(world: World, content: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    key = (world.house.verifier.folder / "issuer.pem").read_text()
    return jwt.encode(content, key, algorithm="ES256", headers=headers)


def foreign(content: dict[str, Any]) -> str:
    key = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return jwt.encode(content, key.decode(), algorithm="ES256")


def bad_tokens(world: World) -> dict[str, str]:
    past, future = datetime.now(UTC) - timedelta(hours=2), datetime.now(UTC) + timedelta(hours=2)
    good = signed(world, claims())
    head, body, signature = good.split(".")
    return {
        "empty": "",
        "no token": "nonsense",
        "alg none": jwt.encode(claims(), "", algorithm="none"),
        "hs256": jwt.encode(claims(), "s" * 40, algorithm="HS256"),
        "another key": foreign(claims()),
        "cut signature": f"{head}.{body}.{signature[:-4]}",
        "changed body": f"{head}.{foreign(claims(areas=['31'], sub='x')).split('.')[1]}.{signature}",
        "expired": signed(world, claims(exp=past, iat=past)),
        "not yet": signed(world, claims(nbf=future)),
        "issued later": signed(world, claims(iat=future, exp=future + timedelta(hours=1))),
        "another issuer": signed(world, claims(iss="https://evil.example")),
        "another audience": signed(world, claims(aud="other")),
        "no audience": signed(world, claims(aud=None)),
        "no subject": signed(world, claims(sub=None)),
        "no expiry": signed(world, claims(exp=None)),
        "no roles": signed(world, claims(roles=None)),
        "roles as text": signed(world, claims(roles="operator")),
        "areas with a wildcard": signed(world, claims(areas=["%"])),
        "areas with a joker": signed(world, claims(areas=["31_71"])),
        "areas with a comma": signed(world, claims(areas=["31.71,31.72"])),
        "empty area": signed(world, claims(areas=[""])),
        "unknown crit": signed(world, claims(), {"crit": ["b64"], "b64": False}),
        "very long": good + "x" * 100_000,
    }


async def test_only_a_good_token_comes_in(world: World) -> None:
    door = world.as_("operator")
    for service in SERVICES:
        for what, token in bad_tokens(world).items():
            answer = await door.get(f"/{service}/status", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 401, (service, what)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "unauthenticated"
        assert (await door.get(f"/{service}/status")).status_code == 200


async def test_two_authorization_headers_are_refused(world: World) -> None:
    good = signed(world, claims())
    headers = [("authorization", f"Bearer {good}"), ("authorization", f"Bearer {good}")]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.house.app()), base_url="http://ritme.test") as door:
        assert (await door.get("/beneficiary/status", headers=headers)).status_code == 401


async def test_an_error_never_echoes_what_was_sent(world: World) -> None:
    secret = "3173012345678901"
    answer = await world.as_("operator").post("/beneficiary/people:resolve", json={"niks": secret, "purpose": [secret]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "request-shape"
    assert secret not in answer.text


async def test_a_made_up_field_is_refused_without_its_name(world: World) -> None:
    answer = await world.as_("operator").post("/beneficiary/people:resolve", json={"3173012345678901": 1, "zzz": 2})
    assert answer.status_code == 422
    assert "3173012345678901" not in answer.text
    assert "body.zzz" in answer.text


@pytest.mark.parametrize("text", ["\0", "a\0b"])
async def test_a_text_that_no_database_keeps_is_the_callers_fault(world: World, text: str) -> None:
    """NUL is in no PostgreSQL text; every filter of every list takes one."""
    door = world.as_("operator")
    for service in SERVICES:
        description = (await door.get(f"/{service}/openapi.json")).json()
        for path, operations in description["paths"].items():
            filters = [one["name"] for one in operations.get("get", {}).get("parameters", []) if one["in"] == "query"]
            address = path.replace("{month}", "2025-09")
            for name in filters if "{" not in address else []:
                answer = await door.get(f"/{service}{address}", params={name: text})
                assert answer.status_code < 500, (path, name, answer.text)
                assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"


async def test_half_a_character_is_the_callers_fault(world: World) -> None:
    """Half a surrogate pair passes JSON and is no text: not in the database, not in the answer that repeats it."""
    door = world.as_("operator")
    headers = {"content-type": "application/json"}
    for body in (b'{"month":"\\ud800"}', b'{"month":"2025-09","kind":"\\ud800"}', b'{"month":"2025-09","programmes":["\\ud800"]}'):
        answer = await door.post("/disbursement/batches", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["code"]


@pytest.mark.parametrize("month", ["0000-01", "9999-12", "2025-13", "2025-09\n", "٢٠٢٥-09", "2025-9"])
async def test_what_is_no_month_is_refused_everywhere(world: World, month: str) -> None:
    door, written = world.as_("operator"), quote(month, safe="")
    for address in (
        f"/disbursement/months/{written}/equation", f"/disbursement/months/{written}/people", f"/beneficiary/months/{written}/seal",
        f"/budget_audit/months/{written}/money", f"/budget_audit/panti/BM1/months/{written}",
    ):  # fmt: skip
        answer = await door.get(address)
        assert answer.status_code in (404, 422), (address, answer.text)
    sealing = await door.post("/beneficiary/cutoffs", json={"programme": "KLJ", "month": month})
    assert sealing.status_code == 422


async def test_unknown_doors_and_methods_are_problems_too(world: World) -> None:
    door = world.as_("operator")
    assert (await door.get("/beneficiary/nowhere")).json()["code"] == "not-found"
    assert (await door.delete("/beneficiary/cutoffs")).json()["code"] == "method-not-allowed"


async def test_correlation_id_is_kept_or_made(world: World) -> None:
    door = world.as_("operator")
    assert (await door.get("/beneficiary/health", headers={"x-correlation-id": "case-2025-09-0001"})).headers[
        "x-correlation-id"
    ] == "case-2025-09-0001"
    made = (await door.get("/beneficiary/health", headers={"x-correlation-id": "bad id\n"})).headers["x-correlation-id"]
    assert len(made) == 36


@pytest.mark.parametrize("service", SERVICES)
async def test_every_door_of_the_description_wants_a_token(world: World, service: str) -> None:
    """Generated from OpenAPI: a new door without a caller is found here."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.house.app()), base_url="http://ritme.test") as nobody:
        description = (await nobody.get(f"/{service}/openapi.json")).json()
        open_doors = {"/health"}
        unguarded = []
        for path, operations in description["paths"].items():
            if path in open_doors or path.startswith("/templates/"):
                continue
            for method in operations:
                address = f"/{service}{path}".replace("{month}", "2025-09").replace("{form}", "csv")
                for name in ("import_id", "batch_id", "person_id", "id", "file_id", "mismatch_id", "request_id", "cutoff_id"):
                    address = address.replace(f"{{{name}}}", "01920000-0000-7000-8000-000000000000")
                answer = await nobody.request(method.upper(), address)
                if answer.status_code != 401:
                    unguarded.append((method, path, answer.status_code))
        assert unguarded == []


async def test_a_key_that_no_index_takes_is_refused(world: World) -> None:
    body = {"kind": "kursi-roda-dewasa", "place": "dinas", "units": 3, "expected_on": "2025-10-01"}
    key = "".join(sha256(str(n).encode()).hexdigest() for n in range(100))
    answer = await world.as_("warehouse").post("/assistive_devices/incoming", json=body, headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


async def test_the_same_key_and_body_get_the_first_answer(world: World) -> None:
    door, body = world.as_("warehouse"), {"kind": "kursi-roda-dewasa", "place": "dinas", "units": 3, "expected_on": "2025-10-01"}
    first = await door.post("/assistive_devices/incoming", json=body, headers={"idempotency-key": "k-1"})
    assert first.status_code in (200, 201), first.text
    again = await door.post("/assistive_devices/incoming", json=body, headers={"idempotency-key": "k-1"})
    assert again.json() == first.json()
    assert again.headers["idempotent-replay"] == "true"
    other = await door.post("/assistive_devices/incoming", json=body | {"units": 4}, headers={"idempotency-key": "k-1"})
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency-key-reused"


async def test_racing_requests_with_one_key_have_one_effect(world: World) -> None:
    door, body = world.as_("warehouse"), {"kind": "kursi-roda-dewasa", "place": "dinas", "units": 5, "expected_on": "2025-10-01"}
    answers = await asyncio.gather(
        *(door.post("/assistive_devices/incoming", json=body, headers={"idempotency-key": "race"}) for _ in range(8))
    )
    assert {a.status_code for a in answers} <= {200, 201, 409}
    stock = (await world.as_("warehouse").get("/assistive_devices/stock", params={"kind": "kursi-roda-dewasa", "place": "dinas"})).json()
    assert sum(item["incoming"] for item in stock["items"]) == 5
