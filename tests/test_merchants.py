"""Shops sign up and open stores; what a shop and who is held to a store can reach."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.base import NOBODY, db
from models.members import Tier
from models.merchants import Merchant, Store
from models.points import EarnRuleRow
from models.receipts import Outcome, Receipt
from models.staff import Staff
from ops.seals import unseal
from schemas.merchants import AddTerminal, OpenStore
from tests.doors import PASSWORD, Door, sign_up_body
from tests.shops import Api, Shop

STORE = {"code": "S2", "name": "Second", "time_zone": "Asia/Shanghai", "day_cutoff_minutes": 0}


@pytest.fixture
def door(live: Api) -> Door:
    return Door(live).open()


def test_a_shop_that_signs_up_has_all_it_needs_to_sell(door: Door) -> None:
    assert Merchant.get(Merchant.id == door.merchant).currency == "EUR"
    store = Store.get(Store.merchant_id == door.merchant)
    assert (str(store.id), store.time_zone, store.day_cutoff_minutes) == (door.ids["store_id"], "Europe/Berlin", 240)
    tiers = {row.code: row.multiplier_bp for row in Tier.select().where(Tier.merchant_id == door.merchant)}
    assert tiers == {"member": 10_000, "gold": 15_000}
    rule = EarnRuleRow.get(EarnRuleRow.merchant_id == door.merchant)
    assert (rule.version, rule.effective_at.year, rule.cents_per_point, rule.expiry_months) == (1, 1970, 100, 12)
    _, key = door.till()
    assert door.at_till(key).get("/v1/catalogue/skus?code=X").status == 200


def test_a_sign_up_sent_again_is_answered_alike_and_makes_one_shop(live: Api) -> None:
    body, key = sign_up_body(f"berg-{uuid4().hex[:8]}"), uuid4().hex
    first, second = (live.post("/v1/merchants/sign-up", body, key) for _ in range(2))
    assert (first.status, second.status, first.body) == (201, 201, second.body)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Merchant.select().where(Merchant.code == body["merchant"]["code"]).count() == 1


def test_a_shops_code_is_taken_whatever_its_capitals(door: Door) -> None:
    refused = door.live.post("/v1/merchants/sign-up", sign_up_body(door.code.upper()))
    assert (refused.status, refused.body["code"]) == (409, "merchants.code_taken")
    assert door.sign_in().status == 200


def test_two_shops_may_use_the_same_idempotency_key(live: Api) -> None:
    key = uuid4().hex
    said = [live.post("/v1/merchants/sign-up", sign_up_body(f"berg-{uuid4().hex[:8]}"), key) for _ in range(2)]
    assert [one.status for one in said] == [201, 201]
    assert said[0].body["merchant_id"] != said[1].body["merchant_id"]


def test_password_login_and_name_stand_nowhere_in_plain(door: Door) -> None:
    person = Staff.get(Staff.merchant_id == door.merchant)
    receipt = Receipt.get(Receipt.merchant_id == NOBODY, Receipt.id == UUID(door.ids["command_id"]))
    stored = repr(person.__data__) + receipt.answer
    assert PASSWORD not in stored
    assert "Anna" not in stored
    assert str(person.password_hash).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert unseal(door.merchant, person.name) == "Anna Berg"


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("merchant", "code", "two words"),
        ("merchant", "currency", "XAU"),
        ("merchant", "currency", "eur"),
        ("merchant", "name", ""),
        ("merchant", "plan", "gold"),
        ("store", "time_zone", "Mars/Olympus"),
        ("store", "time_zone", "localtime"),
        ("store", "day_cutoff_minutes", 721),
        ("store", "day_cutoff_minutes", 4.0),
        ("store", "day_cutoff_minutes", -1),
        ("owner", "login", "has space"),
        ("owner", "name", "x" * 81),
        ("owner", "password", "short"),
        ("owner", "password", "x" * 129),
        ("owner", "password", "Password123"),
        ("owner", "password", "ababababababab"),
        ("owner", "password", 1234567890123),
    ],
)
def test_a_sign_up_with_a_bad_field_names_it(live: Api, part: str, field: str, value: Any) -> None:
    body = sign_up_body("never")
    body[part][field] = value
    said = live.post("/v1/merchants/sign-up", body)
    assert said.status == 422
    assert [error["pointer"] for error in said.body["errors"]] == [f"/{part}/{field}"]


def test_a_password_that_is_the_login_is_refused(live: Api) -> None:
    said = live.post("/v1/merchants/sign-up", sign_up_body("never", login="Anna.Berg.1", password="anna.berg.1"))
    assert [error["pointer"] for error in said.body["errors"]] == ["/owner/password"]


def test_a_store_is_opened_once_per_code(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    assert one.deliver(OpenStore, STORE).state == "done"
    assert one.deliver(OpenStore, STORE | {"name": "Third"}).code == "merchants.store_code_taken"
    assert other.deliver(OpenStore, STORE).state == "done"
    assert Store.select().where(Store.merchant_id == one.merchant).count() == 2


def test_of_several_stores_of_one_code_at_once_one_is_opened(shop: Shop) -> None:
    def attempt(_: int) -> Outcome:
        try:
            return shop.deliver(OpenStore, STORE)
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(outcome.code or "" for outcome in outcomes) == [""] + ["merchants.store_code_taken"] * 7


def test_stores_come_page_by_page_once_each(live: Api, shop: Shop) -> None:
    owner = live.as_(shop.owner_token)
    for nth in range(2, 6):
        assert owner.post("/v1/merchants/stores", STORE | {"code": f"S{nth}"}).status == 201
    codes: list[str] = []
    cursor = ""
    while cursor is not None:
        page = owner.get(f"/v1/merchants/stores?limit=2{cursor and f'&cursor={cursor}'}").body
        codes += [store["code"] for store in page["items"]]
        cursor = page["next_cursor"]
    assert codes == ["S1", "S2", "S3", "S4", "S5"]
    assert owner.get("/v1/merchants/stores?cursor=nonsense").status == 400


def test_who_is_held_to_a_store_sees_and_reaches_that_one_only(live: Api, shop: Shop) -> None:
    second = shop.deliver(OpenStore, STORE).answer["store_id"]
    manager = live.as_(shop.token_of(shop.hire("manager", shop.store)))
    assert [store["code"] for store in manager.get("/v1/merchants/stores").body["items"]] == ["S1"]
    refused = manager.post("/v1/merchants/terminals", {"store_id": second, "name": "Till"})
    assert (refused.status, refused.body["code"]) == (403, "identity.other_store")
    till = {"store_id": second, "name": "Till 2", "enrol_hash": uuid4().hex * 2}
    elsewhere = shop.deliver(AddTerminal, till).answer["terminal_id"]
    assert manager.post(f"/v1/merchants/terminals/{elsewhere}/revoke", {}).status == 403
    assert manager.get(f"/v1/merchants/terminals?store_id={second}").status == 403
    seen = {till["store_id"] for till in manager.get("/v1/merchants/terminals").body["items"]}
    assert seen == {str(shop.store)}
    assert manager.post("/v1/merchants/terminals", {"store_id": str(shop.store), "name": "T"}).status == 201
