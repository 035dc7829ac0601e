"""What several doors take."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Words = Annotated[str, Field(min_length=3, max_length=2_000)]


Short = Annotated[str, Field(min_length=1, max_length=200)]
