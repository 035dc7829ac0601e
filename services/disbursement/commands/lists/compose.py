"""Make a list: everybody who can be paid now, oldest open month first; nothing of it changes an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.disbursement.commands.lists.batches import count_lines, months_of, withdraw_lines
from services.disbursement.commands.lists.freeze import PERSON_FROZEN, frozen_programmes, refuse_frozen_programmes
from services.disbursement.commands.lists.repayment import financed, lock_holding
from services.disbursement.commands.months.exclusive import give_way
from services.disbursement.domain.batch import CURED_BY_CARD, KINDS, BatchState, Financing, batch_code
from services.disbursement.store import lock_programmes
from shared.db.session import WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import InvalidInput, Refusal
from shared.kernel.ids import uuid7
from shared.kernel.month import Month, shift

RECENT_MONTHS: Final = 12


class BatchExists(Refusal):
    """Somebody has just composed this list; its id is in the answer."""

    code = "batch-exists"


class MonthNotOpened(Refusal):
    """A list of a month needs a ledger that was compared with its seal."""

    code = "month-not-opened"


# Due, or missed with a cured cause: the card is there now, or the bank failed on another account than today's. One that
# was left out by two people comes back with the next month's list (TROUBLES.md O2).
_PAYABLE: Final = """(h.outcome = 'due' OR h.outcome = 'missed' AND h.reason <> 'lapsed_budget_year'
       AND (h.reason = ANY(CAST(:cured_by_card AS text[])) OR EXISTS (
               SELECT FROM payment f JOIN payment_month fm ON fm.payment_id = f.id AND fm.month = h.month
                WHERE f.person_id = h.person_id AND f.programme = h.programme AND f.outcome IN ('rejected', 'returned')))
       AND NOT EXISTS (
               SELECT FROM payment f JOIN payment_month fm ON fm.payment_id = f.id AND fm.month = h.month
                WHERE f.person_id = h.person_id AND f.programme = h.programme AND f.outcome IN ('rejected', 'returned')
                  AND f.reason <> 'not_executed' AND f.account_ref = k.account_ref))"""

_CANDIDATES: Final = f"""
    SELECT h.person_id, h.programme, h.month, h.amount, h.area,
           h.outcome = 'missed' AND (h.reason = 'not_executed' OR h.reason <> ALL(CAST(:cured_by_card AS text[]))) AS failed
      FROM entitlement_month h
      JOIN account k ON k.person_id = h.person_id AND k.programme = h.programme AND k.card_handed_over
     WHERE h.month = ANY(CAST(:months AS text[])) AND h.programme = ANY(CAST(:programmes AS text[])) AND {_PAYABLE}
       AND NOT {PERSON_FROZEN}
       AND NOT EXISTS (SELECT FROM payment_month a WHERE a.person_id = h.person_id AND a.programme = h.programme
                          AND a.month = h.month AND a.live)
       AND NOT EXISTS (SELECT FROM left_out l JOIN batch b ON b.id = l.batch_id
                        WHERE l.person_id = h.person_id AND l.programme = h.programme AND l.month = h.month
                          AND l.confirmed_by <> '' AND b.month = :month)"""


def _candidates(kind: str, which: str = "", *, financing: str = Financing.SP2D) -> str:
    """Whom a list of this kind takes. ``which``: a condition on the head ``h``.

    main: everybody who can be paid. wave: who can be paid for the batch's month (cards that were handed out, newcomers of a second
    seal). retry: who has a month that the bank could not carry out. Both take the person's older months along, so that none is
    overtaken. back_pay: what was missed, and older months; never a month that is due for the first time. A retry that is financed
    from the holding account: what lies there for the person.
    """
    if financing == Financing.HOLDING:
        return financed(_CANDIDATES + which)
    if kind == "back_pay":
        which += " AND (h.outcome = 'missed' OR h.month < :month)"
    if kind not in ("wave", "retry"):
        return _CANDIDATES + which
    wanted = "m.month = :month" if kind == "wave" else "m.failed"
    return f"""SELECT * FROM (
        SELECT m.*, bool_or({wanted}) OVER (PARTITION BY m.person_id, m.programme) AS wanted FROM ({_CANDIDATES}{which}) AS m) AS w
         WHERE w.wanted"""


# One payment a person and programme with all its open months, so no month overtakes an older one; where the bank takes less in
# one transfer, several of them over whole months, oldest first ({part}, {link}: see _split). The unique index on live
# allocations is the guard against a second list with the same month.
_WRITE: Final = """
    WITH candidate AS MATERIALIZED (SELECT c.*, {part} FROM ({candidates}) AS c {cap}),
    line AS (
        SELECT person_id, programme, part, sum(amount)::bigint AS amount, (array_agg(area ORDER BY month DESC))[1] AS area,
               row_number() OVER (ORDER BY person_id, programme, part) + :after_seq AS seq
          FROM candidate GROUP BY person_id, programme, part),
    written AS (
        INSERT INTO payment (batch_id, seq, reference, person_id, programme, amount, bank_code, number_enc, holder_enc,
                             number_index, account_ref, account_id, area)
        SELECT :id, l.seq, :code || '-' || lpad(l.seq::text, greatest(6, length(l.seq::text)), '0'), l.person_id, l.programme,
               l.amount, k.bank_code, k.number_enc, k.holder_enc, k.number_index, k.account_ref, k.id, l.area
          FROM line l JOIN account k ON k.person_id = l.person_id AND k.programme = l.programme
        RETURNING id, seq, person_id, programme, account_ref)
    {months}"""
_MONTHS: Final = """INSERT INTO payment_month (payment_id, month, batch_id, person_id, programme, amount, account_ref)
    SELECT w.id, c.month, :id, c.person_id, c.programme, c.amount, w.account_ref
      FROM candidate c JOIN {link}"""
_MONTHS_FROM_HOLDING: Final = f""", listed AS ({_MONTHS} RETURNING payment_id, month, person_id, programme)
    INSERT INTO repayment (payment_id, month, batch_id, source_id, amount)
    SELECT l.payment_id, l.month, :id, c.source_id, c.amount
      FROM listed l JOIN candidate c ON c.person_id = l.person_id AND c.programme = l.programme AND c.month = l.month"""


async def _write(session: WriteSession, candidates: str, financing: str, params: dict[str, Any]) -> None:
    """Write the lines of ``candidates``. ``params``: id, code, month, months, programmes, after_seq, today, and what a condition needs."""
    split = await _split(session, params["today"])
    months = (_MONTHS_FROM_HOLDING if financing == Financing.HOLDING else _MONTHS).format(link=split.pop("link"))
    if financing == Financing.HOLDING:
        await lock_holding(session)
        params = {**params, "year": params["today"].year}
    await session.execute(
        text(_WRITE.format(candidates=candidates, months=months, **split)), {**params, "cured_by_card": list(CURED_BY_CARD)}
    )


class OnlyARetry(InvalidInput):
    """Only a retry can be paid from the holding account: nothing lies there for anybody else."""

    code = "only-a-retry"


async def _split(session: WriteSession, today: date) -> dict[str, str]:
    """How ``_WRITE`` cuts a person's months into transfers: not at all, unless a bank has a confirmed cap today.

    As many months a transfer as fit by the dearest of them. A single month above the cap goes alone: the bank's refusal names it.
    """
    capped = await session.scalar(
        text("SELECT 1 FROM bank_cap WHERE confirmed_by <> '' AND valid_from <= :today LIMIT 1"), {"today": today}
    )
    if not capped:
        return {"part": "0 AS part", "cap": "", "link": "written w ON w.person_id = c.person_id AND w.programme = c.programme"}
    return {
        "part": """CASE WHEN b.max_amount IS NULL THEN 0 ELSE
                       (row_number() OVER (PARTITION BY c.person_id, c.programme ORDER BY c.month) - 1)
                       / greatest(1, b.max_amount / max(c.amount) OVER (PARTITION BY c.person_id, c.programme)) END AS part""",
        "cap": f"""LEFT JOIN account k ON k.person_id = c.person_id AND k.programme = c.programme
                   LEFT JOIN (SELECT DISTINCT ON (bank_code) bank_code, max_amount FROM bank_cap
                               WHERE confirmed_by <> '' AND valid_from <= DATE '{today.isoformat()}'
                               ORDER BY bank_code, valid_from DESC) AS b ON b.bank_code = k.bank_code""",
        "link": """line l ON l.person_id = c.person_id AND l.programme = c.programme AND l.part = c.part
              JOIN written w ON w.seq = l.seq""",
    }


async def compose(
    session: WriteSession, month: Month, kind: str, programmes: Sequence[str] | None, *, financing: str = Financing.SP2D, by: str,
    at: datetime,
) -> UUID:  # fmt: skip
    """A draft with every line that can be paid now; it may be empty, and then cannot be submitted and is filled by the next call.

    ``financing``: see ``Financing``. Raise OnlyARetry for another kind from the holding account, MonthNotOpened where one of the
    programmes (by default: all that are open in this month) is not open.
    """
    if kind not in KINDS:
        raise InvalidInput(f"there is no kind of batch '{kind}'", kinds=sorted(KINDS))
    if financing == Financing.HOLDING and kind != "retry":
        raise OnlyARetry("only a list of kind retry can be paid from the holding account", kind=kind)
    opened = list(
        await session.scalars(
            text("SELECT programme FROM programme_month WHERE month = :month AND state IN ('opened', 'closed') ORDER BY programme"),
            {"month": month},
        )
    )
    wanted = sorted(set(programmes)) if programmes else opened
    if not wanted or set(wanted) - set(opened):
        raise MonthNotOpened(f"{month} is not open", month=month, programmes=sorted(set(wanted) - set(opened)))
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('compose'))"))
    stopped = await frozen_programmes(session, jakarta_day(at))
    if programmes or not set(wanted) - stopped:
        await refuse_frozen_programmes(session, wanted, jakarta_day(at))
    wanted = [programme for programme in wanted if programme not in stopped]
    await lock_programmes(session, wanted, exclusive=True)
    months = await _open_months(session, month, wanted)
    await give_way(session, wanted, months, author=by, at=at)  # a month that was held when it was opened may be due by now
    batch_id, code = await _draft(session, month, kind, wanted, financing, by=by, at=at)
    # The two CTEs are joined by hash: their size is unknown to the planner, and a nested loop over them is quadratic.
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    await _write(
        session, _candidates(kind, financing=financing), financing,
        {
            "id": batch_id, "code": code, "month": month, "months": months, "programmes": wanted, "after_seq": 0, "today": jakarta_day(at),
        },
    )  # fmt: skip
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    if not (await count_lines(session, batch_id)).payments:
        await _refuse_second(session, batch_id)
    return batch_id


async def _draft(
    session: WriteSession, month: Month, kind: str, programmes: Sequence[str], financing: str, *, by: str, at: datetime
) -> tuple[UUID, str]:
    """Id and code of a new draft; or of one of the same kind, money and programmes that never had a line: it is filled instead.

    Otherwise each look whether somebody can be paid again would leave one more empty list behind.
    """
    given = {
        "month": month, "kind": kind, "by": by, "at": at, "financing": str(financing),
        "programmes": msgspec.json.encode(list(programmes)).decode(),
    }  # fmt: skip
    empty = (
        await session.execute(
            text("""UPDATE batch b SET composed_by = :by, composed_at = :at
                     WHERE b.id = (SELECT o.id FROM batch o
                                    WHERE o.month = :month AND o.kind = :kind AND o.state = 'draft' AND o.financing = :financing
                                      AND o.programmes = CAST(:programmes AS jsonb)
                                      AND NOT EXISTS (SELECT FROM payment p WHERE p.batch_id = o.id)
                                    ORDER BY o.composed_at LIMIT 1)
                    RETURNING b.id, b.code"""),
            given,
        )
    ).one_or_none()
    if empty is not None:
        return empty.id, empty.code
    number = await session.scalar(
        text("SELECT count(*) + 1 FROM batch WHERE month = :month AND kind = :kind"), {"month": month, "kind": kind}
    )
    batch_id, code = uuid7(), batch_code(month, kind, int(number or 1))
    await session.execute(
        text("""INSERT INTO batch (id, code, month, kind, state, composed_by, composed_at, programmes, financing)
                VALUES (:id, :code, :month, :kind, :state, :by, :at, CAST(:programmes AS jsonb), :financing)"""),
        {**given, "id": batch_id, "code": code, "state": BatchState.DRAFT.value},
    )
    return batch_id, code


async def _refuse_second(session: WriteSession, batch_id: UUID) -> None:
    """Raise BatchExists where a draft of the same month, kind and programmes holds whom this one would (fault 31)."""
    other = (
        await session.execute(
            text("""SELECT o.id, o.code FROM batch b JOIN batch o ON o.month = b.month AND o.kind = b.kind AND o.id <> b.id
                       AND o.state = 'draft' AND o.payments > 0
                       AND EXISTS (SELECT FROM jsonb_array_elements_text(o.programmes) AS p(code) WHERE b.programmes @> to_jsonb(p.code))
                     WHERE b.id = :id ORDER BY o.composed_at DESC LIMIT 1"""),
            {"id": batch_id},
        )
    ).one_or_none()
    if other is not None:
        raise BatchExists(
            f"{other.code} is a draft of the same month and kind and has everybody on it", batch=str(other.id), name=other.code
        )


async def _open_months(session: WriteSession, month: str, programmes: Sequence[str]) -> list[str]:
    """Months up to this one in which somebody may be owed money: the last year, what was carried in, and open gaps.

    An older month without a gap has nobody missed in it, so the cost of a list does not grow with history.
    """
    return list(
        await session.scalars(
            text("""SELECT DISTINCT m.month FROM programme_month m
                     WHERE m.month <= :month AND m.programme = ANY(CAST(:programmes AS text[]))
                       AND m.state IN ('opened', 'carried_in', 'closed')
                       AND (m.month >= :recent OR m.state = 'carried_in'
                            OR EXISTS (SELECT FROM gap g WHERE g.month = m.month AND g.state = 'open'))"""),
            {"month": month, "programmes": list(programmes), "recent": shift(Month(month), -RECENT_MONTHS)},
        )
    )


_OTHER_ACCOUNT: Final = """
    SELECT p.person_id FROM payment p LEFT JOIN account k ON k.person_id = p.person_id AND k.programme = p.programme
     WHERE p.batch_id = :id AND p.outcome = 'prepared' AND k.account_ref IS DISTINCT FROM p.account_ref"""


async def changed_accounts(session: WriteSession, batch_id: UUID) -> list[UUID]:
    """Whose line carries another account than theirs is now; at most 50."""
    return list(await session.scalars(text(f"{_OTHER_ACCOUNT} ORDER BY p.person_id LIMIT 50"), {"id": batch_id}))


# Two plain joins: they are hashed, where one condition with OR would look each line up.
_STALE: Final = """
    SELECT p.id FROM payment p
      LEFT JOIN account k ON k.person_id = p.person_id AND k.programme = p.programme AND k.card_handed_over
     WHERE p.batch_id = :id AND p.outcome = 'prepared' AND k.account_ref IS DISTINCT FROM p.account_ref
     UNION
    SELECT a.payment_id FROM payment_month a
      JOIN entitlement_month h ON h.month = a.month AND h.programme = a.programme AND h.person_id = a.person_id
     WHERE a.batch_id = :id AND a.live AND h.month = ANY(CAST(:on_list AS text[])) AND h.outcome NOT IN ('due', 'missed')"""


async def refresh_lines(session: WriteSession, batch: Any) -> list[UUID]:
    """Replace the lines whose account changed, and take off those that cannot be paid any more; returns whose they were.

    A payment never changes its account: the old one is withdrawn, and a new one with a new reference stands in its place.
    """
    stale = {"id": batch.id, "on_list": await months_of(session, batch.id)}
    people = list(await session.scalars(text(f"SELECT person_id FROM payment WHERE id IN ({_STALE}) ORDER BY person_id"), stale))
    if not people:
        return []
    last = await session.scalar(text("SELECT max(seq) FROM payment WHERE batch_id = :id"), {"id": batch.id})
    await withdraw_lines(session, _STALE, stale)
    await _write(
        session, _candidates(batch.kind, " AND h.person_id = ANY(CAST(:people AS uuid[]))", financing=batch.financing), batch.financing,
        {
            "id": batch.id, "code": batch.code, "month": batch.month, "programmes": list(batch.programmes),
            "months": await _open_months(session, batch.month, batch.programmes), "after_seq": int(last or 0), "people": people,
            "today": jakarta_day(batch.composed_at),
        },
    )  # fmt: skip
    await count_lines(session, batch.id)
    return people
