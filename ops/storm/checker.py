"""The verdict on a storm: history and database side by side. A checker that passes a broken system is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from ops.storm.applied import check_applied
from ops.storm.books import check_books
from ops.storm.evidence import Evidence, gather, open_shop_ledger
from ops.storm.history import ALLOWED, OK, UNKNOWN, Call, Told, Window

POST_SECONDS = 5.0
NOBODY = UUID(int=0)


@dataclass
class Injected:
    """What the storm itself put on the queues, to be parked: by a mark found in it. True: certainly arrived."""

    marks: dict[str, bool] = field(default_factory=dict)


@dataclass
class Verdict:
    """What was found."""

    violations: list[str]
    counts: dict[str, int]
    slowest: float

    @property
    def ok(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


def check(told: Told, database_url: str, injected: Injected | None = None) -> Verdict:
    """Hold the database against the history."""
    ledger = open_shop_ledger(database_url, told.shop.merchant)
    try:
        found = gather(ledger)
        violations = [
            *check_applied(told, found),
            *check_books(told.shop, ledger, found),
            *check_parked(found, injected or Injected()),
            *check_answers(told),
        ]
    finally:
        ledger.connection.close()
    slowest = max((call.seconds for call in _answerable(told)), default=0.0)
    return Verdict(violations, _counts(told, found), slowest)


def check_left_over(database_url: str, injected: Injected) -> list[str]:
    """What stands parked or is still owed, whoever's it is."""
    ledger = open_shop_ledger(database_url, str(NOBODY))
    try:
        return list(check_parked(gather(ledger), injected))
    finally:
        ledger.connection.close()


def check_parked(found: Evidence, injected: Injected) -> Iterator[str]:
    """All garbage stands parked, nothing else does, and nothing is owed."""
    seen: set[str] = set()
    for row in found.parked:
        marks = {mark for mark in injected.marks if mark == row.command or mark.encode() in row.body}
        seen |= marks
        if not marks:
            yield f"PARKED: {row.command}, which the storm did not put there: {row.reason}"
    for mark in sorted(mark for mark, certain in injected.marks.items() if certain and mark not in seen):
        yield f"LOST: {mark} was put on a queue as garbage, and does not stand parked"
    if found.owed:
        yield f"STUCK: {found.owed} messages in the outbox"


def check_answers(told: Told) -> Iterator[str]:
    """Every POST is answered in time, with an answer that means something."""
    for call in told.calls:
        if call.status and call.status not in ALLOWED and not 400 <= call.status < 500:
            yield f"ANSWER: call {call.number} was answered {call.status}"
    for call in _answerable(told):
        if call.seconds > POST_SECONDS:
            yield f"SLOW: call {call.number} took {call.seconds:.1f} s (status {call.status})"


def _answerable(told: Told) -> Iterator[Call]:
    """Calls during which the storm let the edge be: a process paused or dead answers nobody."""
    mute = [window for window in told.windows if window.mute]
    return (call for call in told.calls if not any(_overlap(call, window) for window in mute))


def _overlap(call: Call, window: Window) -> bool:
    return call.began <= window.ended and window.began <= call.ended


def _counts(told: Told, found: Evidence) -> dict[str, int]:
    statuses = Counter(call.status for call in told.calls)
    return {
        "calls": len(told.calls),
        "accepted": sum(call.outcome == OK for call in told.calls),
        "unknown": sum(call.outcome == UNKNOWN for call in told.calls),
        "503": statuses[503],
        "unanswered": statuses[0],
        "sales": len(found.sales),
        "receipts": len(found.receipts),
        "parked": len(found.parked),
    }
