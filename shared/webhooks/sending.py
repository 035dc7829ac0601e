"""One POST to a system outside: only where it may go, no redirects, bounded in time and in what is read of the answer.

The name is looked up here and the connection goes to the very address that was looked at, so that a name cannot point to a public
address when it is asked and to a private one when it is used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from shared.kernel.errors import InvalidInput
from shared.settings import Settings

TIMEOUT_S: Final = 10.0
"""From the look-up of the name to the answer's status."""
_ANSWER_MAX: Final = 16 * 1024
_URL_MAX: Final = 500
_LABEL_MAX: Final = 63
_RETRY_AFTER_MAX_S: Final = 3600
_INSIDE: Final = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96", "fec0::/10")
)
"""Addresses of IPv6 that hold one of IPv4, which would have to be looked at instead; and the old site-local ones."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressWrong(InvalidInput):
    """Events are not sent there; ``problem`` is a stable word."""

    code = "webhook-address"


@dataclass(frozen=True)
class Policy:
    """Where events may go beside public addresses over https. ``loopback``: to this machine, without TLS too (development)."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    loopback: bool = False
    authority: Path | None = None
    """PEM of the agency's own certificate authority, for its own systems."""

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        networks = tuple(ipaddress.ip_network(one.strip()) for one in settings.webhook_networks.split(",") if one.strip())
        return cls(networks, settings.mode == "development" and settings.embedded_database, settings.webhook_authority)

    def allows(self, address: Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        if mapped is not None:
            return self.allows(mapped)
        if address.is_loopback:
            return self.loopback
        if any(address.version == network.version and address in network for network in self.networks):
            return True
        hidden = any(address.version == network.version and address in network for network in _INSIDE)
        return address.is_global and not address.is_multicast and not hidden


@dataclass(frozen=True)
class Outcome:
    """``status`` 0: no answer. ``problem``: a stable word, empty where the event was taken."""

    status: int
    problem: str = ""
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        return not self.problem


def check_address(url: str, policy: Policy) -> None:
    """What can be said of an address without looking its name up. Raise AddressWrong."""
    parts = _split(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressWrong("no name, password or fragment belongs in the address", problem="address-form")
    literal = _literal(host)
    local = host == "localhost" or (literal is not None and literal.is_loopback)
    if parts.scheme == "http" and not (local and policy.loopback):
        raise AddressWrong("events go over https only", problem="not-https")
    if (local and not policy.loopback) or (literal is not None and not policy.allows(literal)):
        raise AddressWrong(
            "events are not sent to this address: it is private, and not in RITME_WEBHOOK_NETWORKS", problem="address-not-allowed"
        )


def _split(url: str) -> SplitResult:
    if not 10 <= len(url) <= _URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressWrong(f"an address has at most {_URL_MAX} plain characters", problem="address-form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressWrong("this is no address", problem="address-form") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0 or not _nameable(parts.hostname):
        raise AddressWrong("an address begins with https:// and names a host", problem="address-form")
    return parts


def _nameable(host: str) -> bool:
    """Whether the host can be looked up at all: no part of its name is empty or longer than 63 characters."""
    return ":" in host or all(1 <= len(label) <= _LABEL_MAX for label in host.removesuffix(".").split("."))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class Sender:
    """Sends events; keeps no connection for longer than ``client`` is open."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._trust: ssl.SSLContext | None = None

    def client(self) -> httpx.AsyncClient:
        """For one subscriber's turn: connections are never shared by two names that stand behind one address."""
        if self._trust is None:
            self._trust = httpx.create_ssl_context(trust_env=False)
            if self._policy.authority is not None:
                self._trust.load_verify_locations(cafile=str(self._policy.authority))
        return httpx.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False, timeout=TIMEOUT_S)

    async def post(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Whatever happens is an outcome."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._post(client, url, headers, body)
        except AddressWrong as wrong:
            return Outcome(0, str(wrong.data["problem"]))
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(0, "timeout")
        except (socket.gaierror, UnicodeError):  # UnicodeError: a name that the resolver cannot even write
            return Outcome(0, "name-unknown")
        except httpx.ConnectError as error:
            return Outcome(0, "tls" if "certificate" in str(error).lower() or "ssl" in str(error).lower() else "no-connection")
        except (httpx.HTTPError, OSError):
            return Outcome(0, "broken-off")

    async def _post(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        parts = _split(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address(host, port, over_tls=parts.scheme == "https")
        place = f"[{address}]" if address.version == 6 else str(address)
        request = client.build_request(
            "POST", f"{parts.scheme}://{place}:{port}{parts.path or '/'}{'?' + parts.query if parts.query else ''}",
            headers={**headers, "host": parts.netloc}, content=body, extensions={"sni_hostname": host},
        )  # fmt: skip
        answer = await client.send(request, stream=True)
        try:
            size = 0
            async for block in answer.aiter_raw():  # a short answer is read, so that its connection serves again
                size += len(block)
                if size > _ANSWER_MAX:
                    break
        finally:
            await answer.aclose()
        if 200 <= answer.status_code < 300:
            return Outcome(answer.status_code)
        problem = "redirect" if 300 <= answer.status_code < 400 else "gone" if answer.status_code == 410 else "refused"
        return Outcome(answer.status_code, problem, _seconds(answer.headers.get("retry-after", "")))

    async def _address(self, host: str, port: int, *, over_tls: bool) -> Address:
        """The first address of the name; all of them must be allowed. Raise AddressWrong, socket.gaierror."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        for one in addresses:
            if not self._policy.allows(one) or (not over_tls and not one.is_loopback):
                raise AddressWrong("events are not sent to this address", problem="address-not-allowed")
        return addresses[0]


def _seconds(written: str) -> int:
    return min(int(written), _RETRY_AFTER_MAX_S) if written.isdecimal() and len(written) < 9 else 0
