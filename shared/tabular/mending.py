"""The rows that were not taken, as a file to mend and send again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from shared.tabular.cells import harmless
from shared.tabular.columns import MEND_COLUMN, Problem, Row, Template


def write_rows_csv(
    template: Template, rows: Iterable[Row], problems: Iterable[Problem] = (), *, preamble: Sequence[str] | None = None
) -> bytes:
    """CSV (`;`, UTF-8 with mark, CRLF) of the rows' own cells and a last column that says in words what is wrong.

    `problems` are joined to the rows by number, with those that the rows already carry. Cells that a spreadsheet would
    run as formulas, or whose digits it would round, carry an apostrophe; the reader takes it off again.
    """
    by_row: dict[int, list[Problem]] = {}
    for problem in problems:
        by_row.setdefault(problem.row, []).append(problem)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if preamble is not None:
        writer.writerow([harmless(cell) for cell in preamble])
    writer.writerow([*(column.name for column in template.columns), MEND_COLUMN])
    for row in rows:
        told = dict.fromkeys((*row.problems, *by_row.get(row.number, ())))
        words = [f"{problem.column}: {problem.message}" if problem.column else problem.message for problem in told]
        writer.writerow([*map(harmless, row.raw), harmless(" | ".join(words))])
    return out.getvalue().encode("utf-8-sig")
