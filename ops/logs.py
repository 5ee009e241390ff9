"""Structured logs: one JSON object a line, one request id from the request to the SQL, nothing personal."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

trace: ContextVar[str] = ContextVar("trace", default="")
"""The request id this thread or task is working for."""

SAFE_TRACE = re.compile(r"^[A-Za-z0-9-]{1,64}\Z")
PERSONAL = ("phone", "name", "login", "password", "pin", "key", "token", "authorization", "card")
OURS = ("id", "request_id", "timestamp")
NUMBER = re.compile(r"\+\d[\d ()-]{6,}\d|(?<![\w-])\d{10,}(?![\w-])")
"""What may be a phone or a card: after a plus, or ten digits and more in a row."""


def _with_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace.get():
        event.setdefault("request_id", trace.get())
    return event


def _without_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name in PERSONAL:
            event[name] = "…"
        elif isinstance(value, str) and name not in OURS:
            event[name] = NUMBER.sub("…", value)
    return event


class _JsonLines(logging.Formatter):
    """Other libraries' lines in the same form; long digit runs, which may be phones, are masked."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {"event": NUMBER.sub("…", record.getMessage()), "level": record.levelname.lower()}
        if record.exc_info:
            event["exception"] = NUMBER.sub("…", self.formatException(record.exc_info))
        event |= {"logger": record.name, "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S")}
        return str(structlog.processors.JSONRenderer()(None, "", _with_trace(None, "", event)))


def start(level: str = "INFO") -> None:
    """Send everything this process logs to its standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _with_trace,
            _without_personal,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )


log = structlog.get_logger()
