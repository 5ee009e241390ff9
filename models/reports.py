"""Reports: figures rolled up as sales arrive. A rebuild from the sales must give the same rows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

import peewee

from models.base import IdField, MomentField, Row, moment
from models.rows import select_keys, upsert_rows
from models.sales import Sale, SaleLine


class SalesByHour(Row):
    """Sales of a store in one hour of a business date. A day is the sum of its hours."""

    merchant_id = IdField()
    store_id = IdField()
    business_date = peewee.DateField()
    hour = peewee.SmallIntegerField()
    tickets = peewee.BigIntegerField()
    member_tickets = peewee.BigIntegerField()
    items_milli = peewee.BigIntegerField()
    gross_cents = peewee.BigIntegerField()
    discount_cents = peewee.BigIntegerField()
    net_cents = peewee.BigIntegerField()
    member_net_cents = peewee.BigIntegerField()
    cost_cents = peewee.BigIntegerField()
    variance_cents = peewee.BigIntegerField()

    class Meta:
        """Read by date over all stores, or by store."""

        primary_key = peewee.CompositeKey("merchant_id", "store_id", "business_date", "hour")
        indexes = ((("merchant_id", "business_date"), False),)


class SalesByProduct(Row):
    """What was sold of a SKU in a store on a business date."""

    merchant_id = IdField()
    store_id = IdField()
    business_date = peewee.DateField()
    sku_id = IdField()
    tickets = peewee.BigIntegerField()
    quantity_milli = peewee.BigIntegerField()
    gross_cents = peewee.BigIntegerField()
    discount_cents = peewee.BigIntegerField()
    net_cents = peewee.BigIntegerField()
    cost_cents = peewee.BigIntegerField()

    class Meta:
        """Tickets count a sale once, however often the SKU stands in it."""

        primary_key = peewee.CompositeKey("merchant_id", "store_id", "business_date", "sku_id")
        indexes = ((("merchant_id", "business_date"), False),)


class SalesByMember(Row):
    """What a member bought on a business date, over all stores."""

    merchant_id = IdField()
    member_id = IdField()
    business_date = peewee.DateField()
    tickets = peewee.BigIntegerField()
    items_milli = peewee.BigIntegerField()
    net_cents = peewee.BigIntegerField()

    class Meta:
        """Windows of a member's purchases are ranges of this key."""

        primary_key = peewee.CompositeKey("merchant_id", "member_id", "business_date")
        indexes = ((("merchant_id", "business_date"), False),)


class MemberSummary(Row):
    """A member in figures: visits (sales), what they spent, first and last visit."""

    merchant_id = IdField()
    member_id = IdField()
    visits = peewee.BigIntegerField()
    spend_cents = peewee.BigIntegerField()
    first_visit_at = MomentField()
    last_visit_at = MomentField()

    class Meta:
        """One row per member who ever bought."""

        primary_key = peewee.CompositeKey("merchant_id", "member_id")


SALE_COLUMNS = (
    "merchant_id, id, store_id, member_id, sold_at, business_date, hour, gross_cents, discount_cents,"
    " net_cents, cost_cents, variance_cents, items_milli"
)
LINE_COLUMNS = "merchant_id, sale_id, sku_id, quantity_milli, gross_cents, discount_cents, net_cents, cost_cents"

Figures = dict[tuple[Any, ...], list[int]]


def roll_up(sales: list[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Add these sales (merchant, id) to every report; which of them were found."""
    sold = select_keys(Sale, SALE_COLUMNS, sales)
    lines = select_keys(SaleLine, LINE_COLUMNS, sales, by="sale_id")
    upsert_rows(SalesByHour, _rows(_by_hour(sold)))
    upsert_rows(SalesByProduct, _rows(_by_product(sold, lines)))
    upsert_rows(SalesByMember, _rows(_by_member(sold)))
    upsert_rows(MemberSummary, _summaries(sold), latest=("last_visit_at",), earliest=("first_visit_at",))
    return {(UUID(bytes=bytes(row[0])), UUID(bytes=bytes(row[1]))) for row in sold}


def _rows(figures: Figures) -> list[tuple[Any, ...]]:
    return [(*key, *sums) for key, sums in figures.items()]


def _add(figures: Figures, key: tuple[Any, ...], values: tuple[int, ...]) -> None:
    sums = figures.setdefault(key, [0] * len(values))
    for nth, value in enumerate(values):
        sums[nth] += value


def _by_hour(sold: list[tuple[Any, ...]]) -> Figures:
    figures: Figures = {}
    for merchant, _, store, member, _at, day, hour, gross, discount, net, cost, variance, items in sold:
        by_member = 1 if member else 0
        values = (1, by_member, items, gross, discount, net, net * by_member, cost, variance)
        _add(figures, (merchant, store, day, hour), values)
    return figures


def _by_product(sold: list[tuple[Any, ...]], lines: list[tuple[Any, ...]]) -> Figures:
    where = {(row[0], row[1]): (row[2], row[5]) for row in sold}
    figures: Figures = {}
    seen: set[tuple[Any, ...]] = set()
    for merchant, sale, sku, quantity, gross, discount, net, cost in lines:
        store, day = where[merchant, sale]
        first = 0 if (merchant, sale, sku) in seen else 1
        seen.add((merchant, sale, sku))
        _add(figures, (merchant, store, day, sku), (first, quantity, gross, discount, net, cost))
    return figures


def _by_member(sold: list[tuple[Any, ...]]) -> Figures:
    figures: Figures = {}
    for row in sold:
        if row[3]:
            _add(figures, (row[0], row[3], row[5]), (1, row[12], row[9]))
    return figures


def _summaries(sold: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    visits: dict[tuple[bytes, bytes], list[tuple[int, Any]]] = defaultdict(list)
    for row in sold:
        if row[3]:
            visits[row[0], row[3]].append((row[9], moment(row[4])))
    return [
        (*key, len(made), sum(net for net, _ in made), min(at for _, at in made), max(at for _, at in made))
        for key, made in visits.items()
    ]
