"""Tills that come back on line: their sales at once, in their order, with what is missing between them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from models.sales import Sale
from tests.shops import Api, Said, Shop

BATCH = "/v1/sales/batch"


def _keyed(shop: Shop, *pieces: int, **more: Any) -> dict[str, Any]:
    return shop.basket(*pieces, mode="offline", **more) | {"key": uuid4().hex}


def _send(api: Api, sales: list[Any]) -> Said:
    return api.call("POST", BATCH, {"sales": sales})


def _states(api: Api, said: Said) -> list[tuple[str, str | None]]:
    became = [api.get(f"/v1/commands/{item['command_id']}", Prefer="wait=5").body for item in said.body["items"]]
    return [(each["state"], each["code"]) for each in became]


def test_sales_of_a_till_that_was_off_line_are_settled_in_its_order(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    sales = [_keyed(shop, 1, sequence=number) for number in (12, 10, 17, 11)]
    said = _send(till, sales)
    assert said.status == 202
    by_number = {sale["sequence"]: sale["key"] for sale in sales}
    assert [(item["sequence"], item["key"]) for item in said.body["items"]] == sorted(by_number.items())
    assert said.body["gaps"] == [[13, 16]]
    assert _states(till, said) == [("done", None)] * 4
    kept = Sale.select().where(Sale.merchant_id == shop.merchant).order_by(Sale.sequence)
    assert [(row.sequence, str(row.id)) for row in kept] == [
        (item["sequence"], item["sale_id"]) for item in said.body["items"]
    ]


def test_each_sale_of_a_batch_has_its_own_outcome(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    good, unpaid, unknown = _keyed(shop, 1), _keyed(shop, 1, tenders=[]), _keyed(shop, 1)
    unknown["lines"][0] |= {"sku_id": str(uuid4())}
    assert _states(till, _send(till, [good, unpaid, unknown])) == [
        ("done", None),
        ("refused", "sales.tenders_differ"),
        ("refused", "sales.unknown_product"),
    ]


def test_a_batch_sent_again_changes_nothing(live: Api, shop: Shop) -> None:
    till, sales = live.as_(shop.till_token), [_keyed(shop, 1), _keyed(shop, 2)]
    first, again = _send(till, sales), _send(till, sales)
    assert again.body == first.body
    assert _states(till, again) == [("done", None)] * 2
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 2


def test_a_sale_sent_alone_before_is_the_same_in_a_batch(live: Api, shop: Shop) -> None:
    till, sale = live.as_(shop.till_token), _keyed(shop, 1)
    alone = {name: value for name, value in sale.items() if name != "key"}
    first = till.post("/v1/sales", alone, sale["key"], Prefer="wait=5")
    said = _send(till, [sale])
    assert said.body["items"][0]["command_id"] == first.body["command_id"]
    assert _states(till, said) == [("done", None)]


def test_the_same_sale_twice_in_a_batch_is_struck_once(live: Api, shop: Shop) -> None:
    till, sale = live.as_(shop.till_token), _keyed(shop, 1)
    under_another_key = sale | {"key": uuid4().hex}
    said = _send(till, [sale, sale, under_another_key])
    assert _states(till, said) == [("done", None)] * 3
    assert said.body["gaps"] == []
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 1


def test_a_batch_with_one_bad_sale_names_it_and_takes_none(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    for bad, pointer in {
        "key": "/sales/1/key",
        "sequence": "/sales/1/sequence",
        "lines": "/sales/1/lines",
    }.items():
        broken = {name: value for name, value in _keyed(shop, 1).items() if name != bad}
        said = _send(till, [_keyed(shop, 1), broken])
        assert (said.status, [error["pointer"] for error in said.body["errors"]]) == (422, [pointer])
    assert _send(till, [_keyed(shop, 1) | {"key": "two words"}]).body["errors"][0]["pointer"] == "/sales/0/key"
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 0


def test_a_batch_holds_one_to_a_hundred_sales(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    for sales in ([], [_keyed(shop, 1)] * 101, None):
        said = till.call("POST", BATCH, {"sales": sales})
        assert [error["pointer"] for error in said.body["errors"]] == ["/sales"]
    hundred = [_keyed(shop, 1) for _ in range(100)]
    assert _states(till, _send(till, hundred)) == [("done", None)] * 100


def test_only_a_terminal_sends_a_batch(live: Api, shop: Shop) -> None:
    said = _send(live.as_(shop.owner_token), [_keyed(shop, 1)])
    assert (said.status, said.body["code"]) == (403, "identity.forbidden")
