"""The staff: added and shut out, roles that hold at once, PINs at the till."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from edge.identity import SHIFT_SECONDS
from edge.passwords import hashed
from models.base import db
from models.receipts import Outcome
from models.staff import Staff
from ops.seals import seal
from schemas.staff import AddStaff, ChangeRole, RevokeStaff
from tests.doors import PASSWORD, Door, forget_tries
from tests.shops import Api, Shop

STORES = "/v1/merchants/stores"


@pytest.fixture(scope="module")
def door(live: Api) -> Door:
    return Door(live).open()


@pytest.fixture(autouse=True)
def _tries(request: pytest.FixtureRequest) -> None:
    if "live" in request.fixturenames:
        forget_tries()


def test_a_revoked_person_is_shut_out_everywhere_at_once(door: Door) -> None:
    person = door.hire("carla", "manager", password=PASSWORD, pin="4711")
    _, key = door.till()
    signed_in = door.sign_in("carla").body
    at_till = door.at_till(key).call("POST", "/v1/merchants/terminals/cashier", {"login": "carla", "pin": "4711"})
    callers = [door.live.as_(signed_in["access_token"]), door.live.as_(at_till.body["access_token"])]
    assert [caller.get(STORES).status for caller in callers] == [200, 200]
    assert door.owner().call("POST", f"/v1/merchants/staff/{person}/revoke").status == 200
    assert [caller.get(STORES).status for caller in callers] == [401, 401]
    assert door.refresh(signed_in["refresh_token"]).status == 401
    assert door.sign_in("carla").status == 401
    again = door.at_till(key).call("POST", "/v1/merchants/terminals/cashier", {"login": "carla", "pin": "4711"})
    assert again.body["code"] == "identity.wrong"


def test_another_role_holds_from_the_next_request_on(door: Door) -> None:
    person = door.hire("dora", "cashier", password=PASSWORD)
    dora = door.live.as_(door.sign_in("dora").body["access_token"])
    assert dora.get("/v1/merchants/terminals").status == 403
    owner = door.owner()
    assert owner.call("POST", f"/v1/merchants/staff/{person}/role", {"role": "manager"}).status == 200
    assert dora.get("/v1/merchants/terminals").status == 200
    assert dora.get("/v1/merchants/staff").status == 403
    owner.call("POST", f"/v1/merchants/staff/{person}/role", {"role": "cashier"})
    assert dora.get("/v1/merchants/terminals").status == 403


def test_a_cashier_works_at_the_tills_of_their_store_only(door: Door) -> None:
    second = door.owner().post(STORES, {"code": "S2", "name": "Second", "time_zone": "Europe/Paris"}).body["store_id"]
    door.hire("emil", "cashier", pin="1234", store_id=second)
    person = door.hire("fay", "cashier", pin="1234", store_id=door.ids["store_id"])
    _, key = door.till()
    till = door.at_till(key)
    refused = till.call("POST", "/v1/merchants/terminals/cashier", {"login": "emil", "pin": "1234"})
    assert (refused.status, refused.body["code"]) == (403, "identity.other_store")
    said = till.call("POST", "/v1/merchants/terminals/cashier", {"login": "FAY", "pin": "1234"})
    assert (said.status, said.body["expires_in"]) == (200, SHIFT_SECONDS)
    fay = door.live.as_(said.body["access_token"])
    assert [store["code"] for store in fay.get(STORES).body["items"]] == ["S1"]
    moved = {"role": "cashier", "store_id": second}
    assert door.owner().call("POST", f"/v1/merchants/staff/{person}/role", moved).status == 200
    assert fay.get(STORES).status == 401


def test_a_pin_is_guessed_at_five_times_at_most(door: Door) -> None:
    door.hire("gus", "cashier", pin="8642")
    tills = [door.at_till(door.till()[1]) for _ in range(2)]

    def attempt(till: Api, pin: str) -> int:
        return till.call("POST", "/v1/merchants/terminals/cashier", {"login": "gus", "pin": pin}).status

    assert [attempt(tills[0], pin) for pin in ("0000", "1", "2222", "3333", "8642")] == [401] * 4 + [200]
    assert [attempt(tills[0], "0000") for _ in range(5)] == [401] * 5
    assert attempt(tills[0], "8642") == 429
    assert attempt(tills[1], "8642") == 200


def test_a_pin_is_given_at_a_till_and_nowhere_else(live: Api, shop: Shop) -> None:
    body = {"login": "owner", "pin": "1234"}
    assert live.as_(shop.owner_token).call("POST", "/v1/merchants/terminals/cashier", body).status == 403
    assert live.call("POST", "/v1/merchants/terminals/cashier", body).status == 401


def test_a_person_added_twice_with_one_key_is_one_person(door: Door) -> None:
    body = {"login": "hana", "name": "Hana", "role": "cashier", "pin": "2580", "password": PASSWORD}
    owner, key = door.owner(), uuid4().hex
    first, second = (owner.post("/v1/merchants/staff", body, key) for _ in range(2))
    assert (first.status, second.status, first.body) == (201, 201, second.body)
    other = owner.post("/v1/merchants/staff", body | {"pin": "2581"}, key)
    assert (other.status, other.body["code"]) == (422, "idempotency.conflict")
    assert owner.post("/v1/merchants/staff", body).body["code"] == "merchants.login_taken"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"pin": "123"}, "/pin"),
        ({"pin": "123456789"}, "/pin"),
        ({"pin": "12e4"}, "/pin"),
        ({"pin": 1234}, "/pin"),
        ({"pin": None}, "/password"),
        ({"password": "1234567890"}, "/password"),
        ({"role": "god"}, "/role"),
        ({"role": "owner", "store_id": str(uuid4())}, "/store_id"),
        ({"login": "a\u0000b"}, "/login"),
        ({"pin_hash": "x"}, "/pin_hash"),
    ],
)
def test_a_person_with_a_bad_field_is_not_added(live: Api, shop: Shop, change: dict[str, Any], pointer: str) -> None:
    body = {"login": "ida", "name": "Ida", "role": "cashier", "pin": "1234"} | change
    said = live.as_(shop.owner_token).post("/v1/merchants/staff", body)
    assert (said.status, [error["pointer"] for error in said.body["errors"]]) == (422, [pointer])


def test_the_staff_is_listed_without_secrets_and_without_other_shops(live: Api, door: Door, shop: Shop) -> None:
    shown = door.owner().get("/v1/merchants/staff?limit=1")
    (owner,) = shown.body["items"]
    assert (owner["login"], owner["name"], owner["has_password"], owner["has_pin"]) == (
        "owner",
        "Anna Berg",
        True,
        False,
    )
    assert not {"password_hash", "pin_hash"} & set(owner)
    assert shown.body["next_cursor"]
    assert len(live.as_(shop.owner_token).get("/v1/merchants/staff").body["items"]) == 1


def test_staff_of_another_shop_cannot_be_touched(shops: Callable[[], Shop], live: Api) -> None:
    one, other = shops(), shops()
    owner = live.as_(one.owner_token)
    assert owner.call("POST", f"/v1/merchants/staff/{other.owner}/revoke").status == 404
    assert owner.call("POST", f"/v1/merchants/staff/{other.owner}/role", {"role": "cashier"}).status == 404
    body = {"login": "kim", "name": "Kim", "role": "cashier", "pin": "1234", "store_id": str(other.store)}
    assert owner.post("/v1/merchants/staff", body).body["code"] == "merchants.unknown_store"
    assert live.as_(other.owner_token).get(STORES).status == 200


def test_the_last_owner_can_be_neither_revoked_nor_given_another_role(shop: Shop) -> None:
    last = {"staff_id": str(shop.owner)}
    assert shop.deliver(RevokeStaff, last).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "manager"}).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "owner"}).state == "done"
    second = shop.hire("owner")
    assert shop.deliver(RevokeStaff, last).state == "done"
    assert shop.deliver(RevokeStaff, last).state == "done"
    assert shop.deliver(RevokeStaff, {"staff_id": str(second)}).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "owner"}).code == "merchants.unknown_staff"


def test_owners_who_revoke_each_other_at_once_leave_one(shop: Shop) -> None:
    owners = [shop.owner, *(shop.hire("owner") for _ in range(3))]

    def revoke(person: UUID) -> Outcome:
        try:
            return shop.deliver(RevokeStaff, {"staff_id": str(person)})
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(revoke, owners))
    assert sorted(outcome.code or "" for outcome in outcomes) == ["", "", "", "merchants.last_owner"]


def test_a_login_stays_taken_when_its_holder_leaves(shop: Shop) -> None:
    hash_ = hashed("1234", uuid4().hex)
    body = {
        "login": seal(shop.merchant, "Lea"),
        "name": seal(shop.merchant, "Lea"),
        "role": "cashier",
        "pin_hash": hash_,
    }
    person = shop.deliver(AddStaff, body).answer["staff_id"]
    assert Staff.get(Staff.id == UUID(person)).login == "lea"
    shop.deliver(RevokeStaff, {"staff_id": person})
    assert shop.deliver(AddStaff, body | {"name": seal(shop.merchant, "Other")}).code == "merchants.login_taken"
