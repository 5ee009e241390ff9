"""The broker's topology, declared in one place, and what a message looks like on it.

RabbitMQ: quorum queues, a delivery limit, reject-publish back-pressure, dead letters into `parked`.
Valkey or Redis (embedded): the same names; what RabbitMQ does by arguments the worker does by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import orjson
from amqp.exceptions import NotFound
from kombu import Connection, Exchange, Queue

from ops.settings import settings

AREAS = ("merchants", "members", "catalogue", "sales", "points", "reports")
PARKED = "parked"
PROBE = "probe"
DELIVERY_LIMIT = 20
SETTLE_SECONDS = 1.0
VISIBILITY_SECONDS = 30
"""Embedded: a message whose worker died comes back after this long at the latest."""


OPENING, CLOSING = b"[[[", b"]],{},{}]"
"""A message's body: Celery's arguments, of which there is one, the list of envelopes."""
BUNDLE_MAX = 100


class Unpublished(Exception):
    """The broker did not confirm: it is unknown or certain that the message was not taken. Resend is safe."""


@dataclass(frozen=True, slots=True)
class Message:
    """Commands of one name on their way to one queue, as bytes. `id` is that of the first of them."""

    queue: str
    name: str
    id: str
    body: bytes
    count: int = 1

    def headers(self) -> dict[str, Any]:
        """Celery's message protocol 2, without any rendering of the arguments (they may be personal)."""
        return {"lang": "py", "task": self.name, "id": self.id}


def bundle(name: str, wires: list[dict[str, Any]]) -> Message:
    """One message for one or more commands of the same name; it goes to the queue of the name's area."""
    body = OPENING + orjson.dumps(wires)[1:-1] + CLOSING
    return Message(name.partition(".")[0], name, wires[0]["id"], body, len(wires))


def merged(messages: list[Message]) -> Message:
    """Several messages of one command as one."""
    if len(messages) == 1:
        return messages[0]
    first = messages[0]
    inner = b",".join([message.body[len(OPENING) : -len(CLOSING)] for message in messages])
    return Message(first.queue, first.name, first.id, OPENING + inner + CLOSING, sum(m.count for m in messages))


def is_amqp(url: str) -> bool:
    """Whether the broker is RabbitMQ rather than Valkey or Redis."""
    return url.startswith(("amqp", "pyamqp"))


def transport_options(url: str) -> dict[str, Any]:
    """Options of kombu's transport for a broker address: short time-outs, prompt redelivery."""
    if is_amqp(url):
        return {"read_timeout": 4, "write_timeout": 4}
    return {
        "visibility_timeout": VISIBILITY_SECONDS,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 20,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


def connect() -> Connection:
    """A connection for publishing or asking, in a hurry; never kept by a worker, which only consumes."""
    url = settings().broker_url
    options = transport_options(url) | ({} if is_amqp(url) else {"socket_timeout": 2})
    return Connection(url, connect_timeout=2, heartbeat=0, transport_options=options)


def topology(no_declare: bool = False) -> list[Queue]:
    """Every queue of the shop, and `parked`, where RabbitMQ puts what it gave up delivering.

    Workers consume without declaring: queues are made at deploy, once and in one form.
    """
    amqp = is_amqp(settings().broker_url)
    parked = _queue(PARKED, {"x-queue-type": "quorum"} if amqp else None, no_declare)
    return [*(_queue(area, _work_arguments() if amqp else None, no_declare) for area in AREAS), parked]


def declare() -> None:
    """Make every queue; done at deploy, again harmless. Valkey and Redis make a list when it is pushed to.

    RabbitMQ 3.10 loses a quorum queue for good when it is killed within a moment of making it: wait it out.
    """
    if not is_amqp(settings().broker_url):
        return
    fresh = not _declared()
    with connect() as connection:
        channel = connection.default_channel
        probe = {"x-max-length": 1, "x-overflow": "drop-head"}
        for queue in [*topology(), _queue(PROBE, probe)]:
            queue(channel).declare()
    if fresh:
        time.sleep(SETTLE_SECONDS)


def _declared() -> bool:
    try:
        depths()
    except NotFound:
        return False
    return True


def depths() -> dict[str, int]:
    """How many messages stand ready in each queue."""
    with connect() as connection:
        channel: Any = connection.default_channel
        if not is_amqp(settings().broker_url):
            return {name: int(channel.client.llen(name)) for name in AREAS}
        return {name: int(channel.queue_declare(name, passive=True).message_count) for name in (*AREAS, PARKED)}


def _queue(name: str, arguments: dict[str, Any] | None, no_declare: bool = False) -> Queue:
    return Queue(name, Exchange(""), routing_key=name, durable=True, queue_arguments=arguments, no_declare=no_declare)


def _work_arguments() -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-max-length": settings().queue_length_max,
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": PARKED,
        "x-dead-letter-strategy": "at-least-once",
    }
