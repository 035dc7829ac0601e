"""A bank that speaks SNAP BI on a socket: strict about tokens, signatures, times and ids, and able to fail in every listed way.

It keeps a ledger of transfers by partnerReferenceNo, answers questions about them, and counts what it was asked. There is no
door to send money: a client that tries gets 404, and ``unexpected`` says so.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import uvicorn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_SKEW = timedelta(minutes=5)


@dataclass
class Transfer:
    """What the bank's own books say. ``status`` as latestTransactionStatus; ``previous`` the responseCode of the transfer."""

    amount: int
    account: str
    status: str = "00"
    previous: str = "2001700"
    at: str = "2025-09-25T10:00:00+07:00"
    pending_for: int = 0
    """So many questions are answered with 202 before the status is."""


@dataclass
class Account:
    holder: str
    code: str = "2001500"


@dataclass
class SnapBankSimulator:
    """``faults``: what happens to the next questions, one each: slow, reset, 500, 504, 429, html, wrong_json, 2007300, …"""

    client_id: str
    secret: bytes
    public_key: RSAPublicKey
    now: Callable[[], datetime]
    transfers: dict[str, Transfer] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    always: str = ""
    token_fault: str = ""
    token_life: int = 900
    skew: timedelta = timedelta(0)
    slow_s: float = 0.5
    retry_after: int = 120
    asked: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    tokens_given: int = 0
    most_at_once: int = 0
    url: str = ""
    _tokens: dict[str, datetime] = field(default_factory=dict)
    _external: set[tuple[str, str]] = field(default_factory=set)
    _under_way: int = 0

    def forget_tokens(self) -> None:
        self._tokens.clear()

    # --- doors ------------------------------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        if self.token_fault:
            return self._say(self.token_fault)
        stamp, client = request.headers.get("x-timestamp", ""), request.headers.get("x-client-key", "")
        try:
            signature = base64.b64decode(request.headers.get("x-signature", ""), validate=True)
            self.public_key.verify(signature, f"{client}|{stamp}".encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return self._say("4017300")
        if client != self.client_id or not self._in_time(stamp):
            return self._say("4017300")
        if json.loads(await request.body()) != {"grantType": "client_credentials"}:
            return self._say("4007302")
        self.tokens_given += 1
        token = f"token-{self.tokens_given}"
        self._tokens[token] = self.now() + timedelta(seconds=self.token_life)
        said = {"responseCode": "2007300", "accessToken": token, "tokenType": "Bearer", "expiresIn": str(self.token_life)}
        return JSONResponse(said)

    async def _status(self, request: Request) -> Response:
        body = await request.body()
        if (refused := self._refusal(request, body, "36")) is not None:
            return refused
        asked = json.loads(body)
        reference = asked["originalPartnerReferenceNo"]
        self.asked.append(reference)
        if (fault := await self._fault("36")) is not None:
            return fault
        transfer = self.transfers.get(reference)
        if transfer is None:
            return self._say("4043601")
        if transfer.pending_for:
            transfer.pending_for -= 1
            return self._say("2023600")
        return JSONResponse(
            {
                "responseCode": "2003600", "responseMessage": "Successful", "originalPartnerReferenceNo": reference, "serviceCode": "17",
                "beneficiaryAccountNo": transfer.account, "amount": {"value": f"{transfer.amount}.00", "currency": "IDR"},
                "transactionDate": transfer.at, "latestTransactionStatus": transfer.status, "previousResponseCode": transfer.previous,
            }
        )  # fmt: skip

    async def _account(self, request: Request) -> Response:
        body = await request.body()
        if (refused := self._refusal(request, body, "15")) is not None:
            return refused
        number = json.loads(body)["beneficiaryAccountNo"]
        if (fault := await self._fault("15")) is not None:
            return fault
        account = self.accounts.get(number)
        if account is None:
            return self._say("4041511")
        if account.code != "2001500":
            return self._say(account.code)
        return JSONResponse({"responseCode": "2001500", "beneficiaryAccountNo": number, "beneficiaryAccountName": account.holder})

    async def _other(self, request: Request) -> Response:
        self.unexpected.append(request.url.path)
        return Response(status_code=404)

    # --- strictness -------------------------------------------------------------------------------------------------

    def _refusal(self, request: Request, body: bytes, service: str) -> Response | None:
        """As a bank does: token, then time, signature, and an id not used today."""
        head = request.headers
        token, stamp = head.get("authorization", "").removeprefix("Bearer "), head.get("x-timestamp", "")
        until = self._tokens.get(token)
        if until is None or self.now() >= until:
            return self._say(f"401{service}01")
        signed = f"POST:{request.url.path}:{token}:{hashlib.sha256(body).hexdigest()}:{stamp}".encode()
        expected = base64.b64encode(hmac.digest(self.secret, signed, "sha512")).decode()
        if not hmac.compare_digest(expected, head.get("x-signature", "")) or not self._in_time(stamp):
            return self._say(f"401{service}00")
        external = head.get("x-external-id", "")
        if not external.isdigit() or len(external) > 36 or not head.get("x-partner-id") or not head.get("channel-id"):
            return self._say(f"400{service}02")
        if (stamp[:10], external) in self._external:
            return self._say(f"409{service}00")
        self._external.add((stamp[:10], external))
        return None

    def _in_time(self, stamp: str) -> bool:
        try:
            at = datetime.fromisoformat(stamp)
        except ValueError:
            return False
        return stamp.endswith("+07:00") and abs(at - (self.now() + self.skew)) <= _SKEW

    async def _fault(self, service: str) -> Response | None:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            fault = self.faults.popleft() if self.faults else self.always
            if not fault:
                return None
            if fault == "slow":
                await asyncio.sleep(self.slow_s)
                return None
            if fault == "reset":
                return StreamingResponse(_half_an_answer(), headers={"content-length": "500"})
            if fault == "html":
                return Response("<html>pemeliharaan</html>", media_type="text/html")
            if fault == "wrong_json":
                return Response('{"responseCode": "2003600", ', media_type="application/json")
            return self._say(fault if len(fault) == 7 else f"{fault}{service}00")
        finally:
            self._under_way -= 1

    def _say(self, code: str) -> Response:
        headers = {"Retry-After": str(self.retry_after)} if code.startswith("429") else {}
        return JSONResponse({"responseCode": code, "responseMessage": "-"}, status_code=int(code[:3]), headers=headers)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1.0/access-token/b2b", self._token, methods=["POST"]),
                Route("/v1.0/transfer/status", self._status, methods=["POST"]),
                Route("/v1.0/account-inquiry-internal", self._account, methods=["POST"]),
                Route("/{path:path}", self._other, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ]
        )


async def _half_an_answer() -> AsyncIterator[bytes]:
    """Fewer bytes than announced: the server then drops the connection."""
    yield b'{"responseCode": "2003600"'


@contextmanager
def running(bank: SnapBankSimulator) -> Iterator[SnapBankSimulator]:
    """The bank on a port of its own, in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(bank.app(), log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    for _ in range(500):
        if server.started:
            break
        time.sleep(0.01)
    bank.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield bank
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
