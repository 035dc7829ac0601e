"""Which request or event this work belongs to; bound at the edge, read by outbox and log."""

from __future__ import annotations

from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""One id through every service that a request or file sets in motion."""

causation_id: ContextVar[str] = ContextVar("causation_id", default="")
"""The event that caused this command; empty where a person did."""
