"""Points: balances, lots and entries of members, and the rules of earning."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from edge.accept import accept
from edge.document import shows, takes
from edge.identity import caller, needs
from edge.reads import answer, found
from models import points_read
from schemas.points import SetRule
from schemas.points_read import PointsView, RulesView

blueprint = Blueprint("points", __name__, url_prefix="/v1/points", description=__doc__)


@blueprint.get("/members/<uuid:member_id>")
@needs("points.read")
@shows(PointsView, "Balance, open lots, latest entries.")
def show(member_id: UUID) -> Response:
    """A member's points: balance, lots by expiry, the latest entries."""
    return answer(found(points_read.show(caller().merchant, member_id)))


@blueprint.get("/rules")
@needs("points.rules.read")
@shows(RulesView, "All versions, oldest first.")
def rules() -> Response:
    """How points are earned, by version."""
    return answer({"items": points_read.rules(caller().merchant)})


@blueprint.post("/rules")
@needs("points.rules")
@takes(SetRule)
def set_rule() -> Response:
    """Add a version of the earn rule, effective from a moment on."""
    return accept(SetRule)
