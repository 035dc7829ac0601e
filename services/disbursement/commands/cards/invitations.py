"""Calls to fetch the card, what the bank reports of them, and visits to those who cannot come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.disbursement.domain.invitations import INVITATIONS_MAX, AlreadyAsked, NobodyToInvite, NoCardWaiting
from shared.db.session import WriteSession
from shared.kernel.errors import IllegalTransition, InvalidInput, NotFound
from shared.kernel.ids import uuid7


@dataclass(frozen=True)
class Wave:
    """Who is called, where and when; ``day`` is a date in Jakarta, ``hours`` are words for the invitation."""

    programme: str
    area: str
    place: str
    day: date
    hours: str
    most: int


_WAITING: Final = """
    SELECT k.person_id, k.programme, k.area, (SELECT count(*) FROM invitation i
            WHERE i.person_id = k.person_id AND i.programme = k.programme) AS calls
      FROM account k
     WHERE k.programme = :programme AND NOT k.card_handed_over AND (k.area = :area OR k.area LIKE :area || '.%')
       AND (SELECT e.status FROM enrolment_history e WHERE e.person_id = k.person_id AND e.programme = k.programme
             ORDER BY e.person_version DESC LIMIT 1) = 'active'
       AND NOT EXISTS (SELECT FROM invitation i
                        WHERE i.person_id = k.person_id AND i.programme = k.programme AND i.state = 'invited')
       AND NOT EXISTS (SELECT FROM home_service v
                        WHERE v.person_id = k.person_id AND v.programme = k.programme AND v.state = 'asked')"""


async def invite(session: WriteSession, wave: Wave, *, by: str, at: datetime, today: date) -> tuple[UUID, str, int]:
    """Call those who wait for their card, who was called least first; id, code and number of people of the wave.

    Whoever was called three times, or waits for a visit, is not called. Raise NobodyToInvite, or InvalidInput for a day
    that is past.
    """
    if wave.day < today:
        raise InvalidInput("an invitation cannot be for a day that is past", day=wave.day.isoformat())
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('invitation_wave'))"))
    number = await session.scalar(
        text("SELECT count(*) + 1 FROM invitation_wave WHERE programme = :programme"), {"programme": wave.programme}
    )
    wave_id, code = uuid7(), f"UND-{wave.programme}-{int(number or 1):03d}"
    called = await session.execute(
        text(f"""INSERT INTO invitation (wave_id, person_id, programme, no, state, area)
                 SELECT :id, person_id, programme, calls + 1, 'invited', area FROM ({_WAITING}) AS who
                  WHERE calls < :calls_max ORDER BY calls, person_id LIMIT :most"""),
        {"id": wave_id, "programme": wave.programme, "area": wave.area, "calls_max": INVITATIONS_MAX, "most": wave.most},
    )
    count = int(called.rowcount)  # type: ignore[attr-defined]
    if not count:
        raise NobodyToInvite("nobody here waits for a card and may still be called", programme=wave.programme, area=wave.area)
    await session.execute(
        text("""INSERT INTO invitation_wave (id, code, programme, area, place, day, hours, count, made_by, made_at)
                VALUES (:id, :code, :programme, :area, :place, :day, :hours, :count, :by, :at)"""),
        {
            "id": wave_id, "code": code, "programme": wave.programme, "area": wave.area, "place": wave.place, "day": wave.day,
            "hours": wave.hours, "count": count, "by": by, "at": at,
        },
    )  # fmt: skip
    return wave_id, code, count


async def apply_distribution(session: WriteSession, import_id: UUID, *, at: datetime) -> dict[str, int]:
    """What the bank reports: a card that was handed over opens the way to the money; who did not come may be called again."""
    params = {"id": import_id, "at": at}
    answered = await session.execute(
        text("""UPDATE invitation i SET state = CASE WHEN s.handed_over THEN 'handed_over' ELSE 'absent' END, reported_on = s.day
                  FROM card_distribution_staging s
                 WHERE s.import_id = :id AND i.person_id = s.person_id AND i.programme = s.programme AND i.state = 'invited'"""),
        params,
    )
    handed = await session.execute(
        text("""UPDATE account k SET card_handed_over = true, version = k.version + 1, changed_at = :at
                  FROM card_distribution_staging s
                 WHERE s.import_id = :id AND s.handed_over AND k.person_id = s.person_id AND k.programme = s.programme
                   AND NOT k.card_handed_over"""),
        params,
    )
    rows = await session.execute(text("DELETE FROM card_distribution_staging WHERE import_id = :id"), {"id": import_id})
    return {
        "rows": int(rows.rowcount), "cards": int(handed.rowcount), "invitations": int(answered.rowcount),  # type: ignore[attr-defined]
    }  # fmt: skip


async def ask_home_service(session: WriteSession, person_id: UUID, programme: str, reason: str, *, by: str, at: datetime) -> UUID:
    """The bank is to come to the house. Raise NoCardWaiting, or AlreadyAsked."""
    area = await session.scalar(
        text("SELECT area FROM account WHERE person_id = :person AND programme = :programme AND NOT card_handed_over FOR UPDATE"),
        {"person": person_id, "programme": programme},
    )
    if area is None:
        raise NoCardWaiting("this person has no account whose card waits to be handed over", person=str(person_id))
    visit_id = uuid7()
    made = await session.execute(
        text("""INSERT INTO home_service (id, person_id, programme, reason, asked_by, asked_at, state, area)
                VALUES (:id, :person, :programme, :reason, :by, :at, 'asked', :area) ON CONFLICT DO NOTHING"""),
        {"id": visit_id, "person": person_id, "programme": programme, "reason": reason, "by": by, "at": at, "area": area},
    )
    if not made.rowcount:  # type: ignore[attr-defined]
        raise AlreadyAsked("a visit is asked for already", person=str(person_id))
    return visit_id


async def visited(
    session: WriteSession, visit_id: UUID, day: date, result: str, *, handed_over: bool, by: str, at: datetime, today: date
) -> None:
    """What came of a visit; with the card in the house the person can be paid."""
    found = (
        await session.execute(text("SELECT person_id, programme, state FROM home_service WHERE id = :id FOR UPDATE"), {"id": visit_id})
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such visit", visit=str(visit_id))
    if found.state != "asked":
        raise IllegalTransition(found.state, "visit")
    if day > today:
        raise InvalidInput("a visit cannot have been on a day to come", day=day.isoformat())
    state = "handed_over" if handed_over else "not_handed_over"
    await session.execute(
        text("UPDATE home_service SET state = :state, visited_on = :day, result = :result, closed_by = :by WHERE id = :id"),
        {"id": visit_id, "state": state, "day": day, "result": result, "by": by},
    )
    if handed_over:
        await session.execute(
            text("""UPDATE account SET card_handed_over = true, version = version + 1, changed_at = :at
                     WHERE person_id = :person AND programme = :programme AND NOT card_handed_over"""),
            {"person": found.person_id, "programme": found.programme, "at": at},
        )
