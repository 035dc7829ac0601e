"""Signatures against the published example, and which addresses events may go to."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.settings import Settings
from shared.webhooks import signing
from shared.webhooks.sending import AddressWrong, Outcome, Policy, Sender, check_address
from tests.support.receiver import Receiver, receiving

EVENT = b'{"id":"disbursement-7"}'


def test_the_published_example() -> None:
    """From the specification's own libraries (standard-webhooks, test vector of the Python library)."""
    found = signing.headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, tz=UTC), b'{"test": 2432232314}',
    )  # fmt: skip
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_new_each_time_and_long_enough() -> None:
    one, two = signing.new_secret(), signing.new_secret()
    assert one != two
    assert one.startswith("whsec_")
    assert len(one) == 6 + 44


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("10.20.3.4", True), ("10.21.3.4", False), ("192.168.1.1", False),
        ("172.16.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("127.0.0.1", False), ("::1", False),
        ("::ffff:10.20.3.4", True), ("::ffff:192.168.1.1", False), ("64:ff9b::a14:304", False), ("2002:a14:304::1", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("fe80::1", False), ("fd12::1", False), ("ff02::1", False),
        ("fec0::1", False), ("::ffff:0:a14:304", False),
    ],
)  # fmt: skip
def test_private_addresses_only_where_they_are_named(address: str, allowed: bool) -> None:
    policy = Policy.of(Settings(webhook_networks="10.20.0.0/16", mode="development", database="postgresql://elsewhere"))
    assert policy.allows(ipaddress.ip_address(address)) is allowed


def test_this_machine_only_in_embedded_development() -> None:
    check_address("http://127.0.0.1:9000/hook", Policy.of(Settings()))
    for settings in (Settings(mode="production", field_key="00" * 32), Settings(database="postgresql://elsewhere")):
        for url in ("http://127.0.0.1:9000/hook", "https://localhost:9000/hook", "https://[::1]:9000/hook"):
            with pytest.raises(AddressWrong):
                check_address(url, Policy.of(settings))


def test_networks_that_are_none_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"10\.20"):
        Settings(webhook_networks="10.20/16/3")


async def post(policy: Policy, url: str) -> Outcome:
    sender = Sender(policy)
    async with sender.client() as client:
        return await sender.post(client, url, {"content-type": "application/cloudevents+json", "webhook-id": "disbursement-7"}, EVENT)


async def test_a_name_that_points_inside_is_not_followed() -> None:
    with receiving() as receiver:
        outcome = await post(Policy(), f"https://localhost:{receiver.port}/")
        assert (outcome.status, outcome.problem) == (0, "address-not-allowed")
        assert receiver.tries == []


async def test_a_name_that_nobody_has() -> None:
    assert (await post(Policy(), "https://tidak-ada.invalid/")).problem == "name-unknown"


@pytest.mark.parametrize("host", ["a..id", ".id", "a" * 64 + ".id", "."])
async def test_a_name_that_cannot_be_looked_up_is_an_outcome_too(host: str) -> None:
    """It is refused where it is proposed; one that stands in a row already stops its own subscriber only."""
    with pytest.raises(AddressWrong):
        check_address(f"https://{host}/ritme", Policy())
    assert not (await post(Policy(), f"https://{host}/ritme")).taken
    check_address(f"https://{'a' * 63}.id./ritme", Policy())


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert (await post(Policy(loopback=True), f"http://127.0.0.1:{taken.getsockname()[1]}/")).problem == "no-connection"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ``localhost`` that signs itself, with its key behind it."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("authority")
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "authority.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return folder


@pytest.fixture
def over_tls(authority: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "authority.pem", authority / "key.pem")
    with receiving(context) as receiver:
        yield receiver


async def test_the_certificate_is_checked_by_the_name_in_the_address(over_tls: Receiver, authority: Path) -> None:
    trusting = Policy(loopback=True, authority=authority / "authority.pem")
    url = f"https://localhost:{over_tls.port}/"
    assert (await post(trusting, url)).status == 401  # it got there, and the receiver misses the signature
    assert (await post(Policy(loopback=True), url)).problem == "tls"
    assert (await post(trusting, f"https://127.0.0.1:{over_tls.port}/")).problem == "tls"  # the certificate names localhost
    assert [answer for _, answer in over_tls.tries] == [401]
