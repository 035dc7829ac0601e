"""Expected failures are situations with a stable code and data; the web edge maps them to problem+json once."""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """A command was understood and refused. ``code`` is stable, ``status`` is its HTTP status.

    Subclass per situation, or raise with an explicit code where the situation has one user only.
    ``data`` goes into the problem+json beside ``detail``; it never holds a NIK, name, address or account.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data


class NotFound(Refusal):
    code = "not-found"
    status = 404


class InvalidInput(Refusal):
    """The request has the right shape and an impossible content (an unknown code, a month before Ritme)."""

    code = "invalid-input"
    status = 422


class NotAllowed(Refusal):
    """The caller is known and may not do this (role, purpose or area)."""

    code = "not-allowed"
    status = 403


class FourEyes(Refusal):
    """A second person must do this: whoever acted before may not act again (RELIABILITY invariant 7)."""

    code = "four-eyes"


class IllegalTransition(Refusal):
    """The transition table does not have (state, action)."""

    code = "illegal-transition"

    def __init__(self, state: str, action: str, **data: Any) -> None:
        super().__init__(f"'{action}' is not possible in state '{state}'", state=state, action=action, **data)
