"""Questions about the catalogue. Plain selects; what tills scan is kept in Redis until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import peewee

from models.base import shown
from models.catalogue import ROOT, Barcode, Category, Product, Sku, Stock
from models.merchants import Store
from models.rows import select_keys
from ops import cache

SCANNED_SECONDS = 10
"""A change drops the kept answer at once; this bounds what a worker killed right after its commit leaves."""


def by_barcode(merchant: UUID, barcode: str) -> dict[str, Any] | None:
    """The SKU a scanned barcode leads to, from Redis where it is kept."""
    key = _scanned_key(merchant, barcode)
    return cache.remember(key, SCANNED_SECONDS, lambda: _of_barcode(merchant, barcode))


def forget_scanned(merchant: UUID, barcodes: Iterable[str]) -> None:
    """Drop what is kept of these barcodes, after a change is committed."""
    keys = [_scanned_key(merchant, barcode) for barcode in barcodes]
    if keys:
        cache.forget(*keys)


def by_code(merchant: UUID, code: str) -> dict[str, Any] | None:
    """The SKU of a code."""
    views = _views(merchant, [Sku.code == code], 1)
    return views[0] if views else None


def show(merchant: UUID, sku: UUID) -> dict[str, Any] | None:
    """One SKU; None when the merchant has no such one."""
    views = _views(merchant, [Sku.id == sku], 1)
    return views[0] if views else None


def browse(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """SKUs in the order they were made, one more than the page holds."""
    where = [Sku.id > query["after"][0]] if query["after"] else []
    return _views(merchant, where, query["limit"] + 1)


def categories(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Categories in the order they were made, one more than the page holds."""
    where = [Category.merchant_id == merchant]
    if query["after"]:
        where.append(Category.id > query["after"][0])
    rows = Category.select().where(*where).order_by(Category.id).limit(query["limit"] + 1)
    return [
        {
            "category_id": str(row.id),
            "name": row.name,
            "parent_id": None if row.parent_id == ROOT else str(row.parent_id),
        }
        for row in rows
    ]


def stock(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Quantities by store and SKU, one more than the page holds; stores are named, so that every way is a range."""
    stores = [query["store_id"]] if query["store_id"] else _stores(merchant)
    where = [Stock.merchant_id == merchant, Stock.store_id << stores]
    if query["sku_id"]:
        where.append(Stock.sku_id == query["sku_id"])
    if query["after"]:
        store, sku = query["after"]
        where.append((Stock.store_id > store) | ((Stock.store_id == store) & (Stock.sku_id > sku)))
    rows = Stock.select().where(*where).order_by(Stock.store_id, Stock.sku_id).limit(query["limit"] + 1)
    return [
        {"store_id": str(row.store_id), "sku_id": str(row.sku_id), "quantity_milli": row.quantity_milli} for row in rows
    ]


def _stores(merchant: UUID) -> list[UUID]:
    return [store.id for store in Store.select(Store.id).where(Store.merchant_id == merchant)]


def _scanned_key(merchant: UUID, barcode: str) -> str:
    return f"scanned:{merchant}:{barcode}"


def _of_barcode(merchant: UUID, barcode: str) -> dict[str, Any] | None:
    row = Barcode.get_or_none(Barcode.merchant_id == merchant, Barcode.code == barcode)
    return show(merchant, row.sku_id) if row else None


def _views(merchant: UUID, where: list[peewee.Expression], most: int) -> list[dict[str, Any]]:
    rows = (
        Sku.select(Sku, Product.name.alias("name"), Product.category_id.alias("category_id"))
        .join(Product, on=((Product.merchant_id == Sku.merchant_id) & (Product.id == Sku.product_id)))
        .where(Sku.merchant_id == merchant, *where)
        .order_by(Sku.id)
        .limit(most)
    )
    skus = list(rows.objects())
    barcodes: dict[UUID, list[str]] = {}
    for code, sku in select_keys(Barcode, "code, sku_id", [(merchant, row.id) for row in skus], by="sku_id"):
        barcodes.setdefault(UUID(bytes=bytes(sku)), []).append(code)
    return [_view(row, barcodes.get(row.id, [])) for row in skus]


def _view(sku: Any, barcodes: list[str]) -> dict[str, Any]:
    return {
        "sku_id": str(sku.id),
        "product_id": str(sku.product_id),
        "code": sku.code,
        "name": sku.name,
        "category_id": str(sku.category_id) if sku.category_id else None,
        "price_cents": sku.price_cents,
        "cost_cents": sku.cost_cents,
        "unit": sku.unit,
        "barcodes": sorted(barcodes),
        "changed_at": shown(sku.changed_at),
    }
