"""Commands and answers of reports."""

from __future__ import annotations

from schemas.base import Command
from schemas.quick import Id


class RollUp(Command):
    """Follows a sale: add it to every report and to its member's summary."""

    command = "reports.roll_up"

    sale_id = Id(required=True)
