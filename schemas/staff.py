"""Commands, queries and answers of the staff: who they are, their sessions, their PIN at a till."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from models.rules.permissions import OWNER
from schemas.base import Command, Shape, text
from schemas.credentials import PERSON_NAME_MAX, check_password, digest, login, phc, pin, presented, role


class Scope(Shape):
    """A role, and the store it is held to (none: all of them; an owner is held to none)."""

    role = role(required=True)
    store_id = fields.UUID(load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def _owners_roam(self, data: dict[str, Any], **_: object) -> None:
        if data["role"] == OWNER and data["store_id"] is not None:
            raise ValidationError("An owner is not held to a store.", "store_id")


class StaffForm(Scope):
    """A person to be: a password lets them sign in, a PIN lets them work at a till."""

    login = login(required=True)
    name = text(PERSON_NAME_MAX, required=True)
    password = presented(load_default=None, allow_none=True)
    pin = pin(load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def _can_enter(self, data: dict[str, Any], **_: object) -> None:
        if data["password"] is not None:
            check_password(data["password"], data["login"])
        elif data["pin"] is None:
            raise ValidationError("A password or a PIN is needed.", "password")


class AddStaff(Command, Scope):
    """A further person of the shop."""

    command = "merchants.add_staff"
    personal = frozenset(("login", "name"))

    login = login(required=True)
    name = text(PERSON_NAME_MAX, required=True)
    password_hash = phc(load_default=None, allow_none=True)
    pin_hash = phc(load_default=None, allow_none=True)


class ChangeRole(Command, Scope):
    """A person's role and store, from now on."""

    command = "merchants.change_role"
    value = False
    status = 200

    staff_id = fields.UUID(required=True)


class RevokeStaff(Command):
    """A person is shut out at once, everywhere."""

    command = "merchants.revoke_staff"
    value = False
    status = 200

    staff_id = fields.UUID(required=True)


class OpenSession(Command):
    """Somebody has signed in; the session's id is the command's."""

    command = "merchants.open_session"
    value = False
    status = 200

    staff_id = fields.UUID(required=True)
    token_hash = digest(required=True)


class RotateSession(Command):
    """A refresh token is exchanged for the next; an old one, used again, ends the session."""

    command = "merchants.rotate_session"
    value = False
    status = 200

    session_id = fields.UUID(required=True)
    old_hash = digest(required=True)
    new_hash = digest(required=True)


class CloseSession(Command):
    """Somebody signs out."""

    command = "merchants.close_session"
    value = False
    status = 200

    session_id = fields.UUID(required=True)


class SignIn(Shape):
    """Who signs in; with `cookie` the refresh token comes as an HttpOnly cookie and not in the answer."""

    merchant = presented(40, required=True)
    login = presented(80, required=True)
    password = presented(required=True)
    cookie = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Refresh(Shape):
    """The newest refresh token; without one, the cookie's is taken and replaced."""

    refresh_token = presented(300, load_default=None, allow_none=True)


class Cashier(Shape):
    """Who stands at the till."""

    login = presented(80, required=True)
    pin = presented(20, required=True)


class TokenView(Shape):
    """An access token and its seconds to live; staff who sign in also get a refresh token."""

    access_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    refresh_token = fields.String()


class StaffView(Shape):
    """A person of the shop; the name is null where its seal cannot be read any more."""

    staff_id = fields.UUID(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    store_id = fields.UUID(required=True, allow_none=True)
    has_password = fields.Boolean(required=True)
    has_pin = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class StaffPage(Shape):
    """Staff, oldest first, and where the next page begins."""

    items = fields.List(fields.Nested(StaffView), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
