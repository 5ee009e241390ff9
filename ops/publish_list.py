"""Publishing to Valkey or Redis: the push is answered once it is in the append-only file.

Celery's transport pops a message first and writes it down as unacknowledged after: a worker killed in between
would take it along. So every message is also written into a hash of what is owed, from which the worker takes
it once it is settled; what stays there while its queue is empty is pushed again (repeats are absorbed).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import orjson

from ops import metrics
from ops.broker import AREAS, VISIBILITY_SECONDS, Message, Unpublished, connect
from ops.settings import settings

SEND_SECONDS = 4.5
PROBE_SECONDS = 1.0
LOST_SECONDS = VISIBILITY_SECONDS + 5


class ListPublisher:
    """Publishes to Valkey or Redis: the push is answered once it is in the append-only file."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._next_try = 0.0
        self.blocked = False

    def send(self, message: Message, seconds: float = SEND_SECONDS) -> None:
        """Publish; `Unpublished` when the store does not take it. A connection found stale is replaced once.

        While the store is away one sender a second tries for all; the others are told at once.
        """
        began = time.monotonic()
        if self.blocked and began < self._next_try:
            raise self._refused("the store does not answer at present")
        self._next_try = began + seconds
        for last in (False, True):
            try:
                self._push(message)
            except Unpublished as error:
                raise self._refused(str(error)) from error
            except Exception as error:
                self._drop()
                if last or time.monotonic() - began > seconds / 2:
                    self.blocked, self._next_try = True, time.monotonic() + PROBE_SECONDS
                    raise self._refused(f"{type(error).__name__}: {error}") from error
            else:
                self.blocked = False
                metrics.publishes.labels("confirmed").inc()
                return

    def _refused(self, why: str) -> Unpublished:
        metrics.publishes.labels("refused").inc()
        return Unpublished(why)

    def send_many(self, messages: Iterable[Message]) -> None:
        """Publish all."""
        for message in messages:
            self.send(message)

    def recover(self) -> int:
        """Push again what was taken from its queue long ago and has not been settled; how many messages."""
        client = self._producer().channel.client
        before = time.time() - LOST_SECONDS
        lost = [
            message
            for queue in AREAS
            if client.llen(queue) == 0
            for _, written in client.hscan_iter(_owed(queue))
            for at, message in [_read(queue, written)]
            if at < before
        ]
        self.send_many(lost)
        return len(lost)

    def _push(self, message: Message) -> None:
        producer = self._producer()
        pipe = producer.channel.client.pipeline(transaction=False)
        pipe.llen(message.queue)
        pipe.hset(_owed(message.queue), _digest(message.body), _written_down(message))
        if pipe.execute()[0] >= settings().queue_length_max:
            producer.channel.client.hdel(_owed(message.queue), _digest(message.body))
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


def forget_owed(messages: list[Any]) -> None:
    """These messages of one queue, as a worker has them, are settled. On RabbitMQ the acknowledgement says it all."""
    borrow = getattr(messages[0].channel, "conn_or_acquire", None)  # its own client is blocked in a pop
    if borrow is None:
        return
    with suppress(Exception), borrow() as client:
        queue = messages[0].delivery_info.get("routing_key")
        client.hdel(_owed(queue), *[_digest(_bytes(message.body)) for message in messages])


def _owed(queue: str) -> str:
    return f"owed:{queue}"


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _written_down(message: Message) -> bytes:
    return orjson.dumps([time.time(), message.name, message.id, message.body.decode(), message.count])


def _read(queue: str, written: bytes) -> tuple[float, Message]:
    at, name, id_, body, count = orjson.loads(written)
    return at, Message(queue, name, id_, body.encode(), count)
