"""The files that disbursement takes: accounts and cards, months from before Ritme (the bank's results have doors of their own)."""

from __future__ import annotations

from services.disbursement.channels.column_file import RESULTS
from services.disbursement.imports.accounts import ACCOUNTS
from services.disbursement.imports.carry_in import CARRY_IN
from shared.imports.api import import_router

router = import_router(ACCOUNTS, CARRY_IN, extra_templates=(RESULTS,))
