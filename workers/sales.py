"""Settling the cash register's commands."""

from __future__ import annotations

from models.rules.refusals import Refused
from models.rules.sales import Basket, Sold, decide
from models.sales import load_shop, write_sales
from schemas.points import Accrue
from schemas.reports import RollUp
from schemas.sales import Checkout
from workers.handlers import BATCH_MAX, Order, handles


@handles(Checkout, batch=BATCH_MAX)
def checkout(orders: list[Order]) -> None:
    """Strike the sales; owe their points and their place in the reports."""
    baskets = [_basket(order) for order in orders]
    state = load_shop(baskets)
    sales = []
    for order, basket in zip(orders, baskets, strict=True):
        try:
            sold = decide(state, basket)
        except Refused as refusal:
            order.refuse(refusal)
            continue
        if isinstance(sold, Sold):
            sales.append(sold)
            _follow(order, sold)
        else:
            order.done(sale_id=str(sold.id), repeated=True)
    write_sales(sales)


def _basket(order: Order) -> Basket:
    envelope = order.envelope
    if envelope.store is None or envelope.actor.terminal is None:
        raise ValueError("a checkout comes from a terminal of a store")
    return Basket(
        command=envelope.id,
        merchant=envelope.merchant.bytes,
        store=envelope.store.bytes,
        terminal=envelope.actor.terminal.bytes,
        cashier=envelope.actor.staff.bytes if envelope.actor.staff else None,
        content=order.hash,
        body=order.body,
    )


def _follow(order: Order, sold: Sold) -> None:
    order.done(
        sale_id=str(sold.id),
        net_cents=sold.net_cents,
        business_date=sold.day.isoformat(),
        variance_cents=sold.total("variance_cents"),
    )
    order.follow(RollUp, sale_id=str(sold.id))
    if sold.member:
        order.follow(
            Accrue,
            sale_id=str(sold.id),
            member_id=str(order.body["member_id"]),
            store_id=str(order.envelope.store),
            sold_at=sold.sold_at.isoformat(),
            base_cents=sold.net_cents,
        )
