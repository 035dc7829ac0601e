"""A list beside the last month's: who entered, who left, what changed, and why everybody else is not on it.

One snapshot each; a person with a programme is compared once. People are counted where they live now, so that a reader of one
area sees the whole of that area.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.disbursement.queries.batches import load
from services.disbursement.queries.people import AREA_LENGTH, Level
from services.disbursement.store import Base, base_of
from shared.db.session import ReadSession, copy_out
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import NotFound

KINDS: Final = ("entered", "left", "changed", "stayed")

# Two people stopped this person at some time between the making of the list and its release (h: the head).
_FROZEN: Final = """EXISTS (SELECT FROM stoppage f
           WHERE f.scope = 'person' AND f.person_id = h.person_id AND f.programme IN ('', h.programme)
             AND (f.lifted_at IS NULL OR f.lifted_at > :composed_at) AND (f.until IS NULL OR f.until >= CAST(:composed_on AS date))
             AND f.frozen_at <= coalesce(CAST(:released_at AS timestamptz), f.frozen_at))"""

# Why a month of this list's month is not on this list. h: the head, a: another list that has it, l: left out by two people,
# k: the account as it is now.
_WHY: Final = f"""CASE WHEN h.person_id IS NULL THEN 'not_entitled'
         WHEN h.outcome IN ('held', 'excluded', 'paid', 'in_payment', 'unknown') THEN h.outcome
         WHEN a.person_id IS NOT NULL THEN 'on_other_list'
         WHEN l.person_id IS NOT NULL THEN 'left_out'
         WHEN {_FROZEN} THEN 'frozen'
         WHEN k.person_id IS NULL THEN 'no_account'
         WHEN NOT k.card_handed_over THEN 'card_not_handed_over'
         WHEN h.outcome = 'missed' THEN 'missed'
         WHEN k.changed_at > :composed_at THEN 'account_after_list'
         ELSE 'cause_not_known' END"""
_WHY_DETAIL: Final = "CASE WHEN h.outcome IN ('held', 'excluded', 'missed', 'unknown') THEN h.reason ELSE '' END"

_BESIDE: Final = """
      LEFT JOIN (SELECT DISTINCT person_id, programme FROM payment_month
                  WHERE batch_id = ANY(CAST(:others AS uuid[])) AND month = :month AND live) AS a
             ON a.person_id = {who}.person_id AND a.programme = {who}.programme
      LEFT JOIN left_out l ON l.person_id = {who}.person_id AND l.programme = {who}.programme AND l.month = :month AND l.confirmed_by <> ''
      LEFT JOIN account k ON k.person_id = {who}.person_id AND k.programme = {who}.programme"""

_CLASSIFIED: Final = f"""
    WITH now_on AS MATERIALIZED (
        SELECT person_id, programme, amount, account_ref, area FROM payment WHERE batch_id = :id AND outcome <> 'withdrawn'),
    was_on AS MATERIALIZED (
        SELECT DISTINCT ON (person_id, programme) person_id, programme, amount, account_ref, area FROM payment
         WHERE batch_id = ANY(CAST(:base AS uuid[])) AND outcome <> 'withdrawn' AND programme = ANY(CAST(:programmes AS text[]))
         ORDER BY person_id, programme, id DESC),
    side AS (
        SELECT coalesce(n.person_id, w.person_id) AS person_id, coalesce(n.programme, w.programme) AS programme,
               coalesce(n.area, w.area) AS area, n.amount, w.amount AS amount_before, n.account_ref, w.account_ref AS account_before
          FROM now_on n FULL JOIN was_on w ON w.person_id = n.person_id AND w.programme = n.programme),
    looked_up AS (
        SELECT s.person_id, s.programme, s.area, s.amount, s.amount_before,
               concat_ws('+', CASE WHEN s.amount <> s.amount_before THEN 'amount' END,
                              CASE WHEN s.account_ref <> s.account_before THEN 'account' END,
                              CASE WHEN h.area_at_cutoff <> g.area_at_cutoff THEN 'area' END,
                              CASE WHEN h.cohort <> g.cohort THEN 'cohort' END) AS changed,
               {_WHY} AS why_not, {_WHY_DETAIL} AS why_not_detail,
               CASE WHEN g.person_id IS NULL THEN 'newly_entitled' ELSE 'was_' || g.outcome END AS why_now,
               CASE WHEN g.person_id IS NULL THEN coalesce(h.cohort, '') ELSE g.reason END AS why_now_detail
          FROM side s
          LEFT JOIN entitlement_month h ON h.month = :month AND h.person_id = s.person_id AND h.programme = s.programme
          LEFT JOIN entitlement_month g ON g.month = :base_month AND g.person_id = s.person_id AND g.programme = s.programme
          {_BESIDE.format(who="s")}),
    classified AS (
        SELECT person_id, programme, area, amount, amount_before,
               CASE WHEN amount_before IS NULL THEN 'entered' WHEN amount IS NULL THEN 'left' WHEN changed <> '' THEN 'changed'
                    ELSE 'stayed' END AS kind,
               CASE WHEN amount_before IS NULL THEN why_now WHEN amount IS NULL THEN why_not ELSE changed END AS reason,
               CASE WHEN amount_before IS NULL THEN why_now_detail WHEN amount IS NULL THEN why_not_detail ELSE '' END AS detail
          FROM looked_up)"""

_CELLS: Final = f"""{_CLASSIFIED}
    SELECT kind, programme, left(area, :length) AS area, reason, detail, count(*)::int AS people,
           coalesce(sum(amount), 0)::bigint AS sum, coalesce(sum(amount_before), 0)::bigint AS sum_before
      FROM classified GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""

