"""The demo issuer: fixed people for development, tests and replays. Refused in production mode (CORE.md section 8)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from shared.kernel.errors import NotFound
from shared.web.auth import Verifier, sign

PEOPLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "operator": ("Oki, operator data", ("operator",), ("31",)),
    "operator2": ("Olivia, operator data kedua", ("operator",), ("31",)),
    "checker": ("Citra, pemeriksa", ("checker",), ("31",)),
    "approver": ("Agus, kepala bidang", ("approver",), ("31",)),
    "approver2": ("Anggraini, kepala dinas", ("approver",), ("31",)),
    "releaser": ("Rina, pelepas dana", ("releaser",), ("31",)),
    "treasurer": ("Tono, bendahara pengeluaran", ("treasurer",), ("31",)),
    "treasurer2": ("Tari, bendahara pembantu", ("treasurer",), ("31",)),
    "panti-head": ("Pak Hadi, kepala panti", ("panti-head", "panti.bm1"), ("31",)),
    "panti-head2": ("Bu Ratna, kepala panti", ("panti-head", "panti.bm2"), ("31",)),
    "auditor": ("Ayu, auditor", ("auditor",), ("31",)),
    "auditor2": ("Arif, auditor kedua", ("auditor",), ("31",)),
    "warehouse": ("Wati, petugas gudang ABF", ("warehouse",), ("31",)),
    "leader": ("Ibu Lestari, pimpinan", ("leader",), ("31",)),
    "jakpus": ("Joko, operator Jakarta Pusat", ("operator",), ("31.71",)),
}
"""Name to (display name, roles, areas)."""

router = APIRouter()


class TokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    person: str


class Token(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme, not a secret
    expires_in: int = 3600


@router.post("/demo/token")
async def token(body: TokenRequest, request: Request) -> Token:
    """A short token for one of the demo people; 404 for anybody else."""
    if body.person not in PEOPLE:
        raise NotFound(f"there is no demo person '{body.person}'", people=sorted(PEOPLE))
    verifier: Verifier = request.app.state.verifier
    name, roles, areas = PEOPLE[body.person]
    signed = sign(verifier.folder, verifier.issuer, verifier.audience, request.app.state.clock, body.person, name, roles, areas)
    return Token(access_token=signed)


@router.get("/demo/people")
async def people() -> dict[str, str]:
    """The demo people and what they are called."""
    return {person: name for person, (name, _, _) in PEOPLE.items()}
