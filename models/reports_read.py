"""Questions about reports: rolled-up rows, summed. Divisions by zero are null."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import peewee

from models.base import shown
from models.catalogue import Product, Sku
from models.members import Member
from models.reports import MemberSummary, SalesByHour, SalesByMember, SalesByProduct

HOUR_FIGURES = (
    "tickets",
    "member_tickets",
    "items_milli",
    "gross_cents",
    "discount_cents",
    "net_cents",
    "member_net_cents",
    "cost_cents",
    "variance_cents",
)
PRODUCT_FIGURES = ("tickets", "quantity_milli", "gross_cents", "discount_cents", "net_cents", "cost_cents")
GROUPS = {
    "hour": ("business_date", "hour"),
    "day": ("business_date",),
    "store": ("store_id",),
}


def sales(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Sales by hour, day or store, with profit, average ticket and the members' share."""
    keys = [getattr(SalesByHour, name) for name in GROUPS[query["by"]]]
    sums = [_sum(getattr(SalesByHour, name), name) for name in HOUR_FIGURES]
    rows: Any = SalesByHour.select(*keys, *sums).where(*_within(SalesByHour, merchant, query)).group_by(*keys)
    return [_sales_row(row, GROUPS[query["by"]]) for row in rows.order_by(*keys).dicts()]


def products(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """The products that sold most by net, with code and name."""
    sums = [_sum(getattr(SalesByProduct, name), name) for name in PRODUCT_FIGURES]
    net = peewee.fn.SUM(SalesByProduct.net_cents)
    rows: Any = (
        SalesByProduct.select(SalesByProduct.sku_id, *sums)
        .where(*_within(SalesByProduct, merchant, query))
        .group_by(SalesByProduct.sku_id)
        .order_by(net.desc(), SalesByProduct.sku_id)
        .limit(query["limit"])
    )
    best: list[dict[str, Any]] = list(rows.dicts())
    names = _names(merchant, [row["sku_id"] for row in best])
    return [
        {**_plain(row), **names.get(row["sku_id"], {}), "profit_cents": int(row["net_cents"] - row["cost_cents"])}
        for row in best
    ]


def members(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """The members who spent most in the period."""
    net = peewee.fn.SUM(SalesByMember.net_cents)
    figures = [_sum(getattr(SalesByMember, name), name) for name in ("tickets", "items_milli", "net_cents")]
    days = peewee.fn.COUNT(SalesByMember.business_date).alias("days")
    rows: Any = (
        SalesByMember.select(SalesByMember.member_id, *figures, days)
        .where(SalesByMember.merchant_id == merchant, SalesByMember.business_date.between(query["from_"], query["to"]))
        .group_by(SalesByMember.member_id)
        .order_by(net.desc(), SalesByMember.member_id)
        .limit(query["limit"])
    )
    return [_plain(row) for row in rows.dicts()]


def member(merchant: UUID, member_id: UUID) -> dict[str, Any] | None:
    """A member in figures; zeros for one who has not bought yet, None when there is no such member."""
    if Member.get_or_none(Member.merchant_id == merchant, Member.id == member_id) is None:
        return None
    row = MemberSummary.get_or_none(MemberSummary.merchant_id == merchant, MemberSummary.member_id == member_id)
    visits, spend = (row.visits, row.spend_cents) if row else (0, 0)
    return {
        "member_id": str(member_id),
        "visits": visits,
        "spend_cents": spend,
        "average_ticket_cents": _ratio(spend, visits),
        "first_visit_at": shown(row.first_visit_at) if row else None,
        "last_visit_at": shown(row.last_visit_at) if row else None,
    }


def _within(table: Any, merchant: UUID, query: dict[str, Any]) -> list[Any]:
    where = [table.merchant_id == merchant, table.business_date.between(query["from_"], query["to"])]
    if query["store_id"]:
        where.append(table.store_id == query["store_id"])
    return where


def _sum(field: Any, name: str) -> Any:
    return peewee.fn.SUM(field).alias(name)


def _sales_row(row: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    figures = {name: int(row[name]) for name in HOUR_FIGURES}
    return {
        **_plain({name: row[name] for name in keys}),
        **figures,
        "profit_cents": figures["net_cents"] - figures["cost_cents"],
        "average_ticket_cents": _ratio(figures["net_cents"], figures["tickets"]),
        "member_net_bp": _ratio(figures["member_net_cents"] * 10_000, figures["net_cents"]),
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Database values as JSON: sums come as decimals from MySQL."""
    return {
        name: str(value)
        if isinstance(value, UUID)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else int(value)
        for name, value in row.items()
    }


def _ratio(part: int, whole: int) -> int | None:
    """Half up, null over nothing."""
    return (2 * part + whole) // (2 * whole) if whole else None


def _names(merchant: UUID, skus: list[UUID]) -> dict[UUID, dict[str, str]]:
    if not skus:
        return {}
    rows: Any = (
        Sku.select(Sku.id, Sku.code, Product.name)
        .join(Product, on=((Product.merchant_id == Sku.merchant_id) & (Product.id == Sku.product_id)))
        .where(Sku.merchant_id == merchant, Sku.id << skus)
    )
    return {id_: {"code": code, "name": name} for id_, code, name in rows.tuples()}
