"""A chain to sell in, fresh for every run, and the sales its tills would send: always the same ones for a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from edge.identity import access_token, configure
from models.base import db, new_id, now
from models.catalogue import Product, Sku, Stock
from models.members import ACTIVE, Member, Tier
from models.merchants import Merchant, Store, Terminal
from models.points import EarnRuleRow
from ops.broker import Message, bundle
from schemas.envelope import Actor, Envelope, command_id
from schemas.points import Accrue
from schemas.sales import Checkout

STORES, TILLS_OF_STORE, MEMBERS, SKUS, LINES = 8, 2, 200, 1000, 5
MEMBERS_SHARE = 0.8
ROWS_AT_ONCE = 500
BUNDLE = 100
"""Follow-ups of one batch of sales leave in one message, up to this many."""


@dataclass(frozen=True, slots=True)
class Till:
    """A terminal and its store."""

    id: UUID
    store: UUID


@dataclass(frozen=True, slots=True)
class Chain:
    """A merchant whose sales are measured: its tills, its members, its products with their price in cents."""

    merchant: UUID
    tills: tuple[Till, ...]
    members: tuple[UUID, ...]
    skus: tuple[tuple[UUID, int], ...]

    def token(self, till: Till) -> str:
        """The till's access token."""
        with _SIGNER.app_context():
            return access_token(self.merchant, Actor(terminal=till.id))

    def baskets(self, count: int, first: int = 1) -> Iterator[tuple[Till, dict[str, Any]]]:
        """Sales as tills send them, numbered on from `first`: five lines, mostly one tender, mostly a member."""
        dice = random.Random(first)
        began = now() - timedelta(milliseconds=count)
        for nth in range(count):
            sold_at = began + timedelta(milliseconds=nth)
            yield self.tills[nth % len(self.tills)], self._basket(dice, first + nth, sold_at)

    def sales(self, count: int, first: int = 1) -> Iterator[Message]:
        """Checkouts as the edge publishes them, one to a message; a message has its command's id."""
        for till, body in self.baskets(count, first):
            actor = Actor(terminal=till.id)
            id_ = command_id(self.merchant, actor, Checkout.command, f"bench-{body['sequence']}")
            envelope = Envelope(id_, Checkout.command, self.merchant, body, till.store, actor, trace=id_.hex[:16])
            yield bundle(envelope.name, [envelope.to_wire()])

    def accruals(self, count: int) -> Iterator[Message]:
        """Accruals as the relay publishes them, a hundred to a message."""
        for start in range(0, count, BUNDLE):
            wires = [self._accrual(nth) for nth in range(start, min(start + BUNDLE, count))]
            yield bundle(Accrue.command, wires)

    def single_accruals(self, count: int) -> Iterator[Message]:
        """Accruals one to a message, as a system without bundles would send them."""
        for nth in range(count):
            yield bundle(Accrue.command, [self._accrual(nth)])

    def _basket(self, dice: random.Random, sequence: int, sold_at: datetime) -> dict[str, Any]:
        lines: list[dict[str, Any]] = []
        for sku, cents in dice.sample(self.skus, LINES):
            pieces = dice.choice((1, 1, 1, 2, 3))
            lines.append({"sku_id": str(sku), "quantity_milli": 1000 * pieces, "gross_cents": pieces * cents})
        due = sum(line["gross_cents"] for line in lines)
        return {
            "sequence": sequence,
            "sold_at": sold_at.isoformat(),
            "member_id": str(dice.choice(self.members)) if dice.random() < MEMBERS_SHARE else None,
            "lines": [{**line, "discount_cents": 0} for line in lines],
            "tenders": _tenders(dice, due),
        }

    def _accrual(self, nth: int) -> dict[str, Any]:
        till = self.tills[nth % len(self.tills)]
        body = {
            "sale_id": str(new_id()),
            "member_id": str(self.members[nth % len(self.members)]),
            "store_id": str(till.store),
            "sold_at": datetime.now(UTC).isoformat(),
            "base_cents": 1000 + nth % 5000,
        }
        return Envelope(new_id(), Accrue.command, self.merchant, body, till.store).to_wire()


def open_chain() -> Chain:
    """Write a new merchant with stores, tills, members, products and stock."""
    merchant, tier = new_id(), new_id()
    stores = [new_id() for _ in range(STORES)]
    tills = tuple(Till(new_id(), store) for store in stores for _ in range(TILLS_OF_STORE))
    members = tuple(new_id() for _ in range(MEMBERS))
    skus = tuple((new_id(), 100 + 7 * nth) for nth in range(SKUS))
    with db.transact():
        Merchant.insert(id=merchant, code=merchant.hex, name="Bench", currency="EUR", created_at=now()).execute()
        Tier.insert(merchant_id=merchant, id=tier, code="member", name="Member", multiplier_bp=10_000).execute()
        rule = {"merchant_id": merchant, "version": 1, "effective_at": datetime(1970, 1, 1, tzinfo=UTC)}
        EarnRuleRow.insert(**rule, cents_per_point=100, expiry_months=12).execute()
        _write(Store, [_store(merchant, id_, nth) for nth, id_ in enumerate(stores)])
        _write(Terminal, [_terminal(merchant, till) for till in tills])
        _write(Member, [_member(merchant, id_, tier) for id_ in members])
        _write(Product, [{"merchant_id": merchant, "id": id_, "name": "Product"} for id_, _ in skus])
        _write(Sku, [_sku(merchant, id_, cents) for id_, cents in skus])
        _write(Stock, [_stock(merchant, store, id_) for store in stores for id_, _ in skus])
    return Chain(merchant, tills, members, skus)


def _tenders(dice: random.Random, due: int) -> list[dict[str, Any]]:
    if dice.random() < 0.7:
        return [{"kind": "card", "amount_cents": due}]
    cash = due // 2
    return [{"kind": "cash", "amount_cents": cash}, {"kind": "card", "amount_cents": due - cash}]


def _write(table: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        table.insert_many(rows[start : start + ROWS_AT_ONCE]).execute()


def _store(merchant: UUID, id_: UUID, nth: int) -> dict[str, Any]:
    zone = {"time_zone": "Europe/Berlin", "day_cutoff_minutes": 240}
    return {"merchant_id": merchant, "id": id_, "code": f"S{nth}", "name": "Store", **zone}


def _terminal(merchant: UUID, till: Till) -> dict[str, Any]:
    return {"merchant_id": merchant, "id": till.id, "store_id": till.store, "name": "Till", "created_at": now()}


def _member(merchant: UUID, id_: UUID, tier: UUID) -> dict[str, Any]:
    who = {"number": id_.hex[-12:], "name": "sealed:", "tier_id": tier, "status": ACTIVE, "enrolled_at": now()}
    return {"merchant_id": merchant, "id": id_, **who}


def _sku(merchant: UUID, id_: UUID, cents: int) -> dict[str, Any]:
    what = {"product_id": id_, "code": id_.hex[-12:], "unit": "pc", "changed_at": now()}
    return {"merchant_id": merchant, "id": id_, **what, "price_cents": cents, "cost_cents": cents // 2}


def _stock(merchant: UUID, store: UUID, sku: UUID) -> dict[str, Any]:
    return {"merchant_id": merchant, "store_id": store, "sku_id": sku, "quantity_milli": 10**9}


_SIGNER = Flask("bench", static_folder=None)
configure(_SIGNER)
