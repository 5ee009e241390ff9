"""Nothing of one merchant, or of another store, is ever reachable: every operation of the document, by every caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from openapi_schema_validator import OAS31Validator

from models.rules.permissions import PERMISSIONS
from tests.document import DOCUMENT, OPERATIONS, PUBLIC
from tests.shops import Api, Said
from tests.tenants import ENTRIES
from tests.world import World

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GUARDED = sorted(set(OPERATIONS) - PUBLIC)
CLOSED = [(name, role) for name in GUARDED for role in PERMISSIONS if OPERATIONS[name][2]["x-permission"] != "any"]


@pytest.fixture(scope="module")
def world(live: Api) -> Iterator[World]:
    """Two shops; one of them has a second store."""
    yield World(live)


def _call(world: World, name: str, caller: Api) -> tuple[Said, str]:
    """The answer to an operation on what is my shop's, and all that was sent."""
    method, path, _ = OPERATIONS[name]
    entry = ENTRIES[name]
    body = entry.body(world) if entry.body else None
    address = path.format_map(entry.path(world)) + entry.query(world)
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=5"} if method == "post" else {}
    return caller.call(method.upper(), address, body, **headers), f"{address} {body}"


def test_every_operation_has_an_entry_in_the_table() -> None:
    assert sorted(ENTRIES) == sorted(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_its_own_shop_is_served_as_the_document_says(world: World, name: str) -> None:
    said, _ = _call(world, name, world.mine(ENTRIES[name].by))
    assert said.status == ENTRIES[name].own, said.body
    content = OPERATIONS[name][2]["responses"][str(said.status)]["content"]
    schema = content["application/json"]["schema"] | {"components": DOCUMENT["components"]}
    assert [error.message for error in OAS31Validator(schema).iter_errors(said.body)] == []


@pytest.mark.parametrize("name", GUARDED)
def test_another_merchant_reaches_nothing(world: World, name: str) -> None:
    said, sent = _call(world, name, world.stranger(ENTRIES[name].by))
    assert said.status == ENTRIES[name].other, said.body
    told = set(ID.findall(str(said.body))) - set(ID.findall(sent))
    assert not told & world.ids()


@pytest.mark.parametrize("name", [name for name in GUARDED if ENTRIES[name].branch])
def test_who_is_held_to_another_store_reaches_nothing_of_this_one(world: World, name: str) -> None:
    entry = ENTRIES[name]
    said, _ = _call(world, name, world.held(entry.by))
    assert said.status == entry.branch, said.body
    if entry.branch == 403:
        assert said.body["code"] == "identity.other_store"
    if entry.silent:
        assert str(world.shop.store) not in str(said.body)


@pytest.mark.parametrize("name", [name for name in GUARDED if not ENTRIES[name].branch])
def test_what_has_no_entry_for_other_stores_is_for_owners_or_oneself(name: str) -> None:
    permission = OPERATIONS[name][2]["x-permission"]
    assert name == "staff_sign_out" or [role for role, may in PERMISSIONS.items() if permission in may] == ["owner"]


@pytest.mark.parametrize("name", GUARDED)
def test_without_a_token_nothing_is_reached(world: World, name: str) -> None:
    said, _ = _call(world, name, world.live)
    assert (said.status, said.body["code"]) == (401, "identity.missing")


@pytest.mark.parametrize("name", GUARDED)
def test_with_a_token_that_is_garbage_nothing_is_reached(world: World, name: str) -> None:
    token = world.shop.owner_token
    for garbage in ("garbage", token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"), token.partition(".")[2]):
        said, _ = _call(world, name, world.live.as_(garbage))
        assert (said.status, said.body["code"]) == (401, "identity.invalid")


@pytest.mark.parametrize(("name", "role"), CLOSED, ids=[f"{name}-{role}" for name, role in CLOSED])
def test_a_role_reaches_what_its_permissions_say_and_no_more(world: World, name: str, role: str) -> None:
    said, _ = _call(world, name, world.with_role(role))
    forbidden = said.status == 403 and "is needed" in said.body["detail"]
    assert forbidden is (OPERATIONS[name][2]["x-permission"] not in PERMISSIONS[role])


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_is_public_asks_for_no_token_and_heeds_none(world: World, name: str) -> None:
    for caller in (world.live, world.live.as_("garbage"), world.live.as_(world.other.owner_token)):
        said, _ = _call(world, name, caller)
        assert said.status == ENTRIES[name].own, said.body
