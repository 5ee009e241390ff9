"""Fields for what people and tills prove themselves with.

Passwords, PINs, codes, keys and tokens end at the edge; what travels and is stored is their hash (`phc`,
`digest`).
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from models.rules.passwords import PASSWORD_MAX, weakness
from models.rules.permissions import STAFF_ROLES

PERSON_NAME_MAX = 80
"""Sealed, a name of this many characters of any script fits its column."""


def login(**kwargs: Any) -> fields.String:
    """What a person signs in as; capitals make no difference."""
    rules = [validate.Length(1, 80), validate.Regexp(r"^[A-Za-z0-9._@+-]+\Z")]
    return fields.String(validate=rules, **kwargs)


def presented(most: int = PASSWORD_MAX, **kwargs: Any) -> fields.String:
    """A password, PIN, code, key or token as somebody shows it: only its length is looked at."""
    return fields.String(validate=validate.Length(1, most), **kwargs)


def pin(**kwargs: Any) -> fields.String:
    """A new PIN: four to eight digits."""
    return fields.String(validate=validate.Regexp(r"^[0-9]{4,8}\Z"), **kwargs)


def role(**kwargs: Any) -> fields.String:
    """What somebody is in the shop."""
    return fields.String(validate=validate.OneOf(STAFF_ROLES), **kwargs)


def phc(**kwargs: Any) -> fields.String:
    """The argon2id hash of a password or PIN, with its parameters and salt."""
    return fields.String(validate=validate.Regexp(r"^\$argon2id\$[A-Za-z0-9+/=,$]{20,180}\Z"), **kwargs)


def digest(**kwargs: Any) -> fields.String:
    """The digest of a code, key or token: 64 hex digits."""
    return fields.String(validate=validate.Regexp(r"^[0-9a-f]{64}\Z"), **kwargs)


def check_password(password: str, of_login: str) -> None:
    """Refuse a new password that will not do."""
    if wrong := weakness(password, of_login):
        raise ValidationError(wrong, "password")
