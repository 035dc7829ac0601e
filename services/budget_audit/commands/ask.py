"""Which comparisons a change asks for: put in the worker's queue with the event that asked, once however often it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.budget_audit.domain.references import panti_month
from services.budget_audit.store.comparisons import ALL, Grain
from shared.db.session import WriteSession

_YEARS: Final = "generate_series(extract(year FROM from_day)::int, extract(year FROM to_day)::int) AS y"
_MONTHS: Final = "generate_series(date_trunc('month', from_day), to_day, interval '1 month') AS m"
_COUNTED: Final = """SELECT panti || '/' || to_char(d, 'YYYY-MM') FROM {table}, LATERAL (VALUES (day), (day + 1)) AS v(d)
                      WHERE import_id = :id"""

BY_KIND: Final[Mapping[str, Sequence[tuple[Grain, str]]]] = {
    "contract-items": (
        ("contract-year", f"SELECT contract || '/' || y FROM supply_item, {_YEARS} WHERE import_id = :id"),
        ("supplier-year", f"SELECT supplier_key || '/' || y FROM supply_item, {_YEARS} WHERE import_id = :id"),
        ("panti-month", f"SELECT p || '/' || to_char(m, 'YYYY-MM') FROM supply_item, unnest(panti) AS p, {_MONTHS} WHERE import_id = :id"),
    ),
    "ssh": (
        (
            "contract-year",
            f"""SELECT i.contract || '/' || p.year FROM standard_price p JOIN (SELECT contract, item, unit, y FROM supply_item, {_YEARS}) i
                    ON i.item = p.item AND i.unit = p.unit AND i.y = p.year WHERE p.import_id = :id""",
        ),
        (
            "panti-month",
            """SELECT h.panti || '/' || to_char(h.day, 'YYYY-MM') FROM standard_price p JOIN handover h
                   ON h.item = p.item AND h.unit = p.unit AND extract(year FROM h.day) = p.year WHERE p.import_id = :id""",
        ),
    ),
    "bast": (
        ("contract-year", "SELECT contract || '/' || to_char(day, 'YYYY') FROM handover WHERE import_id = :id"),
        ("panti-month", "SELECT panti || '/' || to_char(day, 'YYYY-MM') FROM handover WHERE import_id = :id"),
    ),
    "invoice": (
        ("contract-year", "SELECT contract || '/' || to_char(day, 'YYYY') FROM invoice WHERE import_id = :id AND contract <> ''"),
        (
            "supplier-year",
            """SELECT i.supplier_key || '/' || to_char(o.day, 'YYYY') FROM invoice i
                 JOIN invoice o ON o.supplier_key = i.supplier_key AND o.folded = i.folded WHERE i.import_id = :id""",
        ),
        ("panti-year", "SELECT panti || '/' || to_char(day, 'YYYY') FROM invoice WHERE import_id = :id AND panti <> ''"),
    ),
    "kitchen-log": (
        ("panti-month", "SELECT panti || '/' || to_char(day, 'YYYY-MM') FROM kitchen_count WHERE import_id = :id"),
        (
            "contract-year",
            """SELECT i.contract || '/' || to_char(k.day, 'YYYY') FROM kitchen_count k
                 JOIN supply_item i ON k.panti = ANY(i.panti) AND k.day BETWEEN i.from_day AND i.to_day WHERE k.import_id = :id""",
        ),
    ),
    "movements": (("panti-month", _COUNTED.format(table="movement_count")),),
    "census": (
        ("panti-month", _COUNTED.format(table="census_count")),
        ("year", f"SELECT '{ALL}/' || to_char(day, 'YYYY') FROM census_count WHERE import_id = :id"),
    ),
    "contract": (
        ("panti-month", f"SELECT panti || '/' || to_char(m, 'YYYY-MM') FROM contract, {_MONTHS} WHERE import_id = :id"),
        ("year", f"SELECT '{ALL}/' || y FROM contract, {_YEARS} WHERE import_id = :id"),
    ),
    "cash-plan": (
        ("year", f"SELECT '{ALL}/' || CAST(:year AS integer)"),
        ("panti-year", "SELECT DISTINCT panti || '/' || year FROM budget_line WHERE year = :year AND panti <> ''"),
    ),
}
"""By kind of file: SQL that gives the references that its rows touch. ``:id`` is the import, ``:year`` the file's year."""

_ASK: Final = """INSERT INTO to_evaluate (code, reference, asked_at, cause)
                 SELECT DISTINCT CAST(:grain AS text), r, CAST(:at AS timestamptz), CAST(:cause AS text) FROM ({references}) AS t(r)
                 WHERE r IS NOT NULL
                 ON CONFLICT (code, reference) DO UPDATE SET asked_at = excluded.asked_at, cause = excluded.cause"""


async def after_file(session: WriteSession, kind: str, import_id: UUID, year: int, *, cause: str, at: datetime) -> None:
    """Everything that rows of this file may change."""
    for grain, references in BY_KIND.get(kind, ()):
        parameters = {"grain": grain, "at": at, "cause": cause, "id": import_id, "year": year}
        await session.execute(text(_ASK.format(references=references)), parameters)


async def after_money(session: WriteSession, document_id: UUID, reference: str, *, cause: str, at: datetime) -> None:
    """What an SP2D or STS may change: its panti's month, its lines' year, and the year before where it comes in January."""
    named = panti_month(reference)
    if named:
        await _ask(session, "panti-month", [named.reference], cause=cause, at=at)
    rows = await session.execute(
        text("""SELECT DISTINCT extract(year FROM d.date - n)::int AS year, l.panti FROM sp2d d JOIN sp2d_row r ON r.sp2d_id = d.id
                  JOIN budget_line l ON l.id = r.line_id, (VALUES (0), (31)) AS v(n) WHERE d.id = :id"""),
        {"id": document_id},
    )
    for row in rows.all():
        await _ask(session, "year", [f"{ALL}/{row.year}"], cause=cause, at=at)
        if row.panti:
            await _ask(session, "panti-year", [f"{row.panti}/{row.year}"], cause=cause, at=at)


async def after_counts(session: WriteSession, reference: str, *, cause: str, at: datetime) -> None:
    """What other counts of a panti's month may change: that month, the next one (its eve), and the year."""
    panti, month = reference.rsplit("/", 1)
    following = (date.fromisoformat(f"{month}-01") + timedelta(days=31)).isoformat()[:7]
    await _ask(session, "panti-month", [reference, f"{panti}/{following}"], cause=cause, at=at)
    await _ask(session, "year", [f"{ALL}/{month[:4]}"], cause=cause, at=at)


async def these(session: WriteSession, asked: Mapping[Grain, Sequence[str]], *, cause: str, at: datetime) -> None:
    """These references."""
    for grain, references in asked.items():
        await _ask(session, grain, references, cause=cause, at=at)


async def _ask(session: WriteSession, grain: Grain, references: Sequence[str], *, cause: str, at: datetime) -> None:
    parameters: dict[str, Any] = {"grain": grain, "at": at, "cause": cause, "references": list(references)}
    await session.execute(text(_ASK.format(references="SELECT unnest(CAST(:references AS text[]))")), parameters)
