"""After the faults: everything accepted must be settled, and every queue and the outbox empty, within bounds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

from ops.storm.applied import ACCRUE, ROLL_UP
from ops.storm.cases import CHECKOUT, cases_of
from ops.storm.evidence import open_shop_ledger
from ops.storm.history import Told

LOOK_SECONDS = 0.25
STILL_SECONDS = 0.6
"""So long all must be done: a message in a worker's hands, given a second time perhaps, stands in no queue."""


class Queues(Protocol):
    """What the drain asks of a broker."""

    def waiting(self) -> int:
        """How many messages wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long nothing may move: with work still waiting, and with none, when what is missing will not come."""

    busy: float = 100.0
    idle: float = 8.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the settling has come."""

    missing: int
    followups_missing: int
    owed: int
    waiting: int

    @property
    def over(self) -> bool:
        """Whether all is done."""
        return not any((self.missing, self.followups_missing, self.owed, self.waiting))

    @property
    def idle(self) -> bool:
        """Whether nothing is left that anybody could still do."""
        return not (self.owed or self.waiting)


def await_drained(told: Told, database_url: str, queues: Queues, patience: Patience) -> Progress:
    """Wait until all is done, or nothing has moved for too long."""
    accepted = sum(case.accepted for case in cases_of(told).values())
    seen: Progress | None = None
    since = time.monotonic()
    while True:
        found = _look(told, accepted, database_url, queues)
        if found != seen:
            seen, since = found, time.monotonic()
        if time.monotonic() - since > _bound(found, patience):
            return found
        time.sleep(LOOK_SECONDS)


def _bound(found: Progress, patience: Patience) -> float:
    if found.over:
        return STILL_SECONDS
    return patience.idle if found.idle else patience.busy


def _look(told: Told, accepted: int, database_url: str, queues: Queues) -> Progress:
    ledger = open_shop_ledger(database_url, told.shop.merchant)
    try:
        receipts = ledger.receipts()
        counts = "SELECT COUNT(*), COUNT(member_id) FROM sale WHERE merchant_id = {hole}"
        sales, by_members = next(ledger.rows(counts, ledger.merchant))
        owed = int(next(ledger.rows("SELECT COUNT(*) FROM outbox"))[0])
    finally:
        ledger.connection.close()
    checkouts = sum(count for name, count in receipts.items() if name.startswith(f"{CHECKOUT} "))
    followups = max(0, sales - _done(receipts, ROLL_UP)) + max(0, by_members - _done(receipts, ACCRUE))
    return Progress(max(0, accepted - checkouts), followups, owed, queues.waiting())


def _done(receipts: dict[str, Any], name: str) -> int:
    return int(receipts.get(f"{name} done", 0))
