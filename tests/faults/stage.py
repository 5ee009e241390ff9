"""The pipeline's processes one by one: started plain, to die at a boundary, or as a mutant."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self
from uuid import UUID

import psutil

from ops.children import Child, Warden
from ops.servers.ports import free_ports
from ops.storm.evidence import open_shop_ledger
from ops.storm.queues import RabbitQueues
from ops.storm.rig import ROOT, Rig
from ops.supervise import read_procfile

SUPERVISED = {"edge", "backoffice"}
PIPELINE = ("checkout", "accrual", "reports", "relay")
OTHER_EDGE = "other edge"
DEATH_SECONDS = 30.0


class Stage:
    """An installation whose pipeline is run here rather than by the supervisor."""

    def __init__(self, rig: Rig) -> None:
        assert rig.servers is not None
        self.rig = rig
        self.servers = rig.servers
        self.queues = RabbitQueues(rig.servers.rabbitmq.url, rig.servers.rabbitmq.management_url)
        self._commands = read_procfile(ROOT / "Procfile")
        self._warden = Warden()
        self._children: dict[str, Child] = {}
        self._odd: set[str] = set()

    def start(self, name: str, *, role: str = "", mutant: str = "", **more: str) -> Child:
        """Run a process of the Procfile, in place of the one that has its role; `more` joins its environment."""
        role = role or name
        self.kill(role)
        self._odd.discard(role)
        command = [sys.executable, *self._commands[name][1:]]
        if mutant:
            command[2:3] = ["tests.faults.mutant", mutant]
        log = self.rig.home / "logs" / f"{role}.log"
        environment = self.rig.environment() | more
        if mutant or more or role not in PIPELINE:
            self._odd.add(role)
        self._children[role] = self._warden.spawn(command, log=log, environment=environment, folder=ROOT)
        return self._children[role]

    def ensure(self) -> None:
        """Run what of the pipeline does not run, plain."""
        for name in PIPELINE:
            if name not in self._children or not self._children[name].alive:
                self.start(name)

    def restore(self) -> None:
        """Only the pipeline, and plain: nothing left of mutants, nor of who was to die and did not."""
        self.kill(*self._odd)
        self._odd.clear()
        self.ensure()

    def start_edge(self, *, mutant: str = "", **more: str) -> str:
        """Another edge, with one worker, on a port of its own; its address."""
        port = more.setdefault("REGULARS_PORT", str(free_ports(1)[0]))
        self.start("edge", role=OTHER_EDGE, mutant=mutant, REGULARS_EDGE_WORKERS="1", **more)
        url = f"http://127.0.0.1:{port}"
        self.rig.await_ready(url)
        return url

    def worker_of(self, role: str) -> psutil.Process:
        """The one process in which an edge answers."""
        (worker,) = psutil.Process(self._children[role].pid).children()
        return worker

    def kill(self, *roles: str) -> None:
        """SIGKILL, and gone when this returns."""
        for role in roles:
            if child := self._children.pop(role, None):
                child.kill()

    def await_death(self, child: Child) -> int:
        """The exit code of a process that must die by itself."""
        code = child.wait(DEATH_SECONDS)
        assert code is not None, "it did not die"
        return code

    def await_consumers(self, queue: str, count: int) -> None:
        """Until so many workers listen to a queue."""
        deadline = time.monotonic() + DEATH_SECONDS
        while self.queues.ready(queue)[1] < count:
            assert time.monotonic() < deadline, f"{queue} has no {count} consumers"
            time.sleep(0.1)

    def forget_parked(self) -> None:
        """Clear away what other tests left parked."""
        ledger = open_shop_ledger(self.rig.database_url, str(UUID(int=0)))
        with ledger.connection as connection:
            connection.cursor().execute("DELETE FROM parked")
            connection.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill(*list(self._children))
        self._warden.close()
