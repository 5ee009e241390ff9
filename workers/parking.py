"""Messages nobody can settle are put aside whole, for a person to look at; only then are they acknowledged."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from models import receipts
from models.base import NOBODY, db
from models.faults import is_transient
from ops import metrics
from ops.broker import Message
from ops.logs import log
from ops.publish_list import forget_owed

BYTES = (bytes, bytearray, memoryview)
BACKOFF_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


def park_message(message: Any, why: str, consumer: Any, failures: int = 0) -> None:
    """Put a whole message aside as it came, and only then acknowledge it."""
    try:
        with db.transact():
            receipts.park([(NOBODY, _id_of(message), _raw(message), why)])
    except Exception as error:
        if not is_transient(error):
            log.exception("a message cannot even be parked; it stays on its queue")
            return
        with suppress(Exception):
            db.close()
        delay = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
        consumer.timer.call_after(delay, park_message, (message, why, consumer, failures + 1))
        return
    log.error("parked a message", why=why, queue=message.delivery_info.get("routing_key"))
    metrics.parked.labels(message.delivery_info.get("routing_key") or "").inc()
    acknowledge([message], consumer)


def acknowledge(messages: list[Any], consumer: Any) -> None:
    """Messages of one queue whose fate is committed: the broker may forget them."""
    for message in messages:
        message.ack_log_error(log, consumer.connection_errors)
    forget_owed(messages)


def body_of(message: Any) -> bytes:
    """The bytes of a message, as it came."""
    body = message.body
    return bytes(body) if isinstance(body, BYTES) else str(body).encode("utf-8", "backslashreplace")


def _raw(message: Any) -> Message:
    headers = message.headers or {}
    queue = message.delivery_info.get("routing_key") or ""
    return Message(queue[:20], str(headers.get("task", "")), str(headers.get("id", "")), body_of(message))


def _id_of(message: Any) -> UUID:
    with suppress(LookupError, ValueError, TypeError, AttributeError):
        return UUID(str(message.headers["id"]))
    return NOBODY
