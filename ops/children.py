"""Child processes that never outlive their parent, however it ends.

Each child leads a process group of its own. A warden, one small process beside us, reads the groups we
started from a pipe; when the pipe closes, because we were done or because we were killed, it kills what
is left of them. Unlike a parent-death signal it reaches grandchildren and works from any thread.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class Child:
    """A running process and the group it leads."""

    def __init__(self, process: subprocess.Popen[bytes], forget: Callable[[int], None]) -> None:
        self._process = process
        self._forget = forget
        self._swept = False

    @property
    def pid(self) -> int:
        """The process's id, which is its group's as well."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Sends the whole group a signal; nothing happens when the process is gone."""
        if self.alive:
            _signal_group(self.pid, number)

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code (negative: the signal that killed it), or None when `timeout` seconds were not enough.

        What the process leaves behind of its group is killed.
        """
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        if not self._swept:
            self._swept = True
            _signal_group(self.pid, signal.SIGKILL)
            self._forget(self.pid)
        return code

    def ask_to_stop(self) -> None:
        """Sends SIGTERM to the leader, who knows how to stop its group, and wakes it if it is paused."""
        self._process.terminate()
        self.signal(signal.SIGCONT)

    def stop(self, grace: float) -> None:
        """Asks the process to stop, and kills its group after `grace` seconds."""
        self.ask_to_stop()
        if self.wait(grace) is None:
            self.kill()

    def kill(self) -> None:
        """Kills the group with SIGKILL and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()


class Warden:
    """Starts children and sees to it that they end with us; its own process begins with the first child.

    `held` are file descriptors the warden keeps open until it is done: a lock among them is not free
    before the last child is dead.
    """

    def __init__(self, *held: int) -> None:
        self._held = held
        self._process: subprocess.Popen[bytes] | None = None
        self._beginning = threading.Lock()

    def spawn(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path) -> Child:
        """Starts `command` in `folder` with exactly `environment`; its output is appended to `log`."""
        with self._beginning:
            self._begin()
        with log.open("ab") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self._tell(f"+{process.pid}\n")
        return Child(process, lambda group: self._tell(f"-{group}\n"))

    def close(self) -> None:
        """Ends the warden, and with it every child still running."""
        if self._process:
            self._process.communicate()
            self._process = None

    def _begin(self) -> None:
        if self._process and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            pass_fds=self._held,
            start_new_session=True,
        )

    def _tell(self, line: str) -> None:
        if self._process and self._process.stdin:
            with contextlib.suppress(BrokenPipeError):  # someone killed the warden: only its protection is lost
                self._process.stdin.write(line.encode())


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _keep_watch() -> None:
    """The warden's life: note the groups, and kill those left over when the pipe closes."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    for group in groups:
        _signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    _keep_watch()
