"""Names of kelurahan and kecamatan by area code (Kemendagri), from the reference file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shared.kernel import data


@lru_cache
def area_names() -> Mapping[str, str]:
    return {row["kode"]: row["nama"] for row in data.rows("jakarta_wilayah_kemendagri.csv")}


def place(area: str) -> tuple[str, str]:
    """Kelurahan and kecamatan of an area code; the code itself where it is not in the file."""
    names = area_names()
    return names.get(area, area), names.get(area[:8], area[:8])
