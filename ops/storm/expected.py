"""What a sale must look like in the database, from what the till sent and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops.storm.evidence import LINE, TENDER, Content
from ops.storm.shop import Shop

STORED = "%Y-%m-%d %H:%M:%S.%f"
ONCE_BP = 10_000


def expected_sale(shop: Shop, terminal: str, body: dict[str, Any]) -> Content:
    """Header, lines and tenders of the sale a basket becomes."""
    lines = [_line(shop, line) for line in body["lines"]]
    sums = [sum(line[nth] for line in lines) for nth in range(1, len(LINE.split()))]
    quantity, gross, discount, net, cost, variance = sums
    day, hour = _business_day(shop, body["sold_at"])
    return {
        "store_id": shop.store,
        "terminal_id": terminal,
        "sequence": body["sequence"],
        "member_id": body["member_id"],
        "mode": body["mode"],
        "sold_at": datetime.fromisoformat(body["sold_at"]).astimezone(UTC).strftime(STORED),
        "business_date": day,
        "hour": hour,
        "gross_cents": gross,
        "discount_cents": discount,
        "net_cents": net,
        "cost_cents": cost,
        "variance_cents": variance,
        "items_milli": quantity,
        "lines": lines,
        "tenders": [tuple(tender[name] for name in TENDER.split()) for tender in body["tenders"]],
    }


def expected_points(shop: Shop, sale: Content) -> int:
    """The points a settled sale earns its member."""
    multiplier_bp = dict(shop.members)[sale["member_id"]]
    return int(sale["net_cents"] * multiplier_bp // (shop.cents_per_point * ONCE_BP))


def differences(expected: Content, found: Content) -> str:
    """In what two sales differ; empty when they are equal."""
    return "; ".join(
        f"{name} is {found.get(name)}, sent {value}" for name, value in expected.items() if found.get(name) != value
    )


def _line(shop: Shop, line: dict[str, Any]) -> tuple[Any, ...]:
    sku = next(sku for sku in shop.skus if sku.id == line["sku_id"])
    quantity, gross, discount = line["quantity_milli"], line["gross_cents"], line["discount_cents"]
    net = gross - discount
    listed, cost = (_half_up(cents, quantity) for cents in (sku.price_cents, sku.cost_cents))
    return sku.id, quantity, gross, discount, net, cost, net - listed


def _half_up(cents: int, quantity_milli: int) -> int:
    return (2 * cents * quantity_milli + 1000) // 2000


def _business_day(shop: Shop, sold_at: str) -> tuple[str, int]:
    local = datetime.fromisoformat(sold_at).astimezone(ZoneInfo(shop.zone))
    wall = local.replace(tzinfo=None) - timedelta(minutes=shop.cutoff_minutes)
    return wall.date().isoformat(), local.hour
