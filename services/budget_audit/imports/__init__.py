"""The files of this service: budget, treasury documents, and what happens in a panti."""

from services.budget_audit.imports.budget import CASH_PLAN, DPA
from services.budget_audit.imports.panti import CENSUS, CONTRACT
from services.budget_audit.imports.treasury import SP2D, STS

KINDS = (DPA, CASH_PLAN, SP2D, STS, CENSUS, CONTRACT)
