"""The declaration of this service."""

from __future__ import annotations

from fastapi import APIRouter

from services.budget_audit import api
from services.budget_audit.imports import KINDS
from services.budget_audit.jobs import jobs
from services.budget_audit.reactions import reactions
from services.budget_audit.seed import seed
from services.budget_audit.tables import metadata
from shared.imports.api import import_router
from shared.runtime import ServiceDefinition

router = APIRouter()
router.include_router(api.router)
router.include_router(import_router(*KINDS))

service = ServiceDefinition(
    name="budget_audit",
    metadata=metadata,
    migrations="services.budget_audit.migrations",
    router=router,
    reactions=reactions,
    jobs=jobs,
    seed=seed,
)