_STANDING: Final = f"""
    WITH listed AS MATERIALIZED (
        SELECT a.person_id, a.programme FROM payment_month a JOIN payment p ON p.id = a.payment_id AND p.outcome <> 'withdrawn'
         WHERE a.batch_id = :id AND a.month = :month)
    SELECT h.person_id, h.programme, h.area, h.amount,
           CASE WHEN o.person_id IS NOT NULL THEN 'on_list' ELSE {_WHY} END AS reason,
           CASE WHEN o.person_id IS NOT NULL THEN '' ELSE {_WHY_DETAIL} END AS detail
      FROM entitlement_month h LEFT JOIN listed o ON o.person_id = h.person_id AND o.programme = h.programme
      {_BESIDE.format(who="h")}
     WHERE h.month = :month AND h.programme = ANY(CAST(:programmes AS text[]))"""

_OLDER: Final = """
    WITH older AS (SELECT payment_id, count(*) AS months, sum(amount) AS sum FROM payment_month
                    WHERE batch_id = :id AND month <> :month GROUP BY payment_id)
    SELECT o.months::int, count(*)::int AS people, sum(o.sum)::bigint AS sum
      FROM older o JOIN payment p ON p.id = o.payment_id AND p.outcome <> 'withdrawn' GROUP BY o.months ORDER BY o.months"""


@dataclass
class _Part:
    """People and rupiah of one kind, now and before."""

    people: int = 0
    sum: int = 0
    sum_before: int = 0

    def add(self, people: int, now: int, before: int) -> None:
        self.people, self.sum, self.sum_before = self.people + people, self.sum + now, self.sum_before + before


@dataclass
class _Sides:
    """The four kinds, and the two equations that they must fulfil."""

    parts: dict[str, _Part] = field(default_factory=lambda: {kind: _Part() for kind in KINDS})

    def view(self) -> dict[str, Any]:
        """before - left + entered = now, in people; in rupiah with what changed in between."""
        entered, left, changed, stayed = (self.parts[kind] for kind in KINDS)
        return {
            "before": {"people": left.people + changed.people + stayed.people, "sum": sum(one.sum_before for one in self.parts.values())},
            "now": {"people": entered.people + changed.people + stayed.people, "sum": sum(one.sum for one in self.parts.values())},
            "entered": {"people": entered.people, "sum": entered.sum},
            "left": {"people": left.people, "sum": left.sum_before},
            "changed": {"people": changed.people, "sum": changed.sum, "sum_before": changed.sum_before},
            "stayed": {"people": stayed.people, "sum": stayed.sum},
        }


async def _asked(session: ReadSession, batch_id: UUID, against: str) -> tuple[Row[Any], Base | None, dict[str, Any]]:
    """The batch, what it is compared with, and the parameters of every statement here."""
    batch = await load(session, batch_id)
    base = await base_of(session, batch, against)
    if base is None and against:
        raise NotFound("there is no such list that went to the bank and has one of these programmes", against=against)
    others = await session.scalars(
        text("SELECT id FROM batch WHERE month >= :month AND id <> :id AND state <> 'withdrawn'"), {"month": batch.month, "id": batch_id}
    )
    return batch, base, {
        "id": str(batch_id), "month": batch.month, "programmes": list(batch.programmes), "composed_at": batch.composed_at,
        "composed_on": jakarta_day(batch.composed_at), "released_at": batch.released_at,
        "others": [str(one) for one in others], "base": [str(one) for one in base.batches] if base else [],
        "base_month": base.month if base else "",
    }  # fmt: skip


