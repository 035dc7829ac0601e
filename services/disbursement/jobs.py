"""Clock work of disbursement."""

from __future__ import annotations

from shared.messaging.reactions import Job

jobs: tuple[Job, ...] = ()
