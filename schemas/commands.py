"""Query and answer about a command."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.base import Shape


class CommandQuery(Schema):
    """`body` is the hash in the Location that was given: another body's receipt is then a conflict."""

    body = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9a-f]{16}\Z"))


class CommandView(Shape):
    """A command's state, the code of a refusal, and the answer; the name is empty while it is pending."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["pending", "done", "refused", "conflict", "parked"]))
    code = fields.String(required=True, allow_none=True)
    answer = fields.Dict(required=True)
