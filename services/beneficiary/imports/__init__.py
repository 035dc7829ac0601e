"""Files that beneficiary takes: a decree's list and status changes."""

from __future__ import annotations

from services.beneficiary.imports.decree import decree_kind
from services.beneficiary.imports.status import status_kind
from shared.imports.api import import_router

router = import_router(decree_kind, status_kind)
