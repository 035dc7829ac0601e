"""The files that disbursement takes: accounts and cards, months from before Ritme."""

from __future__ import annotations

from shared.imports.api import import_router

router = import_router()
