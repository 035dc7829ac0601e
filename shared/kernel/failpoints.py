"""Named places where a fault can be ordered from outside: ``FAILPOINT=name:nth:kill|stop|raise|drop[,...]``.

Crash tests use them on the real program. In production mode the runtime refuses to start while one is set.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_hits: Counter[str] = Counter()


class FailpointHit(RuntimeError):
    """An ordered fault of kind ``raise``."""


def ordered() -> str:
    return os.environ.get("FAILPOINT", "")


def hit(name: str) -> bool:
    """Count one pass; on the ordered nth pass kill this process, stop it until SIGCONT, raise, or answer True for ``drop``.

    ``stop`` holds it in the middle, so that something else can be killed just then.

    The name of an order may itself hold dots and slashes (``relay.append/beneficiary.enrolment.activated.v1``).
    """
    orders = ordered()
    if not orders:
        return False
    for order in orders.split(","):
        target, nth, action = order.rsplit(":", 2)
        if target != name:
            continue
        _hits[name] += 1
        if _hits[name] != int(nth):
            continue
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        if action == "raise":
            raise FailpointHit(name)
        return action == "drop"
    return False
