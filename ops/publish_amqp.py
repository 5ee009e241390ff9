"""Confirmed publishing: a message is on the broker's disk when `send` returns, else it raises.

One thread owns one connection. What has gathered while it waited for the confirms before goes out at once,
commands of one name as one message: under load the broker and the workers handle bundles, a lone sale goes
alone. Persistent, mandatory. After any failure the
connection is thrown away unread: a late confirm must never be taken for the next message's (reliability
research, R4 and R6). A connection found stale is replaced once. While the broker is blocked a breaker
answers at once, and a probe to its own queue closes it again.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import amqp
from kombu import Connection

from ops import metrics
from ops.broker import BUNDLE_MAX, PROBE, Message, Unpublished, connect, merged

CONFIRM_SECONDS = 2.0
SEND_SECONDS = 2 * CONFIRM_SECONDS + 0.5
GATHER_MAX = 256
PROBE_SECONDS = 1.0


class Ticket:
    """One message waiting for its confirm."""

    __slots__ = ("done", "message", "reason", "retried")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.done = threading.Event()
        self.reason: str | None = "no confirm in time"
        self.retried = False

    def close(self, reason: str | None) -> None:
        """Confirmed when `reason` is none."""
        self.reason = reason
        self.done.set()


class AmqpPublisher:
    """Publishes to RabbitMQ from any number of threads over one connection."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Ticket] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._channel: Any = None
        self._next_tag = 1
        self._unconfirmed: dict[int, tuple[str, list[Ticket]]] = {}
        self._returned: list[str] = []
        self.blocked = False

    def send(self, message: Message, seconds: float = SEND_SECONDS) -> None:
        """Publish and wait for the confirm; `Unpublished` within so many seconds otherwise."""
        self.send_many([message], seconds)

    def send_many(self, messages: Iterable[Message], seconds: float = SEND_SECONDS) -> None:
        """Publish all, then wait for all; raises when any was not confirmed."""
        if self.blocked:
            raise Unpublished("the broker does not confirm at present")
        self._start()
        tickets = [Ticket(message) for message in messages]
        for ticket in tickets:
            self._inbox.put(ticket)
        deadline = time.monotonic() + min(seconds, SEND_SECONDS)
        for ticket in tickets:
            ticket.done.wait(max(0.0, deadline - time.monotonic()))
        failed = next((ticket.reason for ticket in tickets if ticket.reason), None)
        metrics.publishes.labels("refused" if failed else "confirmed").inc(len(tickets))
        if failed:
            raise Unpublished(failed)

    def recover(self) -> int:
        """Nothing to do: RabbitMQ keeps a message until it is acknowledged."""
        return 0

    def _start(self) -> None:
        if self._thread and self._thread.is_alive():
            return
        with self._lock:
            if not (self._thread and self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            tickets = self._gather()
            if tickets:
                self._publish_or_fail(tickets)
            elif self.blocked:
                self._probe()

    def _gather(self) -> list[Ticket]:
        tickets: list[Ticket] = []
        with suppress(queue.Empty):
            tickets.append(self._inbox.get(timeout=PROBE_SECONDS if self.blocked else None))
            while len(tickets) < GATHER_MAX:
                tickets.append(self._inbox.get_nowait())
        return tickets

    def _publish_or_fail(self, tickets: list[Ticket]) -> None:
        try:
            self._publish(tickets)
        except Exception as error:
            stale = self._connection is not None and not isinstance(error, TimeoutError)
            self._drop_connection()
            again = [ticket for ticket in tickets if not ticket.done.is_set() and not ticket.retried]
            if stale and again:
                self._once_more(again)
            else:
                self._fail(tickets, f"{type(error).__name__}: {error}")

    def _once_more(self, tickets: list[Ticket]) -> None:
        for ticket in tickets:
            ticket.retried = True
        self._publish_or_fail(tickets)

    def _fail(self, tickets: list[Ticket], reason: str) -> None:
        self.blocked = True
        for ticket in tickets:
            if not ticket.done.is_set():
                ticket.close(reason)

    def _publish(self, tickets: list[Ticket]) -> None:
        channel = self._channel or self._open()
        for together in _alike(tickets):
            message = merged([ticket.message for ticket in together])
            self._unconfirmed[self._next_tag] = (message.id, together)
            self._next_tag += 1
            channel.basic_publish(_amqp(message), "", message.queue, mandatory=True)
        deadline = time.monotonic() + CONFIRM_SECONDS
        while self._unconfirmed:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no confirm in time")
            with suppress(socket.timeout):
                channel.connection.drain_events(timeout=left)

    def _open(self) -> Any:
        self._connection = connect()
        channel: Any = self._connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._next_tag = 1
        self._channel = channel
        return channel

    def _settle(self, tag: int, multiple: bool, reason: str | None) -> None:
        tags = [each for each in self._unconfirmed if each <= tag] if multiple else [tag]
        for each in tags:
            message_id, tickets = self._unconfirmed.pop(each, ("", []))
            lost = message_id in self._returned
            if lost:
                self._returned.remove(message_id)
            for ticket in tickets:
                ticket.close("no such queue" if lost else reason)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, None)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, "the queue is full")

    def _on_return(self, _error: Any, _exchange: str, _key: str, message: Any) -> None:
        self._returned.append(message.properties.get("message_id"))

    def _drop_connection(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        self._unconfirmed.clear()
        self._returned.clear()
        if connection is not None:
            with suppress(Exception):
                connection.collect(0.1)

    def _probe(self) -> None:
        ticket = Ticket(Message(PROBE, "probe", "probe", b"[]"))
        ticket.retried = True
        with suppress(Exception):
            self._publish([ticket])
        self.blocked = ticket.reason is not None
        if self.blocked:
            self._drop_connection()


def _alike(tickets: list[Ticket]) -> list[list[Ticket]]:
    """Tickets that can travel as one message: of the same command, as many as fit a batch."""
    groups: dict[str, list[list[Ticket]]] = {}
    for ticket in tickets:
        of_name = groups.setdefault(ticket.message.name, [[]])
        if sum(each.message.count for each in of_name[-1]) + ticket.message.count > BUNDLE_MAX:
            of_name.append([])
        of_name[-1].append(ticket)
    return [group for of_name in groups.values() for group in of_name if group]


def _amqp(message: Message) -> amqp.Message:
    return amqp.Message(
        message.body,
        application_headers=message.headers(),
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        message_id=message.id,
    )
