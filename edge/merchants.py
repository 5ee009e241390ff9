"""Merchants: sign-up, stores, and tills with their codes and keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint

from edge import keys
from edge.accept import accept, idempotency_key, prepare, read_json, respond, settled, validated
from edge.document import NO_BODY, asks, shows, takes
from edge.errors import Problem
from edge.identity import ACCESS_SECONDS, access_token, caller, memory, needs
from edge.limits import Limit
from edge.passwords import hashed
from edge.reads import answer, found, page, read_cursor
from models import merchants_read
from models.base import NOBODY
from schemas.envelope import Actor, command_id
from schemas.merchants import (
    AddTerminal,
    EnrolForm,
    EnrolTerminal,
    KeyForm,
    OpenStore,
    RevokeTerminal,
    SignUp,
    SignUpForm,
    StoresView,
    TerminalForm,
    TerminalQuery,
    TerminalsView,
)
from schemas.paging import Page
from schemas.staff import TokenView

SIGN_UPS = 1000
ENROLMENTS = 300
"""In five minutes, from one address; enrolments that succeed do not count."""

blueprint = Blueprint("merchants", __name__, url_prefix="/v1/merchants", description=__doc__)
_sign_up = SignUpForm()
_terminal = TerminalForm()
_enrol = EnrolForm()
_key = KeyForm()


@blueprint.post("/sign-up")
@takes(SignUp, body=SignUpForm, public=True)
def sign_up() -> Response:
    """Begin a shop: merchant, first store, owner."""
    form, key = validated(_sign_up), idempotency_key(SignUp)
    Limit(f"sign-up:{request.remote_addr}", SIGN_UPS, 300).count()
    owner, code = form.pop("owner"), form["merchant"]["code"].lower()
    password_hash = hashed(owner["password"], "sign-up", code, owner["login"], key)
    body = {**form, "login": owner["login"], "owner_name": owner["name"], "password_hash": password_hash}
    accepted = prepare(SignUp, body, f"{code}:{key}", merchant=NOBODY, actor=Actor())
    return respond(SignUp, accepted, settled(accepted))


@blueprint.post("/stores")
@needs("merchants.stores")
@takes(OpenStore)
def open_store() -> Response:
    """Add a store."""
    return accept(OpenStore)


@blueprint.get("/stores")
@needs("merchants.read")
@blueprint.arguments(Page, location="query")
@shows(StoresView, "Stores, oldest first.")
def stores(query: dict[str, Any]) -> Response:
    """The shop's stores; who is held to one sees that one."""
    asked, after = caller(), read_cursor(query["cursor"])
    items = merchants_read.stores(asked.merchant, asked.store, after, query["limit"] + 1)
    return page(items, query["limit"], ["store_id"])


@blueprint.post("/terminals")
@needs("merchants.terminals")
@takes(AddTerminal, body=TerminalForm)
def add_terminal() -> Response:
    """Add a till; `enrol_code` lets it enrol, once, within a day."""
    plain, asked = read_json(), caller()
    asked.must_reach(_terminal.load(plain)["store_id"])
    id_ = command_id(asked.merchant, asked.actor, AddTerminal.command, idempotency_key(AddTerminal))
    code = keys.enrol_code(id_)
    body = {**plain, "enrol_hash": keys.code_digest(code).hex()}
    return accept(AddTerminal, body, {"enrol_code": code})


@blueprint.get("/terminals")
@needs("merchants.terminals")
@blueprint.arguments(TerminalQuery, location="query")
@shows(TerminalsView, "Tills, oldest first.")
def terminals(query: dict[str, Any]) -> Response:
    """The tills of a store, or of all that the caller reaches."""
    asked, after = caller(), read_cursor(query["cursor"])
    store = query["store_id"] or asked.store
    if store:
        asked.must_reach(store)
    items = merchants_read.terminals(asked.merchant, store, after, query["limit"] + 1)
    return page(items, query["limit"], ["terminal_id"])


@blueprint.post("/terminals/<uuid:terminal_id>/revoke")
@needs("merchants.terminals")
@takes(RevokeTerminal, body=NO_BODY)
def revoke_terminal(terminal_id: UUID) -> Response:
    """Shut a till out: its key and its tokens are worth nothing from now on."""
    asked = caller()
    asked.must_reach(found(merchants_read.store_of_terminal(asked.merchant, terminal_id)))
    response = accept(RevokeTerminal, {"terminal_id": str(terminal_id)})
    memory.forget()
    return response


@blueprint.post("/terminals/enrol")
@takes(EnrolTerminal, body=EnrolForm, public=True)
def enrol() -> Response:
    """Exchange a till's one-time code for its key, which is shown this once."""
    limit = Limit(f"enrol:{request.remote_addr}", ENROLMENTS, 300)
    enrol_hash = keys.code_digest(validated(_enrol)["code"])
    limit.count()
    till = merchants_read.terminal_of_code(enrol_hash)
    if till is None:
        raise Problem("merchants.enrol_code_wrong")
    response = _enrol_till(*till, enrol_hash)
    if response.status_code == EnrolTerminal.status:
        limit.give_back()
    return response


def _enrol_till(merchant: UUID, terminal: UUID, enrol_hash: bytes) -> Response:
    actor, sent_key = Actor(terminal=terminal), idempotency_key(EnrolTerminal)
    key = keys.terminal_key(merchant, terminal, command_id(merchant, actor, EnrolTerminal.command, sent_key))
    hashes = {"enrol_hash": enrol_hash.hex(), "key_hash": keys.digest(key).hex()}
    body = {"terminal_id": str(terminal), **hashes}
    accepted = prepare(EnrolTerminal, body, sent_key, merchant=merchant, actor=actor)
    accepted.foreseen["key"] = key
    return respond(EnrolTerminal, accepted, settled(accepted))


@blueprint.post("/terminals/token")
@asks(KeyForm, TokenView, public=True)
def terminal_token() -> Response:
    """An access token for a till's key; nothing is changed."""
    key = validated(_key)["key"]
    merchant, terminal = keys.read_terminal_key(key)
    if not merchants_read.has_key(merchant, terminal, keys.digest(key)):
        raise Problem("identity.invalid")
    token = access_token(merchant, Actor(terminal=terminal))
    return answer({"access_token": token, "expires_in": ACCESS_SECONDS})
