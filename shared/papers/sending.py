"""A paper as the answer of a door."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from shared.papers.paper import PaperWriter
from shared.papers.pdf import PdfWriter
from shared.papers.workbook import WorkbookWriter

FORMS: Final = ("xlsx", "pdf")
_MEDIA: Final = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


def writer_of(form: str, footer: str) -> PaperWriter:
    return WorkbookWriter() if form == "xlsx" else PdfWriter(footer)


async def paper_file(name: str, form: str, write: Callable[[Path], Awaitable[None]]) -> FileResponse:
    """What ``write`` writes, sent and then forgotten."""
    folder = Path(tempfile.mkdtemp(prefix="ritme-paper-"))  # names and account numbers: gone once it is sent
    try:
        await write(folder / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / name, media_type=_MEDIA[form], filename=name, background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    )
