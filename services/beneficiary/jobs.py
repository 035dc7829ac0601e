"""Clock work: days of the panti that are over are counted, and cards of residents are put on hold when their month comes."""

from __future__ import annotations

from services.beneficiary.commands.cards import hold_residents
from services.beneficiary.commands.census import count_days
from shared.db.session import WriteSession
from shared.messaging.reactions import Job, JobContext


async def count_panti_days(session: WriteSession, context: JobContext) -> int:
    """Each day once it is over, and again where a book says something else."""
    return await count_days(session, today=context.clock.today(), at=context.clock.now())


async def hold_cards(session: WriteSession, context: JobContext) -> int:
    """What could not be dated on the day of admission, or came by a decree since."""
    return await hold_residents(session, author="job/hold-residents", today=context.clock.today(), at=context.clock.now())


jobs = (Job("beneficiary.count_panti_days", 1.0, count_panti_days), Job("beneficiary.hold_residents", 60.0, hold_cards))
