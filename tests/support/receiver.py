"""A system outside that receives webhooks on a socket, checks every signature by itself, and fails in the ways it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """``taken``: events that were answered with 204, in order; ``tries``: every POST with its event's id and answer.

    ``faults``: answers to the next POSTs, one each: a status, ``slow``, ``reset``; ``always``: to all of them.
    """

    secret: str = ""
    port: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    tries: list[tuple[str, Any]] = field(default_factory=list)
    faults: deque[Any] = field(default_factory=deque)
    always: Any = None
    refuses: set[str] = field(default_factory=set)
    """Ids of events that it answers with 422, whenever they come."""
    signatures: list[str] = field(default_factory=list)
    takes_s: float = 0.0
    """Seconds that it needs for each answer."""
    now: float | None = None
    """The receiver's clock; None: the real one."""

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.taken]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ritme?kanal=1"

    def verify(self, headers: Any, body: bytes) -> str:
        """Empty, or what is wrong; by the letter of Standard Webhooks 1.0, with nothing of the sender's code."""
        identity, stamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not identity or not stamp.isdigit() or abs((time.time() if self.now is None else self.now) - int(stamp)) > 300:
            return "timestamp"
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        given = [one.partition(",") for one in signatures.split(" ")]
        self.signatures.append(signatures)
        return "" if any(version == "v1" and hmac.compare_digest(value, wanted) for version, _, value in given) else "signature"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", "0")))
        wrong = self.verify(handler.headers, body)
        event: dict[str, Any] = json.loads(body)
        fault = self.faults.popleft() if self.faults else self.always
        if event["id"] in self.refuses:
            fault = 422
        if wrong:
            fault = 401
        elif handler.headers["webhook-id"] != event["id"] or handler.headers["content-type"] != "application/cloudevents+json":
            fault = 400
        self.tries.append((event["id"], fault or 204))
        time.sleep(self.takes_s)
        if fault == "slow":
            time.sleep(1.5)
            return
        if fault == "reset":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        handler.send_response(fault or 204)
        if fault in (301, 302, 307):
            handler.send_header("location", f"http://127.0.0.1:{self.port}/lain")
        if fault == 429:
            handler.send_header("retry-after", "900")
        handler.send_header("content-length", "0")
        handler.end_headers()
        if not fault:
            self.taken.append(event)


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.answer(self)

        def do_GET(self) -> None:
            receiver.tries.append(("GET", self.path))
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Tests look at ``tries``."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A connection that was reset on purpose."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
