"""Commands and answers of reports."""

from __future__ import annotations

from marshmallow import fields

from schemas.base import Command


class RollUp(Command):
    """Follows a sale: add it to every report and to its member's summary."""

    command = "reports.roll_up"

    sale_id = fields.UUID(required=True)
