"""Kinds whose rows become facts as they are: a changed row of a counted thing is a new version, of a signed paper it is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from services.budget_audit import store
from services.budget_audit.imports import keys
from shared.contracts.budget_audit import EvidenceRecorded
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import Refusal
from shared.messaging import outbox
from shared.tabular.columns import Row, Template


class YearAndCount(BaseModel):
    """Budget year and rows on the signed paper; a row of another year is refused."""

    model_config = ConfigDict(extra="forbid")
    year: int = Field(ge=2015, le=2100)
    count: int = Field(ge=0)


class YearCountAndSum(YearAndCount):
    """Rupiah on the signed paper, too."""

    sum: int = Field(ge=0)


class RecordedMeanwhile(Refusal):
    """Somebody recorded other rows of the same papers after the file was checked."""

    code = "recorded-meanwhile"


Values = Callable[[Row, "Desk"], tuple[Any, ...]]


@dataclass(frozen=True)
class Desk:
    """What a row is checked against: the codes, the contracts that are there, the day, and the year typed from the paper."""

    codes: keys.Codes
    contracts: frozenset[str]
    today: date
    year: int

    def check_day(self, row: Row, column: str) -> None:
        """Refuse a day that has not come, or one of another year than the paper's."""
        on = row.values[column]
        if on > self.today:
            row.refuse(column, "future-day", "Hari ini belum terjadi; yang dicatat hanya yang sudah lewat.", on.isoformat())
        self.check_year(row, column, on.year)

    def check_year(self, row: Row, column: str, year: int) -> None:
        if year != self.year:
            row.refuse(column, "wrong-year", f"Tahun {year}, padahal dokumennya untuk tahun {self.year}.", str(year))

    def check_contract(self, row: Row, column: str, number: str) -> None:
        if number and number not in self.contracts:
            row.refuse(column, "unknown-contract", "Kontrak ini belum tercatat. Impor rincian kontraknya dahulu.", number)


@dataclass(frozen=True)
class Plain:
    """``columns``: of the table, in the order that ``values`` gives them; ``key``: those that name a fact.

    ``versioned``: another value for the same key is a new version, else it is refused. ``amount``: the column whose sum is
    typed from the paper. ``also``: a check of rows together, after their own.
    """

    template: Template
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    values: Values
    versioned: bool = False
    amount: str = ""
    roles: tuple[str, ...] = ("operator", "panti-head", "treasurer")
    second_person: bool = False

    @property
    def staged(self) -> str:
        return f"{self.table}_staging"

    def kind(self) -> ImportKind:
        """The kind as the import machinery wants it."""

        async def stage(staging: Staging, rows: list[Row]) -> None:
            await _stage(self, staging, rows)

        async def begin(staging: Staging) -> None:
            found = await staging.session.execute(
                text(f"SELECT {', '.join(self.columns)} FROM {self.staged} WHERE import_id = :id"), {"id": staging.import_id}
            )
            staging.seen |= {self.key_of(tuple(row)) for row in found}

        async def check(staging: Staging) -> Check:
            return await keys.totals(staging, self.staged, self.amount)

        async def commit(staging: Staging) -> dict[str, Any]:
            return await _commit(self, staging)

        controls = YearCountAndSum if self.amount else YearAndCount
        return ImportKind(
            self.template, controls, self.roles, self.roles, self.second_person, stage, check, commit, self.staged, begin,
            whole_agency=True,
        )  # fmt: skip

    def key_of(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[self.columns.index(name)] for name in self.key)


async def _stage(kind: Plain, staging: Staging, rows: list[Row]) -> None:
    contracts = await staging.session.scalars(text("SELECT DISTINCT contract FROM supply_item"))
    desk = Desk(await keys.Codes.load(staging.session), frozenset(contracts), staging.service.clock.today(), staging.controls.year)
    read: list[tuple[Row, tuple[Any, ...]]] = []
    for row in rows:
        values = kind.values(row, desk)
        if row.ok:
            read.append((row, values))
    recorded = await _recorded(kind, staging, [values for _, values in read])
    staged = []
    for row, values in read:
        key = kind.key_of(values)
        before = recorded.get(key)
        if key in staging.seen:
            row.refuse("", "double-row", "Baris yang sama sudah ada di berkas ini.")
        elif before is not None and before != values:
            _differs(kind, row)
        staging.seen.add(key)
        if row.ok:
            staged.append((staging.import_id, staging.line(row), before == values, *values))
    await copy_in(staging.session, kind.staged, ("import_id", "line", "known", *kind.columns), staged)


def _differs(kind: Plain, row: Row) -> None:
    if kind.versioned:
        row.refuse("", "count-changed", "Angka untuk ini sudah tercatat lain; sesudah disimpan berlaku yang baru.", warning=True)
    else:
        row.refuse("", "recorded-otherwise", "Dokumen ini sudah tercatat dengan isi lain. Yang sudah ditandatangani tidak diganti.")


async def _recorded(kind: Plain, staging: Staging, values: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What is on record under the first key column of these rows, the latest version."""
    place, first = kind.columns.index(kind.key[0]), kind.key[0]
    key = ", ".join(kind.key)
    latest = ", version DESC" if kind.versioned else ""
    found = await staging.session.execute(
        text(f"SELECT DISTINCT ON ({key}) {', '.join(kind.columns)} FROM {kind.table} WHERE {first} = ANY(:keys) ORDER BY {key}{latest}"),
        {"keys": list({one[place] for one in values})},
    )
    return {kind.key_of(row := tuple(one)): row for one in found}


async def _commit(kind: Plain, staging: Staging) -> dict[str, Any]:
    await store.lock_references(staging.session, {f"import/{kind.template.name}"})
    same_key = " AND ".join(f"t.{name} = s.{name}" for name in kind.key)
    columns = ", ".join(kind.columns)
    parameters = {"id": staging.import_id, "at": staging.at}
    if kind.versioned:
        version = f"coalesce((SELECT max(t.version) FROM {kind.table} t WHERE {same_key}), 0) + 1"
        insert = f"""INSERT INTO {kind.table} ({columns}, version, import_id, at)
                     SELECT {columns}, {version}, :id, :at FROM {kind.staged} s WHERE import_id = :id AND NOT known"""
    else:
        meanwhile = await staging.session.scalar(
            text(f"SELECT count(*) FROM {kind.staged} s JOIN {kind.table} t ON {same_key} WHERE s.import_id = :id AND NOT s.known"),
            parameters,
        )
        if meanwhile:
            raise RecordedMeanwhile("rows of this file were recorded after it was checked; cancel and send it again")
        insert = f"""INSERT INTO {kind.table} ({columns}, import_id, at)
                     SELECT {columns}, :id, :at FROM {kind.staged} s WHERE import_id = :id AND NOT known"""
    done = await staging.session.execute(text(insert), parameters)
    rows: int = done.rowcount  # type: ignore[attr-defined]
    await tell(staging, kind.template.name, rows, staging.controls.year)
    return {"recorded": rows}


async def tell(staging: Staging, kind: str, rows: int, year: int = 0) -> None:
    """Whoever compares must hear of it; ``year`` 0: the rows say of which year they are."""
    if rows:
        data = EvidenceRecorded(kind=kind, year=year, rows=rows)
        await outbox.append(staging.session, [outbox.Outgoing(staging.import_id, 1, data)], at=staging.at)
