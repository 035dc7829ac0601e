"""The files that disbursement takes, but for the bank's results, which have doors of their own."""

from __future__ import annotations

from services.disbursement.channels.column_file import RESULTS
from services.disbursement.imports.account_opening import ACCOUNT_OPENING
from services.disbursement.imports.accounts import ACCOUNTS
from services.disbursement.imports.card_distribution import CARD_DISTRIBUTION
from services.disbursement.imports.carry_in import CARRY_IN
from services.disbursement.imports.statement import STATEMENT
from shared.imports.api import import_router

router = import_router(ACCOUNTS, ACCOUNT_OPENING, CARD_DISTRIBUTION, CARRY_IN, STATEMENT, extra_templates=(RESULTS,))
