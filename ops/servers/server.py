"""One private server: its folder, its process, and what tests and storms do to it."""

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import click

from ops.children import Child, Warden

TAIL_LINES = 25


class BootFailed(click.ClickException):
    """A server did not come up; the message ends with the last lines of its log."""


class Server(ABC):
    """A server on data of its own. It may be killed, paused and started again on the same data and address."""

    name: ClassVar[str]
    boot_seconds: ClassVar[float] = 60
    stop_seconds: ClassVar[float] = 10

    def __init__(self, folder: Path, warden: Warden) -> None:
        self.data = folder / self.name
        self.log = folder / f"{self.name}.log"
        self._warden = warden
        self._child: Child | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """What a client connects to."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server serves clients now. May raise OSError when it does not."""

    def environment(self) -> dict[str, str]:
        """The environment the server runs in."""
        return dict(os.environ)

    def prepare(self) -> None:
        """Makes what the server needs before it can start; nothing when it is there already."""
        self.data.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the server's process runs, be it paused."""
        return self._child is not None and self._child.alive

    def start(self) -> None:
        """Starts the server and returns once it serves clients."""
        if self.alive:
            return
        self.stop()  # what a crash left of its process group
        self.prepare()
        self._child = self.spawn(self.command(), self.environment())
        self.wait_until(self.answers, self._child)

    def stop(self) -> None:
        """Stops the server in good order."""
        if self._child:
            self._child.stop(self.stop_seconds)

    def kill(self) -> None:
        """Ends the server as a power cut would: SIGKILL, nothing flushed, nothing said."""
        self._running().kill()

    def pause(self) -> None:
        """Freezes the server: connections stay open, answers stop."""
        self._running().signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused server go on."""
        self._running().signal(signal.SIGCONT)

    def restart(self) -> None:
        """Starts the server again on the same data and address; one that still runs is stopped first."""
        self.stop()
        self.start()

    def spawn(self, command: list[str], environment: dict[str, str]) -> Child:
        """Starts a process of this server, its output in the server's log."""
        return self._warden.spawn(command, log=self.log, environment=environment, folder=self.data)

    def wait_until(self, ready: Callable[[], bool], child: Child) -> None:
        """Returns once `ready`; raises BootFailed when `child` ends or time runs out before."""
        deadline = time.monotonic() + self.boot_seconds
        while not _holds(ready):
            if not child.alive:
                raise self.failure(f"ended with exit code {child.wait()} while starting")
            if time.monotonic() > deadline:
                child.kill()
                raise self.failure(f"was not ready after {self.boot_seconds:g} s")
            time.sleep(0.02)

    def failure(self, what: str) -> BootFailed:
        """The error that says what happened, with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return BootFailed("\n".join([f"{self.name} {what}. The end of {self.log}:", *lines[-TAIL_LINES:]]))

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child


def _holds(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False
