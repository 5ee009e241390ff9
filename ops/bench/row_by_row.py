"""The measure: the same sale and accrual as ordinary peewee code would settle them, a row at a time.

Honest on purpose: the same tables, columns, rules, checks and durability as the product; one transaction per
command; schemas built once; the products of a basket read in one query; hot rows touched last and in key
order. What it lacks is only what the product does to be fast: batches and multi-row writes. It shares no
code of the product's write path.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from models.base import Row, db, new_id, now
from models.catalogue import Sku, Stock, StockMovement
from models.members import ACTIVE, Member, Tier
from models.merchants import Store
from models.points import AVAILABLE, EarnRuleRow, PointsAccount, PointsEntry, PointsLot
from models.receipts import Outbox, Receipt
from models.rules.days import business_day, expiry_moment
from models.rules.money import amount_cents
from models.rules.points import EarnRule, earned, rule_at
from models.rules.sales import sale_id
from models.sales import Sale, SaleLine, SaleTender
from ops.broker import bundle
from schemas.envelope import Envelope, body_hash, followup_id
from schemas.points import Accrue
from schemas.reports import RollUp
from schemas.sales import Checkout

FIGURES = ("quantity_milli", "gross_cents", "discount_cents", "net_cents", "cost_cents", "variance_cents")
_checkout, _accrue = Checkout(), Accrue()


class NotSold(Exception):
    """The basket cannot be sold as it was sent."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A sale as written: its lines carry every figure in whole cents and thousandths."""

    id: UUID
    envelope: Envelope
    body: dict[str, Any]
    day: date
    hour: int
    lines: list[dict[str, Any]]

    @property
    def place(self) -> dict[str, Any]:
        """The key every row of a store begins with."""
        return {"merchant_id": self.envelope.merchant, "store_id": self.envelope.store}

    def totals(self) -> dict[str, int]:
        """Every figure summed over the lines."""
        return {figure: sum(line[figure] for line in self.lines) for figure in FIGURES}


def settle_sale(envelope: Envelope) -> None:
    """A sale with receipt, lines, tenders, movements, its two follow-ups in the outbox, and stock."""
    body = _checkout.load(envelope.body)
    with db.transact():
        if settled_before(envelope):
            return
        struck = strike(envelope, body)
        _owe(struck, RollUp.command, {"sale_id": str(struck.id)})
        if body["member_id"]:
            _owe(struck, Accrue.command, _accrual(struck))
        take_stock(struck)


def settle_accrual(envelope: Envelope) -> None:
    """An accrual with receipt, lot, entry and balance."""
    body = _accrue.load(envelope.body)
    with db.transact():
        if not settled_before(envelope):
            _write_receipt(envelope, {"points": credit(envelope.merchant, envelope.id, body)})


def settled_before(envelope: Envelope) -> bool:
    """Whether the command has its receipt."""
    same = (Receipt.merchant_id == envelope.merchant, Receipt.id == envelope.id)
    return Receipt.get_or_none(*same) is not None


def strike(envelope: Envelope, body: dict[str, Any]) -> Struck:
    """Check the basket against the shop; write receipt, sale, lines, tenders and movements."""
    merchant, terminal = envelope.merchant, envelope.actor.terminal
    store = Store.get(Store.merchant_id == merchant, Store.id == envelope.store)
    number = (Sale.terminal_id == terminal, Sale.sequence == body["sequence"])
    if Sale.get_or_none(Sale.merchant_id == merchant, *number):
        raise NotSold("the sequence is taken")
    _admit_member(merchant, body)
    day, hour = business_day(body["sold_at"], store.time_zone, store.day_cutoff_minutes)
    lines = _priced(merchant, body)
    struck = Struck(sale_id(body["sold_at"], envelope.id), envelope, body, day, hour, lines)
    if sum(t["amount_cents"] - t["change_cents"] for t in body["tenders"]) != struck.totals()["net_cents"]:
        raise NotSold("the tenders do not pay the sale")
    _write_receipt(envelope, {"sale_id": str(struck.id), "net_cents": struck.totals()["net_cents"]})
    _write_sale(struck)
    return struck


def take_stock(struck: Struck) -> None:
    """Take the goods from stock, in key order."""
    for line in sorted(struck.lines, key=lambda line: line["sku_id"].bytes):
        add(Stock, {**struck.place, "sku_id": line["sku_id"]}, {"quantity_milli": -line["quantity_milli"]})


