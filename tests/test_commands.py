"""What becomes of a command, as its sender learns it: at once, by asking, by waiting, and on every repeat."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from models import receipts
from models.receipts import Parked, Receipt
from models.sales import Sale
from ops.broker import bundle
from schemas.envelope import Actor, command_id
from schemas.sales import Checkout
from tests.shops import Api, Said, Shop

SALES = "/v1/sales"
WAIT = "wait=5"


def _outcome(api: Api, location: str) -> dict[str, Any]:
    """What the command at a location has become, waited for."""
    said = api.get(location, Prefer=WAIT)
    assert said.status == 200
    return dict(said.body)


def _sales_of(shop: Shop) -> int:
    return Sale.select().where(Sale.merchant_id == shop.merchant).count()


def test_a_sale_is_accepted_with_its_id_and_where_to_ask(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    said = till.post(SALES, shop.basket(2, 1))
    assert said.status == 202
    assert said.body["state"] == "pending"
    assert urlsplit(said.headers["Location"]).path == f"/v1/commands/{said.body['command_id']}"
    became = _outcome(till, said.headers["Location"])
    assert (became["state"], became["name"], became["code"]) == ("done", "sales.checkout", None)
    assert became["id"] == said.body["command_id"]
    assert became["answer"]["sale_id"] == said.body["sale_id"]
    assert till.get(f"{SALES}/{said.body['sale_id']}").body["net_cents"] == became["answer"]["net_cents"] == 899


def test_a_till_that_waits_gets_the_answer_itself(live: Api, shop: Shop) -> None:
    said = live.as_(shop.till_token).post(SALES, shop.basket(2, 1), Prefer=WAIT)
    assert (said.status, said.body["state"], said.body["net_cents"]) == (201, "done", 899)
    assert said.headers["Preference-Applied"] == WAIT
    assert "Idempotency-Replayed" not in said.headers


def test_a_till_that_prefers_not_to_wait_does_not(live: Api, shop: Shop) -> None:
    for prefer in ("respond-async", "wait=0"):
        said = live.as_(shop.owner_token).post("/v1/points/rules", _rule("2090-01-01T00:00:00Z"), Prefer=prefer)
        assert (said.status, said.body["state"]) == (202, "pending")
        assert "Preference-Applied" not in said.headers


@pytest.mark.parametrize("prefer", ["wait=5", "wait=999999", "respond-async, wait=3", 'foo; bar="x", wait=4'])
def test_a_preference_is_found_among_others_and_never_waits_longer_than_it_may(
    live: Api, shop: Shop, prefer: str
) -> None:
    said = live.as_(shop.till_token).post(SALES, shop.basket(1), Prefer=prefer)
    assert (said.status, said.headers["Preference-Applied"]) == (201, prefer)


@pytest.mark.parametrize("prefer", ["wait=-1", "wait=soon", "await=5", "wait=1.5", "handling=strict", ""])
def test_a_preference_that_is_none_of_ours_is_ignored(live: Api, shop: Shop, prefer: str) -> None:
    said = live.as_(shop.till_token).post(SALES, shop.basket(1), Prefer=prefer)
    assert (said.status, said.body["state"]) == (202, "pending")


def test_the_back_office_waits_without_being_asked(live: Api, shop: Shop) -> None:
    said = live.as_(shop.owner_token).post("/v1/points/rules", _rule("2090-01-01T00:00:00Z"))
    assert (said.status, said.body["state"], said.body["version"]) == (201, "done", 2)


def test_a_repeat_is_answered_as_the_first_time_and_does_nothing(live: Api, shop: Shop) -> None:
    till, basket, key = live.as_(shop.till_token), shop.basket(2, 1), uuid4().hex
    first = till.post(SALES, basket, key, Prefer=WAIT)
    again = till.post(SALES, basket, key, Prefer=WAIT)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    unwaited = till.post(SALES, basket, key)
    assert (unwaited.status, unwaited.body["command_id"]) == (202, first.body["command_id"])
    _outcome(till, unwaited.headers["Location"])
    assert _sales_of(shop) == 1


def test_the_order_of_a_bodys_members_makes_no_other_body(live: Api, shop: Shop) -> None:
    till, basket, key = live.as_(shop.till_token), shop.basket(1), uuid4().hex
    till.post(SALES, basket, key, Prefer=WAIT)
    turned = dict(reversed(list(basket.items())))
    assert till.post(SALES, turned, key, Prefer=WAIT).headers["Idempotency-Replayed"] == "true"


def test_a_key_used_for_another_body_is_a_conflict(live: Api, shop: Shop) -> None:
    till, key = live.as_(shop.till_token), uuid4().hex
    first = till.post(SALES, shop.basket(2, 1), key, Prefer=WAIT)
    other = till.post(SALES, shop.basket(1), key, Prefer=WAIT)
    assert (other.status, other.body["code"]) == (422, "idempotency.conflict")
    assert other.body["command_id"] == first.body["command_id"]
    assert _outcome(till, first.headers["Location"])["state"] == "done"
    assert _sales_of(shop) == 1


def test_a_conflict_is_also_seen_by_who_did_not_wait(live: Api, shop: Shop) -> None:
    till, key = live.as_(shop.till_token), uuid4().hex
    first = till.post(SALES, shop.basket(2, 1), key, Prefer=WAIT)
    other = till.post(SALES, shop.basket(1), key)
    assert other.status == 202
    assert other.headers["Location"] != first.headers["Location"]
    became = _outcome(till, other.headers["Location"])
    assert (became["state"], became["code"], became["answer"]) == ("conflict", "idempotency.conflict", {})


def test_a_refusal_answers_with_its_own_status_and_stays_what_it_was(live: Api, shop: Shop) -> None:
    till, key = live.as_(shop.till_token), uuid4().hex
    basket = shop.basket(2, 1, tenders=[{"kind": "card", "amount_cents": 1}])
    for replayed in (None, "true"):
        said = till.post(SALES, basket, key, Prefer=WAIT)
        assert (said.status, said.body["code"]) == (422, "sales.tenders_differ")
        assert said.headers["Content-Type"] == "application/problem+json"
        assert (said.body["payable_cents"], said.body["tendered_cents"]) == (899, 1)
        assert said.headers.get("Idempotency-Replayed") == replayed
        assert said.headers["Preference-Applied"] == WAIT
    became = _outcome(till, said.headers["Location"])
    assert (became["state"], became["code"]) == ("refused", "sales.tenders_differ")
    assert became["answer"] == {"payable_cents": 899, "tendered_cents": 1}
    mended = basket | {"tenders": [{"kind": "card", "amount_cents": 899}]}
    assert till.post(SALES, mended, key, Prefer=WAIT).body["code"] == "idempotency.conflict"
    assert till.post(SALES, mended, Prefer=WAIT).status == 201


def test_the_same_key_of_another_actor_is_another_command(live: Api, shop: Shop) -> None:
    key, rule = uuid4().hex, _rule("2090-01-01T00:00:00Z")
    partner = shop.hire("owner")
    first = live.as_(shop.owner_token).post("/v1/points/rules", rule, key)
    second = live.as_(shop.token_of(partner)).post(
        "/v1/points/rules", rule | {"effective_at": "2091-01-01T00:00:00Z"}, key
    )
    assert (first.status, second.status) == (201, 201)
    assert first.body["command_id"] != second.body["command_id"]


def test_asking_waits_until_the_command_is_settled(live: Api, shop: Shop) -> None:
    till, key = live.as_(shop.till_token), uuid4().hex
    id_ = command_id(shop.merchant, Actor(terminal=shop.terminal), Checkout.command, key)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(till.get, f"/v1/commands/{id_}", Prefer=WAIT)
        time.sleep(0.3)
        assert not asked.done()
        till.post(SALES, shop.basket(1), key)
        became = asked.result(timeout=4).body
    assert (became["id"], became["state"]) == (str(id_), "done")


def test_asking_for_what_nobody_sent_is_pending_when_the_wait_is_over(live: Api, shop: Shop) -> None:
    began = time.monotonic()
    became = live.as_(shop.till_token).get(f"/v1/commands/{uuid4()}", Prefer="wait=1").body
    assert 0.9 < time.monotonic() - began < 3
    assert (became["state"], became["name"], became["answer"]) == ("pending", "", {})


def test_a_command_of_another_merchant_is_not_there(live: Api, shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    said = live.as_(mine.till_token).post(SALES, mine.basket(1), Prefer=WAIT)
    seen = live.as_(other.owner_token).get(said.headers["Location"]).body
    assert (seen["state"], seen["name"], seen["answer"]) == ("pending", "", {})


def test_a_parked_command_is_said_to_be_parked(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    receipts.park([(shop.merchant, envelope.id, bundle(envelope.name, [envelope.to_wire()]), "seen by a person")])
    became = live.as_(shop.till_token).get(f"/v1/commands/{envelope.id}").body
    assert (became["state"], became["name"], became["code"], became["answer"]) == ("parked", envelope.name, None, {})
    Parked.delete().where(Parked.command_id == envelope.id).execute()


@pytest.mark.parametrize("prefer", ["", WAIT])
def test_eight_tills_hands_on_the_same_key_make_one_sale(live: Api, shop: Shop, prefer: str) -> None:
    till, basket, key = live.as_(shop.till_token), shop.basket(2, 1), uuid4().hex

    def post(_: int) -> Said:
        return till.post(SALES, basket, key, Prefer=prefer)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(post, range(8)))
    assert {each.status for each in said} <= {201, 202}
    assert len({(each.body["command_id"], each.body["sale_id"]) for each in said}) == 1
    assert _outcome(till, said[0].headers["Location"])["state"] == "done"
    assert _sales_of(shop) == 1


def test_eight_bodies_under_one_key_make_one_sale_and_seven_conflicts(live: Api, shop: Shop) -> None:
    till, baskets, key = live.as_(shop.till_token), [shop.basket(1 + nth) for nth in range(8)], uuid4().hex
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda basket: till.post(SALES, basket, key, Prefer=WAIT), baskets))
    assert sorted(each.status for each in said) == [201, *[422] * 7]
    assert {each.body["code"] for each in said if each.status == 422} == {"idempotency.conflict"}
    assert _sales_of(shop) == 1


def test_a_settled_command_has_one_receipt(live: Api, shop: Shop) -> None:
    till, basket, key = live.as_(shop.till_token), shop.basket(1), uuid4().hex
    for _ in range(3):
        said = till.post(SALES, basket, key, Prefer=WAIT)
    rows = list(Receipt.select().where(Receipt.merchant_id == shop.merchant, Receipt.name == Checkout.command))
    assert [(str(row.id), row.state) for row in rows] == [(said.body["command_id"], "done")]


def _rule(effective_at: str) -> dict[str, Any]:
    return {"effective_at": effective_at, "cents_per_point": 50}
