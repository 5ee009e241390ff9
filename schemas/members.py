"""Commands, queries and answers of members."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models.rules.members import DEFAULT_TIER
from models.rules.phones import NotAPhone, normalised
from schemas.base import Command, Shape, code, text, whole
from schemas.paging import Page

CARDS_MAX = 10
MULTIPLIER_MAX_BP = 1_000_000
CRITERIA = ("phone", "card", "last4", "number")


class Phone(fields.String):
    """A phone number in international form; inside always E.164."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return normalised(super()._deserialize(value, attr, data, **kwargs))
        except NotAPhone as error:
            raise ValidationError("Not a phone number in international form, such as +8613800138000.") from error


class AskedPhone(Phone):
    """A phone number in an address, where a plus sign that was not escaped has become a space."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        escaped = f"+{value[1:]}" if isinstance(value, str) and value.startswith(" ") else value
        return super()._deserialize(escaped, attr, data, **kwargs)


def each_once(values: list[str]) -> None:
    """Refuse a list that names something twice."""
    if len(set(values)) < len(values):
        raise ValidationError("Something is named twice.")


class Enrol(Command):
    """Somebody becomes a member, with phone, cards, both or neither."""

    command = "members.enrol"
    personal = frozenset(("name", "phone"))

    name = text(80, required=True)
    phone = Phone(load_default=None, allow_none=True)
    cards = fields.List(code(40), load_default=list, validate=[validate.Length(0, CARDS_MAX), each_once])
    tier = code(40, load_default=DEFAULT_TIER)


class TierChange(Shape):
    """The tier a member is to be in, by its code."""

    tier = code(40, required=True)


class SetTier(Command):
    """A member moves to another tier, on somebody's word."""

    command = "members.set_tier"
    status = 200

    member_id = fields.UUID(required=True)
    tier = code(40, required=True)


class AddTier(Command):
    """A further tier; its multiplier applies to the points of a sale, 10000 is once."""

    command = "members.add_tier"

    code = code(40, required=True)
    name = text(120, required=True)
    multiplier_bp = whole(0, MULTIPLIER_MAX_BP, required=True)


class MemberQuery(Page):
    """Who is asked for: exactly one of phone, card, last four digits of the phone, member number."""

    phone = AskedPhone(load_default=None)
    card = fields.String(load_default=None, validate=validate.Length(1, 40))
    last4 = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{4}\Z"))
    number = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{1,20}\Z"))

    @validates_schema
    def _one_criterion(self, data: dict[str, Any], **_: object) -> None:
        if sum(data[name] is not None for name in CRITERIA) != 1:
            raise ValidationError(f"Exactly one of {', '.join(CRITERIA)} is needed.")


class MemberView(Shape):
    """A member as staff see one; of the phone only what tells two apart."""

    member_id = fields.UUID(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    tier = fields.String(required=True)
    status = fields.String(required=True)
    cards = fields.List(fields.String(), required=True)
    enrolled_at = fields.DateTime(required=True)


class MembersView(Shape):
    """Members found, oldest first, and where the next page begins."""

    items = fields.List(fields.Nested(MemberView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TierView(Shape):
    """A tier and what it multiplies points by, in basis points."""

    tier_id = fields.UUID(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    multiplier_bp = fields.Integer(required=True)


class TiersView(Shape):
    """All tiers of the shop."""

    items = fields.List(fields.Nested(TierView), required=True)
