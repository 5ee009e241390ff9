"""How messages become batches: a Celery task strategy that gathers what has arrived, settles it, then acks.

It never waits to fill a batch: a lone command is settled within the linger (1 ms); under load batches form
by themselves. Acknowledged is only what is committed. What nobody can read is parked, never acked away.
Works alike on RabbitMQ and on Celery's Redis transport: every message is acknowledged by itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from amqp.exceptions import ConsumerCancelled
from celery.worker.consumer import Consumer as CeleryConsumer
from marshmallow import ValidationError

from models.base import db
from ops import cache, metrics
from ops.boundaries import boundary
from ops.broker import PARKED
from ops.logs import log
from schemas.base import area_of
from schemas.envelope import read_envelope
from workers.handlers import HANDLERS, Handler, Order
from workers.outcomes import announce, park_orders, settle_doubtful
from workers.parking import BACKOFF_SECONDS, acknowledge, body_of, park_message
from workers.settle import run_after_commit, settle

LINGER_SECONDS = 0.001
TICK_SECONDS = 0.25


@dataclass(slots=True)
class Delivery:
    """A message that has arrived, and the orders in it."""

    message: Any
    orders: list[Order]


class Gatherer:
    """Messages of one command that wait to be settled together."""

    def __init__(self, handler: Handler, consumer: Any) -> None:
        """`consumer` is Celery's: its timer drives the linger and the back-off."""
        self._handler = handler
        self._consumer = consumer
        self._waiting: list[Delivery] = []
        self._failures = 0
        self._due: Any = None
        self._told = time.monotonic()

    def receive(self, message: Any) -> None:
        """Take a message in; settle at once when a batch is full."""
        if message.delivery_info.get("routing_key") == PARKED:
            park_message(message, "given up by the broker after its delivery limit", self._consumer)
            return
        try:
            self._waiting.append(Delivery(message, _orders(self._handler, message)))
        except Exception as error:
            park_message(message, f"unreadable: {type(error).__name__}: {error}", self._consumer)
            return
        if self._failures == 0 and self._size() >= self._handler.batch:
            self.flush()
        elif self._due is None:
            self._due = self._consumer.timer.call_after(LINGER_SECONDS, self.flush)

    def flush(self) -> None:
        """Settle what waits. A fault of the system puts it back and tries again later; nothing is raised."""
        self._due = None
        while self._waiting:
            deliveries = self._take()
            try:
                self._settle(deliveries)
                self._failures = 0
            except Exception as error:
                self._waiting = deliveries + self._waiting
                self._back_off(error)
                return

    def _size(self) -> int:
        return sum(len(delivery.orders) for delivery in self._waiting)

    def _take(self) -> list[Delivery]:
        """The next deliveries that fit one batch; a redelivered one goes by itself, to sink alone if it must."""
        taken: list[Delivery] = []
        count = 0
        while self._waiting:
            following = self._waiting[0]
            alone = _redelivered(following.message)
            if taken and (alone or count + len(following.orders) > self._handler.batch):
                break
            taken.append(self._waiting.pop(0))
            count += len(following.orders)
            if alone:
                break
        return taken

    def _settle(self, deliveries: list[Delivery]) -> None:
        orders = [order for delivery in deliveries for order in delivery.orders]
        if len(deliveries) == 1 and _redelivered(deliveries[0].message):
            culprits = [culprit for order in orders for culprit in settle_doubtful(self._handler, order)]
        else:
            culprits = settle(self._handler, orders)
        park_orders(culprits)
        self._tell_age(orders[0])
        run_after_commit(orders)
        announce(orders)
        boundary("before ack")
        acknowledge([delivery.message for delivery in deliveries], self._consumer)

    def _tell_age(self, order: Order) -> None:
        """At most once a second: the edge turns tills away while what they send would lie too long."""
        at = time.monotonic()
        if at - self._told < 1:
            return
        self._told = at
        age = max(0, int(time.time() - order.envelope.at.timestamp()))
        cache.tell_age(area_of(self._handler.command), age)

    def _back_off(self, error: Exception) -> None:
        delay = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS) - 1)] * random.uniform(0.5, 1.5)
        self._failures += 1
        metrics.retries.labels(self._handler.command.command.partition(".")[0]).inc()
        log.warning("settling failed, trying again", error=f"{type(error).__name__}: {error}", seconds=delay)
        with suppress(Exception):
            db.close()
        if self._due is None:
            self._due = self._consumer.timer.call_after(delay, self.flush)


class Strategy:
    """Celery's hook: called with each message of a registered task."""

    def __init__(self, task: Any, _app: Any, consumer: Any) -> None:
        self._gatherer = Gatherer(HANDLERS[task.name], consumer)

    def __call__(self, message: Any, _body: Any, _ack: Any, _reject: Any, _callbacks: Any, **_kwargs: Any) -> None:
        """Celery hands over a message."""
        self._gatherer.receive(message)


class Consumer(CeleryConsumer):
    """Celery's consumer, which parks whatever it cannot make out instead of acknowledging it away.

    Its connection only consumes: the step that would make queues for delayed delivery is left out, the other
    talkative ones are switched off by the worker's flags.
    """

    task_consumer: Any
    _ticking: Any = None

    class Blueprint(CeleryConsumer.Blueprint):  # type: ignore[valid-type,misc]
        """Celery's steps without delayed delivery: nothing here is scheduled by the broker."""

        default_steps = tuple(
            step for step in CeleryConsumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    def on_ready(self) -> None:
        """The loop looks up four times a second, so that a request to stop is heard while nothing arrives."""
        super().on_ready()
        if not self._ticking:
            self._ticking = self.timer.call_repeatedly(TICK_SECONDS, self._tick)
        self._heed_cancels()

    def _heed_cancels(self) -> None:
        """Connect again when a queue is deleted, also in the first moment, when Celery overhears the broker's word."""
        channel = self.task_consumer.channel
        for tag in getattr(channel, "callbacks", ()):
            channel.cancel_callbacks[tag] = lambda tag: self.call_soon(_lose_queue, tag)

    def _tick(self) -> None:
        metrics.worker_seen.labels(",".join(self.app.amqp.queues.consume_from)).set_to_current_time()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Celery's, from which no exception ever leaves: one would end the worker, and the next, and the next."""
        receive = super().create_task_handler(*args, **kwargs)

        def receive_anything(message: Any) -> None:
            try:
                receive(message)
            except Exception as error:
                park_message(message, f"not our form: {type(error).__name__}: {error}", self)

        return receive_anything

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Bytes that are not what they say they are."""
        park_message(message, f"undecodable: {exc}", self)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Not a command at all."""
        park_message(message, "not a command", self)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """A command no handler of this version knows."""
        park_message(message, "an unknown command", self)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """A command in a form that is not ours."""
        park_message(message, f"not our form: {exc}", self)


def _lose_queue(tag: str) -> None:
    raise ConsumerCancelled(tag)


def _orders(handler: Handler, message: Any) -> list[Order]:
    wires = orjson.loads(body_of(message))[0][0]
    orders = [handler.read(read_envelope(wire)) for wire in wires]
    if not orders or any(order.envelope.name != handler.command.command for order in orders):
        raise ValidationError("a bundle is empty or holds another command")
    return orders


def _redelivered(message: Any) -> bool:
    return bool(message.delivery_info.get("redelivered") or (message.headers or {}).get("redelivered"))
