"""The broker as a storm needs it: what waits in it, and what no well-behaved client would do to it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import redis
import urllib3
from kombu import Connection

from ops.broker import AREAS, PARKED
from ops.servers.keyvalue import socket_of

PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as bytes, with the headers and the content type it claims to have."""

    queue: str
    body: bytes
    headers: dict[str, Any] = field(default_factory=dict)
    content_type: str = "application/json"


class RabbitQueues:
    """RabbitMQ by its own protocol and its management API."""

    def __init__(self, url: str, management_url: str) -> None:
        self._url = url
        parts = urlsplit(management_url)
        account = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()
        self._management = f"{parts.scheme}://{parts.hostname}:{parts.port}/api"
        self._headers = {"Authorization": f"Basic {base64.b64encode(account).decode()}"}

    def waiting(self) -> int:
        """How many messages stand ready, in all queues."""
        with self._channel() as channel:
            return sum(channel.queue_declare(name, passive=True).message_count for name in (*AREAS, PARKED))

    def ready(self, queue: str) -> tuple[int, int]:
        """Of one queue: messages ready, and consumers."""
        with self._channel() as channel:
            found = channel.queue_declare(queue, passive=True)
            return int(found.message_count), int(found.consumer_count)

    def put(self, message: Raw) -> None:
        """Publish, confirmed."""
        with self._channel() as channel:
            _publish(channel, message)

    def double(self, queue: str, most: int) -> int:
        """Take messages off a queue and give them back twice, the last first; how many were taken."""
        with self._channel() as channel:
            taken = list(self._taken(channel, queue, most))
            for message in [*reversed(taken), *reversed(taken)]:
                _publish(channel, _raw(queue, message))
            for message in taken:
                channel.basic_ack(message.delivery_tag)
        return len(taken)

    def delete(self, queue: str) -> None:
        """Delete a queue with all that is in it."""
        with self._channel() as channel:
            channel.queue_delete(queue)

    def limit(self, queue: str, most: int | None) -> None:
        """Hold a queue to so many messages, or lift the limit."""
        path = f"policies/%2F/storm-{queue}"
        if most is None:
            self._manage("DELETE", path)
            return
        policy = {"pattern": f"^{queue}$", "definition": {"max-length": most}, "apply-to": "queues"}
        self._manage("PUT", path, policy)

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        options = {"confirm_publish": True, "read_timeout": 5, "write_timeout": 5}
        connection = Connection(self._url, connect_timeout=3, heartbeat=0, transport_options=options)
        try:
            yield connection.default_channel
        finally:
            connection.collect(0.5)

    def _taken(self, channel: Any, queue: str, most: int) -> Iterator[Any]:
        for _ in range(most):
            message = channel.basic_get(queue)
            if message is None:
                return
            yield message

    def _manage(self, method: str, path: str, body: Any = None) -> None:
        url = f"{self._management}/{path}"
        answer = urllib3.request(method, url, body=orjson.dumps(body), headers=self._headers, timeout=10)
        if answer.status >= 300 and answer.status != 404:
            raise RuntimeError(f"the broker answered {method} {path} with {answer.status}")


class ListQueues:
    """The embedded profile's queues: lists of Valkey, what its consumers hold, and what is not known to be settled."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def waiting(self) -> int:
        """How many entries are left of messages; none when all are settled."""
        with redis.Redis(unix_socket_path=str(socket_of(self._home)), socket_timeout=5) as client:
            pipe = client.pipeline()
            pipe.hlen("unacked")
            for name in AREAS:
                pipe.llen(name)
                pipe.hlen(f"owed:{name}")
            return sum(map(int, pipe.execute()))


def _publish(channel: Any, message: Raw) -> None:
    prepared = channel.prepare_message(
        message.body,
        content_type=message.content_type,
        content_encoding="utf-8",
        headers=message.headers,
        properties={"delivery_mode": PERSISTENT, "message_id": str(message.headers.get("id", ""))},
    )
    channel.basic_publish(prepared, "", message.queue, mandatory=True, confirm_timeout=4)


def _raw(queue: str, message: Any) -> Raw:
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    headers = {name: value for name, value in message.headers.items() if not name.startswith("x-")}
    return Raw(queue, body, headers, message.properties["content_type"])
