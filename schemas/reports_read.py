"""Queries of reports."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.paging import Page, Period


class SalesQuery(Period):
    """Sales rolled up by hour, day or store."""

    by = fields.String(load_default="day", validate=validate.OneOf(["hour", "day", "store"]))


class ProductsQuery(Period):
    """Products by what they sold, the best first."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class MembersQuery(Period, Page):
    """Members by what they spent in a period, the best first."""
