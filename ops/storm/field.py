"""What a fault may lay its hands on: processes, servers, queues, and whom it must own up to."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from ops.servers.server import Server
from ops.storm.checker import Injected
from ops.storm.history import Window
from ops.storm.queues import RabbitQueues
from ops.storm.rig import Rig

EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong. No two of them touch one target at once; `once`: not again in the same storm."""

    name: str
    targets: tuple[str, ...]
    act: Callable[[Field], None]
    once: bool = False


@dataclass
class Field:
    """The installation under a storm. `longest` bounds, in seconds, how long a fault of ordinary kind lasts.

    `note` is told of every fault that is over; `over` is set when the storm is.
    """

    rig: Rig
    queues: RabbitQueues
    note: Callable[[Window], None]
    chance: random.Random
    say: Callable[[str], None]
    longest: float = 10.0
    injected: Injected = field(default_factory=Injected)
    over: threading.Event = field(default_factory=threading.Event)

    def strike(self, fault: Fault) -> None:
        """Let a fault happen, and own up to it."""
        began = time.time()
        self.say(fault.name)
        fault.act(self)
        self.note(Window(fault.name, began, time.time()))

    def server(self, name: str) -> Server:
        """One of the private servers."""
        assert self.rig.servers is not None  # noqa: S101 - storms are for the cluster profile
        return next(server for server in self.rig.servers.all if server.name == name)

    def rest(self, shortest: float = 1.0) -> None:
        """As long as an ordinary fault lasts, or until the storm is over."""
        self.over.wait(self.chance.uniform(shortest, self.longest))

    def kill(self, name: str, child: bool = False) -> None:
        """SIGKILL to a process, or to one of its children."""
        for pid in self._chosen(name, child):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def held(self, name: str, child: bool = False) -> Iterator[None]:
        """A process, or one of its children, stands still meanwhile; an edge that does answers nobody."""
        pids = self._chosen(name, child)
        with ExitStack() as undone:
            if name == EDGE:
                undone.enter_context(self.muted("edge held still"))
            _signal(pids, signal.SIGSTOP)
            undone.callback(_signal, pids, signal.SIGCONT)
            yield

    @contextmanager
    def muted(self, why: str) -> Iterator[None]:
        """Nobody can answer meanwhile."""
        began = time.time()
        try:
            yield
        finally:
            self.note(Window(why, began, time.time(), mute=True))

    @contextmanager
    def silenced(self, name: str) -> Iterator[None]:
        """A process with all its children stands still: nothing is published by it meanwhile."""
        with self.held(name), ExitStack() as children:
            for pid in self._children(name):
                _signal([pid], signal.SIGSTOP)
                children.callback(_signal, [pid], signal.SIGCONT)
            yield

    def rabbitmqctl(self, *arguments: str) -> None:
        """The broker's own tool; slow to start, so used sparingly."""
        server = self.server("rabbitmq")
        tool = server.command()[0].replace("rabbitmq-server", "rabbitmqctl")
        subprocess.run([tool, *arguments], env=server.environment(), check=True, capture_output=True, timeout=60)

    def _chosen(self, name: str, child: bool) -> list[int]:
        if child:
            children = self._children(name)
            return [self.chance.choice(children)] if children else []
        pid = self.rig.pids().get(name)
        return [pid] if pid else []

    def _children(self, name: str) -> list[int]:
        pid = self.rig.pids().get(name)
        with suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(pid).children(recursive=True)] if pid else []
        return []


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
