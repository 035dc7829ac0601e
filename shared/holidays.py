"""Holidays in a service that counts working days but does not decide them: its own copy of the table of disbursement's desk.

The years that the ministers' decrees name are seeded; what two people change later comes as an event and outlives the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import Date, MetaData, Table, text

from shared.contracts.disbursement import HolidayChanged
from shared.db import columns as c
from shared.db.policies import grant
from shared.db.session import AnySession, WriteSession
from shared.messaging.reactions import Context, Received, reacts_to


def holiday_table(metadata: MetaData) -> Table:
    """``in_force``: false for a day that was taken away; it stays, so that the seed does not bring it back."""
    return Table("holiday", metadata, c.key("day", Date), c.text("name"), c.text("kind"), c.flag("in_force", default=True))


def follow_holidays_upgrade(execute: Callable[[str], None], service: str) -> None:
    """The migration of a service that had a plain table before."""
    execute("ALTER TABLE holiday ADD COLUMN in_force boolean DEFAULT true NOT NULL")
    grant(execute, service, "holiday", "UPDATE", ("worker",))


async def holidays(session: AnySession) -> frozenset[date]:
    """The days that two people agreed on."""
    return frozenset(await session.scalars(text("SELECT day FROM holiday WHERE in_force")))


@reacts_to(HolidayChanged)
async def follow_holidays(events: Sequence[Received[HolidayChanged]], session: WriteSession, context: Context) -> None:
    """Working days are counted by the table as it is now; a date that was given to somebody stays."""
    for event in events:
        await session.execute(
            text("""INSERT INTO holiday (day, name, kind, in_force) VALUES (CAST(:day AS date), :name, :kind, :holiday)
                    ON CONFLICT (day) DO UPDATE SET name = excluded.name, kind = excluded.kind, in_force = excluded.in_force"""),
            {"day": event.data.day, "name": event.data.called, "kind": event.data.kind, "holiday": event.data.holiday},
        )
