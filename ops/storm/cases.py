"""A history put in order: every command with all that was offered and told under its id, every till's slot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ops.storm.history import OK, Call, Offer, Told
from schemas.envelope import Actor, body_hash, command_id

CHECKOUT = "sales.checkout"


@dataclass(frozen=True, slots=True)
class Try:
    """One offer in one call, and the answer it got in it."""

    call: Call
    offer: Offer
    answer: dict[str, Any]

    @property
    def hash(self) -> str:
        """The digest of the body that was sent."""
        return body_hash(self.offer.body).hex()


@dataclass
class Case:
    """One command: what a till sent under one key."""

    id: str
    terminal: str
    key: str
    tries: list[Try] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether the edge ever took it."""
        return any(each.call.outcome == OK for each in self.tries)

    def of_hash(self, digest: str) -> Offer | None:
        """The offer whose body has this digest."""
        return next((each.offer for each in self.tries if each.hash == digest), None)

    def __str__(self) -> str:
        numbers = ", ".join(str(each.call.number) for each in self.tries)
        return f"command {self.id} (till {self.terminal}, key {self.key}, calls {numbers})"


Slot = tuple[str, int]
"""A terminal and a sequence number: the place of one sale."""


def cases_of(told: Told) -> dict[str, Case]:
    """Every command of a history, by its id."""
    merchant = UUID(told.shop.merchant)
    cases: dict[str, Case] = {}
    for call in told.calls:
        answers = {answer.get("key"): answer for answer in call.answers}
        for offer in call.offers:
            id_ = str(command_id(merchant, Actor(terminal=UUID(call.terminal)), CHECKOUT, offer.key))
            case = cases.setdefault(id_, Case(id_, call.terminal, offer.key))
            case.tries.append(Try(call, offer, answers.get(offer.key, {})))
    return cases


def slots_of(cases: dict[str, Case]) -> dict[Slot, list[Try]]:
    """Everything that was ever offered for a slot."""
    slots: dict[Slot, list[Try]] = defaultdict(list)
    for case in cases.values():
        for each in case.tries:
            slots[case.terminal, each.offer.body["sequence"]].append(each)
    return slots


def contested(tries: list[Try]) -> bool:
    """Whether different baskets were offered for one slot."""
    return len({each.hash for each in tries}) > 1
