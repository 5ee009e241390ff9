"""Confirmed publishing: a message is on the broker's disk when `send` returns, else it raises `Unpublished`."""

from __future__ import annotations

from ops.broker import Unpublished, is_amqp
from ops.publish_amqp import AmqpPublisher
from ops.publish_list import ListPublisher
from ops.settings import settings

Publisher = AmqpPublisher | ListPublisher
__all__ = ["AmqpPublisher", "ListPublisher", "Publisher", "Unpublished", "open_publisher"]


def open_publisher() -> Publisher:
    """The publisher for this installation's broker."""
    return AmqpPublisher() if is_amqp(settings().broker_url) else ListPublisher()
