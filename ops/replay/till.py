"""Tills at work: each sends its baskets strictly in its own order, with its own keys and sequence."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

from ops.journey.baskets import Basket
from ops.replay.edge import Edge, Patience, Refused
from ops.replay.state import Answered, Place, State

EARLY_S = 30
FLUSH_EVERY = 50
FLUSH_S = 1.0
Rung = tuple[Basket, Place]


@dataclass(frozen=True)
class Ids:
    """What the edge calls things: products by code, members by household, till keys by (store, number)."""

    skus: Mapping[str, str]
    members: Mapping[str, str]
    keys: Mapping[tuple[str, int], str]

    @classmethod
    def of(cls, state: State) -> Ids:
        """As the opening left them."""
        tills = state.all("SELECT store, number, key FROM till")
        return cls(
            dict(state.all("SELECT code, id FROM sku")),
            dict(state.all("SELECT household, id FROM member")),
            {(store, number): key for store, number, key in tills},
        )


@dataclass(frozen=True)
class Pace:
    """When a basket is due: at once (factor 0), or as it was bought, so many times faster."""

    factor: float
    origin: datetime
    began: float = field(default_factory=time.monotonic)

    def wait(self, sold_at: datetime, patience: Patience) -> None:
        """Sleep until the basket is due."""
        if self.factor:
            due = self.began + (sold_at - self.origin).total_seconds() / self.factor
            left = due - time.monotonic()
            if left > 0:
                patience.sleep(left)


@dataclass
class Failures:
    """Baskets the edge did not take: each is a defect."""

    told: list[str] = field(default_factory=list)

    def add(self, basket: str, place: Place, why: Exception) -> None:
        """One more; safe from any thread."""
        self.told.append(f"basket {basket} (till {place.store}-{place.till}, sequence {place.sequence}): {why}")


def share_out(rung: Iterable[Rung], hands: int) -> list[list[Rung]]:
    """Loads of about the same size, each of whole tills, every till in the order of its sequence."""
    tills: dict[tuple[str, int], list[Rung]] = defaultdict(list)
    for one in rung:
        tills[one[1].store, one[1].till].append(one)
    loads: list[list[tuple[datetime, Rung]]] = [[] for _ in range(hands)]
    for till in sorted(tills.values(), key=len, reverse=True):
        min(loads, key=len).extend(_in_sequence(till))
    return [[one for _, one in sorted(load, key=lambda dated: dated[0])] for load in loads if load]


def _in_sequence(till: list[Rung]) -> Iterable[tuple[datetime, Rung]]:
    """Each basket with the time it can go: its own, or that of one numbered before it, if that was later."""
    ordered = sorted(till, key=lambda one: one[1].sequence)
    return zip(accumulate((one[0].sold_at for one in ordered), max), ordered, strict=True)


def checkout(basket: Basket, place: Place, ids: Ids) -> dict[str, Any]:
    """The sale as the till sends it: as charged, off line."""
    return {
        "sequence": place.sequence,
        "sold_at": basket.sold_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mode": "offline",
        "member_id": ids.members[basket.household],
        "lines": [
            {
                "sku_id": ids.skus[line.product],
                "quantity_milli": line.quantity_milli,
                "gross_cents": line.gross_cents,
                "discount_cents": line.discount_cents,
            }
            for line in basket.lines
        ],
        "tenders": [
            {"kind": kind, "amount_cents": amount, "change_cents": change, "reference": reference}
            for kind, amount, change, reference in basket.tenders()
        ],
    }


class Counter:
    """One pair of hands at a number of tills."""

    def __init__(self, edge: Edge, state: State, ids: Ids, failures: Failures) -> None:
        self._edge, self._state, self._ids, self._failures = edge, state, ids, failures
        self._tokens: dict[tuple[str, int], tuple[str, float]] = {}
        self._answers: list[Answered] = []
        self._flushed = time.monotonic()

    def ring_up(self, load: Iterable[Rung], before: Callable[[Basket], None], after: Callable[[], None]) -> None:
        """Send every basket of a load; what was answered is written down whatever happens."""
        try:
            for basket, place in load:
                before(basket)
                self._send(basket, place)
                after()
        finally:
            self._flush()

    def _send(self, basket: Basket, place: Place) -> None:
        body = checkout(basket, place, self._ids)
        try:
            said = self._post(body, place, f"basket-{basket.id}")
        except Refused as refused:
            self._failures.add(basket.id, place, refused)
            return
        self._answers.append(Answered(basket.id, said["command_id"], said["sale_id"]))
        if len(self._answers) >= FLUSH_EVERY or time.monotonic() - self._flushed > FLUSH_S:
            self._flush()

    def _post(self, body: dict[str, Any], place: Place, key: str) -> dict[str, Any]:
        till = (place.store, place.till)
        try:
            return self._edge.post("/v1/sales", body, token=self._token(till), key=key).body
        except Refused as refused:
            if refused.status != 401:
                raise
            del self._tokens[till]
            return self._edge.post("/v1/sales", body, token=self._token(till), key=key).body

    def _token(self, till: tuple[str, int]) -> str:
        token, until = self._tokens.get(till, ("", 0.0))
        if time.monotonic() > until:
            said = self._edge.post("/v1/merchants/terminals/token", {"key": self._ids.keys[till]}).body
            token, until = said["access_token"], time.monotonic() + said["expires_in"] - EARLY_S
            self._tokens[till] = (token, until)
        return token

    def _flush(self) -> None:
        self._state.answered(self._answers)
        self._answers = []
        self._flushed = time.monotonic()
