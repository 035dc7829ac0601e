"""beneficiary, declared: the runtime starts it as API, as worker, or with the others under one command."""

from __future__ import annotations

from services.beneficiary.api import router
from services.beneficiary.seed import seed
from services.beneficiary.tables import metadata
from shared.runtime import ServiceDefinition

service = ServiceDefinition(
    name="beneficiary",
    metadata=metadata,
    migrations="services.beneficiary.migrations",
    router=router,
    seed=seed,
)
