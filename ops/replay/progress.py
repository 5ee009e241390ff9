"""How far long work has come: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from tqdm import tqdm

EVERY_S = 5.0


class Progress:
    """Counts units of one piece of work; any thread may add. Use as a context."""

    def __init__(self, what: str, total: int, say: Callable[[str], None]) -> None:
        self.what, self.total, self.count = what, total, 0
        self._say, self._said = say, 0
        self._lock = threading.Lock()
        self._began = self._told = time.monotonic()
        self._bar = tqdm(total=total, desc=what, unit="", disable=not sys.stderr.isatty(), leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        if self.total and self._said != self.count:
            self._tell()

    def add(self, count: int = 1) -> None:
        """So many more are done."""
        with self._lock:
            self.count += count
            self._bar.update(count)
            if self._bar.disable and time.monotonic() - self._told > EVERY_S:
                self._tell()

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._began

    def _tell(self) -> None:
        rate = self.count / max(self.seconds, 0.001)
        self._told, self._said = time.monotonic(), self.count
        self._say(f"{self.what}: {self.count} of {self.total}, {rate:.0f}/s")