def credit(merchant: UUID, command: UUID, body: dict[str, Any]) -> int:
    """Lot, entry and balance of what a sale earned; the points."""
    member = Member.get(Member.merchant_id == merchant, Member.id == body["member_id"])
    tier = Tier.get(Tier.merchant_id == merchant, Tier.id == member.tier_id)
    store = Store.get(Store.merchant_id == merchant, Store.id == body["store_id"])
    rows = EarnRuleRow.select().where(EarnRuleRow.merchant_id == merchant)
    rules = [EarnRule(row.version, row.effective_at, row.cents_per_point, row.expiry_months) for row in rows]
    rule = rule_at(rules, body["sold_at"])
    points = earned(body["base_cents"], rule, tier.multiplier_bp) if rule else 0
    if rule is None or points == 0:
        return 0
    whose = {"merchant_id": merchant, "member_id": member.id, "sale_id": body["sale_id"], "points": points}
    expires_at = expiry_moment(body["sold_at"], store.time_zone, rule.expiry_months)
    lot = {"id": body["sale_id"], "remaining": points, "state": AVAILABLE, "earned_at": body["sold_at"]}
    PointsLot.create(**whose, **lot, expires_at=expires_at)
    entry = {"id": command, "lot_id": body["sale_id"], "kind": "earn", "rule_version": rule.version}
    PointsEntry.create(**whose, **entry, at=body["sold_at"])
    add(PointsAccount, {"merchant_id": merchant, "member_id": member.id}, {"balance": points})
    return points


def add(table: type[Row], key: dict[str, Any], sums: dict[str, int], **first: Any) -> None:
    """Add to a row's figures, or create it; what is named `last…` takes the newest value."""
    fields = table._meta.fields
    changes = {fields[name]: fields[name] + value for name, value in sums.items()}
    newest = {fields[name]: value for name, value in first.items() if name.startswith("last")}
    same = [fields[name] == value for name, value in key.items()]
    if table.update({**changes, **newest}).where(*same).execute() == 0:
        table.create(**key, **sums, **first)


def _admit_member(merchant: UUID, body: dict[str, Any]) -> None:
    wanted = body["member_id"]
    if wanted is None:
        return
    member = Member.get(Member.merchant_id == merchant, Member.id == wanted)
    if member.status != ACTIVE and body["mode"] == "online":
        raise NotSold("the member is not active")


def _priced(merchant: UUID, body: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = [line["sku_id"] for line in body["lines"]]
    skus = {sku.id: sku for sku in Sku.select().where(Sku.merchant_id == merchant, Sku.id.in_(wanted))}
    priced = []
    for line in body["lines"]:
        sku, quantity = skus[line["sku_id"]], line["quantity_milli"]
        net_cents = line["gross_cents"] - line["discount_cents"]
        variance = net_cents - amount_cents(sku.price_cents, quantity)
        if variance and body["mode"] == "online":
            raise NotSold("the price has changed")
        cost = amount_cents(sku.cost_cents, quantity)
        priced.append({**line, "net_cents": net_cents, "cost_cents": cost, "variance_cents": variance})
    return priced


def _write_receipt(envelope: Envelope, answer: dict[str, Any]) -> None:
    Receipt.create(
        merchant_id=envelope.merchant,
        id=envelope.id,
        name=envelope.name,
        body_hash=body_hash(envelope.body),
        state="done",
        answer=orjson.dumps(answer).decode(),
        settled_at=now(),
    )


def _write_sale(struck: Struck) -> None:
    envelope, body, totals = struck.envelope, struck.body, struck.totals()
    Sale.create(
        **struck.place,
        id=struck.id,
        terminal_id=envelope.actor.terminal,
        sequence=body["sequence"],
        member_id=body["member_id"],
        cashier_id=envelope.actor.staff,
        mode=body["mode"],
        state="settled",
        sold_at=body["sold_at"],
        business_date=struck.day,
        hour=struck.hour,
        items_milli=totals.pop("quantity_milli"),
        content_hash=body_hash(envelope.body),
        **totals,
    )
    key = {"merchant_id": envelope.merchant, "sale_id": struck.id}
    for nth, line in enumerate(struck.lines):
        SaleLine.create(**key, line=nth, **line)
        what = {"sku_id": line["sku_id"], "kind": "sale", "quantity_milli": -line["quantity_milli"]}
        StockMovement.create(**struck.place, source_id=struck.id, line=nth, **what, at=body["sold_at"])
    for nth, tender in enumerate(body["tenders"]):
        SaleTender.create(**key, line=nth, **tender)


def _owe(struck: Struck, name: str, body: dict[str, Any]) -> None:
    parent = struck.envelope
    followup = Envelope(followup_id(parent.id, name), name, parent.merchant, body, parent.store, trace=parent.trace)
    message = bundle(name, [followup.to_wire()])
    what = {"queue": message.queue, "name": message.name, "message_id": message.id, "body": message.body}
    Outbox.create(id=new_id(), **what, commands=1, at=now())


def _accrual(struck: Struck) -> dict[str, Any]:
    return {
        "sale_id": str(struck.id),
        "member_id": str(struck.body["member_id"]),
        "store_id": str(struck.envelope.store),
        "sold_at": struck.body["sold_at"].isoformat(),
        "base_cents": struck.totals()["net_cents"],
    }
