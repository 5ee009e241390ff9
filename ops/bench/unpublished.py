"""For information beside the bar of the edge: the same edge, but what it accepts is confirmed at once and dropped."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask

from edge import accept
from edge.app import create_app as create_edge
from ops.broker import Message


class Dropping:
    """Takes messages and does nothing with them."""

    blocked = False

    def send(self, message: Message, seconds: float = 0.0) -> None:
        """Drop it."""

    def send_many(self, messages: Iterable[Message], seconds: float = 0.0) -> None:
        """Drop them."""


def create_app() -> Flask:
    """The edge without a broker behind it."""
    accept.publisher = Dropping()  # type: ignore[assignment]
    return create_edge()
