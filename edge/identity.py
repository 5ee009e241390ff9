"""Who is calling: tokens made and verified, permissions, revocation that works at once.

A verified token is remembered by its whole text for a few seconds, so that a busy till costs no signature
check and no query a sale. Word of a revocation empties the memory; when this process cannot hear
(`Listener.healthy` is false), nothing is remembered and every request asks the database: it fails closed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Flask, g, request
from flask_jwt_extended import JWTManager, create_access_token, decode_token, get_unverified_jwt_headers
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from edge.errors import Problem
from models.merchants import Terminal
from models.rules.permissions import PERMISSIONS, TERMINAL
from models.staff import Session, Staff
from ops.cache import REVOKED, Listener
from ops.settings import settings
from schemas.envelope import Actor

ACCESS_SECONDS = 600
SHIFT_SECONDS = 12 * 3600
"""A cashier gives the PIN once a shift; being revoked ends the token all the same."""
REMEMBER_SECONDS = 5.0
REFRESH_SECONDS = 1.0
REMEMBERED_MAX = 20_000
ISSUER = "regulars"
AUDIENCE = "regulars-api"


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified sender of a request. `store` is the one it is held to; none means all of the merchant's."""

    merchant: UUID
    actor: Actor
    role: str
    store: UUID | None
    session: UUID | None = None

    def may(self, permission: str) -> bool:
        """Whether the role permits it."""
        return permission in PERMISSIONS[self.role]

    def must_reach(self, store: UUID) -> None:
        """`identity.other_store` when held to a store other than this one."""
        if self.store is not None and self.store != store:
            raise Problem("identity.other_store")


class Memory:
    """Verified tokens of the last seconds. A look-up under way while it is emptied ends in the discarded dict."""

    def __init__(self) -> None:
        self.callers: dict[str, tuple[Caller, float, float, int]] = {}

    def forget(self) -> None:
        """Ask the database about everybody again: who may do what has changed."""
        self.callers = {}


memory = Memory()
_listener = Listener([REVOKED], lambda _channel, _payload: memory.forget())


def configure(app: Flask) -> None:
    """One algorithm, issuer, audience, type, key id and expiry, always checked."""
    app.config.update(
        JWT_SECRET_KEY=settings().secrets.token_key.hex(),
        JWT_ALGORITHM="HS256",
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=ACCESS_SECONDS),
    )
    JWTManager(app)


def key_id() -> str:
    """Names the key a token is signed with."""
    return hashlib.sha256(settings().secrets.token_key).hexdigest()[:8]


def access_token(merchant: UUID, actor: Actor, *, session: UUID | None = None, seconds: int = ACCESS_SECONDS) -> str:
    """A token for a terminal, a cashier at it, or a member of staff's session."""
    claims = {
        "m": str(merchant),
        "t": str(actor.terminal) if actor.terminal else None,
        "s": str(actor.staff) if actor.staff else None,
        "f": str(session) if session else None,
    }
    subject = str(actor.terminal or actor.staff)
    return create_access_token(
        subject,
        expires_delta=timedelta(seconds=seconds),
        additional_claims=claims,
        additional_headers={"kid": key_id()},
    )


def needs(permission: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A route for callers with a permission (none: any caller). Also says so in the API document."""

    def decorate(route: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            caller = identify()
            if permission is not None and not caller.may(permission):
                raise Problem("identity.forbidden", f"{permission} is needed")
            g.caller = caller
            return route(*args, **kwargs)

        guarded.permission = permission or "any"  # type: ignore[attr-defined]
        return guarded

    return decorate


def caller() -> Caller:
    """The caller of the request at hand."""
    return g.caller


def identify() -> Caller:
    """The caller behind the request's bearer token, or a 401.

    When a remembered caller is due to be looked up again, one request does it; the others go on meanwhile.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem("identity.missing")
    _listener.start()
    callers, epoch, at = memory.callers, _listener.epoch, time.monotonic()
    kept = callers.get(token)
    if kept and _listener.healthy and kept[3] == epoch and time.time() < kept[1]:
        if at < kept[2]:
            return kept[0]
        callers[token] = (kept[0], kept[1], at + REFRESH_SECONDS, epoch)
    claims = _claims(token)
    found = _found(claims)
    if len(callers) >= REMEMBERED_MAX:
        callers.clear()
    callers[token] = (found, float(claims["exp"]), at + REMEMBER_SECONDS, epoch)
    return found


def _claims(token: str) -> dict[str, Any]:
    try:
        if get_unverified_jwt_headers(token).get("kid") != key_id():
            raise Problem("identity.invalid")
        claims = decode_token(token)
    except (PyJWTError, JWTExtendedException, ValueError, TypeError) as error:
        raise Problem("identity.invalid") from error
    if claims.get("type") != "access" or not claims.get("jti") or not claims.get("exp"):
        raise Problem("identity.invalid")
    return dict(claims)


def _found(claims: dict[str, Any]) -> Caller:
    """The caller as the database has it now: still there, not revoked, role and store as of today."""
    try:
        merchant, terminal, staff, session = (UUID(claims[k]) if claims.get(k) else None for k in "mtsf")
    except (ValueError, AttributeError) as error:
        raise Problem("identity.invalid") from error
    if merchant is None or (terminal is None and staff is None):
        raise Problem("identity.invalid")
    till = _live(Terminal, merchant, terminal)
    person = _live(Staff, merchant, staff)
    _live(Session, merchant, session)
    if till and person and person.store_id not in (None, till.store_id):
        raise Problem("identity.invalid")
    role = person.role if person else TERMINAL
    store = till.store_id if till else person.store_id
    return Caller(merchant, Actor(terminal, staff), role, store, session)


def _live(table: Any, merchant: UUID, id_: UUID | None) -> Any:
    """The row, when there is one to be; a missing or revoked one ends the token."""
    if id_ is None:
        return None
    row = table.get_or_none(table.merchant_id == merchant, table.id == id_)
    if row is None or row.revoked_at is not None:
        raise Problem("identity.invalid")
    return row
