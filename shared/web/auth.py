"""Who calls: OpenID Connect style bearer tokens, checked against one issuer's public key with fixed algorithm.

A role gives what may be done, an assignment gives the areas (prefixes of area codes; ``31`` is all of Jakarta).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeGuard

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import Depends, Request
from fastapi.params import Depends as DependsMarker

from shared.kernel import context
from shared.kernel.clock import Clock
from shared.kernel.errors import NotAllowed, Refusal

ALGORITHM = "ES256"
WHOLE_AGENCY = "31"


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401


@dataclass(frozen=True)
class Caller:
    """The person behind the request; ``person`` is the token's subject. Service accounts are nobody."""

    person: str
    name: str
    roles: frozenset[str]
    areas: tuple[str, ...]
    token: str

    @property
    def whole_agency(self) -> bool:
        return WHOLE_AGENCY in self.areas

    def headers(self) -> dict[str, str]:
        """For a question to another service in this person's own name, within the present correlation."""
        return {"authorization": f"Bearer {self.token}", "x-correlation-id": context.correlation_id.get()}


def make_issuer_keys(folder: Path) -> None:
    """A local issuer's key pair, made once (demo people and tests)."""
    private = folder / "issuer.pem"
    if private.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(SECP256R1())
    (folder / "issuer.pub.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@dataclass(frozen=True)
class Verifier:
    """Checks tokens of one issuer."""

    folder: Path
    issuer: str
    audience: str

    def caller(self, token: str) -> Caller:
        """Raise Unauthenticated for anything but a valid, unexpired token of this issuer for this audience."""
        try:
            claims = jwt.decode(
                token,
                _public_key(self.folder / "issuer.pub.pem"),
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "iat", "sub", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the token is not valid: {type(error).__name__}") from None
        roles, areas = claims.get("roles"), claims.get("areas")
        if not _texts(roles) or not _texts(areas) or not set("".join(areas)) <= _AREA:
            raise Unauthenticated("the token names no roles or areas")
        return Caller(claims["sub"], str(claims.get("name", claims["sub"])), frozenset(roles), tuple(areas), token)


def _texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(v, str) and v and set(v) <= _SAFE for v in value)


_SAFE = set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_AREA = set("0123456789.")
"""An area is a LIKE pattern under row-level security: nothing in it may stand for anything else."""


@lru_cache
def _public_key(file: Path) -> str:
    return file.read_text()


def sign(folder: Path, issuer: str, audience: str, clock: Clock, person: str, name: str, roles: Sequence[str], areas: Sequence[str]) -> str:
    """A token of one hour from the local issuer."""
    now = clock.now()
    claims = {
        "iss": issuer, "aud": audience, "sub": person, "name": name, "roles": list(roles), "areas": list(areas),
        "iat": now, "exp": now + timedelta(hours=1),
    }  # fmt: skip
    return jwt.encode(claims, (folder / "issuer.pem").read_text(), algorithm=ALGORITHM)


async def current_caller(request: Request) -> Caller:
    """The caller of this request, or 401."""
    headers = request.headers.getlist("authorization")
    if len(headers) != 1 or not headers[0].startswith("Bearer ") or len(headers[0]) > 8_000:
        raise Unauthenticated("send one header 'Authorization: Bearer <token>'")
    verifier: Verifier = request.app.state.verifier
    return verifier.caller(headers[0].removeprefix("Bearer "))


CallerDep = Annotated[Caller, Depends(current_caller)]


def allowed(*roles: str, whole_agency: bool = False) -> DependsMarker:
    """``dependencies=[allowed("approver")]``: one of these roles, else 403; ``whole_agency`` where a part would be a lie."""

    async def check(caller: CallerDep) -> None:
        if roles and not caller.roles & set(roles):
            raise NotAllowed(f"this needs one of the roles {', '.join(roles)}", roles=list(roles))
        if whole_agency and not caller.whole_agency:
            raise NotAllowed("this concerns the whole agency; your assignment is a part of it", areas=list(caller.areas))

    marker = Depends(check)
    assert isinstance(marker, DependsMarker)
    return marker
