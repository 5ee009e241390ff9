"""Answers of points."""

from __future__ import annotations

from marshmallow import fields

from schemas.base import Shape


class LotView(Shape):
    """Points earned at once, and what remains of them until they lapse."""

    lot_id = fields.UUID(required=True)
    points = fields.Integer(required=True)
    remaining = fields.Integer(required=True)
    state = fields.String(required=True)
    earned_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)


class EntryView(Shape):
    """One movement of points."""

    kind = fields.String(required=True)
    points = fields.Integer(required=True)
    sale_id = fields.UUID(required=True, allow_none=True)
    rule_version = fields.Integer(required=True, allow_none=True)
    at = fields.DateTime(required=True)


class PointsView(Shape):
    """A member's points: the balance, lots by the nearest expiry, the latest entries."""

    member_id = fields.UUID(required=True)
    balance = fields.Integer(required=True)
    lots = fields.List(fields.Nested(LotView), required=True)
    entries = fields.List(fields.Nested(EntryView), required=True)


class RuleView(Shape):
    """A version of the earn rule."""

    version = fields.Integer(required=True)
    effective_at = fields.DateTime(required=True)
    cents_per_point = fields.Integer(required=True)
    expiry_months = fields.Integer(required=True, allow_none=True)


class RulesView(Shape):
    """All versions, oldest first."""

    items = fields.List(fields.Nested(RuleView), required=True)
