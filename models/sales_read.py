"""Questions about sales: a quote, one sale, a page of them. Plain selects; nothing is changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.base import now, shown
from models.catalogue import Sku
from models.members import Member, Tier
from models.points import rules_of
from models.rows import select_keys
from models.rules.money import amount_cents
from models.rules.points import ONCE_BP, earned, rule_at
from models.rules.refusals import Refused
from models.sales import Sale, SaleLine, SaleTender

LINE_FIGURES = ("quantity_milli", "gross_cents", "discount_cents", "net_cents", "cost_cents", "variance_cents")
SALE_FIGURES = ("gross_cents", "discount_cents", "net_cents", "variance_cents", "items_milli")


def quote(merchant: UUID, basket: dict[str, Any]) -> dict[str, Any]:
    """Price a basket of {sku_id, quantity_milli} now; `sales.unknown_product` names a line of no SKU."""
    from_catalogue = _prices(merchant, [line["sku_id"] for line in basket["lines"]])
    lines = [_quoted(from_catalogue, nth, line) for nth, line in enumerate(basket["lines"])]
    net_cents = sum(line["net_cents"] for line in lines)
    rule = rule_at(rules_of(merchant), now())
    multiplier_bp = _multiplier_bp(merchant, basket["member_id"])
    points = earned(net_cents, rule, multiplier_bp) if rule else 0
    joined = basket["member_id"] is not None
    return {
        "lines": lines,
        "net_cents": net_cents,
        "points": points if joined else 0,
        "points_on_joining": 0 if joined else points,
    }


def _prices(merchant: UUID, skus: list[UUID]) -> dict[bytes, int]:
    rows = select_keys(Sku, "id, price_cents", [(merchant, sku) for sku in skus])
    return {bytes(id_): price for id_, price in rows}


def _quoted(prices: dict[bytes, int], nth: int, line: dict[str, Any]) -> dict[str, Any]:
    price_cents = prices.get(line["sku_id"].bytes)
    if price_cents is None:
        raise Refused("sales.unknown_product", line=nth, sku_id=str(line["sku_id"]))
    gross = amount_cents(price_cents, line["quantity_milli"])
    figures = {"gross_cents": gross, "discount_cents": 0, "net_cents": gross}
    return {"sku_id": str(line["sku_id"]), "quantity_milli": line["quantity_milli"], **figures}


def _multiplier_bp(merchant: UUID, member: UUID | None) -> int:
    if member is None:
        return ONCE_BP
    row = Member.get_or_none(Member.merchant_id == merchant, Member.id == member)
    if row is None:
        raise Refused("sales.unknown_member")
    return int(Tier.get(Tier.merchant_id == merchant, Tier.id == row.tier_id).multiplier_bp)


def show(merchant: UUID, sale: UUID) -> dict[str, Any] | None:
    """A sale with its lines and tenders; None when the merchant has no such sale."""
    row = Sale.get_or_none(Sale.merchant_id == merchant, Sale.id == sale)
    if row is None:
        return None
    lines = SaleLine.select().where(SaleLine.merchant_id == merchant, SaleLine.sale_id == sale)
    tenders = SaleTender.select().where(SaleTender.merchant_id == merchant, SaleTender.sale_id == sale)
    return {
        **_view(row),
        "lines": [
            {"sku_id": str(line.sku_id), **{name: getattr(line, name) for name in LINE_FIGURES}}
            for line in lines.order_by(SaleLine.line)
        ],
        "tenders": [
            {name: getattr(t, name) for name in ("kind", "amount_cents", "change_cents", "reference")}
            for t in tenders.order_by(SaleTender.line)
        ],
    }


def browse(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Sales newest first, one more than the page holds; `after` is where the page before ended."""
    where = [Sale.merchant_id == merchant]
    if query["store_id"]:
        where.append(Sale.store_id == query["store_id"])
    if query["from_"]:
        where.append(Sale.business_date >= query["from_"])
    if query["to"]:
        where.append(Sale.business_date <= query["to"])
    if query["after"]:
        where.append(Sale.id < UUID(str(query["after"][0])))
    return [_view(row) for row in Sale.select().where(*where).order_by(Sale.id.desc()).limit(query["limit"] + 1)]


def _view(row: Sale) -> dict[str, Any]:
    return {
        "sale_id": str(row.id),
        "store_id": str(row.store_id),
        "terminal_id": str(row.terminal_id),
        "cashier_id": str(row.cashier_id) if row.cashier_id else None,
        "sequence": row.sequence,
        "member_id": str(row.member_id) if row.member_id else None,
        "mode": row.mode,
        "state": row.state,
        "sold_at": shown(row.sold_at),
        "business_date": row.business_date.isoformat(),
        **{name: getattr(row, name) for name in SALE_FIGURES},
    }
