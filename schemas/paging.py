"""Queries of lists: a bounded page and an opaque cursor."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema


class Page(Schema):
    """How much of a list, from where."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 400))


class Period(Schema):
    """Business dates from and to, both included; at most 400 days."""

    from_ = fields.Date(required=True, data_key="from")
    to = fields.Date(required=True)

    @validates_schema
    def _in_order(self, data: dict, **_: object) -> None:
        if data["to"] < data["from_"]:
            raise ValidationError("Must not be before `from`.", "to")
        if (data["to"] - data["from_"]).days > 400:
            raise ValidationError("At most 400 days at once.", "to")
