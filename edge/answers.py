"""Tills that wait for their answer: the worker announces it on this process's channel after the commit."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import orjson

from ops.cache import Listener


class Waiter:
    """One request that waits."""

    __slots__ = ("event", "outcome")

    def __init__(self) -> None:
        self.event = threading.Event()
        self.outcome: dict[str, Any] | None = None


class Answers:
    """Waiting requests of this process, by command and body: two bodies under one key hear different outcomes."""

    def __init__(self) -> None:
        """Every process has its own channel, so that it hears only what it asked for."""
        self.channel = f"answers:{uuid.uuid4().hex}"
        self._waiting: dict[str, list[Waiter]] = {}
        self._lock = threading.Lock()
        self._listener = Listener([self.channel], self._hear)

    def expect(self, awaited: str) -> Waiter:
        """Begin to wait, before the command is published."""
        self._listener.start()
        waiter = Waiter()
        with self._lock:
            self._waiting.setdefault(awaited, []).append(waiter)
        return waiter

    def forget(self, awaited: str, waiter: Waiter) -> None:
        """Wait no longer."""
        with self._lock:
            waiters = self._waiting.get(awaited, [])
            if waiter in waiters:
                waiters.remove(waiter)
            if not waiters:
                self._waiting.pop(awaited, None)

    def _hear(self, _channel: str, payload: bytes) -> None:
        for awaited, outcome in orjson.loads(payload).items():
            with self._lock:
                waiters = list(self._waiting.get(awaited, []))
            for waiter in waiters:
                waiter.outcome = outcome
                waiter.event.set()


answers = Answers()
