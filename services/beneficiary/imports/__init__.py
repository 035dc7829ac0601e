"""Files that beneficiary takes: a decree's list, status changes, the daily books of the panti."""

from __future__ import annotations

from services.beneficiary.imports.daily_book import daily_book_kind
from services.beneficiary.imports.decree import decree_kind
from services.beneficiary.imports.status import status_kind
from shared.imports.api import import_router

router = import_router(decree_kind, status_kind, daily_book_kind)
