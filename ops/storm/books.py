"""Holds the books against each other: points, stock and every report, recomputed from the sales that are there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from ops.journey.ledger import UNBALANCED, Ledger
from ops.storm.evidence import Content, Evidence, rows
from ops.storm.expected import expected_points
from ops.storm.shop import RECEIVED_MILLI, Shop

SHOWN = 3
HOUR_SUMS = (
    "tickets member_tickets items_milli gross_cents discount_cents net_cents member_net_cents cost_cents variance_cents"
)
PRODUCT_SUMS = "tickets quantity_milli gross_cents discount_cents net_cents cost_cents"
Sums = dict[tuple[Any, ...], tuple[Any, ...]]


def check_books(shop: Shop, ledger: Ledger, found: Evidence) -> Iterator[str]:
    """Everything that does not add up, in words."""
    for check in UNBALANCED:
        if wrong := ledger.unbalanced(check):
            yield f"UNBALANCED: {check}: {len(wrong)} rows, such as {wrong[0]}"
    yield from _check_points(shop, ledger, found)
    yield from _check_stock(shop, ledger, found)
    for name, (key, values, expected) in _reports(found).items():
        width = len(key.split())
        there = {row[:width]: row[width:] for row in rows(ledger, name, f"{key} {values}")}
        yield from _compare(name, expected, there)


def _compare(name: str, expected: Sums, found: Sums) -> Iterator[str]:
    wrong = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    for key in wrong[:SHOWN]:
        yield f"REPORT: {name} {key} is {found.get(key)}, must be {expected.get(key)}"
    if len(wrong) > SHOWN:
        yield f"REPORT: {name}: {len(wrong) - SHOWN} more"


def _check_points(shop: Shop, ledger: Ledger, found: Evidence) -> Iterator[str]:
    earned = {
        (id_, sale["member_id"]): (points,)
        for id_, sale in found.sales.items()
        if sale["member_id"] and (points := expected_points(shop, sale))
    }
    for table, extra in (
        ("points_lot", "state = 'available' AND points = remaining"),
        ("points_entry", "kind = 'earn'"),
    ):
        there = list(rows(ledger, table, "sale_id member_id points"))
        yield from _compare(table, earned, {row[:2]: row[2:] for row in there})
        usual = sum(1 for _ in rows(ledger, table, "sale_id", extra))
        if not len(there) == usual == len(earned):
            yield f"POINTS: {table} has {len(there)} rows, {usual} of them as they must be; {len(earned)} were earned"
    for member, balance in rows(ledger, "points_account", "member_id balance"):
        if balance < 0:
            yield f"POINTS: member {member} has {balance}"


def _check_stock(shop: Shop, ledger: Ledger, found: Evidence) -> Iterator[str]:
    moved = Counter(rows(ledger, "stock_movement", "source_id store_id sku_id quantity_milli", "kind = 'sale'"))
    sold = Counter(
        (id_, sale["store_id"], line[0], -line[1]) for id_, sale in found.sales.items() for line in sale["lines"]
    )
    if moved != sold:
        yield f"STOCK: {sum((moved - sold).values())} movements of no line, {sum((sold - moved).values())} missing"
    received = list(rows(ledger, "stock_movement", "sku_id quantity_milli", "kind <> 'sale'"))
    if sorted(received) != sorted((sku.id, RECEIVED_MILLI) for sku in shop.skus):
        yield f"STOCK: received {len(received)} times, not once for each of {len(shop.skus)} products"


def _reports(found: Evidence) -> dict[str, tuple[str, str, Sums]]:
    """Name -> (key, values, rows) of every report, from the sales."""
    sales = found.sales.values()
    by_member = [sale for sale in sales if sale["member_id"]]
    return {
        "sales_by_hour": ("store_id business_date hour", HOUR_SUMS, _added(map(_hour, sales))),
        "sales_by_product": (
            "store_id business_date sku_id",
            PRODUCT_SUMS,
            _added(part for sale in sales for part in _products(sale)),
        ),
        "sales_by_member": (
            "member_id business_date",
            "tickets items_milli net_cents",
            _added(map(_member, by_member)),
        ),
        "member_summary": (
            "member_id",
            "visits spend_cents first_visit_at last_visit_at",
            _summaries(by_member),
        ),
    }


def _added(parts: Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]) -> Sums:
    sums: dict[tuple[Any, ...], list[int]] = {}
    for key, values in parts:
        have = sums.setdefault(key, [0] * len(values))
        sums[key] = [one + other for one, other in zip(have, values, strict=True)]
    return {key: tuple(values) for key, values in sums.items()}


def _hour(sale: Content) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    by_member = 1 if sale["member_id"] else 0
    net = sale["net_cents"]
    sums = (sale["items_milli"], sale["gross_cents"], sale["discount_cents"], net)
    key = (sale["store_id"], sale["business_date"], sale["hour"])
    return key, (1, by_member, *sums, net * by_member, sale["cost_cents"], sale["variance_cents"])


def _products(sale: Content) -> Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]:
    place = (sale["store_id"], sale["business_date"])
    for sku in {line[0] for line in sale["lines"]}:
        yield (*place, sku), (1, 0, 0, 0, 0, 0)
    for sku, quantity, gross, discount, net, cost, _ in sale["lines"]:
        yield (*place, sku), (0, quantity, gross, discount, net, cost)


def _member(sale: Content) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    return (sale["member_id"], sale["business_date"]), (1, sale["items_milli"], sale["net_cents"])


def _summaries(sales: list[Content]) -> Sums:
    visits: dict[tuple[Any, ...], list[Content]] = defaultdict(list)
    for sale in sales:
        visits[(sale["member_id"],)].append(sale)
    return {
        key: (
            len(made),
            sum(sale["net_cents"] for sale in made),
            min(sale["sold_at"] for sale in made),
            max(sale["sold_at"] for sale in made),
        )
        for key, made in visits.items()
    }
