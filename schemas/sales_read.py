"""Answers of the cash register: sales as they were charged, and what was taken of a batch."""

from __future__ import annotations

from marshmallow import fields

from schemas.base import Shape


class SaleView(Shape):
    """A sale in a list. Money in cents, items in thousandths; the business date is the store's own."""

    sale_id = fields.UUID(required=True)
    store_id = fields.UUID(required=True)
    terminal_id = fields.UUID(required=True)
    cashier_id = fields.UUID(required=True, allow_none=True)
    sequence = fields.Integer(required=True)
    member_id = fields.UUID(required=True, allow_none=True)
    mode = fields.String(required=True)
    state = fields.String(required=True)
    sold_at = fields.DateTime(required=True)
    business_date = fields.Date(required=True)
    gross_cents = fields.Integer(required=True)
    discount_cents = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    variance_cents = fields.Integer(required=True)
    items_milli = fields.Integer(required=True)


class SoldLineView(Shape):
    """A line as charged; variance is net less the catalogue's price when it was settled."""

    sku_id = fields.UUID(required=True)
    quantity_milli = fields.Integer(required=True)
    gross_cents = fields.Integer(required=True)
    discount_cents = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    cost_cents = fields.Integer(required=True)
    variance_cents = fields.Integer(required=True)


class SoldTenderView(Shape):
    """How a part was paid."""

    kind = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    change_cents = fields.Integer(required=True)
    reference = fields.String(required=True, allow_none=True)


class WholeSaleView(SaleView):
    """A sale with its lines and tenders."""

    lines = fields.List(fields.Nested(SoldLineView), required=True)
    tenders = fields.List(fields.Nested(SoldTenderView), required=True)


class SalesView(Shape):
    """Sales, newest first, and where the next page begins."""

    items = fields.List(fields.Nested(SaleView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class BatchItemView(Shape):
    """One sale of a batch: its key, and the ids to ask for it by."""

    key = fields.String(required=True)
    sequence = fields.Integer(required=True)
    command_id = fields.UUID(required=True)
    sale_id = fields.UUID(required=True)
    state = fields.String(required=True)


class BatchView(Shape):
    """What was taken, by sequence, and the runs of numbers missing in between, as [first, last]."""

    items = fields.List(fields.Nested(BatchItemView), required=True)
    gaps = fields.List(fields.List(fields.Integer()), required=True)