async def comparison(
    session: ReadSession, batch_id: UUID, *, against: str, level: Level, whole_agency: bool, as_of: datetime
) -> dict[str, Any]:
    """Entered, left, changed, stayed: in all, by programme, and by area and reason; and everybody entitled who is not on the list.

    ``against``: month, id or code of another list than the last month's main one. Raise NotFound.
    """
    batch, base, asked = await _asked(session, batch_id, against)
    await session.execute(text("SET LOCAL enable_nestloop = off"))  # two large sets side by side, perhaps without statistics
    cells = (await session.execute(text(_CELLS), {**asked, "length": AREA_LENGTH[level]})).mappings().all()
    whole, programmes = _Sides(), {name: _Sides() for name in batch.programmes}
    for cell in cells:
        for sides in (whole, programmes[cell["programme"]]):
            sides.parts[cell["kind"]].add(cell["people"], cell["sum"], cell["sum_before"])
    older = (await session.execute(text(_OLDER), asked)).mappings().all()
    found = whole.view()
    return {
        "batch_id": batch_id, "code": batch.code, "month": batch.month, "state": batch.state, "list_hash": batch.list_hash,
        "against": {"month": base.month, "batches": list(base.batches.values())} if base else None,
        **found,
        "holds": not whole_agency or (found["now"]["people"], found["now"]["sum"]) == (batch.payments, batch.sum),
        "by_programme": {name: sides.view() for name, sides in programmes.items()},
        "cells": [dict(cell) for cell in cells if cell["kind"] != "stayed"],
        "level": level,
        "back_pay": [dict(one) for one in older],
        "not_on_list": await _not_on_list(session, batch, asked, whole_agency=whole_agency),
        "whole_agency": whole_agency,
        "data_as_of": as_of,
    }  # fmt: skip


async def _not_on_list(session: ReadSession, batch: Row[Any], asked: Mapping[str, Any], *, whole_agency: bool) -> dict[str, Any]:
    """entitled (by the seal) = on the list + every reason not to be; months of the list's own month, by programme."""
    rows = (
        await session.execute(
            text(f"""SELECT programme, reason, detail, count(*)::int AS people, sum(amount)::bigint AS sum FROM ({_STANDING}) AS s
                      GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3"""),
            asked,
        )
    ).mappings().all()  # fmt: skip
    sealed = await session.execute(
        text("""SELECT m.programme, s.count AS people FROM programme_month m
                  JOIN seal s ON s.programme = m.programme AND s.month = m.month AND s.seal_no = m.seal_no
                 WHERE m.month = :month AND m.programme = ANY(CAST(:programmes AS text[]))"""),
        {"month": batch.month, "programmes": list(batch.programmes)},
    )
    counted = sum(row["people"] for row in rows)
    on_list = sum(row["people"] for row in rows if row["reason"] == "on_list")
    entitled = sum(one.people for one in sealed) if whole_agency else counted
    return {
        "entitled": entitled, "on_list": on_list, "not_on_list": counted - on_list, "holds": entitled == counted,
        "reasons": [dict(row) for row in rows if row["reason"] != "on_list"],
    }  # fmt: skip


# --- the people, as files -----------------------------------------------------------------------------------------------

PEOPLE_HEADER: Final = "kind;person_id;programme;area;reason;detail;amount;amount_before\n"
NOT_LISTED_HEADER: Final = "person_id;programme;area;reason;detail;amount\n"
_PEOPLE_COLUMNS: Final = tuple(PEOPLE_HEADER.strip().split(";"))
_NOT_LISTED_COLUMNS: Final = tuple(NOT_LISTED_HEADER.strip().split(";"))
_PEOPLE: Final = f"{_CLASSIFIED} SELECT {{row}} FROM classified WHERE kind <> 'stayed' ORDER BY kind, programme, person_id"
_NOT_LISTED: Final = f"SELECT {{row}} FROM ({_STANDING}) AS s WHERE reason <> 'on_list' ORDER BY reason, programme, person_id"


def _row(columns: Sequence[str], *, csv: bool) -> str:
    # Ids, codes and numbers only: no tab, backslash or semicolon, so COPY's text format is the file.
    empty = "''"
    if csv:
        return f"concat_ws(';', {', '.join(f'coalesce({column}::text, {empty})' for column in columns)})"
    return f"json_build_object({', '.join(f'{column!r}, {column}' for column in columns)})"


def _for_copy(statement: str) -> str:
    """COPY takes psycopg's names (``copy_out``)."""
    return re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", statement)


async def people_file(session: ReadSession, batch_id: UUID, *, against: str, csv: bool) -> AsyncIterator[bytes]:
    """Everybody who entered, left or changed: ids and codes only, block by block."""
    _, _, asked = await _asked(session, batch_id, against)
    async for block in _copied(session, _PEOPLE, _PEOPLE_COLUMNS, PEOPLE_HEADER, asked, csv=csv):
        yield block


async def not_listed_file(session: ReadSession, batch_id: UUID, *, csv: bool) -> AsyncIterator[bytes]:
    """Every entitled person of the list's month who is not on it, with the reason."""
    _, _, asked = await _asked(session, batch_id, "")
    async for block in _copied(session, _NOT_LISTED, _NOT_LISTED_COLUMNS, NOT_LISTED_HEADER, asked, csv=csv):
        yield block


async def _copied(
    session: ReadSession, statement: str, columns: Sequence[str], header: str, asked: Mapping[str, Any], *, csv: bool
) -> AsyncIterator[bytes]:
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    if csv:
        yield header.encode()
    async for block in copy_out(session, _for_copy(statement.format(row=_row(columns, csv=csv))), asked):
        yield block
