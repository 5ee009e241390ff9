"""Private MariaDB, RabbitMQ and Redis under one folder, for tests, benches and storms."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from ops.children import Warden
from ops.servers.keyvalue import Redis
from ops.servers.mariadb import MariaDB
from ops.servers.rabbitmq import RabbitMQ
from ops.servers.server import Server


class Servers:
    """The three servers of the cluster profile, on free loopback ports, durable, gone when we are gone."""

    def __init__(self, folder: Path, *, buffer_pool: str = "64M") -> None:
        self.folder = folder.absolute()
        self._warden = Warden()
        self.mariadb = MariaDB(self.folder, self._warden, buffer_pool=buffer_pool)
        self.rabbitmq = RabbitMQ(self.folder, self._warden)
        self.redis = Redis(self.folder, self._warden)

    @property
    def all(self) -> tuple[Server, ...]:
        """The three of them."""
        return (self.mariadb, self.rabbitmq, self.redis)

    def start(self) -> None:
        """Starts all three at once. Raises BootFailed, with none left running, when one does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._each(lambda server: server.start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops all three; the data stay."""
        self._each(lambda server: server.stop())
        self._warden.close()

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use these servers."""
        return {
            "DATABASE_URL": self.mariadb.url,
            "BROKER_URL": self.rabbitmq.url,
            "BROKER_MANAGEMENT_URL": self.rabbitmq.management_url,
            "REDIS_URL": self.redis.url,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _each(self, act: Callable[[Server], None]) -> None:
        with ThreadPoolExecutor(len(self.all)) as pool:
            for _ in pool.map(act, self.all):
                pass
