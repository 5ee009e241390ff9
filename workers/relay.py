"""The relay: publishes what the outbox owes, confirmed, then deletes it. Several may run; repeats are absorbed."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import nullcontext, suppress
from typing import Any

from models import receipts
from models.base import connection, db, now
from ops import metrics
from ops.boundaries import boundary
from ops.logs import log
from ops.publisher import Publisher, open_publisher

CLAIM = 200
GATHER_SECONDS = 0.02
"""Between rounds, unless there is more than one can take: what gathers meanwhile is settled together."""
FAULT_SECONDS = 0.5
LOOK_EVERY_SECONDS = 5


class Relay:
    """One loop: claim, publish, delete."""

    def __init__(self) -> None:
        """Opens its publisher; the database connection is this thread's."""
        self._publisher: Publisher = open_publisher()
        self._stopped = threading.Event()
        self._looked = time.monotonic()

    def run(self) -> None:
        """Relay until told to stop. Faults of broker or database are waited out."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        while not self._stopped.is_set():
            try:
                with connection():
                    moved = relay_once(self._publisher)
                    self._look_after()
                if moved < CLAIM:
                    self._stopped.wait(GATHER_SECONDS)
            except Exception as error:
                log.warning("the relay waits", error=f"{type(error).__name__}: {error}")
                with suppress(Exception):
                    db.close()
                self._stopped.wait(FAULT_SECONDS)

    def _stop(self, _signal: int, _frame: Any) -> None:
        self._stopped.set()

    def _look_after(self) -> None:
        """Every few seconds: count what waits, and bring back what a broker lost."""
        if time.monotonic() - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = time.monotonic()
        metrics.outbox_rows.set(receipts.outbox_size())
        metrics.parked_rows.set(receipts.parked_size())
        if recovered := self._publisher.recover():
            log.warning("messages taken from their queue and never settled were pushed again", count=recovered)


def relay_once(publisher: Publisher) -> int:
    """Move the oldest owed messages to the broker; how many. SQLite's write lock is not held meanwhile."""
    with db.transact() if db.dialect == "mysql" else nullcontext():
        owed = receipts.owed(CLAIM)
        if not owed:
            metrics.relay_lag.set(0)
            return 0
        boundary("relay before publish")
        publisher.send_many([message for _, message, _ in owed])
        boundary("relay after publish")
        receipts.paid([id_ for id_, _, _ in owed])
    metrics.relayed.inc(len(owed))
    metrics.relay_lag.set((now() - owed[0][2]).total_seconds())
    return len(owed)
