"""The beat: commands given at set times. It writes them into the outbox; a repeat has the same id and is absorbed.

Several beats may run: the id of a scheduled command follows from its entry and its time slot.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from models import receipts
from models.base import NOBODY, connection, db
from ops.broker import bundle
from ops.logs import log
from schemas.envelope import SPACE, Envelope

LOOK_SECONDS = 1.0
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """A command given every so many seconds, that long after the start of the period."""

    command: str
    every_seconds: int
    after_seconds: int = 0


SCHEDULE = (Entry("merchants.tidy", every_seconds=HOUR, after_seconds=600),)


class Beat:
    """Looks at the table every second and gives what has become due since it looked last."""

    def __init__(self) -> None:
        """Begins with the slots of now, so that a restart repeats nothing that matters."""
        self._stopped = threading.Event()
        self._given: dict[Entry, int] = {}

    def run(self) -> None:
        """Look until told to stop; a database that is away is waited for."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._stop)
        while not self._stopped.is_set():
            try:
                with connection():
                    self.look(time.time())
            except Exception as error:
                log.warning("the beat waits", error=f"{type(error).__name__}: {error}")
                with suppress(Exception):
                    db.close()
            self._stopped.wait(LOOK_SECONDS)

    def look(self, at: float) -> int:
        """Give every entry whose slot has begun and was not given by this process; how many."""
        due = [entry for entry in SCHEDULE if self._given.get(entry) != _slot(entry, at)]
        for entry in due:
            envelope = _envelope(entry, _slot(entry, at))
            with db.transact():
                receipts.owe([bundle(entry.command, [envelope.to_wire()])])
            self._given[entry] = _slot(entry, at)
        return len(due)

    def _stop(self, _signal: int, _frame: Any) -> None:
        self._stopped.set()


def _slot(entry: Entry, at: float) -> int:
    return int(at - entry.after_seconds) // entry.every_seconds


def _envelope(entry: Entry, slot: int) -> Envelope:
    began = datetime.fromtimestamp(slot * entry.every_seconds + entry.after_seconds, UTC)
    return Envelope(
        id=uuid5(SPACE, f"{entry.command}\0{slot}"),
        name=entry.command,
        merchant=NOBODY,
        at=began,
        body={"before": began.isoformat()},
    )
