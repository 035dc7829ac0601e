"""Look at a list when it is submitted, keep what is odd beside its hash, and ask for a word before it is approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from services.disbursement.commands.lists import batches
from services.disbursement.commands.lists.mandates import capacity
from services.disbursement.domain import anomaly
from services.disbursement.domain.anomaly import DEFAULTS, PEOPLE_SHOWN, Code, Finding, Group, Rule
from services.disbursement.domain.batch import MAKING, BatchState, ListHashChanged
from services.disbursement.domain.mandate import Capacity
from services.disbursement.store import Base, base_of
from shared.db.session import AnySession, WriteSession
from shared.kernel.clock import jakarta_day
from shared.kernel.errors import FourEyes, IllegalTransition, NotAllowed, NotFound, Refusal
from shared.kernel.month import Month, shift
from shared.web.auth import Caller

_WORD_STATES: Final = (BatchState.SUBMITTED, BatchState.CHECKED)
_WORD_ROLES: Final = ("checker", "approver")


class AnomaliesOpen(Refusal):
    """Something odd on this list has no word yet by who checks or approves it."""

    code = "anomalies-open"


# Every statement gives: subject, people, amount, of, digest over all people, the first people. The groups are found first,
# by counting alone; only their rows are collected. ``n`` is the list as it stands now.
_NOW: Final = "SELECT * FROM payment WHERE batch_id = :id AND outcome = 'prepared'"
_COLLECTED: Final = f"""count(DISTINCT n.person_id) AS people, sum(n.amount)::bigint AS amount, {{of}} AS of,
       encode(sha256(string_agg(n.person_id::text || n.account_ref, ',' ORDER BY n.person_id, n.programme)::bytea), 'hex') AS digest,
       (array_agg(DISTINCT n.person_id))[1:{PEOPLE_SHOWN}] AS person_ids"""

_SHARED: Final = f"""
    WITH now_on AS NOT MATERIALIZED ({_NOW}),
    many AS MATERIALIZED (SELECT number_index FROM now_on GROUP BY number_index HAVING count(*) >= :people)
    SELECT left(encode(n.number_index, 'hex'), 12) AS subject, {_COLLECTED.format(of="0")}
      FROM many JOIN now_on n ON n.number_index = many.number_index GROUP BY n.number_index"""

# Accounts, not people: a parent's one account may stand in several lines.
_HOLDERS: Final = f"""
    WITH held AS MATERIALIZED (
        SELECT p.person_id, p.programme, p.area, p.amount, p.account_ref, p.number_index, k.holder_index
          FROM payment p JOIN account k ON k.person_id = p.person_id AND k.programme = p.programme AND k.account_ref = p.account_ref
         WHERE p.batch_id = :id AND p.outcome = 'prepared' AND k.holder_index IS NOT NULL),
    lines AS (SELECT area, count(*) AS of FROM payment WHERE batch_id = :id AND outcome = 'prepared' GROUP BY area),
    many AS MATERIALIZED (SELECT area, holder_index FROM held GROUP BY area, holder_index HAVING count(*) >= :accounts),
    found AS (
        SELECT n.area || '/' || left(encode(n.holder_index, 'hex'), 12) AS subject, {_COLLECTED.format(of="max(lines.of)")},
               count(DISTINCT n.number_index) AS accounts
          FROM many JOIN held n ON n.area = many.area AND n.holder_index = many.holder_index JOIN lines ON lines.area = n.area
         GROUP BY n.area, n.holder_index)
    SELECT subject, accounts AS people, amount, of, digest, person_ids FROM found"""

# Of programmes that the lists before had: in the first month of a programme everybody is new.
_ENTERED: Final = f"""
    WITH now_on AS NOT MATERIALIZED ({_NOW}),
    was AS MATERIALIZED (
        SELECT person_id, programme, area FROM payment WHERE batch_id = ANY(CAST(:base AS uuid[])) AND outcome <> 'withdrawn'),
    before AS (SELECT area, count(*) AS of FROM was GROUP BY area),
    entered AS MATERIALIZED (
        SELECT n.* FROM now_on n LEFT JOIN was w ON w.person_id = n.person_id AND w.programme = n.programme
         WHERE w.person_id IS NULL AND n.programme IN (SELECT DISTINCT programme FROM was)),
    many AS MATERIALIZED (SELECT area FROM entered GROUP BY area HAVING count(*) >= :people)
    SELECT n.area AS subject, {_COLLECTED.format(of="coalesce(max(b.of), 0)")}
      FROM many JOIN entered n ON n.area = many.area LEFT JOIN before b ON b.area = n.area GROUP BY n.area"""

_SUMS: Final = """
    WITH sums AS (
        SELECT programme, left(area, 5) AS city,
               sum(amount) FILTER (WHERE batch_id = :id) AS amount, count(*) FILTER (WHERE batch_id = :id) AS people,
               sum(amount) FILTER (WHERE batch_id <> :id) AS of
          FROM payment WHERE batch_id = ANY(CAST(:both AS uuid[])) AND outcome <> 'withdrawn' GROUP BY 1, 2),
    known AS (SELECT * FROM sums WHERE programme IN (SELECT programme FROM sums WHERE of IS NOT NULL))
    SELECT coalesce(programme, city) AS subject, coalesce(sum(people), 0)::int AS people, coalesce(sum(amount), 0)::bigint AS amount,
           coalesce(sum(of), 0)::bigint AS of, '' AS digest, CAST(ARRAY[] AS uuid[]) AS person_ids
      FROM known GROUP BY GROUPING SETS ((programme), (city))"""

# On another account than on the last month's list, or than on this list before it was mended.
_CHANGED: Final = f"""
    WITH now_on AS NOT MATERIALIZED ({_NOW}),
    was AS MATERIALIZED (
        SELECT person_id, programme, account_ref FROM payment
         WHERE batch_id = ANY(CAST(:base AS uuid[])) AND outcome <> 'withdrawn' OR batch_id = :id AND outcome = 'withdrawn')
    SELECT '' AS subject, {_COLLECTED.format(of="0")}
      FROM now_on n JOIN account k ON k.person_id = n.person_id AND k.programme = n.programme AND k.changed_at >= :since
     WHERE EXISTS (SELECT FROM was w WHERE w.person_id = n.person_id AND w.programme = n.programme AND w.account_ref <> n.account_ref)
    HAVING count(*) > 0"""

_BACK: Final = f"""
    WITH now_on AS NOT MATERIALIZED ({_NOW})
    SELECT h.reason AS subject, {_COLLECTED.format(of="0")}
      FROM entitlement_month h JOIN now_on n ON n.person_id = h.person_id AND n.programme = h.programme
     WHERE h.month = :previous AND h.outcome = 'excluded' GROUP BY h.reason"""


async def look(session: WriteSession, batch: Row[Any], list_hash: str, *, at: datetime) -> int:
    """Find what is odd on this list and keep it beside its hash; returns how many findings block.

    The batch is locked and its list fixed. The same list gives the same findings.
    """
    rules = await rules_in_force(session, at)
    base = await base_of(session, batch)
    # Lines written a moment ago have no statistics: a nested loop over them would be quadratic.
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    findings = await _findings(session, batch, base, rules, at)
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    if findings:
        await session.execute(
            text("""INSERT INTO batch_anomaly (batch_id, list_hash, finding_id, code, subject, people, amount, numbers, person_ids,
                                               thresholds, blocks, at)
                    VALUES (:batch, :hash, :id, :code, :subject, :people, :amount, CAST(:numbers AS jsonb), CAST(:ids AS jsonb),
                            CAST(:thresholds AS jsonb), :blocks, :at)
                    ON CONFLICT (batch_id, list_hash, finding_id) DO NOTHING"""),
            [_row(batch.id, list_hash, one, at) for one in findings],
        )
    return sum(one.rule.blocks for one in findings)


def _row(batch_id: UUID, list_hash: str, one: Finding, at: datetime) -> dict[str, Any]:
    return {
        "batch": batch_id, "hash": list_hash, "id": one.id(batch_id), "code": one.rule.code, "subject": one.subject, "people": one.people,
        "amount": one.amount, "numbers": _json(one.numbers), "ids": _json([str(person) for person in one.person_ids]),
        "thresholds": _json(one.rule.thresholds), "blocks": one.rule.blocks, "at": at,
    }  # fmt: skip


def _json(value: Any) -> str:
    return msgspec.json.encode(dict(value) if not isinstance(value, list) else value).decode()


async def rules_in_force(session: AnySession, at: datetime) -> dict[str, Rule]:
    """By code, the newest confirmed thresholds that hold on this day; where there are none, those of the code."""
    rows = await session.execute(
        text("""SELECT DISTINCT ON (code) code, thresholds, blocks FROM anomaly_rule
                 WHERE confirmed_by <> '' AND valid_from <= :on ORDER BY code, valid_from DESC, confirmed_at DESC, id DESC"""),
        {"on": jakarta_day(at)},
    )
    return {**DEFAULTS, **{row.code: Rule(row.code, row.thresholds, row.blocks) for row in rows}}


async def _findings(session: WriteSession, batch: Row[Any], base: Base | None, rules: dict[str, Rule], at: datetime) -> list[Finding]:
    before = [str(one) for one in base.batches] if base else []

    async def groups(statement: str, rule: Rule, **more: Any) -> list[Group]:
        rows = await session.execute(text(statement), {"id": batch.id, **rule.thresholds, **more})
        return [Group(r.subject, r.people, r.amount, r.of, r.digest, tuple(sorted(r.person_ids))) for r in rows]

    shared, holder, late, back = (
        rules[code] for code in (Code.SHARED_ACCOUNT, Code.SAME_HOLDER, Code.ACCOUNT_CHANGED_LATE, Code.BACK_AFTER_END)
    )
    since = at - timedelta(days=late.thresholds["days"])
    found = [
        anomaly.shared_account(shared, await groups(_SHARED, shared)),
        anomaly.same_holder(holder, await groups(_HOLDERS, holder)),
        anomaly.enough_people(late, await groups(_CHANGED, late, base=before, since=since)),
        anomaly.enough_people(back, await groups(_BACK, back, previous=shift(Month(batch.month), -1))),
    ]
    if base is not None and batch.kind == "main":
        new, round_, jump = (rules[code] for code in (Code.NEW_IN_KELURAHAN, Code.ROUND_NUMBER, Code.SUM_JUMP))
        fewest = min(new.thresholds["people"], round_.thresholds["people"])
        entered = await groups(_ENTERED, new, base=before, people=fewest)
        found += [
            anomaly.new_in_kelurahan(new, entered),
            anomaly.round_number(round_, entered),
            anomaly.sum_jump(jump, await groups(_SUMS, jump, both=[str(batch.id), *before])),
        ]
    return [one for findings in found for one in anomaly.largest(findings)]


# --- words ------------------------------------------------------------------------------------------------------------


async def acknowledge(
    session: WriteSession, caller: Caller, batch_id: UUID, list_hash: str, findings: Sequence[UUID], word: str, *,
    on_behalf_of: str = "", at: datetime,
) -> int:  # fmt: skip
    """Who checks or approves says what was found out about these findings; returns how many still block.

    Raise ListHashChanged, FourEyes for the makers of the list, NotAllowed, IllegalTransition, NotFound for a finding of another list.
    """
    batch = await batches.load_for_update(session, batch_id)
    if not batch.list_hash or list_hash != batch.list_hash:
        raise ListHashChanged("the list is not the one that you have seen", list_hash=batch.list_hash)
    role = await _role(session, caller, on_behalf_of, at)
    makers = {batch.composed_by}
    for one in await batches.signatures_of(session, batch_id):
        if one.step in MAKING:
            makers.add(one.person)
    if makers & {caller.person, role.on_behalf_of}:
        raise FourEyes("who made the list does not explain it away", step="acknowledge", acted_as="submit")
    if batch.state not in _WORD_STATES:
        raise IllegalTransition(batch.state, "acknowledge")
    known = set(
        await session.scalars(
            text("SELECT finding_id FROM batch_anomaly WHERE batch_id = :id AND list_hash = :hash"), {"id": batch_id, "hash": list_hash}
        )
    )
    if missing := set(findings) - known:
        raise NotFound("there is no such finding on this list", findings=sorted(str(one) for one in missing))
    await session.execute(
        text("""INSERT INTO batch_anomaly_word (batch_id, finding_id, role, person, on_behalf_of, word, at)
                VALUES (:batch, :finding, :role, :person, :behalf, :word, :at)"""),
        [
            {
                "batch": batch_id, "finding": one, "role": role.role, "person": caller.person, "behalf": role.on_behalf_of,
                "word": word, "at": at,
            }
            for one in sorted(set(findings))
        ],
    )  # fmt: skip
    return len(await open_findings(session, batch))


async def _role(session: WriteSession, caller: Caller, on_behalf_of: str, at: datetime) -> Capacity:
    for role in _WORD_ROLES:
        try:
            return await capacity(session, caller, role, on_behalf_of=on_behalf_of, at=at)
        except NotAllowed:
            continue
    raise NotAllowed(f"this needs one of the roles {', '.join(_WORD_ROLES)}", roles=list(_WORD_ROLES))


async def open_findings(session: AnySession, batch: Row[Any]) -> list[Row[Any]]:
    """Findings of the list as it is that block, and about which nobody has said a word."""
    return list(
        await session.execute(
            text("""SELECT a.finding_id, a.code FROM batch_anomaly a
                     WHERE a.batch_id = :id AND a.list_hash = :hash AND a.blocks
                       AND NOT EXISTS (SELECT FROM batch_anomaly_word w WHERE w.batch_id = a.batch_id AND w.finding_id = a.finding_id)
                     ORDER BY a.code, a.finding_id"""),
            {"id": batch.id, "hash": batch.list_hash},
        )
    )


async def refuse_open(session: WriteSession, batch: Row[Any]) -> None:
    """Raise AnomaliesOpen before an approval."""
    if found := await open_findings(session, batch):
        by_code: dict[str, int] = {}
        for one in found:
            by_code[one.code] = by_code.get(one.code, 0) + 1
        raise AnomaliesOpen(
            f"{len(found)} findings on this list have no word yet by who checks or approves it", open=len(found), by_code=by_code,
            findings=[str(one.finding_id) for one in found[:PEOPLE_SHOWN]],
        )  # fmt: skip
