"""Who is told: proposed by one person, confirmed by another; stopped, resumed and told again by one, each in the append-only orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from shared.contracts.registry import EVENTS_BY_NAME
from shared.crypto import FieldCipher
from shared.db.session import AnySession, WriteSession
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.messaging.log import Log
from shared.web.auth import Caller
from shared.webhooks.delivery import topics_of_types
from shared.webhooks.secrets import open_secrets, seal_secret
from shared.webhooks.sending import Policy, check_address
from shared.webhooks.signing import new_secret

OVERLAP: Final = timedelta(hours=24)
"""So long does the secret before sign beside the new one."""


class NothingToSkip(Refusal):
    """The subscriber is not parked at an event."""

    code = "nothing-to-skip"


class NothingDelivered(Refusal):
    """Nothing was delivered since that instant, so there is nothing to deliver again."""

    code = "nothing-delivered"


@dataclass(frozen=True)
class Proposal:
    name: str
    url: str
    types: tuple[str, ...]
    from_start: bool
    document: str


async def propose(session: WriteSession, caller: Caller, service: str, proposal: Proposal, policy: Policy, *, at: datetime) -> UUID:
    """Nothing is sent yet. Raise AddressWrong; InvalidInput for a type that this service does not publish."""
    check_address(proposal.url, policy)
    mine = types_of(service)
    unknown = sorted(set(proposal.types) - set(mine))
    if unknown or not proposal.types:
        raise InvalidInput("these are no event types of this service", unknown=unknown, types=mine)
    subscriber_id = uuid7()
    await session.execute(
        text("""INSERT INTO webhook_subscriber (id, name, url, types, from_start, document, state, proposed_by, proposed_at, state_at)
                VALUES (:id, :name, :url, CAST(:types AS jsonb), :start, :document, 'proposed', :by, :at, :at)"""),
        {
            "id": subscriber_id, "name": proposal.name, "url": proposal.url, "start": proposal.from_start, "by": caller.person, "at": at,
            "types": msgspec.json.encode(sorted(set(proposal.types))).decode(), "document": proposal.document,
        },
    )  # fmt: skip
    await _order(session, subscriber_id, "proposed", caller, at, proposal.document)
    return subscriber_id


async def decide(session: WriteSession, caller: Caller, bus: Log, subscriber_id: UUID, *, confirm: bool, at: datetime) -> None:
    """The second person. Told from now on, or from the first event that the bus still keeps. Raise FourEyes, IllegalTransition."""
    one = await _locked(session, subscriber_id)
    if one.state != "proposed":
        raise IllegalTransition(one.state, "confirm" if confirm else "decline")
    if confirm and one.proposed_by == caller.person:
        raise FourEyes("another person must confirm this", proposed_by=one.proposed_by)
    await session.execute(
        text("""UPDATE webhook_subscriber SET state = :state, state_at = :at, decided_by = :by, decided_at = :at WHERE id = :id"""),
        {"state": "active" if confirm else "declined", "by": caller.person, "at": at, "id": subscriber_id},
    )
    if confirm:
        for topic in topics_of_types(one.types):
            for partition, ends in (await bus.ends(topic)).items():
                await session.execute(
                    text("INSERT INTO webhook_position (subscriber_id, topic, partition, next_offset) VALUES (:id, :topic, :p, :offset)"),
                    {"id": subscriber_id, "topic": topic.name, "p": partition, "offset": ends.start if one.from_start else ends.end},
                )
    await _order(session, subscriber_id, "confirmed" if confirm else "declined", caller, at)


async def issue_secret(session: WriteSession, caller: Caller, cipher: FieldCipher, subscriber_id: UUID, *, at: datetime) -> str:
    """A new secret, answered this once. The one before signs beside it for a day. Nothing is sent before the first."""
    one = await _locked(session, subscriber_id)
    if one.state not in ("active", "parked"):
        raise IllegalTransition(one.state, "secret")
    present = open_secrets(cipher, one, at)
    secret = new_secret()
    await session.execute(
        text("""UPDATE webhook_subscriber SET secret_enc = :secret, previous_enc = :previous, previous_until = :until WHERE id = :id"""),
        {
            "id": subscriber_id, "secret": seal_secret(cipher, "secret_enc", subscriber_id, secret),
            "previous": seal_secret(cipher, "previous_enc", subscriber_id, present[0]) if present else None,
            "until": at + OVERLAP if present else None,
        },
    )  # fmt: skip
    await _order(session, subscriber_id, "secret", caller, at)
    return secret


async def stop(session: WriteSession, caller: Caller, subscriber_id: UUID, *, at: datetime) -> None:
    """For good; whoever is to be told again is proposed anew."""
    one = await _locked(session, subscriber_id)
    if one.state not in ("active", "parked"):
        raise IllegalTransition(one.state, "stop")
    await _state(session, subscriber_id, "stopped", at)
    await _order(session, subscriber_id, "stopped", caller, at)


async def resume(session: WriteSession, caller: Caller, subscriber_id: UUID, *, skip: bool, at: datetime) -> None:
    """Try again now, from where it stands; ``skip``: without the event that it refused. Raise IllegalTransition, NothingToSkip."""
    one = await _locked(session, subscriber_id)
    if one.state != "parked" and not (one.state == "active" and one.failures):
        raise IllegalTransition(one.state, "resume")
    skipped = await _skip(session, subscriber_id) if skip else ""
    await _state(session, subscriber_id, "active", at)
    await _order(session, subscriber_id, "skipped" if skip else "resumed", caller, at, skipped)


async def _skip(session: WriteSession, subscriber_id: UUID) -> str:
    """Pass the event that was refused last; its id."""
    last = (
        await session.execute(
            text("SELECT * FROM webhook_delivery WHERE subscriber_id = :id ORDER BY id DESC LIMIT 1"), {"id": subscriber_id}
        )
    ).one_or_none()
    if last is None or not last.problem:
        raise NothingToSkip("no event was refused last")
    await session.execute(
        text("""UPDATE webhook_position SET next_offset = :following
                 WHERE subscriber_id = :id AND topic = :topic AND partition = :partition AND next_offset <= :offset"""),
        {
            "following": last.log_offset + 1, "id": subscriber_id, "topic": last.topic, "partition": last.partition,
            "offset": last.log_offset,
        },
    )  # fmt: skip
    return str(last.event_id)


async def replay(session: WriteSession, caller: Caller, subscriber_id: UUID, *, since: datetime, at: datetime) -> int:
    """Deliver again whatever was delivered since then, and everything after it; how many events were delivered since then.

    They come under the ids that they had. Raise IllegalTransition, NothingDelivered.
    """
    one = await _locked(session, subscriber_id)
    if one.state not in ("active", "parked"):
        raise IllegalTransition(one.state, "replay")
    count = await session.scalar(
        text("SELECT count(DISTINCT event_id) FROM webhook_delivery WHERE subscriber_id = :id AND at >= :since AND problem = ''"),
        {"id": subscriber_id, "since": since},
    )
    if not count:
        raise NothingDelivered("nothing was delivered since then", since=since.isoformat())
    await session.execute(
        text("""UPDATE webhook_position AS p SET next_offset = least(p.next_offset, d.first)
                  FROM (SELECT topic, partition, min(log_offset) AS first FROM webhook_delivery
                         WHERE subscriber_id = :id AND at >= :since AND problem = '' GROUP BY topic, partition) AS d
                 WHERE p.subscriber_id = :id AND p.topic = d.topic AND p.partition = d.partition"""),
        {"id": subscriber_id, "since": since},
    )
    await _state(session, subscriber_id, "active", at)
    await _order(session, subscriber_id, "replayed", caller, at, since.isoformat())
    return int(count)


async def _locked(session: WriteSession, subscriber_id: UUID) -> Row[Any]:
    found = (await session.execute(text("SELECT * FROM webhook_subscriber WHERE id = :id FOR UPDATE"), {"id": subscriber_id})).one_or_none()
    if found is None:
        raise NotFound("there is no such subscriber", subscriber=str(subscriber_id))
    return found


async def _state(session: WriteSession, subscriber_id: UUID, state: str, at: datetime) -> None:
    await session.execute(
        text("""UPDATE webhook_subscriber SET state = :state, state_at = :at, failures = 0, next_try_at = NULL, problem = ''
                 WHERE id = :id"""),
        {"state": state, "at": at, "id": subscriber_id},
    )


async def _order(session: WriteSession, subscriber_id: UUID, what: str, caller: Caller, at: datetime, detail: str = "") -> None:
    await session.execute(
        text("INSERT INTO webhook_order (subscriber_id, what, by, at, detail) VALUES (:id, :what, :by, :at, :detail)"),
        {"id": subscriber_id, "what": what, "by": caller.person, "at": at, "detail": detail},
    )


# --- looking ------------------------------------------------------------------------------------------------------------

_SHOWN: Final = (
    "id", "name", "url", "types", "from_start", "document", "state", "proposed_by", "proposed_at", "decided_by", "decided_at",
    "previous_until", "failures", "next_try_at", "problem", "state_at",
)  # fmt: skip


async def subscribers(session: AnySession, subscriber_id: UUID | None = None) -> list[dict[str, Any]]:
    """Newest first, never with a secret: ``has_secret`` says that one was issued."""
    found = await session.execute(
        text(f"""SELECT {", ".join(_SHOWN)}, secret_enc IS NOT NULL AS has_secret,
                        (SELECT max(d.at) FROM webhook_delivery d WHERE d.subscriber_id = s.id AND d.problem = '') AS delivered_at
                   FROM webhook_subscriber s WHERE CAST(:id AS uuid) IS NULL OR id = :id ORDER BY proposed_at DESC, id DESC LIMIT 200"""),
        {"id": subscriber_id},
    )
    return [dict(row) for row in found.mappings()]


async def subscriber(session: AnySession, subscriber_id: UUID) -> dict[str, Any]:
    """One, with the orders about it, oldest first. Raise NotFound."""
    found = await subscribers(session, subscriber_id)
    if not found:
        raise NotFound("there is no such subscriber", subscriber=str(subscriber_id))
    orders = await session.execute(
        text("SELECT what, by, at, detail FROM webhook_order WHERE subscriber_id = :id ORDER BY id"), {"id": subscriber_id}
    )
    return {**found[0], "orders": [dict(row) for row in orders.mappings()]}


async def deliveries(session: AnySession, subscriber_id: UUID, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Newest first, each try by itself."""
    found = await session.execute(
        text("""SELECT id, event_id, topic, at, status, problem FROM webhook_delivery
                 WHERE subscriber_id = :id AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"""),
        {"id": subscriber_id, "before": before, "limit": limit},
    )
    return [dict(row) for row in found.mappings()]


async def webhook_status(session: AnySession) -> list[dict[str, Any]]:
    """Subscribers that are told, or were until their system refused: state, failures in a row, the last problem, the next try."""
    found = await session.execute(
        text("""SELECT id, name, state, failures, problem, next_try_at, state_at, secret_enc IS NULL AS waits_for_secret
                  FROM webhook_subscriber WHERE state IN ('active', 'parked', 'ended') ORDER BY name, id""")
    )
    return [dict(row) for row in found.mappings()]


def types_of(service: str) -> Sequence[str]:
    """What a subscriber of this service may want."""
    return sorted(name for name, event in EVENTS_BY_NAME.items() if event.topic.publisher == service)
