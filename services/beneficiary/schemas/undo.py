"""What the doors of taking a file back take in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class UndoRequest(BaseModel):
    """``document``: the paper that says the file was wrong."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    reason: Annotated[str, Field(min_length=3, max_length=300)]
    document: Annotated[str, Field(min_length=3, max_length=200)]


class Nothing(BaseModel):
    """An empty body."""

    model_config = ConfigDict(extra="forbid")
