"""Tills: added, enrolled with a code that is good once, shut out at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from edge import keys
from models.base import NOBODY, db, now
from models.merchants import Terminal
from models.receipts import Outcome
from schemas.envelope import Actor, Envelope
from schemas.merchants import AddTerminal, EnrolTerminal, RevokeTerminal, Tidy
from tests.doors import Door, forget_tries
from tests.shops import Api, Shop, deliver_all
from workers.handlers import HANDLERS


@pytest.fixture
def door(live: Api) -> Door:
    return Door(live).open()


def code_digest(shop: Shop, code: str) -> bytes:
    """Codes are unique in the installation: each shop has its own."""
    return keys.code_digest(f"{shop.merchant.hex}{code}")


def add_till(shop: Shop, code: str = "A", **more: Any) -> Outcome:
    body = {"store_id": str(shop.store), "name": "Till 2", "enrol_hash": code_digest(shop, code).hex()}
    return shop.deliver(AddTerminal, body | more)


def enrol(shop: Shop, terminal: str, code: str = "A", key: str = "key") -> Outcome:
    hashes = {"enrol_hash": code_digest(shop, code).hex(), "key_hash": keys.digest(key).hex()}
    return shop.deliver(EnrolTerminal, {"terminal_id": terminal, **hashes})


def test_a_till_is_added_to_a_store_of_the_shop_only(shops: Callable[[], Shop], live: Api) -> None:
    one, other = shops(), shops()
    body = {"store_id": str(other.store), "name": "Till"}
    said = live.as_(one.owner_token).post("/v1/merchants/terminals", body)
    assert (said.status, said.body["code"]) == (404, "merchants.unknown_store")
    assert "enrol_code" not in said.body
    assert live.as_(one.owner_token).post("/v1/merchants/terminals", body | {"enrol_hash": "0" * 64}).status == 422


def test_another_shops_till_can_be_neither_revoked_nor_seen(shops: Callable[[], Shop], live: Api) -> None:
    one, other = shops(), shops()
    assert live.as_(one.owner_token).post(f"/v1/merchants/terminals/{other.terminal}/revoke", {}).status == 404
    assert one.deliver(RevokeTerminal, {"terminal_id": str(other.terminal)}).code == "merchants.unknown_terminal"
    tills = live.as_(one.owner_token).get("/v1/merchants/terminals").body["items"]
    assert [till["terminal_id"] for till in tills] == [str(one.terminal)]


def test_a_till_enrols_with_its_code_however_it_is_typed(door: Door) -> None:
    made = door.add_till()
    assert len(made["enrol_code"]) == 11
    said = door.enrol(f" {made['enrol_code'].lower().replace('-', ' ')}")
    assert (said.status, said.body["terminal_id"]) == (200, made["terminal_id"])
    token = door.till_token(said.body["key"])
    assert (token.status, token.body["expires_in"]) == (200, 600)


def test_a_till_sent_again_shows_the_same_code_and_key(door: Door) -> None:
    body, owner = {"store_id": door.ids["store_id"], "name": "Till 1"}, door.owner()
    codes = [owner.post("/v1/merchants/terminals", body, "same").body["enrol_code"] for _ in range(2)]
    assert codes[0] == codes[1]
    enrolled = [door.enrol(codes[0], "same").body["key"] for _ in range(2)]
    assert enrolled[0] == enrolled[1]
    assert Terminal.select().where(Terminal.merchant_id == door.merchant).count() == 1


def test_a_code_is_good_for_one_till_once(door: Door) -> None:
    code = door.add_till()["enrol_code"]
    assert [door.enrol(code).status for _ in range(2)] == [200, 401]
    unknown = door.enrol("22222-22222")
    assert (unknown.status, unknown.body["code"]) == (401, "merchants.enrol_code_wrong")


def test_of_several_who_type_a_code_at_once_one_gets_the_key(shop: Shop) -> None:
    till = add_till(shop).answer["terminal_id"]

    def attempt(nth: int) -> Outcome:
        try:
            return enrol(shop, till, key=f"key {nth}")
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(outcome.code or "" for outcome in outcomes) == [""] + ["merchants.enrol_code_wrong"] * 7


def test_a_code_lapses_after_a_day_and_with_its_till(shop: Shop) -> None:
    lapsed, revoked = (add_till(shop, code).answer["terminal_id"] for code in ("A", "B"))
    until = Terminal.get(Terminal.merchant_id == shop.merchant, Terminal.id == UUID(lapsed)).enrol_until
    assert timedelta(hours=23) < until - now() <= timedelta(hours=24)
    Terminal.update(enrol_until=now() - timedelta(seconds=1)).where(Terminal.id == UUID(lapsed)).execute()
    shop.deliver(RevokeTerminal, {"terminal_id": revoked})
    assert enrol(shop, lapsed, "A").code == "merchants.enrol_code_wrong"
    assert enrol(shop, revoked, "B").code == "merchants.enrol_code_wrong"


def test_a_revoked_till_is_shut_out_from_its_next_request_on(door: Door) -> None:
    id_, key = door.till()
    till, owner = door.at_till(key), door.owner()
    assert till.get("/v1/catalogue/skus?code=X").status == 200
    assert [owner.post(f"/v1/merchants/terminals/{id_}/revoke", None).status for _ in range(2)] == [200, 200]
    assert till.get("/v1/catalogue/skus?code=X").status == 401
    assert door.till_token(key).status == 401
    (shown,) = owner.get("/v1/merchants/terminals").body["items"]
    assert shown["revoked_at"] >= shown["enrolled_at"] >= shown["created_at"]
    assert not {"key", "key_hash", "enrol_hash", "enrol_code"} & set(shown)


@pytest.mark.parametrize("key", ["", "rk_", "rk_" + "0" * 32 + "_" + "0" * 32 + "_" + "0" * 64, "x" * 200])
def test_a_key_that_is_no_key_gets_no_token(live: Api, key: str) -> None:
    assert Door(live).till_token(key).status == (401 if key else 422)


def test_wrong_codes_are_counted_and_right_ones_are_not(door: Door) -> None:
    codes = [door.add_till()["enrol_code"] for _ in range(3)]
    forget_tries()
    assert {door.enrol("22222-22222").status for _ in range(299)} == {401}
    assert [door.enrol(code).status for code in codes] == [200] * 3
    assert door.enrol("22222-22222").status == 401
    blocked = door.enrol("22222-22222")
    assert (blocked.status, blocked.body["code"]) == (429, "identity.too_many_tries")
    assert 0 < int(blocked.headers["Retry-After"]) <= 300
    forget_tries()


def test_tidying_forgets_lapsed_codes_and_leaves_the_others(shop: Shop) -> None:
    lapsed, good = (add_till(shop, code).answer["terminal_id"] for code in ("C", "D"))
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    Terminal.update(enrol_until=long_ago).where(Terminal.id == UUID(lapsed)).execute()
    body = {"before": (long_ago + timedelta(days=1)).isoformat()}
    order = HANDLERS[Tidy.command].read(
        Envelope(id=uuid4(), name=Tidy.command, merchant=NOBODY, actor=Actor(), body=body)
    )
    assert not deliver_all([order])
    kept = {str(row.id): row.enrol_hash for row in Terminal.select().where(Terminal.merchant_id == shop.merchant)}
    assert kept[lapsed] is None
    assert bytes(kept[good] or b"") == code_digest(shop, "D")
