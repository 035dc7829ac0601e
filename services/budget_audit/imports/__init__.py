"""The files of this service: budget, treasury documents, and what happens in a panti."""

from services.budget_audit.imports.budget import CASH_PLAN, DPA
from services.budget_audit.imports.counted import KITCHEN, MOVEMENT, STAFF
from services.budget_audit.imports.documents import DOCUMENTS
from services.budget_audit.imports.panti import CENSUS, CONTRACT
from services.budget_audit.imports.spd import SPD
from services.budget_audit.imports.supply import HANDOVER, INVOICE, SSH, SUPPLY
from services.budget_audit.imports.treasury import SP2D, STS

REALITY = tuple(plain.kind() for plain in (SUPPLY, SSH, HANDOVER, INVOICE, KITCHEN, STAFF, MOVEMENT))
KINDS = (DPA, CASH_PLAN, SPD, SP2D, STS, DOCUMENTS, CENSUS, CONTRACT, *REALITY)
