"""Tokens, keys and hashes: what is taken for genuine, and what is not."""

from __future__ import annotations

import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

import jwt
import pytest

from edge.identity import AUDIENCE, ISSUER, Caller, Memory, key_id
from edge.keys import ALPHABET, enrol_code, read_terminal_key, terminal_key
from edge.passwords import hashed, matches
from ops.settings import settings
from schemas.envelope import Actor
from tests.shops import Api, Shop

STORES = "/v1/merchants/stores"


def claims(shop: Shop, **changes: Any) -> dict[str, Any]:
    at = int(time.time())
    good = {"iat": at, "nbf": at, "exp": at + 60, "jti": uuid4().hex, "type": "access", "sub": str(shop.owner)}
    good |= {"iss": ISSUER, "aud": AUDIENCE, "m": str(shop.merchant), "s": str(shop.owner), "t": None, "f": None}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def signed(body: dict[str, Any], algorithm: str = "HS256", key: str = "", kid: str = "") -> str:
    key = key or settings().secrets.token_key.hex()
    return jwt.encode(body, key if algorithm != "none" else "", algorithm, headers={"kid": kid or key_id()})


def test_a_token_is_taken_for_what_it_says(live: Api, shop: Shop) -> None:
    assert live.as_(signed(claims(shop))).get(STORES).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": ...},
        {"nbf": 2**33},
        {"iss": "another"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": ...},
        {"type": "refresh"},
        {"jti": ...},
        {"sub": ...},
        {"m": None},
        {"m": "not an id"},
        {"m": str(uuid4())},
        {"s": str(uuid4())},
        {"s": None},
        {"f": str(uuid4())},
        {"t": str(uuid4())},
    ],
)
def test_a_token_with_a_wrong_claim_opens_nothing(live: Api, shop: Shop, changes: dict[str, Any]) -> None:
    said = live.as_(signed(claims(shop, **changes))).get(STORES)
    assert (said.status, said.body["code"]) == (401, "identity.invalid")
    assert said.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("with_", [{"algorithm": "none"}, {"algorithm": "HS512"}, {"key": "0" * 64}, {"kid": "old"}])
def test_a_token_signed_otherwise_opens_nothing(live: Api, shop: Shop, with_: dict[str, str]) -> None:
    assert live.as_(signed(claims(shop), **with_)).get(STORES).status == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic dTpw", "Bearer \u00e9", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
def test_a_request_without_a_token_is_answered_so(live: Api, header: str) -> None:
    said = live.call("GET", STORES, Authorization=header)
    assert said.status == 401


def test_a_request_turned_away_unread_leaves_the_connection_usable(live: Api) -> None:
    with closing(HTTPConnection(live.url.removeprefix("http://"))) as connection:
        for size in (2, 2_000, 100_000) * 20:
            connection.request("POST", STORES, b"x" * size, {"Content-Type": "application/json"})
            turned_away = connection.getresponse()
            assert (turned_away.status, len(turned_away.read()) > 0) == (401, True)


def test_a_look_up_overtaken_by_a_revocation_is_not_remembered() -> None:
    memory = Memory()
    before = memory.callers
    memory.forget()
    before["token"] = (Caller(uuid4(), Actor(), "owner", None), 0.0, 0.0, 0)
    assert memory.callers == {}


def test_a_hash_depends_on_what_it_is_for_and_on_nothing_else() -> None:
    one = hashed("caf\u00e9 1234567", "password", "shop", "anna", "key")
    assert one == hashed("cafe\u0301 1234567", "password", "shop", "anna", "key")
    assert one != hashed("caf\u00e9 1234567", "password", "shop", "anna", "other key")
    assert matches(one, "caf\u00e9 1234567")
    assert not matches(one, "cafe 1234567")
    assert not matches(None, "nobody has this")


def test_codes_and_keys_are_made_again_from_the_same_command_only() -> None:
    command, merchant, till = uuid4(), uuid4(), uuid4()
    code = enrol_code(command)
    assert code == enrol_code(command) != enrol_code(uuid4())
    assert set(code.replace("-", "")) <= set(ALPHABET)
    assert (len(code), code[5]) == (11, "-")
    key = terminal_key(merchant, till, command)
    assert read_terminal_key(key) == (merchant, till)
    assert key != terminal_key(merchant, till, uuid4())
