"""Queries and answers of reports. Money in cents, quantities in thousandths, shares in basis points."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.base import Shape
from schemas.paging import Period


class SalesQuery(Period):
    """Sales rolled up by hour, day or store."""

    store_id = fields.UUID(load_default=None)
    by = fields.String(load_default="day", validate=validate.OneOf(["hour", "day", "store"]))


class ProductsQuery(Period):
    """Products by what they sold, the best first."""

    store_id = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class MembersQuery(Period):
    """Members by what they spent in a period, in all stores, the best first."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class SalesRow(Shape):
    """Figures of an hour, a day or a store, as was asked; an average or share of nothing is null."""

    business_date = fields.Date()
    hour = fields.Integer()
    store_id = fields.UUID()
    tickets = fields.Integer(required=True)
    member_tickets = fields.Integer(required=True)
    items_milli = fields.Integer(required=True)
    gross_cents = fields.Integer(required=True)
    discount_cents = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    member_net_cents = fields.Integer(required=True)
    cost_cents = fields.Integer(required=True)
    variance_cents = fields.Integer(required=True)
    profit_cents = fields.Integer(required=True)
    average_ticket_cents = fields.Integer(required=True, allow_none=True)
    member_net_bp = fields.Integer(required=True, allow_none=True)


class ProductRow(Shape):
    """Figures of a product; tickets count a sale once, however often the product stands in it."""

    sku_id = fields.UUID(required=True)
    code = fields.String()
    name = fields.String()
    tickets = fields.Integer(required=True)
    quantity_milli = fields.Integer(required=True)
    gross_cents = fields.Integer(required=True)
    discount_cents = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    cost_cents = fields.Integer(required=True)
    profit_cents = fields.Integer(required=True)


class MemberRow(Shape):
    """What a member bought in the period, on how many days."""

    member_id = fields.UUID(required=True)
    tickets = fields.Integer(required=True)
    items_milli = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    days = fields.Integer(required=True)


class MemberSummaryView(Shape):
    """A member in figures, over all time."""

    member_id = fields.UUID(required=True)
    visits = fields.Integer(required=True)
    spend_cents = fields.Integer(required=True)
    average_ticket_cents = fields.Integer(required=True, allow_none=True)
    first_visit_at = fields.DateTime(required=True, allow_none=True)
    last_visit_at = fields.DateTime(required=True, allow_none=True)


class SalesRows(Shape):
    """Sales by hour, day or store."""

    items = fields.List(fields.Nested(SalesRow), required=True)


class ProductRows(Shape):
    """Products, the best first."""

    items = fields.List(fields.Nested(ProductRow), required=True)


class MemberRows(Shape):
    """Members, the best first."""

    items = fields.List(fields.Nested(MemberRow), required=True)
