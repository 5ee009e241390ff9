"""Tills in a storm: they sell, resend, lose their keys and contradict themselves, and write all of it down."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from ops.storm.baskets import Baskets
from ops.storm.history import FAIL, OK, UNKNOWN, Call, History, Offer, outcome_of
from ops.storm.line import Line, Said
from ops.storm.shop import Shop

EARLY_SECONDS = 60
FINISH_SECONDS = 60.0
"""After the faults every call must get a lasting answer within this long."""
ABANDONED_SHARE = 0.1
SHORT = "sales.tenders_differ"


@dataclass
class Counter:
    """What all tills share.

    `pause` is the longest a till thinks between two customers, in seconds; `waiting` how many of a hundred calls
    wait for their outcome.
    """

    url: str
    shop: Shop
    history: History
    seed: int
    pause: float = 0.12
    waiting: int = 30
    closing: threading.Event = field(default_factory=threading.Event)
    unanswered: list[str] = field(default_factory=list)


class Till(threading.Thread):
    """One till, strictly one call after the other."""

    def __init__(self, counter: Counter, nth: int) -> None:
        super().__init__(name=f"till {nth}", daemon=True)
        self._counter = counter
        self._terminal, self._key = counter.shop.tills[nth]
        self._chance = random.Random(counter.seed * 1000 + nth)
        self._baskets = Baskets(counter.shop, self._chance)
        self._line = Line(counter.url)
        self._token, self._until = "", 0.0
        self.sequence = 0
        self._abandoned: list[list[Offer]] = []
        self._deadline: float | None = None

    def run(self) -> None:
        """Serve customers until closing time; then half of what was given up is sent again."""
        acts = [act for act, share in self._acts() for _ in range(share)]
        try:
            while not self._counter.closing.is_set():
                self._chance.choice(acts)()
                self._counter.closing.wait(self._chance.uniform(0.1, 1.0) * self._counter.pause)
            for offers in self._abandoned[::2]:
                self._insist(offers)
        finally:
            self._line.close()

    def sell(self) -> Offer:
        """An ordinary sale."""
        offer = self._next()
        self._insist([offer])
        return offer

    def _acts(self) -> list[tuple[Callable[[], object], int]]:
        """What a till does, and how often of 100."""
        return [
            (self.sell, 64),
            (self._sell_many, 8),
            (self._sell_again, 10),
            (self._lose_key, 6),
            (self._reuse_key, 4),
            (self._reuse_sequence, 4),
            (self._sell_short, 4),
        ]

    def _next(self) -> Offer:
        self.sequence += 1
        return Offer(uuid4().hex, self._baskets.fill(self.sequence))

    def _sell_many(self) -> None:
        """A batch, as after having been off line; one of its sales may have been sent before."""
        offers = [self._next() for _ in range(self._chance.randint(2, 6))]
        if self._chance.random() < 0.5:
            self._insist(offers[:1])
        self._insist(offers)

    def _sell_again(self) -> None:
        offer = self.sell()
        for _ in range(self._chance.randint(1, 3)):
            self._insist([offer])

    def _lose_key(self) -> None:
        """The till forgot its key, not its sequence."""
        offer = self.sell()
        self._insist([Offer(uuid4().hex, offer.body)])

    def _reuse_key(self) -> None:
        offer = self.sell()
        self._insist([Offer(offer.key, self._baskets.change(offer.body))])

    def _reuse_sequence(self) -> None:
        offer = self.sell()
        self._insist([Offer(uuid4().hex, self._baskets.change(offer.body))])

    def _sell_short(self) -> None:
        """A till that cannot add up: refused, and its sequence stays free."""
        offer = self._next()
        self._insist([Offer(offer.key, self._baskets.shorten(offer.body), SHORT)])

    def _insist(self, offers: list[Offer]) -> None:
        """Send until there is an answer that lasts, always with the same keys; sometimes a till gives up."""
        while True:
            call = self._call(offers)
            if call.outcome != UNKNOWN and call.status != 401:
                return
            if self._may_abandon():
                self._abandoned.append(offers)
                return
            if self._late():
                self._counter.unanswered += [f"{self._terminal} {offer.key}" for offer in offers]
                return
            time.sleep(self._chance.uniform(0.1, 0.6))

    def _may_abandon(self) -> bool:
        return not self._counter.closing.is_set() and self._chance.random() < ABANDONED_SHARE

    def _late(self) -> bool:
        if not self._counter.closing.is_set():
            return False
        if self._deadline is None:
            self._deadline = time.monotonic() + FINISH_SECONDS
        return time.monotonic() > self._deadline

    def _call(self, offers: list[Offer]) -> Call:
        if time.monotonic() > self._until:
            renewed = self._renew()
            if renewed.outcome != OK:
                return renewed
        headers = {"Authorization": f"Bearer {self._token}"}
        if self._chance.randrange(100) < self._counter.waiting:
            headers["Prefer"] = "wait=2"
        if len(offers) > 1:
            body = {"sales": [{"key": offer.key, **offer.body} for offer in offers]}
            return self._record("/v1/sales/batch", body, headers, offers)
        headers["Idempotency-Key"] = offers[0].key
        return self._record("/v1/sales", offers[0].body, headers, offers)

    def _renew(self) -> Call:
        """A fresh access token; a call like any other, that offers nothing."""
        call = self._counter.history.invoke(self._terminal, [])
        said = self._line.post("/v1/merchants/terminals/token", {"key": self._key}, {})
        if said.status == 200:
            self._token = said.body["access_token"]
            self._until = time.monotonic() + said.body["expires_in"] - EARLY_SECONDS
        return self._noted(call, said, [])

    def _record(self, path: str, body: object, headers: dict[str, str], offers: list[Offer]) -> Call:
        call = self._counter.history.invoke(self._terminal, offers)
        said = self._line.post(path, body, headers)
        if said.status == 401:
            self._until = 0.0
        return self._noted(call, said, offers)

    def _noted(self, call: Call, said: Said, offers: list[Offer]) -> Call:
        call.outcome, call.status, call.seconds = outcome_of(said.status), said.status, said.seconds
        call.code = said.body.get("code")
        if call.outcome == OK and offers:
            call.answers = said.body["items"] if "items" in said.body else [{"key": offers[0].key, **said.body}]
        elif call.outcome == FAIL:
            call.answers = [said.body]
        self._counter.history.answered(call)
        return call


class Crew:
    """All tills of a shop at work."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._tills = [Till(counter, nth) for nth in range(len(counter.shop.tills))]

    def start(self) -> None:
        """Open the doors."""
        for till in self._tills:
            till.start()

    def close(self) -> None:
        """Close them: every till finishes what it has begun, and resends half of what it gave up."""
        self.counter.closing.set()
        for till in self._tills:
            till.join()
