"""Commands, queries and answers of merchants, their stores and their tills."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate, validates_schema

from models.rules.currencies import CURRENCIES
from schemas.base import Command, Shape, code, text, whole
from schemas.credentials import PERSON_NAME_MAX, check_password, digest, login, phc, presented
from schemas.paging import Page
from schemas.quick import Moment

CUTOFF_MAX_MINUTES = 720


@lru_cache
def zones() -> frozenset[str]:
    """The names of the IANA time zones, without the two that are not places."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def _is_zone(name: str) -> None:
    if name not in zones():
        raise ValidationError("Must be an IANA time zone such as Europe/Berlin.")


class MerchantPart(Shape):
    """The shop: its code names it at sign-in."""

    code = code(required=True)
    name = text(120, required=True)
    currency = fields.String(
        required=True, validate=validate.OneOf(sorted(CURRENCIES), error="Must be an ISO 4217 currency such as EUR.")
    )


class StorePart(Shape):
    """A store: zone and cutoff decide the business date of its sales."""

    code = code(required=True)
    name = text(120, required=True)
    time_zone = fields.String(required=True, validate=[validate.Length(1, 60), _is_zone])
    day_cutoff_minutes = whole(0, CUTOFF_MAX_MINUTES, load_default=0)


class OwnerPart(Shape):
    """The first owner."""

    login = login(required=True)
    name = text(PERSON_NAME_MAX, required=True)
    password = presented(required=True)

    @validates_schema(skip_on_field_errors=True)
    def _strong(self, data: dict[str, Any], **_: object) -> None:
        check_password(data["password"], data["login"])


class SignUpForm(Shape):
    """A shop that wants to begin."""

    merchant = fields.Nested(MerchantPart, required=True)
    store = fields.Nested(StorePart, required=True)
    owner = fields.Nested(OwnerPart, required=True)


class SignUp(Command):
    """A shop begins: merchant, first store, owner, the default tiers and earn rule."""

    command = "merchants.sign_up"
    personal = frozenset(("login", "owner_name"))

    merchant = fields.Nested(MerchantPart, required=True)
    store = fields.Nested(StorePart, required=True)
    login = login(required=True)
    owner_name = text(PERSON_NAME_MAX, required=True)
    password_hash = phc(required=True)


class OpenStore(Command, StorePart):
    """A further store."""

    command = "merchants.open_store"


class TerminalForm(Shape):
    """A till to be."""

    store_id = fields.UUID(required=True)
    name = text(120, required=True)


class AddTerminal(Command, TerminalForm):
    """A further till of a store; the digest is of the one-time code it will enrol with."""

    command = "merchants.add_terminal"

    enrol_hash = digest(required=True)


class EnrolTerminal(Command):
    """A till takes its key in exchange for its one-time code."""

    command = "merchants.enrol_terminal"
    value = False
    status = 200

    terminal_id = fields.UUID(required=True)
    enrol_hash = digest(required=True)
    key_hash = digest(required=True)


class RevokeTerminal(Command):
    """A till is shut out at once."""

    command = "merchants.revoke_terminal"
    value = False
    status = 200

    terminal_id = fields.UUID(required=True)


class Tidy(Command):
    """Forget sessions and enrolment codes that lapsed before a moment; the beat gives it."""

    command = "merchants.tidy"

    before = Moment(required=True)


class EnrolForm(Shape):
    """The one-time code, as shown when the till was added; dashes and small letters make no difference."""

    code = presented(40, required=True)


class KeyForm(Shape):
    """The key a till was given when it enrolled."""

    key = presented(200, required=True)


class EnrolledView(Shape):
    """The till and its key, shown this once."""

    terminal_id = fields.UUID(required=True)
    key = fields.String(required=True)


class StoreView(StorePart):
    """A store."""

    store_id = fields.UUID(required=True)


class StoresView(Shape):
    """Stores, oldest first, and where the next page begins."""

    items = fields.List(fields.Nested(StoreView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TerminalQuery(Page):
    """Which tills: all, or those of a store."""

    store_id = fields.UUID(load_default=None)


class TerminalView(Shape):
    """A till: waiting to enrol until its code lapses, enrolled, or revoked."""

    terminal_id = fields.UUID(required=True)
    store_id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    enrol_until = fields.DateTime(required=True, allow_none=True)
    enrolled_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class TerminalsView(Shape):
    """Tills, oldest first, and where the next page begins."""

    items = fields.List(fields.Nested(TerminalView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
