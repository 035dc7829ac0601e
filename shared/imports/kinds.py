"""What a service declares about one kind of file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from shared.db.session import WriteSession
from shared.kernel.bloom import Bloom
from shared.runtime import Service
from shared.tabular.columns import Problem, Row, Template
from shared.web.auth import Caller

FILE_STEP = 10_000_000
"""Rows of a mended file are numbered after those of the files before it, so that a line stays one row for ever."""


@dataclass
class Staging:
    """One file on its way in: the transaction, who sends or commits it, and what was typed from the signed paper."""

    session: WriteSession
    service: Service
    caller: Caller
    import_id: UUID
    controls: Any
    at: datetime
    file_no: int = 0
    uploaded_by: str = ""
    seen: set[Any] = field(default_factory=set)
    """For a kind's own check of double rows within the files of one import; for files that stay small."""

    @cached_property
    def came(self) -> Bloom:
        """As ``seen``, for files of any length: "yes" must be asked for in the staging table."""
        return Bloom()

    def line(self, row: Row) -> int:
        """The row's key in a staging table."""
        return self.file_no * FILE_STEP + row.number


@dataclass(frozen=True)
class Check:
    """Totals of the accepted rows, and in plain words what still keeps the file from being committed."""

    totals: dict[str, Any]
    not_ready: list[str] = field(default_factory=list)


StageRows = Callable[[Staging, list[Row]], Awaitable[None]]
Step = Callable[[Staging], Awaitable[None]]


async def nothing(staging: Staging) -> None:
    """For kinds without a step of their own."""


class Opened(Protocol):
    """A file that can be read as this kind's rows, under the template's column names."""

    @property
    def sha256(self) -> str: ...

    def chunks(self, size: int = ...) -> Iterator[list[Row]]: ...

    def column_problems(self) -> Sequence[Problem]: ...


OpenOtherForm = Callable[[WriteSession, Service, Path], Awaitable[Opened | None]]


@dataclass(frozen=True)
class ImportKind:
    """A template and what becomes of its rows.

    ``stage`` gets chunks of rows that parsed well, may refuse some (``row.refuse``) and COPYs the others into the kind's
    staging table ``staged``. ``check`` compares them with ``controls``. ``commit`` applies them in one transaction,
    set-based; what it leaves staged is removed, as where the file is cancelled. ``whole``: a file with a rejected row
    cannot be committed. ``whole_agency``: its rows are nobody's part (money, budgets), so an assignment of a part does
    not reach it. ``other_form`` opens a file that is not in the published form, where another was agreed with its sender; it
    answers None where none was, and raises FileProblem where the file is in neither.
    """

    template: Template
    controls: type[BaseModel]
    uploaders: tuple[str, ...]
    committers: tuple[str, ...]
    second_person: bool
    stage: StageRows
    check: Callable[[Staging], Awaitable[Check]]
    commit: Callable[[Staging], Awaitable[dict[str, Any]]]
    staged: str
    begin: Step = nothing
    whole: bool = True
    whole_agency: bool = False
    other_form: OpenOtherForm | None = None

    @property
    def name(self) -> str:
        return self.template.name
