"""Who may put the next name under a list: which role, up to which amount, with whom, and what would refuse the one who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.commands.lists.batches import signatures_of
from services.disbursement.commands.lists.mandates import rules_of
from services.disbursement.domain.batch import ROLE, BatchState, Signature, Step, refuse_same_person
from services.disbursement.domain.mandate import (
    DELEGABLE,
    RuleKind,
    SigningRule,
    approvers_needed,
    in_force,
    refuse_beyond_limit,
)
from shared.db.session import AnySession
from shared.kernel.errors import Refusal
from shared.web.auth import Caller

NEXT: Final[Mapping[str, Step]] = MappingProxyType(
    {
        BatchState.DRAFT: Step.SUBMIT,
        BatchState.SUBMITTED: Step.CHECK,
        BatchState.CHECKED: Step.APPROVE,
        BatchState.FUNDED: Step.RELEASE,
    }
)
"""The states that wait for a name. Between approval and release budget_audit is asked, and nobody signs."""


async def next_signature(session: AnySession, batch: Row[Any], caller: Caller, *, today: date) -> dict[str, Any]:
    """The next step of a batch as it stands today. Nothing is promised: the signature itself looks again.

    ``limits``: the line of the role for the whole list (programme '') and for each programme, in rupiah, null where none is in
    force; ``own_limits``: lines that name a person and go before it. ``mine``: in which capacities the caller may act, and for
    the next step what refuses it. ``removals``: lines that somebody asked to leave out, waiting for a second person.
    """
    step = NEXT.get(batch.state)
    role = ROLE[step] if step else ""
    rules, signed = await rules_of(session), await signatures_of(session, batch.id)
    totals = {one["programme"]: one["sum"] for one in batch.totals}
    asked = {"": sum(totals.values()), **totals}
    limited = role in DELEGABLE
    return {
        "batch_id": batch.id, "state": batch.state, "list_hash": batch.list_hash, "step": step, "role": role,
        "approvers_needed": max(batch.approvers, approvers_needed(rules, totals, today)),
        "approvers_signed": sum(one.step == Step.APPROVE and not one.void for one in signed),
        "limits": [_limit(rules, role, programme, amount, today) for programme, amount in asked.items()] if limited else [],
        "own_limits": _own_limits(rules, role, today) if limited else [],
        "mine": await _mine(session, batch, caller, step, signed, rules, totals, today),
        "removals": await _removals(session, batch.id),
    }  # fmt: skip


def _limit(rules: Sequence[SigningRule], role: str, programme: str, requested: int, today: date) -> dict[str, Any]:
    line = in_force(rules, RuleKind.MAXIMUM, role, programme=programme, person="", on=today)
    return {"programme": programme, "requested": requested, "limit": line.amount if line else None}


def _own_limits(rules: Sequence[SigningRule], role: str, today: date) -> list[dict[str, Any]]:
    """The lines of this role that name somebody, the one in force for each person and programme."""
    named = sorted({(one.person, one.programme) for one in rules if one.person and one.role == role and one.kind == RuleKind.MAXIMUM})
    found = [in_force(rules, RuleKind.MAXIMUM, role, programme=programme, person=person, on=today) for person, programme in named]
    return [{"person": one.person, "programme": one.programme, "limit": one.amount} for one in found if one is not None and one.person]


async def _mine(
    session: AnySession, batch: Row[Any], caller: Caller, step: Step | None, signed: Sequence[Signature], rules: Sequence[SigningRule],
    totals: Mapping[str, int], today: date,
) -> list[dict[str, Any]]:  # fmt: skip
    """One entry for each role that the caller has by themselves or from another today."""
    rows = await session.execute(
        text("""SELECT DISTINCT role, principal FROM delegation
                 WHERE delegate = :person AND confirmed_by <> '' AND revoked_by = '' AND :on BETWEEN from_day AND to_day
                 ORDER BY role, principal"""),
        {"person": caller.person, "on": today},
    )
    own = [(role, "") for role in ROLE.values() if role in caller.roles]
    handed = [(role, principal) for role, principal in rows if role not in caller.roles]
    found = []
    for role, behalf in [*own, *handed]:
        refused = None
        if step is not None and role == ROLE[step]:
            refused = _refused(batch, caller.person, behalf, step, signed, rules, totals, today)
        found.append({"role": role, "on_behalf_of": behalf, "refused": refused})
    return found


def _refused(
    batch: Row[Any], person: str, behalf: str, step: Step, signed: Sequence[Signature], rules: Sequence[SigningRule],
    totals: Mapping[str, int], today: date,
) -> dict[str, Any] | None:  # fmt: skip
    try:
        refuse_same_person(step, person, batch.composed_by, signed, on_behalf_of=behalf)
        if ROLE[step] in DELEGABLE:
            refuse_beyond_limit(rules, ROLE[step], behalf or person, totals, today, delegate=person if behalf else "")
    except Refusal as refusal:
        return {"code": refusal.code, "detail": refusal.detail, **refusal.data}
    return None


async def _removals(session: AnySession, batch_id: UUID) -> list[dict[str, Any]]:
    """Of people of the reader's areas."""
    rows = await session.execute(
        text("""SELECT DISTINCT l.person_id, l.reason, l.asked_by, l.at FROM left_out l
                  JOIN payment p ON p.batch_id = l.batch_id AND p.person_id = l.person_id AND p.outcome <> 'withdrawn'
                 WHERE l.batch_id = :id AND l.confirmed_by = '' ORDER BY l.at, l.person_id LIMIT 200"""),
        {"id": batch_id},
    )
    return [dict(row) for row in rows.mappings()]
