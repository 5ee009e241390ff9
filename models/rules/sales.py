"""The decision on a checkout: pure, one command after another, each seeing what the ones before it left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from models.rules.days import business_day
from models.rules.ids import id_at
from models.rules.money import amount_cents
from models.rules.refusals import Refused

ONLINE, OFFLINE = "online", "offline"
CASH = "cash"

Key = tuple[bytes, bytes]
"""Merchant and id as the tables have them: 16 bytes each, compared at the speed of bytes."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What of a store bears on a sale."""

    time_zone: str
    cutoff_minutes: int


@dataclass(slots=True)
class ShopState:
    """What a batch of checkouts needs to know, keyed by merchant and id; `taken` grows as sales are decided."""

    stores: dict[Key, StoreFacts]
    skus: dict[Key, tuple[int, int]]
    members: dict[Key, bool]
    taken: dict[tuple[bytes, bytes, int], tuple[UUID, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basket:
    """A checkout as the till sent it; ids of the shop's own things as 16 bytes."""

    command: UUID
    merchant: bytes
    store: bytes
    terminal: bytes
    cashier: bytes | None
    content: bytes
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line as sold: quantity in thousandths, money in cents; variance against the catalogue's price."""

    sku: bytes
    quantity_milli: int
    gross_cents: int
    discount_cents: int
    net_cents: int
    cost_cents: int
    variance_cents: int


@dataclass(frozen=True, slots=True)
class SoldTender:
    """How a part was paid."""

    kind: str
    amount_cents: int
    change_cents: int
    reference: str | None


@dataclass(frozen=True, slots=True)
class Sold:
    """A settled sale, ready to be written."""

    id: UUID
    basket: Basket
    member: bytes | None
    sequence: int
    mode: str
    sold_at: datetime
    day: date
    hour: int
    lines: tuple[SoldLine, ...]
    tenders: tuple[SoldTender, ...]
    net_cents: int

    def total(self, figure: str) -> int:
        """Sum of one figure over the lines."""
        return sum(getattr(line, figure) for line in self.lines)


@dataclass(frozen=True, slots=True)
class SoldBefore:
    """The same sale of the same terminal came before, under another key."""

    id: UUID


def sale_id(sold_at: datetime, command: UUID) -> UUID:
    """The id a sale will have; the edge can tell the till before it is settled."""
    return id_at(sold_at, command)


def decide(state: ShopState, basket: Basket) -> Sold | SoldBefore:
    """Settle a basket against the shop as it stands, or `Refused`."""
    body = basket.body
    till = (basket.merchant, basket.terminal, body["sequence"])
    if till in state.taken:
        return _again(basket, *state.taken[till])
    store = state.stores.get((basket.merchant, basket.store))
    if store is None:
        raise Refused("sales.unknown_store")
    _admit_member(state, basket)
    lines = tuple(_line(state, basket, nth) for nth in range(len(body["lines"])))
    net_cents = sum(line.net_cents for line in lines)
    tenders = _tenders(body["tenders"], net_cents)
    day, hour = business_day(body["sold_at"], store.time_zone, store.cutoff_minutes)
    sold = Sold(
        id=sale_id(body["sold_at"], basket.command),
        basket=basket,
        member=body["member_id"].bytes if body["member_id"] else None,
        sequence=body["sequence"],
        mode=body["mode"],
        sold_at=body["sold_at"],
        day=day,
        hour=hour,
        lines=lines,
        tenders=tenders,
        net_cents=net_cents,
    )
    state.taken[till] = (sold.id, basket.content)
    return sold


def _again(basket: Basket, sale: UUID, content: bytes) -> SoldBefore:
    if content != basket.content:
        raise Refused("sales.sequence_taken", sale_id=str(sale))
    return SoldBefore(sale)


def _admit_member(state: ShopState, basket: Basket) -> None:
    member = basket.body["member_id"]
    if member is None:
        return
    active = state.members.get((basket.merchant, member.bytes))
    if active is None:
        raise Refused("sales.unknown_member")
    if not active and basket.body["mode"] == ONLINE:
        raise Refused("sales.member_not_active")


def _line(state: ShopState, basket: Basket, nth: int) -> SoldLine:
    line = basket.body["lines"][nth]
    sku = line["sku_id"].bytes
    known = state.skus.get((basket.merchant, sku))
    if known is None:
        raise Refused("sales.unknown_product", line=nth, sku_id=str(line["sku_id"]))
    price_cents, cost_cents = known
    gross, discount = line["gross_cents"], line["discount_cents"]
    if discount > gross:
        raise Refused("sales.discount_too_large", line=nth)
    listed = amount_cents(price_cents, line["quantity_milli"])
    variance = gross - discount - listed
    if variance and basket.body["mode"] == ONLINE:
        raise Refused("sales.price_changed", line=nth, gross_cents=listed, discount_cents=0)
    cost = amount_cents(cost_cents, line["quantity_milli"])
    return SoldLine(sku, line["quantity_milli"], gross, discount, gross - discount, cost, variance)


def _tenders(tenders: list[dict[str, Any]], net_cents: int) -> tuple[SoldTender, ...]:
    sold = tuple(SoldTender(t["kind"], t["amount_cents"], t["change_cents"], t["reference"]) for t in tenders)
    for nth, tender in enumerate(sold):
        if tender.change_cents and (tender.kind != CASH or tender.change_cents > tender.amount_cents):
            raise Refused("sales.change_without_cash", tender=nth)
    paid = sum(tender.amount_cents - tender.change_cents for tender in sold)
    if paid != net_cents:
        raise Refused("sales.tenders_differ", payable_cents=net_cents, tendered_cents=paid)
    return sold
