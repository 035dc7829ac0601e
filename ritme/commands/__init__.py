"""One module per subject; each adds its commands to the root and knows nothing but doors."""

from __future__ import annotations

from typing import Final

SERVICES: Final = ("beneficiary", "disbursement", "budget_audit", "assistive_devices")
