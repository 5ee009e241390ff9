"""Personal fields, sealed: a phone or a name leaves the edge encrypted and is stored encrypted.

AES-SIV (RFC 5297): the same text of the same merchant seals to the same token, so a resent command
keeps its body hash; another merchant's seal of it differs. Look-ups go by a keyed index, never by the text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ops.settings import settings

PREFIX = "sealed:"


class BrokenSeal(Exception):
    """A token that this installation did not seal for this merchant."""


@lru_cache
def _cipher() -> AESSIV:
    return AESSIV(hashlib.sha512(settings().secrets.seal_key).digest()[:32])


def seal(merchant: UUID, text: str) -> str:
    """The token that stands for `text` in messages and tables."""
    sealed = _cipher().encrypt(text.encode() or b"\0", [merchant.bytes])
    return PREFIX + base64.urlsafe_b64encode(sealed).decode()


def unseal(merchant: UUID, token: str) -> str:
    """The text behind a token; `BrokenSeal` when it is not one of this merchant's."""
    try:
        sealed = base64.urlsafe_b64decode(token.removeprefix(PREFIX))
        return _cipher().decrypt(sealed, [merchant.bytes]).decode().rstrip("\0")
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal("a sealed field cannot be read") from error


def seal_fields(merchant: UUID, body: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The body as it may travel: its personal fields sealed."""
    return {k: seal(merchant, v) if k in names and v is not None else v for k, v in body.items()}


def unseal_fields(merchant: UUID, body: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The body as the shop wrote it."""
    return {k: unseal(merchant, v) if k in names and v is not None else v for k, v in body.items()}


def index(merchant: UUID, text: str) -> bytes:
    """The keyed index of a phone number: equal numbers of one merchant, equal 32 bytes."""
    return hmac.new(settings().secrets.index_key, merchant.bytes + text.encode(), hashlib.sha256).digest()


def derive(purpose: str, *parts: str) -> bytes:
    """32 bytes nobody else can know, the same for the same parts: one-time codes that survive a retry."""
    message = "\0".join((purpose, *parts)).encode()
    return hmac.new(settings().secrets.index_key, message, hashlib.sha256).digest()
