"""Sales: the tables of the cash register, what a batch of checkouts loads, and how it is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import peewee

from models.base import HashField, IdField, MomentField, Row, stamp
from models.catalogue import Sku, Stock, StockMovement
from models.members import ACTIVE, Member
from models.merchants import Store
from models.rows import insert_rows, select, select_keys, upsert_rows
from models.rules.sales import Basket, Key, ShopState, Sold, StoreFacts


class Sale(Row):
    """A settled sale. Money in cents, items in thousandths; business date and hour are the store's own."""

    merchant_id = IdField()
    id = IdField()
    store_id = IdField()
    terminal_id = IdField()
    sequence = peewee.BigIntegerField()
    member_id = IdField(null=True)
    cashier_id = IdField(null=True)
    mode = peewee.CharField(8)
    state = peewee.CharField(16)
    sold_at = MomentField()
    business_date = peewee.DateField()
    hour = peewee.SmallIntegerField()
    gross_cents = peewee.BigIntegerField()
    discount_cents = peewee.BigIntegerField()
    net_cents = peewee.BigIntegerField()
    cost_cents = peewee.BigIntegerField()
    variance_cents = peewee.BigIntegerField()
    items_milli = peewee.BigIntegerField()
    content_hash = HashField()

    class Meta:
        """A terminal numbers its sales: one number, one sale, whatever keys were used."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = (
            (("merchant_id", "terminal_id", "sequence"), True),
            (("merchant_id", "store_id", "id"), False),
            (("merchant_id", "member_id", "id"), False),
        )


class SaleLine(Row):
    """One line of a sale, as charged; variance is net less the catalogue's price at settlement."""

    merchant_id = IdField()
    sale_id = IdField()
    line = peewee.SmallIntegerField()
    sku_id = IdField()
    quantity_milli = peewee.BigIntegerField()
    gross_cents = peewee.BigIntegerField()
    discount_cents = peewee.BigIntegerField()
    net_cents = peewee.BigIntegerField()
    cost_cents = peewee.BigIntegerField()
    variance_cents = peewee.BigIntegerField()

    class Meta:
        """Lines lie beside their sale."""

        primary_key = peewee.CompositeKey("merchant_id", "sale_id", "line")


class SaleTender(Row):
    """How a part of a sale was paid; cash keeps what was handed over and the change."""

    merchant_id = IdField()
    sale_id = IdField()
    line = peewee.SmallIntegerField()
    kind = peewee.CharField(16)
    amount_cents = peewee.BigIntegerField()
    change_cents = peewee.BigIntegerField()
    reference = peewee.CharField(80, null=True)

    class Meta:
        """Tenders lie beside their sale."""

        primary_key = peewee.CompositeKey("merchant_id", "sale_id", "line")


def load_shop(baskets: list[Basket]) -> ShopState:
    """What these baskets need to be decided, in one read per table."""
    stores = select_keys(
        Store, "merchant_id, id, time_zone, day_cutoff_minutes", [(b.merchant, b.store) for b in baskets]
    )
    skus = select_keys(
        Sku,
        "merchant_id, id, price_cents, cost_cents",
        [(b.merchant, line["sku_id"].bytes) for b in baskets for line in b.body["lines"]],
    )
    wanted = [(b.merchant, b.body["member_id"].bytes) for b in baskets if b.body["member_id"]]
    members = select_keys(Member, "merchant_id, id, status", wanted)
    return ShopState(
        stores={(m, id_): StoreFacts(zone, cutoff) for m, id_, zone, cutoff in stores},
        skus={(m, id_): (price, cost) for m, id_, price, cost in skus},
        members={(m, id_): status == ACTIVE for m, id_, status in members},
        taken=_taken(baskets),
    )


def write_sales(sales: list[Sold]) -> None:
    """Write settled sales with lines, tenders and goods movements; stock last, because others wait for it."""
    insert_rows(Sale, [_sale_row(sold) for sold in sales])
    insert_rows(SaleLine, [row for sold in sales for row in _line_rows(sold)])
    insert_rows(SaleTender, [row for sold in sales for row in _tender_rows(sold)])
    insert_rows(StockMovement, [row for sold in sales for row in _movement_rows(sold)])
    upsert_rows(Stock, _stock_rows(sales))


def _taken(baskets: list[Basket]) -> dict[tuple[bytes, bytes, int], tuple[UUID, bytes]]:
    tills: dict[Key, list[int]] = {}
    for basket in baskets:
        tills.setdefault((basket.merchant, basket.terminal), []).append(basket.body["sequence"])
    hole = Sale._meta.database.param
    groups: list[str] = []
    values: list[Any] = []
    for (merchant, terminal), sequences in tills.items():
        holes = ", ".join([hole] * len(sequences))
        groups.append(f"(merchant_id = {hole} AND terminal_id = {hole} AND sequence IN ({holes}))")
        values += [merchant, terminal, *sequences]
    columns = "merchant_id, terminal_id, sequence, id, content_hash"
    rows = select(f"SELECT {columns} FROM sale WHERE {' OR '.join(groups)}", values)
    return {(m, till, number): (UUID(bytes=id_), hash_) for m, till, number, id_, hash_ in rows}


def _sale_row(sold: Sold) -> tuple[object, ...]:
    basket = sold.basket
    return (
        basket.merchant,
        sold.id,
        basket.store,
        basket.terminal,
        sold.sequence,
        sold.member,
        basket.cashier,
        sold.mode,
        "settled",
        sold.sold_at,
        sold.day,
        sold.hour,
        sold.total("gross_cents"),
        sold.total("discount_cents"),
        sold.net_cents,
        sold.total("cost_cents"),
        sold.total("variance_cents"),
        sold.total("quantity_milli"),
        basket.content,
    )


def _line_rows(sold: Sold) -> list[tuple[object, ...]]:
    merchant, sale = sold.basket.merchant, sold.id.bytes
    return [
        (
            merchant,
            sale,
            nth,
            line.sku,
            line.quantity_milli,
            line.gross_cents,
            line.discount_cents,
            line.net_cents,
            line.cost_cents,
            line.variance_cents,
        )
        for nth, line in enumerate(sold.lines)
    ]


def _tender_rows(sold: Sold) -> list[tuple[object, ...]]:
    return [
        (sold.basket.merchant, sold.id.bytes, nth, t.kind, t.amount_cents, t.change_cents, t.reference)
        for nth, t in enumerate(sold.tenders)
    ]


def _movement_rows(sold: Sold) -> list[tuple[object, ...]]:
    merchant, sale, store = sold.basket.merchant, sold.id.bytes, sold.basket.store
    at = stamp(sold.sold_at)
    return [
        (merchant, sale, nth, store, line.sku, "sale", -line.quantity_milli, at) for nth, line in enumerate(sold.lines)
    ]


def _stock_rows(sales: list[Sold]) -> list[tuple[object, ...]]:
    taken: dict[tuple[bytes, bytes, bytes], int] = {}
    for sold in sales:
        for line in sold.lines:
            key = (sold.basket.merchant, sold.basket.store, line.sku)
            taken[key] = taken.get(key, 0) - line.quantity_milli
    return [(*key, quantity) for key, quantity in taken.items()]
