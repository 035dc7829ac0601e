"""disbursement's own list of a programme month as of a cut-off, and how it differs from beneficiary's (CORE.md section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import text

from shared.db.session import WriteSession, lines_out, raw_connection
from shared.kernel.errors import Refusal
from shared.runtime import Service
from shared.web.auth import Caller

KINDS = ("only_in_beneficiary", "only_in_disbursement", "status", "reason", "amount")


class ListUnavailable(Refusal):
    """beneficiary did not serve the list that its seal names; nothing was changed, ask again."""

    code = "list-unavailable"
    status = 503


class ListNotSealed(Refusal):
    """What beneficiary served is not what it sealed: its stored list was changed after the cut-off."""

    code = "list-not-sealed"
    status = 502


@dataclass(frozen=True)
class ListValues:
    """The three values that both sides must hold: people, rupiah, SHA-256 in lower-case hex."""

    count: int
    sum: int
    hash: str


@dataclass(frozen=True)
class Seal:
    """beneficiary's own list of a programme month, as it came: three values, and where the list is."""

    programme: str
    month: str
    seal_no: int
    cutoff_id: UUID
    cutoff_no: int
    values: ListValues
    quota: int
    list: str

    @property
    def hash(self) -> str:
        return self.values.hash


# The row with the highest person_version among those with from_month <= M <= to_month and cutoff_no <= n. Later events
# cannot change it. amount is the tariff of from_month, which is the tariff of M as long as no tariff changes inside an
# enrolment (beneficiary publishes an event of its own if one does).
_AS_OF = """
    SELECT DISTINCT ON (person_id) person_id, person_version, status, reason, amount, area, cohort
      FROM enrolment_history
     WHERE programme = :programme AND from_month <= :month AND :month <= to_month AND cutoff_no <= :cutoff_no
     ORDER BY person_id, person_version DESC"""


async def compute_own(session: WriteSession, programme: str, month: str, cutoff_no: int) -> ListValues:
    """Lay the list out in ``pg_temp.own_list`` (gone with the transaction) and give its three values."""
    await session.execute(text("DROP TABLE IF EXISTS pg_temp.own_list"))
    await session.execute(
        text("""CREATE TEMP TABLE own_list (person_id uuid, person_version int, status text, reason text, amount bigint,
                area text, cohort text) ON COMMIT DROP""")
    )
    await session.execute(text(f"INSERT INTO pg_temp.own_list {_AS_OF}"), {"programme": programme, "month": month, "cutoff_no": cutoff_no})
    await session.execute(text("ANALYZE pg_temp.own_list"))
    totals = (await session.execute(text("SELECT count(*), coalesce(sum(amount), 0) FROM pg_temp.own_list"))).one()
    digest = sha256()
    query = r"SELECT concat_ws(E'\t', person_id, status, reason, amount) || E'\n' AS line FROM pg_temp.own_list ORDER BY person_id"
    async for block in lines_out(session, query):
        digest.update(block)
    return ListValues(int(totals[0]), int(totals[1]), digest.hexdigest())


async def fetch_sealed(session: WriteSession, service: Service, caller: Caller, path: str, sealed_hash: str) -> None:
    """Bring beneficiary's stored list into ``pg_temp.sealed_list``, as the caller and for the caller's areas only.

    Raise ListUnavailable, or ListNotSealed where the bytes do not have the sealed hash.
    """
    await session.execute(text("DROP TABLE IF EXISTS pg_temp.sealed_list"))
    await session.execute(text("CREATE TEMP TABLE sealed_list (person_id uuid, status text, reason text, amount bigint) ON COMMIT DROP"))
    address = urlsplit(path)
    if address.scheme or address.netloc or not address.path.startswith("/beneficiary/"):
        # The caller's token goes along: it must not leave the house.
        raise ListUnavailable("the seal names a list outside of beneficiary")
    digest = sha256()
    connection = await raw_connection(session)
    try:
        async with (
            service.http.stream("GET", path, headers=caller.headers()) as response,
            connection.cursor() as cursor,
        ):
            if response.status_code != 200:
                raise ListUnavailable(f"beneficiary answered {response.status_code} for the list", answered=response.status_code)
            async with cursor.copy("COPY pg_temp.sealed_list FROM STDIN") as copy:
                async for block in response.aiter_bytes(1 << 18):
                    digest.update(block)
                    await copy.write(block)
    except httpx.HTTPError as error:
        raise ListUnavailable(f"beneficiary does not answer: {type(error).__name__}") from None
    if digest.hexdigest() != sealed_hash:
        raise ListNotSealed("beneficiary's list does not have the hash of its seal", sealed=sealed_hash, served=digest.hexdigest())


async def keep_differences(session: WriteSession, programme: str, month: str, at: Any) -> dict[str, int]:
    """Keep each person on whom the two lists differ as ``unreconciled``; how many there are of each kind."""
    await session.execute(
        text("DELETE FROM unreconciled WHERE programme = :programme AND month = :month"), {"programme": programme, "month": month}
    )
    found = await session.execute(
        text("""
            WITH kept AS (
                INSERT INTO unreconciled (programme, month, person_id, kind, found_at)
                SELECT :programme, :month, coalesce(o.person_id, s.person_id),
                       CASE WHEN o.person_id IS NULL THEN 'only_in_beneficiary'
                            WHEN s.person_id IS NULL THEN 'only_in_disbursement'
                            WHEN o.status <> s.status THEN 'status'
                            WHEN o.reason <> s.reason THEN 'reason'
                            ELSE 'amount' END, :at
                  FROM pg_temp.own_list o FULL JOIN pg_temp.sealed_list s ON s.person_id = o.person_id
                 WHERE o.person_id IS NULL OR s.person_id IS NULL
                    OR (o.status, o.reason, o.amount) <> (s.status, s.reason, s.amount)
                RETURNING kind)
            SELECT kind, count(*) FROM kept GROUP BY kind"""),
        {"programme": programme, "month": month, "at": at},
    )
    counts = dict.fromkeys(KINDS, 0)
    counts.update({kind: int(number) for kind, number in found})
    return counts
