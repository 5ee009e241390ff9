"""Settling the commands of members."""

from __future__ import annotations

from uuid import UUID

from models import members
from models.base import new_id
from models.members import Joining, Tier
from models.rules.ids import id_at
from models.rules.refusals import Refused
from schemas.members import AddTier, Enrol, SetTier
from workers.handlers import Order, handles


@handles(Enrol)
def enrol(order: Order) -> dict[str, str]:
    """Make somebody a member, unless the phone or a card is another's."""
    body, merchant = order.body, order.merchant
    tier = _tier(merchant, body["tier"])
    _refuse_taken(merchant, body["phone"], body["cards"])
    joining = Joining(
        merchant=merchant,
        id=id_at(order.envelope.at, order.envelope.id),
        name=body["name"],
        phone=body["phone"],
        cards=body["cards"],
        tier=tier,
        at=order.envelope.at,
    )
    return {"member_id": str(joining.id), "number": members.enrol(joining)}


@handles(SetTier)
def set_tier(order: Order) -> dict[str, str]:
    """Move a member to another tier; sales settled from now on earn by it."""
    member, code = order.body["member_id"], order.body["tier"]
    if not members.move_to_tier(order.merchant, member, _tier(order.merchant, code)):
        raise Refused("members.unknown_member")
    return {"member_id": str(member), "tier": code}


@handles(AddTier)
def add_tier(order: Order) -> dict[str, str]:
    """Add a tier, unless there is one of its code."""
    if members.tier_named(order.merchant, order.body["code"]):
        raise Refused("members.tier_taken")
    id_ = new_id()
    Tier.insert(merchant_id=order.merchant, id=id_, **order.body).execute()
    return {"tier_id": str(id_)}


def _tier(merchant: UUID, code: str) -> UUID:
    tier = members.tier_named(merchant, code)
    if tier is None:
        raise Refused("members.unknown_tier", tier=code)
    return tier


def _refuse_taken(merchant: UUID, phone: str | None, cards: list[str]) -> None:
    """The refusal names the member who has it: whoever may enrol may also look members up."""
    holder = members.holder_of_phone(merchant, phone) if phone else None
    if holder:
        raise Refused("members.phone_taken", member_id=str(holder))
    taken = members.holders_of_cards(merchant, cards)
    for card in cards:
        if card in taken:
            raise Refused("members.card_taken", card=card, member_id=str(taken[card]))
