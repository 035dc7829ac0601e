"""Clock work: results that are due by the calendar, and gaps of months that something moved."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from services.disbursement.channels.snap_bi.connect import connected
from services.disbursement.commands.bank.check_accounts import check_accounts
from services.disbursement.commands.bank.hand_over import find_late, hand_over_next
from services.disbursement.commands.bank.inbox import read_inbox
from services.disbursement.commands.bank.inquire import inquire
from services.disbursement.commands.bank.settled import declare_results_due
from services.disbursement.commands.cards.account_changes import make_due_hold
from services.disbursement.commands.dates.watch_steps import tell_steps, watched
from services.disbursement.commands.missed.cases import warn
from services.disbursement.commands.missed.gap_answers import escalate
from services.disbursement.commands.missed.gaps import reconcile_touched
from services.disbursement.commands.money.year_end import tell_holding
from services.disbursement.commands.months.sweep import miss_never_sent
from services.disbursement.queries.calendar import month_plan
from services.disbursement.queries.reached import steps_reached
from services.disbursement.queries.year_end import holding_findings
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.messaging.reactions import Context, Job, JobContext

TOLD_IN: Final = 12
"""The month in which balances of the holding account are told to whoever must act."""


async def results_due(session: WriteSession, context: Context) -> int:
    """Three working days after release the bank's silence is an answer: results are due (CORE.md section 4)."""
    at = context.clock.now()
    ids = await session.scalars(
        text("SELECT id FROM batch WHERE state = 'released' AND NOT results_due AND results_due_at <= :at ORDER BY id"), {"at": at}
    )
    due = list(ids)
    for batch_id in due:
        await declare_results_due(session, batch_id, at=at)
    return len(due)


async def gaps(session: WriteSession, context: Context) -> int:
    """What neither a result nor a sweep moved: carry-in, late resumptions, exclusions."""
    return await reconcile_touched(session, at=context.clock.now())


async def never_sent(session: WriteSession, context: Context) -> int:
    """A programme month that no list was ever sent for does not stay due for ever (docs/adr/0008)."""
    return await miss_never_sent(session, at=context.clock.now())


async def hand_over(session: WriteSession, context: JobContext) -> int:
    """Released files go into the folder for the bank, one a turn; and the bank's receipts that are overdue are said."""
    at = context.clock.now()
    handed_over = await hand_over_next(session, cipher=context.cipher, data=context.settings.data, at=at)
    return handed_over + await find_late(session, at=at)


async def inbox(session: WriteSession, context: JobContext) -> int:
    """What the bank put into its folder, one file a turn."""
    return await read_inbox(session, cipher=context.cipher, data=context.settings.data, at=context.clock.now())


async def steps(session: WriteSession, context: Context) -> int:
    """Whoever must do the next step is warned, and whoever is above hears of a step that is late."""
    at, told = context.clock.now(), 0
    for month in watched(at):
        plan = await month_plan(session, month)
        if plan:
            told += await tell_steps(session, month, plan, await steps_reached(session, month, plan, at), at=at)
    return told


async def holding_at_year_end(session: WriteSession, context: Context) -> int:
    """What stays in the holding account in December is told once, and once more when it is late (TROUBLES.md O1)."""
    at = context.clock.now()
    if jakarta_day(at).month != TOLD_IN:
        return 0  # a year that was entered long after it was over calls nobody
    found = (await holding_findings(session, jakarta_day(at)))["items"]
    told = [await tell_holding(session, one["year"], one["due_on"], late=one["overdue"], at=at) for one in found]
    return sum(told)


async def ask_bank(session: WriteSession, context: JobContext) -> int:
    """Payments that the bank has not answered for are asked for, where the bank has SNAP BI doors."""
    async with connected(context.clock) as found:
        if found is None:
            return 0
        bank, said = found
        return await inquire(session, bank, bank_code=said.bank_code, limit=said.a_turn, cipher=context.cipher, at=context.clock.now())


async def accounts(session: WriteSession, context: JobContext) -> int:
    """Accounts that somebody wants looked at before they are paid into; in a turn of its own, so that neither waits for the other."""
    async with connected(context.clock) as found:
        if found is None:
            return 0
        bank, said = found
        at = context.clock.now()
        return await check_accounts(session, bank, bank_code=said.bank_code, limit=said.a_turn, cipher=context.cipher, at=at)


async def escalate_gaps(session: WriteSession, context: Context) -> int:
    """Fifteen days of the same answer: the next office up (TROUBLES.md O20)."""
    return await escalate(session, at=context.clock.now())


async def warn_cases(session: WriteSession, context: Context) -> int:
    """Holds without notice or past their term, objections without answer, and other cases past their date."""
    return await warn(session, at=context.clock.now())


async def account_changes(session: WriteSession, context: Context) -> int:
    """Changes of accounts whose cooling-off is over; those beyond one turn's share come with the next."""
    return await make_due_hold(session, at=context.clock.now())


jobs = (
    Job("disbursement.hand_over", 3.0, hand_over),
    Job("disbursement.inbox", 5.0, inbox),
    Job("disbursement.results_due", 30.0, results_due),
    Job("disbursement.never_sent", 60.0, never_sent),
    Job("disbursement.gaps", 5.0, gaps),
    Job("disbursement.ask_bank", 2.0, ask_bank),
    Job("disbursement.accounts", 5.0, accounts),
    Job("disbursement.steps", 600.0, steps),
    Job("disbursement.year_end", 3600.0, holding_at_year_end),
    Job("disbursement.escalate", 3600.0, escalate_gaps),
    Job("disbursement.cases", 3600.0, warn_cases),
    Job("disbursement.account_changes", 30.0, account_changes),
)
