"""Commands and answers of points."""

from __future__ import annotations

from schemas.base import Command, cents, whole
from schemas.quick import Id, Moment


class Accrue(Command):
    """Follows a sale of a member: the points it earns."""

    command = "points.accrue"

    sale_id = Id(required=True)
    member_id = Id(required=True)
    store_id = Id(required=True)
    sold_at = Moment(required=True)
    base_cents = cents(required=True)


class SetRule(Command):
    """A new version of how points are earned, from a moment on."""

    command = "points.set_rule"

    effective_at = Moment(required=True)
    cents_per_point = whole(1, 10**9, required=True)
    expiry_months = whole(1, 600, load_default=None, allow_none=True)
