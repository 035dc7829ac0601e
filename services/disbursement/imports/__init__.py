"""The files that disbursement takes: accounts, months from before Ritme, statements (the bank's results have doors of their own)."""

from __future__ import annotations

from services.disbursement.channels.column_file import RESULTS
from services.disbursement.imports.accounts import ACCOUNTS
from services.disbursement.imports.carry_in import CARRY_IN
from services.disbursement.imports.statement import STATEMENT
from shared.imports.api import import_router

router = import_router(ACCOUNTS, CARRY_IN, STATEMENT, extra_templates=(RESULTS,))
