"""Publishing to Valkey or Redis: the push is answered once it is in the append-only file."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ops import metrics
from ops.broker import Message, Unpublished, connect
from ops.settings import settings

SEND_SECONDS = 4.5


class ListPublisher:
    """Publishes to Valkey or Redis: the push is answered once it is in the append-only file."""

    def __init__(self) -> None:
        self._local = threading.local()
        self.blocked = False

    def send(self, message: Message, seconds: float = SEND_SECONDS) -> None:
        """Publish; `Unpublished` when the store does not take it. A connection found stale is replaced once."""
        began = time.monotonic()
        for last in (False, True):
            try:
                self._push(message)
                metrics.publishes.labels("confirmed").inc()
                return
            except Exception as error:
                self._drop()
                if last or isinstance(error, Unpublished) or time.monotonic() - began > seconds / 2:
                    metrics.publishes.labels("refused").inc()
                    raise Unpublished(f"{type(error).__name__}: {error}") from error

    def send_many(self, messages: Iterable[Message]) -> None:
        """Publish all."""
        for message in messages:
            self.send(message)

    def _push(self, message: Message) -> None:
        producer = self._producer()
        client = producer.channel.client
        if client.llen(message.queue) >= settings().queue_length_max:
            raise Unpublished("the queue is full")
        producer.publish(
            message.body,
            exchange="",
            routing_key=message.queue,
            headers=message.headers(),
            content_type="application/json",
            content_encoding="utf-8",
            message_id=message.id,
        )

    def _producer(self) -> Any:
        if not hasattr(self._local, "producer"):
            self._local.connection = connect()
            self._local.producer = self._local.connection.Producer()
        return self._local.producer

    def _drop(self) -> None:
        if hasattr(self._local, "producer"):
            with suppress(Exception):
                self._local.connection.collect(0.1)
            del self._local.producer, self._local.connection
