"""Keeps one process running."""

import signal
import threading
import time
from collections.abc import Callable

import click

from ops.children import Child

DELAY_SECONDS, DELAY_SECONDS_MAX = 0.2, 10.0
HEALTHY_SECONDS = 30.0  # after a run this long a process is restarted with the shortest delay again


class Keeper:
    """Keeps one process running, with longer and longer pauses between quick ends; `starts` counts them."""

    def __init__(self, name: str, launch: Callable[[], Child]) -> None:
        self.name = name
        self.starts = 0
        self._launch = launch
        self._child: Child | None = None
        self._over = threading.Event()
        self._changing = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The id of the process while it runs."""
        child = self._child
        return child.pid if child and child.alive else None

    def start(self) -> None:
        """Starts the process and the thread that watches it."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Asks the process to stop; it is not started again."""
        with self._changing:
            self._over.set()
            if self._child:
                self._child.ask_to_stop()

    def finish(self, seconds: float) -> None:
        """Waits for the process to end and kills it after `seconds`."""
        self._thread.join(max(seconds, 0))
        self.hurry()
        self._thread.join()

    def hurry(self) -> None:
        """Kills the process. Takes no lock: a signal handler calls it."""
        if self._child:
            self._child.signal(signal.SIGKILL)

    def _keep(self) -> None:
        delay = DELAY_SECONDS
        while self._started():
            began = time.monotonic()
            how = self._wait()
            ran = time.monotonic() - began
            if self._over.is_set():
                say(self.name, how)
                return
            delay = DELAY_SECONDS if ran >= HEALTHY_SECONDS else delay
            say(self.name, f"{how} after {ran:.1f} s; starting again in {delay:.1f} s")
            self._over.wait(delay)
            delay = min(2 * delay, DELAY_SECONDS_MAX)

    def _started(self) -> bool:
        with self._changing:
            if self._over.is_set():
                return False
            self.starts += 1
            try:
                self._child = self._launch()
                say(self.name, f"started, process {self._child.pid}")
            except OSError as error:
                self._child = None
                say(self.name, f"cannot start: {error}")
            return True

    def _wait(self) -> str:
        """Waits for the process to end and says how it did."""
        code = self._child.wait() if self._child else None
        if code is None:
            return "not running"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def say(name: str, what: str) -> None:
    """Tells the terminal what became of a process."""
    click.echo(f"{time.strftime('%H:%M:%S')} {name:<10} {what}")
