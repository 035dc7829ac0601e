"""The steps of an import, each in the caller's transaction: check a file, take a mended one, commit, cancel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row as SqlRow
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared import audit
from shared.db.session import AnySession, WriteSession, copy_in
from shared.imports.kinds import FILE_STEP, ImportKind, Opened, Staging
from shared.kernel.ahead import ahead
from shared.kernel.errors import FourEyes, IllegalTransition, InvalidInput, NotAllowed, NotFound, Refusal
from shared.kernel.ids import uuid7
from shared.runtime import Service
from shared.tabular.columns import Problem, Row, Template
from shared.tabular.limits import FileProblem
from shared.tabular.reader import Table, open_table
from shared.web.auth import Caller

CHUNK = 5_000


class FileRefused(Refusal):
    """The file as a whole cannot be read as this template; nothing was kept."""

    code = "file-refused"
    status = 422


class NotReady(Refusal):
    """Rows are rejected or totals differ from the signed paper; nothing was applied."""

    code = "totals-differ"


class RowsRejected(Refusal):
    """Rows wait to be mended; this kind of file is taken whole."""

    code = "rows-rejected"


class RowsMissing(Refusal):
    code = "rows-missing"


class SameFile(Refusal):
    """These bytes are in somebody else's hands."""

    code = "same-file"


@dataclass
class Tally:
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    warnings: int = 0


