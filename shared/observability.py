"""Logs are facts with fields, on standard error; every line carries the correlation id it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.kernel import context


def _correlate(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    correlation = context.correlation_id.get()
    if correlation:
        event["correlation_id"] = correlation
    return event


def configure_logging(process: str) -> None:
    """JSON lines where a machine reads them, short lines where a person does."""
    person = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer(colors=person) if person else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _correlate,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
