"""Redis beside the truth: hot reads, rate limits, answers to waiting tills, word of revocations.

Nothing here decides a figure: everything may vanish at any moment (`FLUSHALL`) and is found again in the
database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops.settings import settings

REVOKED = "revoked"
"""The channel on which every edge hears whose tokens end now."""


AGE_KNOWN_SECONDS = 5


@lru_cache
def client() -> redis.Redis:
    """This process's client: short time-outs, one retry; callers live with its absence."""
    return redis.Redis.from_url(
        settings().redis_url,
        socket_timeout=1.0,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 1),
        protocol=2,
        health_check_interval=30,
    )


def remember(key: str, seconds: int, make: Callable[[], Any]) -> Any:
    """A JSON value kept for some seconds; made afresh when Redis has it not, or is away."""
    try:
        kept = client().get(key)
        if kept is not None:
            return orjson.loads(kept)
        value = make()
        client().set(key, orjson.dumps(value), ex=seconds)
        return value
    except redis.RedisError:
        return make()


def forget(*keys: str) -> None:
    """Drop cached values after a change; a Redis that is away has nothing to serve either."""
    try:
        client().delete(*keys)
    except redis.RedisError:
        return


def tell_age(queue: str, seconds: int) -> None:
    """A worker says how old the command was that it settled last; nobody saying so means nothing is known."""
    try:
        client().set(f"age:{queue}", seconds, ex=AGE_KNOWN_SECONDS)
    except redis.RedisError:
        return


def age_of(queue: str) -> int:
    """How old a queue's commands get before they are settled, in seconds; 0 when nobody says."""
    try:
        return int(client().get(f"age:{queue}") or 0)
    except redis.RedisError:
        return 0


def announce(channel: str, payload: bytes) -> None:
    """Tell whoever waits on a channel. Who misses it reads the database."""
    try:
        client().publish(channel, payload)
    except redis.RedisError:
        return


def announce_many(messages: list[tuple[str, bytes]]) -> None:
    """Several announcements in one round trip."""
    try:
        pipe = client().pipeline(transaction=False)
        for channel, payload in messages:
            pipe.publish(channel, payload)
        pipe.execute()
    except redis.RedisError:
        return


class Listener:
    """A thread that hears announcements on some channels; `healthy` tells whether it can be relied upon."""

    def __init__(self, channels: list[str], on_message: Callable[[str, bytes], None]) -> None:
        """`on_message(channel, payload)` runs on the listener's thread."""
        self._channels = channels
        self._on_message = on_message
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self.epoch = 0
        self.healthy = False

    def start(self) -> None:
        """Begin to listen, once per process (a fork starts its own)."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError):
                self._lose()
                self._stopped.wait(0.2)

    def _lose(self) -> None:
        self.healthy = False
        self.epoch += 1

    def _listen(self) -> None:
        url = settings().redis_url
        with redis.Redis.from_url(url, socket_timeout=2.0, protocol=2) as connection:
            pubsub = connection.pubsub()
            pubsub.subscribe(*self._channels)
            self.epoch += 1
            pinged = False
            while not self._stopped.is_set():
                message = pubsub.get_message(timeout=1.0)
                if message is None:
                    if pinged:
                        raise redis.ConnectionError("no answer to a ping")
                    pubsub.ping()
                    pinged = True
                    continue
                pinged = False
                self.healthy = True
                if message["type"] == "message":
                    self._on_message(message["channel"].decode(), message["data"])
            pubsub.close()
