"""Say when a kind runs short at a place, and when it no longer does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from services.assistive_devices.domain.readiness import DEMAND_WINDOW_DAYS, Shelf
from shared.contracts.assistive_devices import ReadinessAtRisk, ReadinessRestored
from shared.contracts.registry import Event
from shared.db.session import WriteSession
from shared.holidays import holidays
from shared.kernel.ids import natural_id
from shared.kernel.workdays import add_working_days
from shared.messaging import outbox


async def evaluate(session: WriteSession, kind: str, place: str, *, at: datetime, today: date) -> None:
    """Compare who waits with what is free and coming; an event only where the answer changes."""
    shelf = await _shelf(session, kind, place, at)
    before = (
        await session.execute(
            text("SELECT * FROM readiness WHERE kind = :kind AND place = :place FOR UPDATE"), {"kind": kind, "place": place}
        )
    ).one_or_none()
    was_at_risk = before is not None and before.state == "at_risk"
    changed = shelf.at_risk != was_at_risk
    version = (before.version if before is not None else 0) + changed
    owner, due_on = await _owner_and_date(session, place, today) if changed and shelf.at_risk else _kept(before, at_risk=shelf.at_risk)
    await session.execute(
        text("""INSERT INTO readiness VALUES (:kind, :place, :state, :version, :waiting, :stock, :incoming, :days, :owner, :due_on, :at)
                ON CONFLICT (kind, place) DO UPDATE SET state = excluded.state, version = excluded.version, waiting = excluded.waiting,
                    stock = excluded.stock, incoming = excluded.incoming, days = excluded.days, owner = excluded.owner,
                    due_on = excluded.due_on, since = CASE WHEN :changed THEN excluded.since ELSE readiness.since END"""),
        {
            "kind": kind, "place": place, "state": "at_risk" if shelf.at_risk else "ok", "version": version, "waiting": shelf.waiting,
            "stock": shelf.stock, "incoming": shelf.incoming, "days": shelf.days, "owner": owner, "due_on": due_on, "at": at,
            "changed": changed,
        },
    )  # fmt: skip
    if changed:
        key = natural_id("readiness", kind, place)
        await outbox.append(session, [outbox.Outgoing(key, version, _event(kind, place, shelf))], at=at)


def _event(kind: str, place: str, shelf: Shelf) -> Event:
    if not shelf.at_risk:
        return ReadinessRestored(kind=kind, place=place)
    return ReadinessAtRisk(
        kind=kind, place=place, waiting=shelf.waiting, stock=shelf.stock, incoming=shelf.incoming, days=shelf.days
    )  # fmt: skip


def _kept(before: Row[Any] | None, *, at_risk: bool) -> tuple[str, date | None]:
    return (before.owner, before.due_on) if before is not None and at_risk else ("", None)


async def _owner_and_date(session: WriteSession, place: str, today: date) -> tuple[str, date]:
    rule = (await session.execute(text("SELECT owner, working_days FROM readiness_rule WHERE place = :place"), {"place": place})).one()
    return rule.owner, add_working_days(today, rule.working_days, await holidays(session))


async def _shelf(session: WriteSession, kind: str, place: str, at: datetime) -> Shelf:
    found = (
        await session.execute(
            text("""SELECT (SELECT count(*) FROM request WHERE kind = :kind AND place = :place AND state = 'waiting') AS waiting,
                           (SELECT count(*) FROM device WHERE kind = :kind AND place = :place AND state = 'free') AS stock,
                           (SELECT coalesce(sum(units), 0)::bigint FROM incoming WHERE kind = :kind AND place = :place) AS incoming,
                           (SELECT count(*) FROM request WHERE kind = :kind AND place = :place AND asked_at > :since) AS requested"""),
            {"kind": kind, "place": place, "since": at - timedelta(days=DEMAND_WINDOW_DAYS)},
        )
    ).one()
    return Shelf(found.waiting, found.stock, found.incoming, found.requested)
