"""Catalogue: categories, products and their SKUs, barcodes, and the stock of each store with its ledger."""

from __future__ import annotations

import peewee

from models.base import IdField, MomentField, Row


class Category(Row):
    """A shelf of the catalogue; the parent is the shelf it belongs to."""

    merchant_id = IdField()
    id = IdField()
    parent_id = IdField(null=True)
    name = peewee.CharField(120)

    class Meta:
        """Categories are few and read whole."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


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


class StockMovement(Row):
    """One movement of goods: in above zero, out below. `source_id` is the sale or delivery it comes from."""

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
