"""What the cash register shows: quotes, one sale, pages of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from models.base import new_id
from models.merchants import Store
from schemas.sales import Checkout
from tests.shops import Api, Shop

SALES = "/v1/sales"


def _quote(api: Api, shop: Shop, milli: int, **more: Any) -> Any:
    body = {"lines": [{"sku_id": str(shop.skus[0]), "quantity_milli": milli}], **more}
    return api.call("POST", f"{SALES}/quote", body)


def test_a_quote_prices_a_basket_and_changes_nothing(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    said = _quote(till, shop, 1500)
    assert said.status == 200
    assert said.body["lines"] == [
        {
            "sku_id": str(shop.skus[0]),
            "quantity_milli": 1500,
            "gross_cents": 375,
            "discount_cents": 0,
            "net_cents": 375,
        }
    ]
    assert said.body["net_cents"] == 375
    assert till.get(SALES).body["items"] == []


def test_a_quote_says_what_a_member_earns_and_what_joining_would(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    stranger = _quote(till, shop, 4000).body
    gold = _quote(till, shop, 4000, member_id=str(shop.enrol("gold"))).body
    assert (stranger["points"], stranger["points_on_joining"]) == (0, 10)
    assert (gold["points"], gold["points_on_joining"]) == (15, 0)


def test_a_quote_of_what_the_shop_does_not_have_is_refused(live: Api, shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    till = live.as_(mine.till_token)
    assert _quote(till, other, 1000).body["code"] == "sales.unknown_product"
    assert _quote(till, mine, 1000, member_id=str(other.enrol())).body["code"] == "sales.unknown_member"
    assert _quote(till, mine, 0).body["errors"][0]["pointer"] == "/lines/0/quantity_milli"


def test_a_sale_is_shown_as_it_was_charged(live: Api, shop: Shop) -> None:
    member = shop.enrol()
    outcome = shop.deliver(Checkout, shop.basket(2, 1, member=member))
    sale = live.as_(shop.till_token).get(f"{SALES}/{outcome.answer['sale_id']}").body
    assert (sale["member_id"], sale["terminal_id"], sale["net_cents"]) == (str(member), str(shop.terminal), 899)
    assert [line["net_cents"] for line in sale["lines"]] == [500, 399]
    assert sale["tenders"] == [{"kind": "card", "amount_cents": 899, "change_cents": 0, "reference": None}]
    assert sale["sold_at"].endswith("Z")


def test_a_sale_of_another_merchant_is_not_there(live: Api, shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    outcome = mine.deliver(Checkout, mine.basket(1))
    assert live.as_(other.owner_token).get(f"{SALES}/{outcome.answer['sale_id']}").status == 404
    assert live.as_(other.owner_token).get(SALES).body["items"] == []


def test_sales_are_listed_newest_first_page_by_page(live: Api, shop: Shop) -> None:
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    moments = [(start + timedelta(minutes=nth)).isoformat() for nth in range(5)]
    made = [shop.deliver(Checkout, shop.basket(1, sold_at=moment)).answer["sale_id"] for moment in moments]
    owner, shown, path = live.as_(shop.owner_token), [], f"{SALES}?limit=2"
    while path:
        said = owner.get(path)
        shown.append([item["sale_id"] for item in said.body["items"]])
        link = said.headers.get("Link")
        assert (link is None) is (said.body["next_cursor"] is None)
        path = link.partition(">")[0].lstrip("<") if link else ""
    assert shown == [made[4:2:-1], made[2:0:-1], made[:1]]


def test_sales_are_listed_by_business_date_and_store(live: Api, shop: Shop) -> None:
    days = ["2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z", "2026-05-03T12:00:00Z"]
    for day in days:
        shop.deliver(Checkout, shop.basket(1, sold_at=day))
    owner = live.as_(shop.owner_token)

    def dates(query: str) -> list[str]:
        return [item["business_date"] for item in owner.get(f"{SALES}?{query}").body["items"]]

    assert dates("from=2026-05-02") == ["2026-05-03", "2026-05-02"]
    assert dates("to=2026-05-02") == ["2026-05-02", "2026-05-01"]
    assert dates("from=2026-05-02&to=2026-05-02") == ["2026-05-02"]
    assert len(dates(f"store_id={shop.store}")) == 3
    assert dates(f"store_id={uuid4()}") == []


def test_who_is_held_to_a_store_sees_its_sales_alone(live: Api, shop: Shop) -> None:
    branch = _open_branch(shop)
    here = shop.deliver(Checkout, shop.basket(1)).answer["sale_id"]
    shop.store = branch
    there = shop.deliver(Checkout, shop.basket(1)).answer["sale_id"]
    held = live.as_(shop.token_of(shop.hire("manager", branch)))
    assert [item["sale_id"] for item in held.get(SALES).body["items"]] == [there]
    assert held.get(f"{SALES}/{here}").body["code"] == "identity.other_store"
    assert len(live.as_(shop.owner_token).get(SALES).body["items"]) == 2


def _open_branch(shop: Shop) -> UUID:
    id_ = new_id()
    row = {"merchant_id": shop.merchant, "id": id_, "code": "S2", "name": "Branch"}
    Store.insert(**row, time_zone="Europe/Berlin", day_cutoff_minutes=0).execute()
    return id_
