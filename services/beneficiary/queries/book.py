"""What the doors of the daily books show: panti, census, residents, lines, joins, reopenings. Needs the books' fence."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.beneficiary.store.book import COUNT
from shared.crypto import FieldCipher
from shared.db.session import AnySession


async def panti(session: AnySession) -> list[dict[str, Any]]:
    """Every panti with its places and its last counted day; ``residents`` is null where none was counted yet."""
    rows = await session.execute(
        text("""SELECT p.code, p.name, p.target, p.capacity, b.from_day AS book_from, c.day, c.residents,
                       coalesce(c.residents > p.capacity, false) AS over_capacity
                  FROM panti p LEFT JOIN panti_book b ON b.panti = p.code
                  LEFT JOIN LATERAL (SELECT day, residents FROM census_day WHERE panti = p.code
                                      ORDER BY day DESC, version DESC LIMIT 1) c ON true ORDER BY p.name""")
    )
    return [dict(row) for row in rows.mappings()]


async def census(session: AnySession, code: str, first: date, last: date) -> list[dict[str, Any]]:
    """Residents by day as the book says now, beside the last count that was said (``count_no`` 0: the day is not closed)."""
    rows = await session.execute(
        text(f"""SELECT n.day, n.residents, n.on_leave, n.fled, p.capacity, n.residents > p.capacity AS over_capacity,
                        coalesce(c.version, 0) AS count_no, c.residents AS counted, c.counted_at
                   FROM ({COUNT}) n JOIN panti p ON p.code = :panti
                   LEFT JOIN LATERAL (SELECT * FROM census_day c WHERE c.panti = :panti AND c.day = n.day
                                       ORDER BY version DESC LIMIT 1) c ON true ORDER BY n.day"""),
        {"panti": code, "first": first, "last": last},
    )
    return [dict(row) for row in rows.mappings()]


async def residents(session: AnySession, cipher: FieldCipher, code: str, day: date) -> list[dict[str, Any]]:
    """Who is on the book at that day's midnight, in the order of their names; those outside the caller's areas without one."""
    rows = await session.execute(
        text("""SELECT s.person_id, s.state, s.since, s.from_day, p.name_enc, v.number,
                       (SELECT e.expected_return FROM book_entry e WHERE e.person_id = s.person_id AND e.kind = 'leave'
                           AND e.day = s.from_day ORDER BY e.no DESC LIMIT 1) AS expected_return
                  FROM stay s LEFT JOIN person p ON p.id = s.person_id
                  LEFT JOIN provisional_person v ON v.person_id = s.person_id
                 WHERE s.panti = :panti AND s.from_day <= :day AND s.to_day >= :day"""),
        {"panti": code, "day": day},
    )
    found = [
        {
            "person_id": row.person_id, "name": _name(cipher, row.person_id, row.name_enc), "number": row.number, "state": row.state,
            "since": row.since, "state_since": row.from_day, "expected_return": row.expected_return if row.state == "on_leave" else None,
        }
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one["name"] or "~", str(one["person_id"])))


def _name(cipher: FieldCipher, person: UUID, sealed: bytes | None) -> str | None:
    return None if sealed is None else cipher.decrypt("person", "name_enc", person, sealed)


async def lines(session: AnySession, cipher: FieldCipher, code: str, *, before: int, limit: int) -> dict[str, Any]:
    """The book itself, newest line first; ``next`` goes on with older ones."""
    rows = (
        await session.execute(
            text("""SELECT e.id, e.no, e.person_id, e.kind, e.panti, e.to_panti, e.day, e.hour, e.expected_return, e.reason, e.paper,
                           e.takes_back, e.author, e.at, c.id AS taken_back_by, w.kind AS takes_back_kind, p.name_enc, v.number
                      FROM book_entry e LEFT JOIN book_entry c ON c.takes_back = e.id LEFT JOIN book_entry w ON w.id = e.takes_back
                      LEFT JOIN person p ON p.id = e.person_id LEFT JOIN provisional_person v ON v.person_id = e.person_id
                     WHERE (e.panti = :panti OR e.to_panti = :panti) AND e.no < :before ORDER BY e.no DESC LIMIT :limit"""),
            {"panti": code, "before": before, "limit": limit},
        )
    ).mappings().all()  # fmt: skip
    items = []
    for row in rows:
        line = dict(row)
        line["name"] = _name(cipher, row["person_id"], line.pop("name_enc"))
        items.append(line)
    return {"items": items, "next": items[-1]["no"] if len(items) == limit else None}


async def joins(session: AnySession, state: str) -> list[dict[str, Any]]:
    """Proposals and decisions about people without NIK, of the caller's areas, newest first."""
    rows = await session.execute(
        text("""SELECT j.id, j.provisional_id, v.number, v.panti, j.person_id, j.state, j.evidence, j.asked_by, j.asked_at, j.decided_by,
                       j.decided_at
                  FROM person_join j JOIN provisional_person v ON v.person_id = j.provisional_id
                  JOIN person p ON p.id = j.person_id
                 WHERE :state IN ('', j.state) ORDER BY j.asked_at DESC, j.id LIMIT 200"""),
        {"state": state},
    )
    return [dict(row) for row in rows.mappings()]


async def reopenings(session: AnySession, state: str) -> list[dict[str, Any]]:
    """Who left a panti with a card on hold, of the caller's areas, oldest first. ``state``: open, ordered, done or withdrawn."""
    rows = await session.execute(
        text("""SELECT * FROM (
                    SELECT r.id, r.person_id, r.programme, r.discharged_on, p.area, r.order_id, r.opened_at, r.changed_at,
                           CASE WHEN r.state = 'ordered' AND o.state = 'done' THEN 'done'
                                WHEN r.state = 'ordered' AND o.state = 'cancelled' THEN 'open' ELSE r.state END AS state
                      FROM reopening r JOIN person p ON p.id = r.person_id LEFT JOIN status_order o ON o.id = r.order_id) AS t
                 WHERE :state IN ('', state) ORDER BY discharged_on, id LIMIT 500"""),
        {"state": state},
    )
    return [dict(row) for row in rows.mappings()]
