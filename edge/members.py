"""Members: enrolling them, finding them at the till, and the tiers they are in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from edge.accept import accept, read_json
from edge.document import shows, takes
from edge.errors import Problem
from edge.identity import caller, needs
from edge.reads import answer, found, page, read_cursor
from models import members_read
from models.rules.members import DEFAULT_TIER
from schemas.members import AddTier, Enrol, MemberQuery, MembersView, MemberView, SetTier, TierChange, TiersView

blueprint = Blueprint("members", __name__, url_prefix="/v1/members", description=__doc__)
_tier_change = TierChange()


@blueprint.post("")
@needs("members.enrol")
@takes(Enrol)
def enrol() -> Response:
    """Make somebody a member; into another tier than the first only by those who may set tiers."""
    plain = read_json()
    if plain.get("tier", DEFAULT_TIER) != DEFAULT_TIER and not caller().may("members.tier"):
        raise Problem("identity.forbidden", "members.tier is needed to enrol into this tier")
    return accept(Enrol, plain)


@blueprint.get("")
@needs("members.read")
@blueprint.arguments(MemberQuery, location="query")
@shows(MembersView, "Who was found; nobody is an empty list.")
def find(query: dict[str, Any]) -> Response:
    """Look up by phone, card, last four digits of the phone, or number."""
    items = members_read.find(caller().merchant, {**query, "after": read_cursor(query["cursor"])})
    return page(items, query["limit"], ["member_id"])


@blueprint.get("/<uuid:member_id>")
@needs("members.read")
@shows(MemberView, "The member.")
def show(member_id: UUID) -> Response:
    """One member."""
    return answer(found(members_read.show(caller().merchant, member_id)))


@blueprint.post("/<uuid:member_id>/tier")
@needs("members.tier")
@takes(SetTier, body=TierChange)
def set_tier(member_id: UUID) -> Response:
    """Move a member to another tier."""
    plain = read_json()
    _tier_change.load(plain)
    return accept(SetTier, {**plain, "member_id": str(member_id)})


@blueprint.get("/tiers")
@needs("members.read")
@shows(TiersView, "All tiers, the smallest multiplier first.")
def tiers() -> Response:
    """The shop's tiers and what they multiply points by."""
    return answer({"items": members_read.tiers(caller().merchant)})


@blueprint.post("/tiers")
@needs("members.tiers")
@takes(AddTier)
def add_tier() -> Response:
    """Add a tier."""
    return accept(AddTier)
