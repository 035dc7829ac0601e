"""The client of the bank's SNAP BI doors: token (73), transfer status (36), account inquiry (15)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.disbursement.channels.snap_bi.pace import Pace
from services.disbursement.channels.snap_bi.settings import SnapSettings
from services.disbursement.channels.snap_bi.signing import minified, timestamp, token_signature, transaction_signature
from shared.kernel.clock import Clock
from shared.kernel.ids import uuid7

ACCESS: Final = "/v1.0/access-token/b2b"
STATUS: Final = "/v1.0/transfer/status"
ACCOUNT: Final = "/v1.0/account-inquiry-internal"

_SPARE: Final = timedelta(seconds=60)
"""A token is renewed this long before it expires: the question must arrive while it is good."""
_ANSWER_MAX: Final = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """An answer as it came. ``http`` 0: none came (timeout, reset, no route); ``body`` None: no JSON object."""

    http: int
    body: Mapping[str, Any] | None = None
    retry_after_s: int = 0

    @property
    def code(self) -> str:
        """The responseCode, digits only; it is kept, so nothing else of the answer may ride on it."""
        code = str((self.body or {}).get("responseCode", ""))
        return code if len(code) <= 10 and code.isascii() and code.isdigit() else ""


class NoToken(Exception):
    """The bank gave no token; ``reply`` is what it said."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("no token")
        self.reply = reply


@dataclass
class Tokens:
    """The token that is good now. One for a process and bank; kept between turns."""

    token: str = ""
    until: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SnapBank:
    """Asks questions; ``http`` is the caller's, its base address the bank's. Never raises for what a bank can do, but NoToken."""

    def __init__(self, settings: SnapSettings, http: httpx.AsyncClient, clock: Clock, tokens: Tokens) -> None:
        self._settings, self._http, self._clock, self._tokens = settings, http, clock, tokens
        self._secret = settings.secret()
        self._pace = Pace(settings.per_second, settings.at_once)
        self.halted = False
        """Whoever sees that the bank wants a rest sets it; questions still waiting for their place are then not asked."""

    async def transfer_status(self, reference: str, amount: int) -> Reply | None:
        """Service 36, by our own reference: the only name of the transfer that we are sure of. None: halted before. Raise NoToken."""
        return await self._ask(
            STATUS,
            {
                "originalPartnerReferenceNo": reference,
                "serviceCode": "17",
                "amount": {"value": f"{amount}.00", "currency": "IDR"},
            },
        )

    async def account(self, number: str, reference: str) -> Reply | None:
        """Service 15: whether the account exists, and whose it is. None and NoToken as above."""
        return await self._ask(ACCOUNT, {"partnerReferenceNo": reference, "beneficiaryAccountNo": number})

    async def token(self) -> str:
        """The cached token, or a new one. Raise NoToken."""
        async with self._tokens.lock:
            now = self._clock.now()
            if self._tokens.until is None or now >= self._tokens.until:
                await self._renew(now)
            return self._tokens.token

    async def _ask(self, path: str, body: Mapping[str, Any]) -> Reply | None:
        async with self._pace:
            if self.halted:
                return None
            token = await self.token()
            reply = await self._send(path, body, token)
            if reply.http == 401 and reply.code[5:] in ("01", "03"):
                # The bank forgot the token before its time; a fresh one, once.
                await self._forget(token)
                reply = await self._send(path, body, await self.token())
            return reply

    async def _send(self, path: str, body: Mapping[str, Any], token: str) -> Reply:
        whole, content, stamp = self._settings.path + path, minified(body), timestamp(self._clock.now())
        return await self._post(
            whole,
            content,
            {
                "Authorization": f"Bearer {token}",
                "X-TIMESTAMP": stamp,
                "X-SIGNATURE": transaction_signature(self._secret, "POST", whole, token, content, stamp),
                "X-PARTNER-ID": self._settings.partner_id,
                # Numeric and new for each question, the repeated ones too: the bank refuses a second one on the same day.
                "X-EXTERNAL-ID": str(uuid7().int)[-32:],
                "CHANNEL-ID": self._settings.channel_id,
            },
        )

    async def _renew(self, now: datetime) -> None:
        stamp, client = timestamp(now), self._settings.client_id
        headers = {"X-TIMESTAMP": stamp, "X-CLIENT-KEY": client, "X-SIGNATURE": token_signature(self._key(), client, stamp)}
        reply = await self._post(self._settings.path + ACCESS, minified({"grantType": "client_credentials"}), headers)
        said = reply.body or {}
        token, life = said.get("accessToken"), str(said.get("expiresIn", ""))
        if reply.http != 200 or not isinstance(token, str) or not token or not life.isdigit():
            raise NoToken(reply)
        self._tokens.token = token
        self._tokens.until = now + max(timedelta(seconds=min(int(life), 86_400)) - _SPARE, timedelta(seconds=1))

    async def _forget(self, token: str) -> None:
        async with self._tokens.lock:
            if self._tokens.token == token:  # another question may have fetched a new one meanwhile
                self._tokens.until = None

    def _key(self) -> RSAPrivateKey:
        file = self._settings.private_key_file
        key = load_pem_private_key(file.read_bytes(), None) if file else None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("RITME_SNAP_PRIVATE_KEY_FILE must name an RSA private key")
        return key

    async def _post(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            answer = await self._http.post(path, content=content, headers={**headers, "Content-Type": "application/json"})
        except httpx.TransportError:
            return Reply(0)
        wait = answer.headers.get("retry-after", "")
        after = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 7 else 0
        try:
            body = json.loads(answer.content) if len(answer.content) <= _ANSWER_MAX else None
        except ValueError:
            body = None
        return Reply(answer.status_code, body if isinstance(body, dict) else None, after)
