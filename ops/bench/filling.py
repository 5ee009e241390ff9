"""Filling a queue before a run: each message as it is given, confirmed, and never merged with its neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import amqp

from ops import broker
from ops.broker import Message

AT_ONCE = 1000


class NotTaken(RuntimeError):
    """The broker refused a message of the filling."""


class Confirms:
    """Which messages of a channel are not confirmed yet."""

    def __init__(self, channel: Any) -> None:
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        self._connection = channel.connection
        self._open: set[int] = set()
        self._next = 1

    def expect(self) -> None:
        """One more message was sent."""
        self._open.add(self._next)
        self._next += 1

    def wait(self) -> None:
        """Return once all are confirmed."""
        while self._open:
            self._connection.drain_events(timeout=10)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._open -= {each for each in self._open if each <= tag} if multiple else {tag}

    def _on_nack(self, tag: int, _multiple: bool) -> None:
        raise NotTaken(f"the broker refused message {tag}: the queue is full")


def fill(messages: Iterable[Message]) -> None:
    """Put messages on their queue, persistent and confirmed."""
    waiting = iter(messages)
    with broker.connect() as connection:
        channel: Any = connection.channel()
        confirms = Confirms(channel)
        while some := list(islice(waiting, AT_ONCE)):
            for message in some:
                channel.basic_publish(_persistent(message), "", message.queue, mandatory=True)
                confirms.expect()
            confirms.wait()


def _persistent(message: Message) -> amqp.Message:
    return amqp.Message(
        message.body,
        application_headers=message.headers(),
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        message_id=message.id,
    )
