"""Members: who the shop's regulars are, how they are found, and the tier that sets their benefits."""

from __future__ import annotations

import peewee

from models.base import HashField, IdField, MomentField, Row

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
