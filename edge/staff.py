"""The staff: signing in and out, who they are, and the cashier's PIN at a till."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint

from edge.accept import accept, idempotency_key, prepare, read_json, settled, validated
from edge.document import NO_BODY, asks, shows, takes
from edge.errors import Problem
from edge.identity import ACCESS_SECONDS, SHIFT_SECONDS, access_token, caller, memory, needs
from edge.keys import RefreshToken, read_refresh_token
from edge.limits import Limit
from edge.passwords import hashed, matches
from edge.reads import answer, page, read_cursor
from models import staff_read
from models.receipts import DONE
from models.staff import SESSION_DAYS, Staff
from schemas.envelope import Actor, command_id
from schemas.paging import Page
from schemas.staff import (
    AddStaff,
    Cashier,
    ChangeRole,
    CloseSession,
    OpenSession,
    Refresh,
    RevokeStaff,
    RotateSession,
    Scope,
    SignIn,
    StaffForm,
    StaffPage,
    TokenView,
)

COOKIE = "regulars_refresh"
COOKIE_PATH = "/v1/merchants/refresh"
TRIES_OF_ACCOUNT, TRIES_OF_ADDRESS, TRIES_OF_PIN = 10, 60, 5
WINDOW_SECONDS = 300

blueprint = Blueprint("staff", __name__, url_prefix="/v1/merchants", description=__doc__)
_sign_in = SignIn()
_refresh = Refresh()
_cashier = Cashier()
_staff = StaffForm()
_scope = Scope()


@blueprint.post("/sign-in")
@asks(SignIn, TokenView, public=True)
def sign_in() -> Response:
    """Tokens for a login and password. What was wrong is not said."""
    form = validated(_sign_in)
    account = Limit(f"sign-in:{form['merchant']}:{form['login']}".lower(), TRIES_OF_ACCOUNT, WINDOW_SECONDS)
    address = Limit(f"sign-in:{request.remote_addr}", TRIES_OF_ADDRESS, WINDOW_SECONDS)
    address.count()
    account.count()
    person = staff_read.at_sign_in(form["merchant"], form["login"])
    if not matches(person.password_hash if person else None, form["password"]) or person is None:
        raise Problem("identity.wrong")
    address.give_back()
    account.clear()
    return _tokens(_open_session(person), person.id, form["cookie"])


def _open_session(person: Staff) -> RefreshToken:
    actor, key = Actor(staff=person.id), idempotency_key(OpenSession)
    session = command_id(person.merchant_id, actor, OpenSession.command, key)
    token = RefreshToken(person.merchant_id, session)
    body = {"staff_id": str(person.id), "token_hash": token.digest}
    accepted = prepare(OpenSession, body, key, merchant=person.merchant_id, actor=actor)
    if settled(accepted).state != DONE:
        raise Problem("identity.wrong")
    return token


@blueprint.post("/refresh")
@asks(Refresh, TokenView, public=True)
def refresh() -> Response:
    """The next access and refresh token. A refresh token used before ends its session; a lost answer may be asked
    for again within half a minute.
    """
    given = validated(_refresh)["refresh_token"]
    old = read_refresh_token(given or request.cookies.get(COOKIE, ""))
    person = staff_read.session_holder(old.merchant, old.session)
    if person is None:
        raise Problem("identity.invalid")
    new = old.next
    body = {"session_id": str(old.session), "old_hash": old.digest, "new_hash": new.digest}
    asked = prepare(RotateSession, body, secrets.token_hex(16), merchant=old.merchant, actor=Actor(staff=person))
    outcome = settled(asked)
    if outcome.state != DONE or outcome.answer["reused"]:
        memory.forget()
        raise Problem("identity.invalid")
    return _tokens(new, person, given is None)


def _tokens(token: RefreshToken, person: UUID, cookie: bool) -> Response:
    access = access_token(token.merchant, Actor(staff=person), session=token.session)
    said: dict[str, Any] = {"access_token": access, "expires_in": ACCESS_SECONDS}
    if not cookie:
        said["refresh_token"] = str(token)
    response = answer(said)
    if cookie:
        response.set_cookie(
            COOKIE,
            str(token),
            max_age=SESSION_DAYS * 86_400,
            path=COOKIE_PATH,
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
    return response


@blueprint.post("/sign-out")
@needs()
@takes(CloseSession, body=NO_BODY)
def sign_out() -> Response:
    """End the session the access token belongs to: this token, and every refresh token of it."""
    session = caller().session
    if session is None:
        raise Problem("identity.forbidden", "only who signed in can sign out")
    response = accept(CloseSession, {"session_id": str(session)})
    memory.forget()
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="Strict")
    return response


@blueprint.post("/staff")
@needs("merchants.staff")
@takes(AddStaff, body=StaffForm)
def add_staff() -> Response:
    """Add a person, with a password, a PIN, or both."""
    plain, merchant, key = read_json(), str(caller().merchant), idempotency_key(AddStaff)
    form = _staff.load(plain)
    body = {name: value for name, value in plain.items() if name not in ("password", "pin")}
    for name in ("password", "pin"):
        if form[name] is not None:
            body[f"{name}_hash"] = hashed(form[name], name, merchant, form["login"], key)
    return accept(AddStaff, body)


@blueprint.get("/staff")
@needs("merchants.staff")
@blueprint.arguments(Page, location="query")
@shows(StaffPage, "The staff, oldest first, also who has left.")
def browse(query: dict[str, Any]) -> Response:
    """The shop's staff."""
    items = staff_read.browse(caller().merchant, read_cursor(query["cursor"]), query["limit"] + 1)
    return page(items, query["limit"], ["staff_id"])


@blueprint.post("/staff/<uuid:staff_id>/revoke")
@needs("merchants.staff")
@takes(RevokeStaff, body=NO_BODY)
def revoke_staff(staff_id: UUID) -> Response:
    """Shut a person out: their sessions and their tokens, also at a till, end now."""
    response = accept(RevokeStaff, {"staff_id": str(staff_id)})
    memory.forget()
    return response


@blueprint.post("/staff/<uuid:staff_id>/role")
@needs("merchants.staff")
@takes(ChangeRole, body=Scope)
def change_role(staff_id: UUID) -> Response:
    """Give a person another role or store; it holds from their next request on."""
    plain = read_json()
    _scope.load(plain)
    response = accept(ChangeRole, {**plain, "staff_id": str(staff_id)})
    memory.forget()
    return response


@blueprint.post("/terminals/cashier")
@needs()
@asks(Cashier, TokenView)
def cashier() -> Response:
    """A token for who stands at the till, good for a shift there."""
    asked, form = caller(), validated(_cashier)
    if asked.actor.terminal is None:
        raise Problem("identity.forbidden", "a cashier signs in at an enrolled till")
    limit = Limit(f"pin:{asked.actor.terminal}:{form['login']}".lower(), TRIES_OF_PIN, WINDOW_SECONDS)
    limit.count()
    person = staff_read.at_work(asked.merchant, form["login"])
    if not matches(person.pin_hash if person else None, form["pin"]) or person is None:
        raise Problem("identity.wrong")
    limit.clear()
    if person.store_id not in (None, asked.store):
        raise Problem("identity.other_store")
    token = access_token(asked.merchant, Actor(asked.actor.terminal, person.id), seconds=SHIFT_SECONDS)
    return answer({"access_token": token, "expires_in": SHIFT_SECONDS})
