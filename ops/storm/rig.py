"""A whole installation of its own, made to be broken: private servers, every process of the Procfile, one folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from ops.journey.rows import Complaint
from ops.servers.ports import free_ports
from ops.servers.private import Servers
from ops.supervise import Supervisor

ROOT = Path(__file__).parents[2]
CLUSTER, EMBEDDED = "cluster", "embedded"
READY_SECONDS = 90.0
FOREIGN = ("DATABASE_URL", "BROKER_URL", "BROKER_MANAGEMENT_URL", "REDIS_URL", "REGULARS_PORT", "CRASH_AT")


class NotReady(Complaint):
    """The edge did not come up, or not again after the faults were over."""


class Rig:
    """Runs an installation in `home`; `only` names the processes of the Procfile that are supervised."""

    def __init__(self, home: Path, profile: str, only: set[str] | None = None) -> None:
        self.home = home.resolve()
        self.profile = profile
        self.port = free_ports(1)[0]
        self.servers = Servers(self.home / "servers") if profile == CLUSTER else None
        self._only = only
        self._supervisor: Supervisor | None = None

    @property
    def url(self) -> str:
        """The edge."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The database, for a reader of its own."""
        return self.servers.mariadb.url if self.servers else f"sqlite:///{self.home}/regulars.db"

    def environment(self) -> dict[str, str]:
        """What every process of this installation runs in."""
        inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        own = {"REGULARS_HOME": str(self.home), "REGULARS_PORT": str(self.port)}
        return inherited | (self.servers.environment() if self.servers else {}) | own

    def start(self) -> None:
        """Start servers and processes; returns when the edge is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.servers:
            self.servers.start()
        try:
            self.migrate()
            self._supervisor = Supervisor(ROOT / "Procfile", self.home, self.environment(), self._only)
            self._supervisor.start()
            self.await_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything; the data stay."""
        if self._supervisor:
            self._supervisor.stop()
        if self.servers:
            self.servers.stop()

    def migrate(self) -> None:
        """Tables and queues, as at a deploy."""
        command = [sys.executable, "-m", "ops", "migrate"]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, stdout=subprocess.DEVNULL)

    def pids(self) -> dict[str, int]:
        """Name and process id of every supervised process that runs at this moment."""
        return self._supervisor.pids() if self._supervisor else {}

    def await_ready(self, url: str = "") -> None:
        """Wait until the edge (or another one, at `url`) can take sales and Redis is there."""
        _await(f"{url or self.url}/readyz", "ready", self.home)

    def await_alive(self) -> None:
        """Wait until the edge answers, whatever it has to say about the rest."""
        _await(f"{self.url}/livez", "alive", self.home)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _await(url: str, state: str, home: Path) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=5.0)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = pool.request("GET", url)
            if answer.status == 200 and answer.json()["state"] == state:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise NotReady(f"the edge was not {state} within {READY_SECONDS:.0f} s; see {home}/logs")
