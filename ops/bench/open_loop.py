"""Requests at a steady rate, whatever becomes of those before them: what a till sees when others are busy too."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import urllib3

HANDS = 24
LEAD_SECONDS = 0.5


@dataclass(slots=True)
class Answered:
    """A request: when it was due (seconds since 1970), how long its answer took from then, and the answer."""

    due: float
    seconds: float
    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class OpenLoop:
    """Sends request n at n / rate seconds, by a number of hands that each wait for their answer."""

    url: str
    rate: int
    seconds: float
    answered: list[Answered] = field(default_factory=list)

    def run(self, make: Callable[[int, float], tuple[bytes, dict[str, str]]]) -> list[Answered]:
        """Send them all; `make(n, due)` gives body and headers. A delay of ours counts as the answer's."""
        turns, start = itertools.count(), time.time() + LEAD_SECONDS
        pool = urllib3.connectionpool.connection_from_url(self.url, maxsize=HANDS, retries=False, timeout=20.0)
        hands = [threading.Thread(target=self._hand, args=(pool, turns, start, make)) for _ in range(HANDS)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        pool.close()
        return self.answered

    def _hand(self, pool: Any, turns: Any, start: float, make: Callable[[int, float], Any]) -> None:
        while (nth := next(turns)) < self.rate * self.seconds:
            due = start + nth / self.rate
            body, headers = make(nth, due)
            time.sleep(max(0.0, due - time.time()))
            response = pool.request("POST", "/v1/sales", body=body, headers=headers)
            self.answered.append(Answered(due, time.time() - due, response.status, orjson.loads(response.data)))
