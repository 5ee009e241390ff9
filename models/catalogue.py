"""Catalogue: categories, products and their SKUs, barcodes, and the stock of each store with its ledger."""

from __future__ import annotations

from uuid import UUID

import peewee

from models.base import NOBODY, IdField, MomentField, Row, db
from models.rows import insert_rows, select, upsert_rows

ROOT = NOBODY
"""The parent of the outermost shelves: never null, so that one key keeps all siblings apart."""

RECEIVE, ADJUST = "receive", "adjust"


class Category(Row):
    """A shelf of the catalogue; the parent is the shelf it belongs to, `ROOT` for an outermost one."""

    merchant_id = IdField()
    id = IdField()
    parent_id = IdField()
    name = peewee.CharField(120)

    class Meta:
        """Categories are few and read whole; two of one parent have different names."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "parent_id", "name"), True),)


class Product(Row):
    """What the shop calls a product; what is sold and counted is its SKU."""

    merchant_id = IdField()
    id = IdField()
    category_id = IdField(null=True)
    name = peewee.CharField(200)

    class Meta:
        """Products belong to a category, or to none."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


class Sku(Row):
    """A sellable unit: the shop's own code, price and cost per unit in cents."""

    merchant_id = IdField()
    id = IdField()
    product_id = IdField()
    code = peewee.CharField(40)
    price_cents = peewee.BigIntegerField()
    cost_cents = peewee.BigIntegerField()
    unit = peewee.CharField(10)
    changed_at = MomentField()

    class Meta:
        """A SKU's code is unique within its merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "code"), True),)


class Barcode(Row):
    """A code printed on the goods; several may lead to one SKU."""

    merchant_id = IdField()
    code = peewee.CharField(40)
    sku_id = IdField()

    class Meta:
        """A barcode leads to one SKU of the merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "code")
        indexes = ((("merchant_id", "sku_id"), False),)


class Stock(Row):
    """How much of a SKU a store holds, in thousandths: always the sum of its movements."""

    merchant_id = IdField()
    store_id = IdField()
    sku_id = IdField()
    quantity_milli = peewee.BigIntegerField()

    class Meta:
        """One row per store and SKU."""

        primary_key = peewee.CompositeKey("merchant_id", "store_id", "sku_id")


class StockDocument(Row):
    """A delivery or a correction: where goods moved other than by a sale, on whose word, and why."""

    merchant_id = IdField()
    id = IdField()
    store_id = IdField()
    kind = peewee.CharField(10)
    note = peewee.CharField(120, null=True)
    staff_id = IdField(null=True)
    at = MomentField()

    class Meta:
        """Its id is its command's, and the source of its movements."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


class StockMovement(Row):
    """One movement of goods: in above zero, out below. `source_id` is the sale or document it comes from."""

    merchant_id = IdField()
    source_id = IdField()
    line = peewee.SmallIntegerField()
    store_id = IdField()
    sku_id = IdField()
    kind = peewee.CharField(10)
    quantity_milli = peewee.BigIntegerField()
    at = MomentField()

    class Meta:
        """Movements are kept with what caused them."""

        primary_key = peewee.CompositeKey("merchant_id", "source_id", "line")


def move_stock(document: StockDocument, moved: list[tuple[UUID, int]]) -> None:
    """Book goods moved, (SKU, thousandths) a line: document and movements, then the quantities in key order."""
    merchant, store = document.merchant_id, document.store_id
    document.save(force_insert=True)
    insert_rows(
        StockMovement,
        [
            (merchant, document.id, line, store, sku, document.kind, quantity, document.at)
            for line, (sku, quantity) in enumerate(moved)
        ],
    )
    sums: dict[UUID, int] = {}
    for sku, quantity in moved:
        sums[sku] = sums.get(sku, 0) + quantity
    upsert_rows(Stock, [(merchant, store, sku, quantity) for sku, quantity in sums.items()])


def rebuilt_stock(merchant: UUID) -> list[tuple[UUID, UUID, int, int]]:
    """Where a quantity is not what its movements say: (store, SKU, quantity, Σ movements)."""
    sql = (
        "SELECT store_id, sku_id, SUM(held), SUM(moved) FROM ("
        f" SELECT store_id, sku_id, quantity_milli AS held, 0 AS moved FROM stock WHERE merchant_id = {db.param}"
        " UNION ALL SELECT store_id, sku_id, 0, quantity_milli FROM stock_movement"
        f" WHERE merchant_id = {db.param}"
        ") AS parts GROUP BY store_id, sku_id HAVING SUM(held) <> SUM(moved)"
    )
    rows = select(sql, [merchant, merchant])
    return [(UUID(bytes=bytes(at)), UUID(bytes=bytes(sku)), int(q), int(m)) for at, sku, q, m in rows]
