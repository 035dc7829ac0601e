"""A decree's list beside the one that it follows: who is new, who is gone, for whom kelurahan or amount is another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.db.session import AnySession

# The lists that end last before this one begins, by programme: several where a decree was added to during its months.
_LAST: Final = """
    SELECT DISTINCT ON (p.programme, d.number) d.id, d.number, p.programme
      FROM decree d JOIN decree_programme p ON p.decree_id = d.id
     WHERE p.programme = ANY(CAST(:programmes AS text[])) AND d.id <> :decree AND d.to_month = (
               SELECT max(b.to_month) FROM decree b JOIN decree_programme q ON q.decree_id = b.id
                WHERE q.programme = p.programme AND b.id <> :decree AND b.to_month < :from)
     ORDER BY p.programme, d.number"""

_DIFFERENCE: Final = f"""
    WITH last AS ({_LAST}),
    before AS (
        SELECT DISTINCT ON (e.person_id, e.programme) e.person_id, e.programme, e.amount, e.area, e.status
          FROM enrolment e JOIN last ON last.id = e.decree_id AND last.programme = e.programme
         ORDER BY e.person_id, e.programme, e.person_version DESC),
    now AS (
        SELECT person_id, programme, amount, area FROM decree_staging
         WHERE import_id = :import AND programme IN (SELECT programme FROM last))
    SELECT programme, count(b.person_id) AS before, count(n.person_id) AS now,
           count(*) FILTER (WHERE b.person_id IS NULL) AS entered,
           count(*) FILTER (WHERE n.person_id IS NULL) AS "left",
           count(*) FILTER (WHERE n.person_id IS NULL AND b.status = 'ended') AS left_ended,
           count(*) FILTER (WHERE n.amount <> b.amount) AS changed_amount,
           count(*) FILTER (WHERE n.area <> b.area) AS changed_area
      FROM before b FULL JOIN now n USING (person_id, programme) GROUP BY programme ORDER BY programme"""


async def beside_last_decree(
    session: AnySession, import_id: UUID, decree_id: UUID, programmes: Collection[str], from_month: str
) -> dict[str, Any]:
    """``against``: numbers of the lists that this one follows; by programme people before and now, ``entered``, ``left`` (of them
    ``left_ended`` whose enrolment had been ended by then), ``changed_amount`` and ``changed_area``. Empty where it follows none:
    the first list of a programme, or one that adds to a list whose months still run.
    """
    params = {"programmes": list(programmes), "decree": decree_id, "from": from_month}
    last = (await session.execute(text(_LAST), params)).all()
    if not last:
        return {}
    rows = await session.execute(text(_DIFFERENCE), params | {"import": import_id})
    return {
        "against": sorted({row.number for row in last}),
        "programmes": {row["programme"]: {key: value for key, value in row.items() if key != "programme"} for row in rows.mappings()},
    }
