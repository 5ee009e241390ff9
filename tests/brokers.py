"""A broker of one's own, of the profile's kind, that a test may pause, kill and fill."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ops import broker
from ops.children import Warden
from ops.servers.keyvalue import EmbeddedKeyValue
from ops.servers.rabbitmq import RabbitMQ
from ops.servers.server import Server
from ops.settings import settings


class PrivateBroker:
    """RabbitMQ or the embedded key-value server; `environment` is what a process needs to use it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.rabbit = settings().profile == "cluster"
        self._warden = Warden()
        self.server: Server = RabbitMQ(folder, self._warden) if self.rabbit else EmbeddedKeyValue(folder, self._warden)
        url = self.server.url if self.rabbit else f"redis+socket://{folder}/kv.sock?virtual_host=0"
        self.environment = {"BROKER_URL": url} | environment

    def waiting(self, queue: str) -> list[Any]:
        """The messages of a queue, taken off it."""
        with self.used(), broker.connect() as connection:
            channel: Any = connection.default_channel
            taken = []
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                taken.append(message if hasattr(message, "body") else channel.message_to_python(message))
            return taken

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within, this process's broker is this one."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        settings.cache_clear()
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            settings.cache_clear()

    def close(self) -> None:
        """Stop it."""
        self.server.stop()
        self._warden.close()


@contextmanager
def private_broker(**environment: str) -> Iterator[PrivateBroker]:
    """A broker with the shop's queues, running for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        running = PrivateBroker(Path(folder), **environment)
        running.server.start()
        try:
            with running.used():
                broker.declare()
            yield running
        finally:
            running.close()
