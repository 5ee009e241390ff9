"""Where a bench plays: its processes in groups, the queues, and the CPU each group spends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
import urllib3

from models.migrate import migrate
from models.receipts import outbox_size
from models.rows import execute
from ops import broker
from ops.children import Child, Warden
from ops.settings import settings
from ops.supervise import read_procfile

ROOT = Path(__file__).parents[2]
GROUPS = {"edge": "edge", "relay": "relay", "beat": "relay"}
WORKERS = "worker"
SERVER_PORTS = {"database": ("DATABASE_URL", 3306), "broker": ("BROKER_URL", 5672), "redis": ("REDIS_URL", 6379)}
PATIENCE_SECONDS = 180.0
STOP_SECONDS = 15.0


class BenchFailed(RuntimeError):
    """A run did not come to its end; the message says where, and ends with the log of the process at fault."""


class Stage:
    """Starts and stops what is measured. Leaving it ends every process, however one leaves."""

    def __init__(self) -> None:
        self._warden = Warden()
        self._children: dict[Child, tuple[str, Path]] = {}
        self._servers = {group: _listening(*where) for group, where in SERVER_PORTS.items()}

    def __enter__(self) -> Self:
        migrate()
        broker.declare()
        _refuse_if_used()
        (settings().home / "logs").mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()
        self._warden.close()

    def start(self, group: str, *command: str, **environment: str) -> Child:
        """Start a `python …` command of a group; its output goes to a log of that group."""
        log = settings().home / "logs" / f"{group}-{len(self._children)}.log"
        surroundings = {**os.environ, "REGULARS_HOME": str(settings().home), **environment}
        child = self._warden.spawn([sys.executable, *command], log=log, environment=surroundings, folder=ROOT)
        self._children[child] = (group, log)
        return child

    def start_everything(self) -> list[Child]:
        """Every process of the Procfile; returns when the edge is ready."""
        commands = read_procfile(ROOT / "Procfile")
        children = [self.start(GROUPS.get(name, WORKERS), *command[1:]) for name, command in commands.items()]
        self.await_url(f"http://127.0.0.1:{settings().port}/readyz", children)
        return children

    def stop(self, *children: Child) -> None:
        """Stop processes in good order."""
        for child in children:
            child.ask_to_stop()
        for child in list(children):
            child.stop(STOP_SECONDS)
            self._children.pop(child, None)

    def stop_all(self) -> None:
        """Stop whatever runs."""
        self.stop(*self._children)

    def await_url(self, url: str, children: Iterable[Child]) -> None:
        """Return once a GET answers 200."""
        pool = urllib3.PoolManager(retries=False, timeout=5.0)

        def answers() -> bool:
            try:
                return pool.request("GET", url).status == 200
            except urllib3.exceptions.HTTPError:
                return False

        self.wait_until(answers, f"{url} to answer", children)

    def wait_until(
        self, reached: Callable[[], bool], what: str, children: Iterable[Child] = (), *, every: float = 0.1
    ) -> None:
        """Wait; `BenchFailed` when a process ends or patience does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            ended = next((child for child in children if not child.alive), None)
            if ended is not None:
                raise BenchFailed(f"a process ended while waiting for {what}\n{self._tail(ended)}")
            if time.monotonic() > deadline:
                raise BenchFailed(f"gave up waiting for {what}\n" + "\n".join(map(self._tail, children)))
            time.sleep(every)

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU each group has spent so far, servers included where they run on this machine."""
        spent = {group: _seconds(pids) for group, pids in self._servers.items() if pids}
        for child, (group, _) in self._children.items():
            spent[group] = spent.get(group, 0.0) + _seconds([child.pid])
        return spent

    def servers_cpu(self) -> float:
        """Seconds of CPU the servers have spent so far."""
        return sum(_seconds(pids) for pids in self._servers.values())

    def _tail(self, child: Child) -> str:
        group, log = self._children[child]
        return f"the end of the log of {group}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def shares(before: dict[str, float], after: dict[str, float], units: float) -> dict[str, float]:
    """Microseconds of CPU per unit of work, by group."""
    return {group: (after[group] - before[group]) * 1e6 / max(units, 1) for group in after if group in before}


def empty_outbox() -> None:
    """Throw away follow-ups nobody will relay."""
    execute("DELETE FROM outbox")


def purge(queue: str) -> None:
    """Throw away what stands in a queue."""
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge(queue)


def queued(queue: str) -> tuple[int, int]:
    """Messages ready in a queue, and consumers on it."""
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        told = channel.queue_declare(queue, passive=True)
    return int(told.message_count), int(told.consumer_count)


def _refuse_if_used() -> None:
    """A bench empties queues and outbox before its runs: never those of an installation at work."""
    for queue in broker.AREAS:
        messages, consumers = queued(queue)
        if messages or consumers:
            raise BenchFailed(
                f"{queue} holds {messages} messages and has {consumers} consumers: the bench needs it idle"
            )
    if owed := outbox_size():
        raise BenchFailed(f"the outbox holds {owed} messages: start a relay to send them, then stop it, before a bench")


def _listening(variable: str, usual: int) -> list[int]:
    """The processes on this machine that serve the URL in an environment variable."""
    port = urlsplit(os.environ[variable]).port or usual
    try:
        found = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return []
    listeners = [(each.pid, each.laddr) for each in found if each.status == psutil.CONN_LISTEN]
    return [pid for pid, address in listeners if pid and address and address.port == port][:1]


def _seconds(pids: Iterable[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            times = [member.cpu_times() for member in family]
        except psutil.NoSuchProcess:
            continue
        total += sum(time_.user + time_.system for time_ in times)
    return total
