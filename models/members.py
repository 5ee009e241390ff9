"""Members: who the shop's regulars are, how they are found, and the tier that sets their benefits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import peewee

from models.base import HashField, IdField, MomentField, Row
from models.rows import insert_rows, select_keys
from models.rules.members import numbers
from models.rules.phones import last_four
from ops import seals

ACTIVE = "active"


class Tier(Row):
    """A level of membership; its multiplier applies to the points of a sale (basis points, 10000 = once)."""

    merchant_id = IdField()
    id = IdField()
    code = peewee.CharField(40)
    name = peewee.CharField(120)
    multiplier_bp = peewee.IntegerField()

    class Meta:
        """A tier's code is unique within its merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "code"), True),)


class Member(Row):
    """A regular. Name and phone are sealed; the phone is found by its keyed index or its last four digits."""

    merchant_id = IdField()
    id = IdField()
    number = peewee.CharField(20)
    name = peewee.CharField(500)
    phone = peewee.CharField(200, null=True)
    phone_index = HashField(null=True)
    phone_last4 = peewee.CharField(4, null=True)
    tier_id = IdField()
    status = peewee.CharField(10)
    enrolled_at = MomentField()

    class Meta:
        """Numbers and phones are unique within the merchant; last four digits are not."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = (
            (("merchant_id", "number"), True),
            (("merchant_id", "phone_index"), True),
            (("merchant_id", "phone_last4", "id"), False),
        )


class Card(Row):
    """A card a member shows at the till; a member may have many, a card has one member."""

    merchant_id = IdField()
    code = peewee.CharField(40)
    member_id = IdField()

    class Meta:
        """Card codes are unique within the merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "code")
        indexes = ((("merchant_id", "member_id"), False),)


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody about to be a member: plain name, phone as E.164, cards, tier."""

    merchant: UUID
    id: UUID
    name: str
    phone: str | None
    cards: list[str]
    tier: UUID
    at: datetime


def tier_named(merchant: UUID, code: str) -> UUID | None:
    """The tier of a code; None when the shop has no such tier."""
    row = Tier.get_or_none(Tier.merchant_id == merchant, Tier.code == code)
    return row.id if row else None


def holder_of_phone(merchant: UUID, phone: str) -> UUID | None:
    """Whose phone this is, given as E.164."""
    index = seals.index(merchant, phone)
    row = Member.get_or_none(Member.merchant_id == merchant, Member.phone_index == index)
    return row.id if row else None


def holders_of_cards(merchant: UUID, cards: list[str]) -> dict[str, UUID]:
    """Whose cards these are; a free one is not in the answer."""
    rows = select_keys(Card, "code, member_id", [(merchant, card) for card in cards], by="code")
    return {card: UUID(bytes=bytes(member)) for card, member in rows}


def enrol(joining: Joining) -> str:
    """Write a member with name and phone sealed, and the cards; the number the member was given."""
    merchant, phone = joining.merchant, joining.phone
    number = _free_number(merchant, joining.id)
    Member.insert(
        merchant_id=merchant,
        id=joining.id,
        number=number,
        name=seals.seal(merchant, joining.name),
        phone=seals.seal(merchant, phone) if phone else None,
        phone_index=seals.index(merchant, phone) if phone else None,
        phone_last4=last_four(phone) if phone else None,
        tier_id=joining.tier,
        status=ACTIVE,
        enrolled_at=joining.at,
    ).execute()
    insert_rows(Card, [(merchant, card, joining.id) for card in joining.cards])
    return number


def move_to_tier(merchant: UUID, member: UUID, tier: UUID) -> bool:
    """Put a member into a tier; false when there is no such member."""
    mine = (Member.merchant_id == merchant, Member.id == member)
    if not Member.select().where(*mine).exists():
        return False
    Member.update(tier_id=tier).where(*mine).execute()
    return True


def _free_number(merchant: UUID, member: UUID) -> str:
    choices = list(numbers(member))
    rows = select_keys(Member, "number", [(merchant, number) for number in choices], by="number")
    taken = {number for (number,) in rows}
    return next(number for number in choices if number not in taken)
