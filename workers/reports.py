"""Settling the commands of reports."""

from __future__ import annotations

from models import reports
from schemas.reports import RollUp
from workers.handlers import BATCH_MAX, Order, handles


@handles(RollUp, batch=BATCH_MAX)
def roll_up(orders: list[Order]) -> None:
    """Add sales to the reports. The sale was committed before this was sent; if it is missing, that is a fault."""
    found = reports.roll_up([(order.merchant, order.body["sale_id"]) for order in orders])
    for order in orders:
        if (order.merchant, order.body["sale_id"]) not in found:
            raise LookupError("a sale to roll up is not there")
        order.done()