async def load(session: AnySession, import_id: UUID, *, lock: bool = False) -> SqlRow[Any]:
    found = (
        await session.execute(text(f"SELECT * FROM import_file WHERE id = :id {'FOR UPDATE' if lock else ''}"), {"id": import_id})
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such import")
    return found


def parse_controls(kind: ImportKind, given: str) -> Any:
    try:
        return kind.controls.model_validate_json(given or "{}")
    except ValidationError as error:
        errors = [{"at": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
        raise InvalidInput("the control totals are not complete", errors=errors) from None


async def _open(service: Service, session: WriteSession, kind: ImportKind, path: Path, others: Sequence[Template]) -> Opened:
    """In the published form where it is that with all its columns, else in the form that was agreed. Raise FileProblem."""
    table: Table | FileProblem
    try:
        table = await asyncio.to_thread(open_table, path, kind.template, others=others)
    except FileProblem as problem:
        table = problem
    if kind.other_form is not None and (isinstance(table, FileProblem) or not table.complete):
        try:
            other = await kind.other_form(session, service, path)
        except FileProblem:
            if isinstance(table, FileProblem):
                raise
            other = None
        if other is not None:
            return other
    if isinstance(table, FileProblem):
        raise table
    return table


@asynccontextmanager
async def _opened(
    service: Service, session: WriteSession, kind: ImportKind, path: Path, others: Sequence[Template]
) -> AsyncIterator[Opened]:
    try:
        yield await _open(service, session, kind, path, others)
    except FileProblem as problem:
        code = problem.code
        refusal = FileRefused(str(problem.message), reason=code, row=problem.row, template=kind.name)
        raise refusal from None


async def check_file(
    service: Service, session: WriteSession, caller: Caller, kind: ImportKind, path: Path, file_name: str, controls: str,
    others: Sequence[Template] = (),
) -> tuple[UUID, bool]:  # fmt: skip
    """Dry run: every problem by row and column; the good rows stand in staging, nothing is applied.

    ``others``: templates that a wrong workbook may turn out to be. Returns the import's id and whether these bytes were
    sent before (then nothing was done).
    """
    may(caller, kind, kind.uploaders)
    parsed = parse_controls(kind, controls)
    async with _opened(service, session, kind, path, others) as table:
        before = await _same_bytes(session, kind, table.sha256)
        if before is not None and (before.state == "committed" or (not before.not_ready and _same(kind, before, parsed))):
            return before.id, True
        if before is not None:
            # What was wrong may be mended elsewhere meanwhile, or the totals were typed anew: it is checked afresh.
            await cancel(service, session, caller, kind, before.id)
        staging = Staging(session, service, caller, uuid7(), parsed, service.clock.now(), uploaded_by=caller.person)
        tally = await _stage(staging, kind, table)
        check = await kind.check(staging)
        try:
            await session.execute(
                text("""INSERT INTO import_file VALUES (:id, :kind, 'checked', :name, :sha, 1, :by, :at, NULL, NULL, :controls,
                        :totals, :not_ready, NULL, :rows, :accepted, :rejected, :warnings,
                        CAST(:areas AS text[]), ARRAY[CAST(:by AS text)])"""),
                {
                    "id": staging.import_id, "kind": kind.name, "name": file_name[:200], "sha": table.sha256, "by": caller.person,
                    "at": staging.at, "controls": parsed.model_dump_json(), "totals": json.dumps(check.totals),
                    "not_ready": json.dumps(_not_ready(kind, tally.rejected, check.not_ready)), "rows": tally.rows,
                    "accepted": tally.accepted, "rejected": tally.rejected, "warnings": tally.warnings, "areas": list(caller.areas),
                },
            )  # fmt: skip
        except IntegrityError:
            raise SameFile("the same file is being checked right now, or was sent for more areas than yours") from None
    await audit.record(session, caller, f"import.{kind.name}.check", "import", count=tally.rows, ids_hash=table.sha256, at=staging.at)
    return staging.import_id, False


async def _same_bytes(session: WriteSession, kind: ImportKind, sha256: str) -> SqlRow[Any] | None:
    return (
        await session.execute(
            text("SELECT * FROM import_file WHERE kind = :kind AND sha256 = :sha AND state <> 'cancelled' FOR UPDATE"),
            {"kind": kind.name, "sha": sha256},
        )
    ).one_or_none()


def _same(kind: ImportKind, before: SqlRow[Any], controls: Any) -> bool:
    return bool(kind.controls.model_validate(before.controls) == controls)


async def take_mended(service: Service, session: WriteSession, caller: Caller, kind: ImportKind, import_id: UUID, path: Path) -> None:
    """The rejected rows of an import come back mended; rows accepted before stay untouched."""
    may(caller, kind, kind.uploaders)
    found = await load(session, import_id, lock=True)
    if found.state != "checked":
        raise IllegalTransition(found.state, "mend")
    async with _opened(service, session, kind, path, ()) as table:
        staging = _staging(service, session, caller, kind, found, file_no=found.files)
        await kind.begin(staging)
        for tables in ("import_problem", "import_rejected"):
            await session.execute(
                text(f"DELETE FROM {tables} WHERE import_id = :id {'AND NOT warning' if tables == 'import_problem' else ''}"),
                {"id": import_id},
            )
        tally = await _stage(staging, kind, table)
        if tally.rows < found.rejected:
            raise RowsMissing(
                f"{found.rejected} rows wait to be mended and this file has {tally.rows}: no row may get lost on the way",
                waiting=found.rejected, sent=tally.rows,
            )  # fmt: skip
        check = await kind.check(staging)
        await session.execute(
            text("""UPDATE import_file SET files = files + 1, rows = accepted + :rows, accepted = accepted + :accepted,
                    rejected = :rejected, warnings = warnings + :warnings, totals = :totals, not_ready = :not_ready,
                    areas = ARRAY(SELECT DISTINCT unnest(areas || CAST(:areas AS text[]))),
                    senders = ARRAY(SELECT DISTINCT unnest(senders || CAST(:by AS text)))
                    WHERE id = :id"""),
            {
                "areas": list(caller.areas), "by": caller.person,
                "id": import_id, "rows": tally.rows, "accepted": tally.accepted, "rejected": tally.rejected,
                "warnings": tally.warnings, "totals": json.dumps(check.totals),
                "not_ready": json.dumps(_not_ready(kind, tally.rejected, check.not_ready)),
            },
        )  # fmt: skip
    await audit.record(session, caller, f"import.{kind.name}.mend", "import", count=tally.rows, ids_hash=table.sha256, at=staging.at)


async def commit(service: Service, session: WriteSession, caller: Caller, kind: ImportKind, import_id: UUID) -> None:
    """Apply the staged rows in this transaction. A second person where the kind wants one."""
    may(caller, kind, kind.committers)
    found = await load(session, import_id, lock=True)
    if found.state != "checked":
        raise IllegalTransition(found.state, "commit")
    if kind.second_person and caller.person in found.senders:
        raise FourEyes("whoever sent rows of the file cannot commit it; a second person must", acted=caller.person)
    staging = _staging(service, session, caller, kind, found, file_no=found.files)
    check = await kind.check(staging)
    not_ready = _not_ready(kind, found.rejected, check.not_ready)
    if not_ready:
        situation = RowsRejected if found.rejected and kind.whole else NotReady
        raise situation("; ".join(not_ready), controls=found.controls, totals=check.totals, rejected=found.rejected)
    result = await kind.commit(staging)
    await session.execute(text(f"DELETE FROM {kind.staged} WHERE import_id = :id"), {"id": import_id})
    await session.execute(
        text("UPDATE import_file SET state = 'committed', committed_by = :by, committed_at = :at, result = :result WHERE id = :id"),
        {"id": import_id, "by": caller.person, "at": staging.at, "result": json.dumps(result, default=str)},
    )
    await audit.record(session, caller, f"import.{kind.name}.commit", "import", count=found.accepted, ids_hash=found.sha256, at=staging.at)


async def cancel(service: Service, session: WriteSession, caller: Caller, kind: ImportKind, import_id: UUID) -> None:
    """Forget a checked file; one that was committed is undone by its own commands, not by this."""
    may(caller, kind, kind.uploaders + kind.committers)
    found = await load(session, import_id, lock=True)
    if found.state != "checked":
        raise IllegalTransition(found.state, "cancel")
    for table in (kind.staged, "import_problem", "import_rejected"):
        await session.execute(text(f"DELETE FROM {table} WHERE import_id = :id"), {"id": import_id})
    await session.execute(text("UPDATE import_file SET state = 'cancelled' WHERE id = :id"), {"id": import_id})


def _staging(service: Service, session: WriteSession, caller: Caller, kind: ImportKind, found: SqlRow[Any], *, file_no: int) -> Staging:
    controls = kind.controls.model_validate(found.controls)
    return Staging(session, service, caller, found.id, controls, service.clock.now(), file_no=file_no, uploaded_by=found.uploaded_by)


def may(caller: Caller, kind: ImportKind, roles: Sequence[str]) -> None:
    """Raise NotAllowed without one of these roles, or without the whole agency where the kind wants it."""
    if not caller.roles & set(roles):
        raise NotAllowed(f"this needs one of the roles {', '.join(roles)}", roles=list(roles))
    if kind.whole_agency and not caller.whole_agency:
        raise NotAllowed("this file concerns the whole agency; your assignment is a part of it", areas=list(caller.areas))


def _not_ready(kind: ImportKind, rejected: int, not_ready: list[str]) -> list[str]:
    rows = [f"{rejected} baris bermasalah belum diperbaiki"] if rejected and kind.whole else []
    return rows + not_ready


async def _stage(staging: Staging, kind: ImportKind, table: Opened) -> Tally:
    tally = Tally()
    async with aclosing(ahead(table.chunks(CHUNK))) as chunks:  # damage further down is refused where the table was opened
        async for rows in chunks:
            good = [row for row in rows if row.ok]
            if good:
                await kind.stage(staging, good)
            tally.rows += len(rows)
            await _keep_problems(staging, kind, rows, tally)
    whole = [problem for problem in table.column_problems() if not problem.warning]
    if whole:
        raise FileRefused(" ".join(problem.message for problem in whole), reason=whole[0].code, column=whole[0].column, template=kind.name)
    return tally


async def _keep_problems(staging: Staging, kind: ImportKind, rows: list[Row], tally: Tally) -> None:
    problems: list[tuple[Any, ...]] = []
    rejected: list[tuple[Any, ...]] = []
    for row in rows:
        if not row.problems:
            continue
        line = staging.line(row)
        problems += [
            (staging.import_id, line, n, p.row, p.column, p.code, p.message, p.value, p.warning) for n, p in enumerate(row.problems)
        ]
        tally.warnings += sum(p.warning for p in row.problems)
        if not row.ok:
            cells = json.dumps(row.raw, ensure_ascii=False)
            sealed = staging.service.cipher.encrypt("import_rejected", "cells", f"{staging.import_id}/{line}", cells)
            rejected.append((staging.import_id, line, sealed))
    tally.rejected += len(rejected)
    tally.accepted += len(rows) - len(rejected)
    columns = ("import_id", "line", "n", "row", "column_name", "code", "message", "value", "warning")
    if problems:
        await copy_in(staging.session, "import_problem", columns, problems)
    if rejected:
        await copy_in(staging.session, "import_rejected", ("import_id", "line", "cells"), rejected)


async def rejected_rows(service: Service, session: AnySession, import_id: UUID) -> list[Row]:
    """The rejected rows as they came, with their problems, for the file to mend."""
    cells = await session.execute(text("SELECT line, cells FROM import_rejected WHERE import_id = :id ORDER BY line"), {"id": import_id})
    problems: dict[int, list[Problem]] = {}
    for p in await session.execute(
        text("SELECT * FROM import_problem WHERE import_id = :id AND NOT warning ORDER BY line, n"), {"id": import_id}
    ):
        problems.setdefault(p.line, []).append(Problem(p.row, p.column_name, p.code, p.message, p.value))
    rows = []
    for line, sealed in cells:
        raw = json.loads(service.cipher.decrypt("import_rejected", "cells", f"{import_id}/{line}", sealed))
        rows.append(Row(line % FILE_STEP, {}, raw, problems.get(line, [])))
    return rows
