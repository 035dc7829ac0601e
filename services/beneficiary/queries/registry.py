"""What the doors show: areas, programmes, enrolments, cut-offs and seals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.beneficiary.domain.seal import ProgrammeSeal, month_hash
from shared.db.session import AnySession
from shared.kernel.errors import InvalidInput, NotFound

_CUTOFF = """SELECT id, programme, month, seal_no, cutoff_no, count, sum, hash, quota,
       json_build_object('active', active, 'suspended', suspended, 'ended', ended) AS by_status, author, at FROM cutoff"""


async def areas(session: AnySession, level: str, parent: str) -> list[dict[str, Any]]:
    """Areas with their dates and what they became."""
    rows = await session.execute(
        text("""SELECT a.code, a.level, a.name, a.parent, a.valid_from, a.valid_to,
                       coalesce((SELECT json_agg(json_build_object('name', s.successor_name, 'code', s.successor, 'decree', s.decree)
                                                 ORDER BY s.successor_name)
                                   FROM area_successor s WHERE s.predecessor = a.code), '[]'::json) AS successors
                  FROM area a WHERE :level IN ('', a.level) AND :parent IN ('', a.parent) ORDER BY a.code"""),
        {"level": level, "parent": parent},
    )
    return [dict(row) for row in rows.mappings()]


async def programmes(session: AnySession) -> list[dict[str, Any]]:
    """Programmes with their tariffs, oldest first."""
    rows = await session.execute(
        text("""SELECT p.code, p.name, coalesce(json_agg(json_build_object('from_month', t.from_month, 'to_month', t.to_month,
                                                                           'amount', t.amount) ORDER BY t.from_month)
                                                FILTER (WHERE t.amount IS NOT NULL), '[]'::json) AS tariffs
                  FROM programme p LEFT JOIN tariff t ON t.programme = p.code GROUP BY p.code, p.name ORDER BY p.code""")
    )
    return [dict(row) for row in rows.mappings()]


async def status_reasons(session: AnySession) -> list[dict[str, Any]]:
    rows = await session.execute(text("SELECT action, code, words FROM status_reason ORDER BY action, code"))
    return [dict(row) for row in rows.mappings()]


async def enrolments(session: AnySession, *, programme: str, status: str, area: str, after: str, limit: int) -> dict[str, Any]:
    """The newest state of each enrolment in the caller's areas, by person; ``next`` goes on from there."""
    person, programme_after, decree_after = _cursor(after)
    rows = (
        await session.execute(
            text("""SELECT e.person_id, e.programme, e.status, e.reason, e.area, e.cohort, e.amount, e.from_month, e.to_month,
                           e.person_version, e.decree_id
                      FROM enrolment e
                     WHERE :programme IN ('', e.programme) AND :status IN ('', e.status)
                       AND (:area = '' OR e.area || '.' LIKE :area || '.%')
                       AND e.person_id >= :person AND (e.person_id, e.programme, e.decree_id) > (:person, :programme_after, :decree_after)
                       AND NOT EXISTS (SELECT 1 FROM enrolment n WHERE n.person_id = e.person_id AND n.programme = e.programme
                                          AND n.decree_id = e.decree_id AND n.person_version > e.person_version)
                     ORDER BY e.person_id, e.programme, e.decree_id LIMIT :limit"""),
            {
                "programme": programme, "status": status, "area": area, "person": person, "programme_after": programme_after,
                "decree_after": decree_after, "limit": limit,
            },
        )
    ).mappings().all()  # fmt: skip
    last = rows[-1] if len(rows) == limit else None
    return {
        "items": [dict(row) for row in rows],
        "next": f"{last['person_id']}.{last['programme']}.{last['decree_id']}" if last else None,
    }


async def status_orders(session: AnySession, state: str) -> list[dict[str, Any]]:
    """The newest 200 orders whose people are all in the caller's areas: of any other one, nothing is shown."""
    rows = await session.execute(
        text("""SELECT o.id, o.state, o.items, o.ordered_by, o.ordered_at, o.confirmed_by, o.confirmed_at, o.cancelled_by,
                       o.cancelled_at, o.cancel_reason
                  FROM status_order o
                 WHERE :state IN ('', o.state)
                   AND NOT EXISTS (SELECT FROM jsonb_array_elements(o.items) AS i(item)
                                    WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = CAST(i.item ->> 'person_id' AS uuid)))
                 ORDER BY o.ordered_at DESC, o.id LIMIT 200"""),
        {"state": state},
    )
    return [dict(row) for row in rows.mappings()]


def _cursor(after: str) -> tuple[UUID, str, UUID]:
    if not after:
        return UUID(int=0), "", UUID(int=0)
    try:
        person, programme, decree = after.split(".")
        return UUID(person), programme, UUID(decree)
    except ValueError:
        raise InvalidInput("'after' is what 'next' gave, nothing else") from None


async def cutoff(session: AnySession, cutoff_id: UUID) -> dict[str, Any]:
    found = (await session.execute(text(f"{_CUTOFF} WHERE id = :id"), {"id": cutoff_id})).mappings().one_or_none()
    if found is None:
        raise NotFound("there is no such cut-off")
    return dict(found)


async def cutoffs(session: AnySession, month: str) -> list[dict[str, Any]]:
    rows = await session.execute(
        text(f"{_CUTOFF} WHERE :month IN ('', month) ORDER BY month DESC, programme, seal_no LIMIT 500"), {"month": month}
    )
    return [dict(row) for row in rows.mappings()]


async def month_seal(session: AnySession, month: str) -> dict[str, Any]:
    """The newest seal of each programme of a month, and the hash over them; NotFound where nothing is sealed."""
    rows = (
        await session.execute(
            text("""SELECT DISTINCT ON (programme) programme, count, sum, hash, quota, seal_no, id AS cutoff_id FROM cutoff
                     WHERE month = :month ORDER BY programme, seal_no DESC"""),
            {"month": month},
        )
    ).mappings().all()  # fmt: skip
    if not rows:
        raise NotFound("nothing of this month is sealed", month=month)
    whole = month_hash(ProgrammeSeal(row["programme"], row["count"], row["sum"], row["hash"]) for row in rows)
    return {"month": month, "programmes": [dict(row) for row in rows], "hash": whole}


async def decrees(session: AnySession) -> list[dict[str, Any]]:
    """Decrees in force or past, with what was signed for each programme."""
    rows = await session.execute(
        text("""SELECT d.id, d.number, d.from_month, d.to_month,
                       json_agg(json_build_object('programme', p.programme, 'count', p.count, 'sum', p.sum, 'quota', p.quota)
                                ORDER BY p.programme) AS programmes
                  FROM decree d JOIN decree_programme p ON p.decree_id = d.id
                 GROUP BY d.id ORDER BY d.from_month DESC, d.number""")
    )
    return [dict(row) for row in rows.mappings()]
