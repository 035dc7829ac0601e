"""beneficiary, declared: the runtime starts it as API, as worker, or with the others under one command."""

from __future__ import annotations

from fastapi import APIRouter

from services.beneficiary import api, imports
from services.beneficiary.jobs import jobs
from services.beneficiary.seed import seed
from services.beneficiary.tables import metadata
from shared.runtime import ServiceDefinition

router = APIRouter()
router.include_router(api.router)
router.include_router(imports.router)

service = ServiceDefinition(
    name="beneficiary",
    metadata=metadata,
    migrations="services.beneficiary.migrations",
    router=router,
    jobs=jobs,
    seed=seed,
)
