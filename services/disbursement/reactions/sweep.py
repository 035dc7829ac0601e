"""After results: the sweep and the gaps; and people whose events are parked."""

from __future__ import annotations

from collections.abc import Sequence

from services.disbursement.commands.missed.gaps import close_parked, open_parked, reconcile_touched
from services.disbursement.commands.months.sweep import sweep
from shared.contracts.beneficiary import PERSON
from shared.contracts.disbursement import BatchSettled
from shared.db.session import WriteSession
from shared.messaging.reactions import Context, ParkedKey, Received, reacts_to


@reacts_to(BatchSettled)
async def close_what_is_due(events: Sequence[Received[BatchSettled]], session: WriteSession, context: Context) -> None:
    """Our own event: who got no line is unknown, who was on no list is missed, and each of them is a gap."""
    at = context.clock.now()
    await sweep(session, [event.data.batch_id for event in events if event.data.results_due], at=at)
    await reconcile_touched(session, at=at)


async def on_parked(keys: Sequence[ParkedKey], session: WriteSession, context: Context) -> None:
    """Reason '': these keys were replayed, and their gaps close."""
    people = [key for key in keys if key.topic == PERSON.name]
    standing = {key.key for key in people if key.reason}
    moving = {key.key for key in people if not key.reason}
    at = context.clock.now()
    if standing:
        await open_parked(session, standing, at=at)
    if moving:
        await close_parked(session, moving, at=at)


reactions = (close_what_is_due,)
