"""disbursement, declared: the runtime starts it as API, as worker, or with the others under one command."""

from __future__ import annotations

from fastapi import APIRouter

from services.disbursement.api import router as doors
from services.disbursement.imports import router as imports
from services.disbursement.jobs import jobs
from services.disbursement.reactions import on_parked, reactions
from services.disbursement.seed import seed
from services.disbursement.tables import metadata
from shared.runtime import ServiceDefinition
from shared.webhooks.api import router as webhooks

router = APIRouter()
router.include_router(imports)
router.include_router(doors)
router.include_router(webhooks)

service = ServiceDefinition(
    name="disbursement",
    metadata=metadata,
    migrations="services.disbursement.migrations",
    router=router,
    reactions=reactions,
    jobs=jobs,
    on_parked=on_parked,
    webhooks=True,
    seed=seed,
)
