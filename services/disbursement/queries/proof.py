"""The proof of completeness of a month: files that together say what became of everybody, for a check that trusts nothing of ours.

One ZIP from one snapshot: the sealed list, heads, entries, payments, gaps, holds, exclusions, and a manifest with rows, rupiah
and SHA-256 of each file. ``scripts/check_proof.py`` reads it with nothing but Python. Ids and codes only, no name and no account.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text

from shared.db.session import AnySession, ReadSession, copy_out
from shared.kernel.errors import NotFound
from shared.kernel.month import Month

FORMAT: Final = "ritme-proof/1"
_ZIP_LEVEL: Final = 1
"""The lines are alike: the fastest level takes most of it, and the doors stay free."""

# Name, header, query. No value holds a tab, a backslash or a semicolon but those that
# people type, and these are not in here; so COPY's text format is the CSV. concat_ws leaves NULL out: every column is coalesced.
_FILES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "seals.csv",
        "programme;month;state;seal_no;cutoff_no;count;sum;hash;quota",
        """SELECT concat_ws(';', pm.programme, pm.month, pm.state, coalesce(s.seal_no, 0), coalesce(s.cutoff_no, 0), coalesce(s.count, 0),
                            coalesce(s.sum, 0), coalesce(s.hash, ''), pm.quota)
             FROM programme_month pm
             LEFT JOIN seal s ON s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no
            WHERE pm.month = %(month)s ORDER BY pm.programme""",
    ),
    (
        "sealed.csv",
        "person_id;programme;status;reason;amount",
        """SELECT concat_ws(';', l.person_id, s.programme, l.status, l.reason, l.amount)
             FROM programme_month pm JOIN seal s ON s.programme = pm.programme AND s.month = pm.month AND s.seal_no = pm.seal_no
            CROSS JOIN LATERAL (
                  SELECT DISTINCT ON (e.person_id) e.person_id, e.status, e.reason, e.amount FROM enrolment_history e
                   WHERE e.programme = s.programme AND e.from_month <= s.month AND s.month <= e.to_month AND e.cutoff_no <= s.cutoff_no
                   ORDER BY e.person_id, e.person_version DESC) AS l
            WHERE pm.month = %(month)s AND pm.state IN ('opened', 'closed') ORDER BY s.programme, l.person_id""",
    ),
    (
        "heads.csv",
        "person_id;programme;outcome;reason;amount;version;cause;area",
        """SELECT concat_ws(';', person_id, programme, outcome, reason, amount, version, cause, area) FROM entitlement_month
            WHERE month = %(month)s ORDER BY programme, person_id""",
    ),
    (
        "entries.csv",
        "person_id;programme;version;from_outcome;outcome;reason;amount;at;author",
        """SELECT concat_ws(';', person_id, programme, version, from_outcome, outcome, reason, amount,
                            to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), author)
             FROM entitlement_entry WHERE month = %(month)s ORDER BY programme, person_id, version""",
    ),
    (
        "payments.csv",
        "reference;person_id;programme;amount;payment_amount;outcome;reason;live;settled_on;withdrawn_on",
        """SELECT concat_ws(';', p.reference, a.person_id, a.programme, a.amount, p.amount, p.outcome, p.reason, a.live,
                            coalesce(p.settled_on::text, ''), coalesce(p.withdrawn_on::text, ''))
             FROM payment_month a JOIN payment p ON p.id = a.payment_id WHERE a.month = %(month)s
            ORDER BY a.programme, a.person_id, p.reference""",
    ),
    (
        "gaps.csv",
        "person_id;programme;outcome;reason;owner;due_on;state;how;escalations",
        """SELECT concat_ws(';', person_id, programme, outcome, reason, owner, due_on, state, how, escalations) FROM gap
            WHERE month = %(month)s AND kind = 'month' ORDER BY programme, person_id""",
    ),
    (
        "holds.csv",
        "person_id;programme;reason;from_month;to_month;state;owner;due_on;noticed_on;reply_due_on;result",
        """SELECT concat_ws(';', person_id, programme, about, from_month, to_month, state, owner, due_on, coalesce(noticed_on::text, ''),
                            coalesce(reply_due_on::text, ''), result)
             FROM case_file WHERE kind = 'hold' AND %(month)s BETWEEN from_month AND to_month ORDER BY programme, person_id, opened_at""",
    ),
    (
        "exclusions.csv",
        "person_id;programme;reason;asked_by;decided_by",
        """SELECT concat_ws(';', person_id, programme, reason, asked_by, decided_by) FROM exclusion_order
            WHERE month = %(month)s AND state = 'confirmed' ORDER BY programme, person_id""",
    ),
)

_RUPIAH: Final = {"seals.csv": 6, "sealed.csv": 4, "heads.csv": 4, "entries.csv": 6, "payments.csv": 3}
"""Which column of a file is added up in the manifest."""


class _Sink(io.RawIOBase):
    """Takes what the ZIP writes until it is fetched."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


async def people_in(session: AnySession, month: Month) -> int:
    """How many person-months the month has. Raise NotFound for one that was never sealed nor carried in."""
    if not await session.scalar(text("SELECT 1 FROM programme_month WHERE month = :month LIMIT 1"), {"month": month}):
        raise NotFound("there is no such month", month=month)
    return int(await session.scalar(text("SELECT count(*) FROM entitlement_month WHERE month = :month"), {"month": month}) or 0)


async def proof_zip(session: ReadSession, month: Month, *, at: datetime) -> AsyncIterator[bytes]:
    """The archive, block by block in flat memory, all of it from the session's one snapshot; the manifest comes last."""
    sink = _Sink()
    files: list[dict[str, Any]] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_ZIP_LEVEL) as archive:
        for name, header, query in _FILES:
            digest, rows, total, rest = sha256(), 0, 0, b""
            column = _RUPIAH.get(name)
            with archive.open(zipfile.ZipInfo(name, at.timetuple()[:6]), "w", force_zip64=True) as member:
                first = f"{header}\n".encode()
                digest.update(first)
                member.write(first)
                async for block in copy_out(session, query, {"month": month}):
                    digest.update(block)
                    member.write(block)
                    *lines, rest = (rest + block).split(b"\n")
                    rows += len(lines)
                    if column is not None:
                        total += sum(int(line.split(b";")[column]) for line in lines)
                    if sent := sink.take():
                        yield sent
            files.append({"name": name, "rows": rows, "sum": total, "sha256": digest.hexdigest()})
        manifest = {"format": FORMAT, "month": month, "as_of": at.isoformat(), "files": files}
        with archive.open(zipfile.ZipInfo("manifest.json", at.timetuple()[:6]), "w") as member:
            member.write(json.dumps(manifest, indent=2).encode() + b"\n")
    yield sink.take()
