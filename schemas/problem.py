"""What every write answers with, and what every failure looks like."""

from __future__ import annotations

from marshmallow import INCLUDE, fields

from schemas.base import Shape


class AnswerView(Shape):
    """The state of a command and, once it is settled, its answer's members."""

    class Meta:
        """Answers carry members of their own."""

        unknown = INCLUDE

    command_id = fields.UUID(required=True)
    state = fields.String(required=True)


class FieldError(Shape):
    """One invalid field: where it is in the body, what is wrong."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)


class ProblemView(Shape):
    """RFC 9457: what went wrong, by a code of the catalogue."""

    class Meta:
        """Refusals carry facts of their own."""

        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldError))
