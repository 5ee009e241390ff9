"""Commands and answers of the cash register."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields

from models.rules.sales import sale_id
from schemas.base import Command, Shape, cents, code, milli, text, whole
from schemas.paging import Page
from schemas.quick import Choice, Id, Moment, Several

SEQUENCE_MAX = 10**12
LINES_MAX = 500


class SaleLine(Shape):
    """One line as charged: list amount and discount of the whole line; net is their difference."""

    sku_id = Id(required=True)
    quantity_milli = milli(required=True)
    gross_cents = cents(required=True)
    discount_cents = cents(load_default=0)


class Tender(Shape):
    """How a part is paid. Cash may be more than is due; the change is given back."""

    kind = Choice("cash", "card", "other", required=True)
    amount_cents = cents(required=True)
    change_cents = cents(load_default=0)
    reference = text(80, load_default=None, allow_none=True)


class Checkout(Command):
    """A basket paid for at the till. Online prices are checked; offline it is taken as charged."""

    command = "sales.checkout"
    wait_seconds = 0

    sequence = whole(1, SEQUENCE_MAX, required=True)
    sold_at = Moment(required=True)
    mode = Choice("online", "offline", load_default="online")
    member_id = Id(load_default=None, allow_none=True)
    lines = Several(SaleLine, 1, LINES_MAX, required=True)
    tenders = Several(Tender, 0, 20, load_default=list)

    @classmethod
    def foresee(cls, body: dict[str, Any], id_: UUID) -> dict[str, Any]:
        """The sale's id follows from the command's and the time of sale."""
        return {"sale_id": str(sale_id(body["sold_at"], id_))}


class BatchItem(Checkout):
    """One sale of a till that comes back on line, with the key it was given at the till."""

    command = ""

    key = code(128, required=True)


class Batch(Shape):
    """Sales of a till that was off line, in any order; they are settled by sequence."""

    sales = Several(BatchItem, 1, 100, required=True)


class QuoteLine(Shape):
    """What is asked about: so much of a SKU."""

    sku_id = Id(required=True)
    quantity_milli = milli(required=True)


class Quote(Shape):
    """A basket not yet paid; with a member, or to show what joining would earn."""

    member_id = Id(load_default=None, allow_none=True)
    lines = Several(QuoteLine, 1, LINES_MAX, required=True)


class QuotedLine(Shape):
    """A line priced: list amount, discount and net of the whole line."""

    sku_id = Id(required=True)
    quantity_milli = fields.Integer(required=True)
    gross_cents = fields.Integer(required=True)
    discount_cents = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)


class QuoteView(Shape):
    """What the basket costs and would earn; `points_on_joining` for a basket without a member."""

    lines = fields.List(fields.Nested(QuotedLine), required=True)
    net_cents = fields.Integer(required=True)
    points = fields.Integer(required=True)
    points_on_joining = fields.Integer(required=True)


class SaleQuery(Page):
    """Which sales: by store, and business dates from and to, both included."""

    store_id = Id(load_default=None)
    from_ = fields.Date(load_default=None, data_key="from")
    to = fields.Date(load_default=None)
