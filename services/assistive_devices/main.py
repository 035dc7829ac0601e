"""The declaration of this service."""

from __future__ import annotations

from fastapi import APIRouter

from services.assistive_devices import api
from services.assistive_devices.imports import DELIVERY
from services.assistive_devices.jobs import jobs
from services.assistive_devices.seed import seed
from services.assistive_devices.tables import metadata
from shared.holidays import follow_holidays
from shared.imports.api import import_router
from shared.runtime import ServiceDefinition

router = APIRouter()
router.include_router(api.router)
router.include_router(import_router(DELIVERY))

service = ServiceDefinition(
    name="assistive_devices",
    metadata=metadata,
    migrations="services.assistive_devices.migrations",
    router=router,
    reactions=(follow_holidays,),
    jobs=jobs,
    seed=seed,
)
