"""Published months as programs: real files, real doors, the people of the office, and the published figures beside the found ones.

A story never works out what to expect from what it put in: ``figures`` holds the published numbers, ``report`` reads the services.
"""

from __future__ import annotations

from typing import Final

CENGKARENG: Final = "cengkareng-2025-09"
BUDI_MULIA: Final = "budi-mulia-2025-09"
AUGUST: Final = "august-2025"
MALUKU_UTARA: Final = "maluku-utara-2024"
TANGERANG: Final = "tangerang-2021"
CLEAN: Final = "panti-bersih-2025"
STORIES: Final = (CENGKARENG, BUDI_MULIA, AUGUST, MALUKU_UTARA, TANGERANG, CLEAN)
