"""The catalogue: loaded many at once, scanned at the till, and stock that its ledger proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import catalogue_read
from models.catalogue import Barcode, Category, Sku, Stock, StockDocument, StockMovement, rebuilt_stock
from models.receipts import Outcome
from ops import cache
from schemas.catalogue import AddCategory, Adjust, Load, Receive
from schemas.sales import Checkout
from tests.shops import Api, Shop, deliver_all
from workers.settle import run_after_commit

TEA: dict[str, Any] = {"code": "TEA", "name": "Tea", "price_cents": 450, "cost_cents": 200, "unit": "pc"}
MILK: dict[str, Any] = {"code": "MILK", "name": "Milk", "price_cents": 129, "cost_cents": 90, "unit": "l"}


def load(shop: Shop, *items: dict[str, Any]) -> Outcome:
    return shop.deliver(Load, {"items": list(items)})


def sku_of(shop: Shop, code: str) -> dict[str, Any]:
    found = catalogue_read.by_code(shop.merchant, code)
    assert found is not None
    return found


def paths(shop: Shop) -> dict[UUID, str]:
    rows = {row.id: row for row in Category.select().where(Category.merchant_id == shop.merchant)}
    return {id_: _path(rows, id_) for id_ in rows}


def _path(rows: dict[UUID, Category], id_: UUID) -> str:
    parent = rows[id_].parent_id
    return f"{_path(rows, parent)} / {rows[id_].name}" if parent in rows else str(rows[id_].name)


def test_a_load_makes_products_with_categories_and_barcodes(shop: Shop) -> None:
    outcome = load(shop, TEA | {"category": "Drinks / Hot", "barcodes": ["690001", "690002"]}, MILK)
    assert (outcome.state, outcome.answer["created"], outcome.answer["updated"]) == ("done", 2, 0)
    assert [item["code"] for item in outcome.answer["items"]] == ["TEA", "MILK"]
    tea, milk = sku_of(shop, "TEA"), sku_of(shop, "MILK")
    assert (tea["price_cents"], tea["cost_cents"], tea["barcodes"]) == (450, 200, ["690001", "690002"])
    assert outcome.answer["items"][0]["sku_id"] == tea["sku_id"]
    assert paths(shop)[UUID(tea["category_id"])] == "Drinks / Hot"
    assert (milk["category_id"], milk["barcodes"], milk["unit"]) == (None, [], "l")


def test_a_second_load_changes_what_differs_and_nothing_else(shop: Shop) -> None:
    load(shop, TEA | {"category": "Drinks / Hot", "barcodes": ["690001"]}, MILK)
    tea, milk = sku_of(shop, "TEA"), sku_of(shop, "MILK")
    outcome = load(shop, TEA | {"price_cents": 500, "name": "Green tea"}, MILK)
    assert (outcome.answer["created"], outcome.answer["updated"]) == (0, 1)
    changed = sku_of(shop, "TEA")
    assert changed["changed_at"] > tea["changed_at"]
    assert changed == tea | {"price_cents": 500, "name": "Green tea", "changed_at": changed["changed_at"]}
    assert sku_of(shop, "MILK") == milk
    assert sorted(paths(shop).values()) == ["Drinks", "Drinks / Hot"]


def test_a_load_can_take_category_and_barcodes_away(shop: Shop) -> None:
    load(shop, TEA | {"category": "Drinks", "barcodes": ["690001", "690002"]})
    load(shop, TEA | {"category": None, "barcodes": ["690002"]})
    assert (sku_of(shop, "TEA")["category_id"], sku_of(shop, "TEA")["barcodes"]) == (None, ["690002"])
    load(shop, TEA | {"barcodes": []})
    assert Barcode.select().where(Barcode.merchant_id == shop.merchant).count() == 0


def test_a_barcode_of_another_product_refuses_the_whole_load(shop: Shop) -> None:
    load(shop, TEA | {"barcodes": ["690001"]})
    refused = load(shop, MILK | {"category": "New"}, {**TEA, "code": "TEA2", "barcodes": ["690001"]})
    assert (refused.state, refused.code) == ("refused", "catalogue.barcode_taken")
    assert refused.answer == {"item": 1, "barcode": "690001", "sku_id": sku_of(shop, "TEA")["sku_id"]}
    assert catalogue_read.by_code(shop.merchant, "MILK") is None
    assert paths(shop) == {}


def test_a_barcode_can_change_hands_within_one_load(shop: Shop) -> None:
    load(shop, TEA | {"barcodes": ["690001"]}, MILK | {"barcodes": ["690002"]})
    load(shop, TEA | {"barcodes": ["690002"]}, MILK | {"barcodes": ["690001"]})
    assert (sku_of(shop, "TEA")["barcodes"], sku_of(shop, "MILK")["barcodes"]) == (["690002"], ["690001"])


def test_two_shops_use_the_same_codes_and_barcodes(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    load(one, TEA | {"barcodes": ["690001"], "category": "Drinks"})
    assert load(other, TEA | {"barcodes": ["690001"], "category": "Drinks"}).answer["created"] == 1
    assert sku_of(one, "TEA")["sku_id"] != sku_of(other, "TEA")["sku_id"]


def test_codes_are_told_apart_by_case(shop: Shop) -> None:
    assert load(shop, TEA, TEA | {"code": "tea", "category": "a / A"}).answer["created"] == 2
    assert load(shop, TEA | {"category": "A / a"}).answer["updated"] == 1
    assert sorted(paths(shop).values()) == ["A", "A / a", "a", "a / A"]


def test_a_category_stands_under_one_of_the_shop_and_has_a_name_of_its_own(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    drinks = one.deliver(AddCategory, {"name": "Drinks"}).answer["category_id"]
    assert one.deliver(AddCategory, {"name": "Hot", "parent_id": drinks}).state == "done"
    assert one.deliver(AddCategory, {"name": "Hot", "parent_id": drinks}).code == "catalogue.category_taken"
    assert one.deliver(AddCategory, {"name": "Drinks"}).code == "catalogue.category_taken"
    foreign = other.deliver(AddCategory, {"name": "Hot", "parent_id": drinks})
    assert (foreign.code, foreign.answer) == ("catalogue.unknown_category", {"parent_id": drinks})


def test_a_scan_is_kept_and_a_price_change_shows_at_once(shop: Shop) -> None:
    load(shop, TEA | {"barcodes": ["690001"]})
    assert _scan(shop)["price_cents"] == 450
    Sku.update(price_cents=1).where(Sku.merchant_id == shop.merchant, Sku.code == "TEA").execute()
    assert _scan(shop)["price_cents"] == 450
    order = shop.order(Load, {"items": [TEA | {"price_cents": 475}]})
    assert not deliver_all([order])
    run_after_commit([order])
    assert _scan(shop)["price_cents"] == 475


def _scan(shop: Shop) -> dict[str, Any]:
    found = catalogue_read.by_barcode(shop.merchant, "690001")
    assert found is not None
    return found


def test_goods_received_and_put_right_stand_in_the_ledger(shop: Shop) -> None:
    tea, milk = shop.skus
    lines = [_line(tea, 5000), _line(milk, 12_500), _line(tea, 1000)]
    received = shop.deliver(Receive, {"store_id": str(shop.store), "reference": "D-17", "lines": lines})
    assert (received.state, received.answer["lines"]) == ("done", 3)
    broken = {"store_id": str(shop.store), "reason": "broken", "lines": [_line(milk, -500)]}
    assert shop.deliver(Adjust, broken).state == "done"
    shop.deliver(Checkout, shop.basket(2, 1))
    assert _stock(shop) == {tea: 4000, milk: 11_000}
    assert rebuilt_stock(shop.merchant) == []
    documents = StockDocument.select().where(StockDocument.merchant_id == shop.merchant).order_by(StockDocument.kind)
    assert [(row.kind, row.note) for row in documents] == [("adjust", "broken"), ("receive", "D-17")]


def test_a_delivery_given_twice_is_booked_once(shop: Shop) -> None:
    body, id_ = {"store_id": str(shop.store), "lines": [_line(shop.skus[0], 5000)]}, uuid4()
    assert [shop.deliver(Receive, body, id_).replayed for _ in range(2)] == [False, True]
    assert _stock(shop) == {shop.skus[0]: 5000}


def test_the_rebuild_shows_a_quantity_its_movements_do_not_explain(shop: Shop) -> None:
    shop.deliver(Receive, {"store_id": str(shop.store), "lines": [_line(shop.skus[0], 5000)]})
    Stock.update(quantity_milli=Stock.quantity_milli + 1).where(Stock.merchant_id == shop.merchant).execute()
    assert rebuilt_stock(shop.merchant) == [(shop.store, shop.skus[0], 5001, 5000)]
    StockMovement.delete().where(StockMovement.merchant_id == shop.merchant).execute()
    assert rebuilt_stock(shop.merchant) == [(shop.store, shop.skus[0], 5001, 0)]


def test_goods_move_only_in_stores_and_of_products_of_the_shop(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    foreign_store = {"store_id": str(other.store), "lines": [_line(one.skus[0], 1)]}
    assert one.deliver(Receive, foreign_store).code == "catalogue.unknown_store"
    foreign_sku = {"store_id": str(one.store), "lines": [_line(one.skus[0], 1), _line(other.skus[0], 1)]}
    refused = one.deliver(Receive, foreign_sku)
    assert (refused.code, refused.answer) == ("catalogue.unknown_sku", {"line": 1, "sku_id": str(other.skus[0])})
    assert _stock(one) == _stock(other) == {}


def _line(sku: UUID, quantity_milli: int) -> dict[str, Any]:
    return {"sku_id": str(sku), "quantity_milli": quantity_milli}


def _stock(shop: Shop) -> dict[UUID, int]:
    return {row.sku_id: row.quantity_milli for row in Stock.select().where(Stock.merchant_id == shop.merchant)}


def test_a_product_is_loaded_scanned_and_sold_out_over_http(live: Api, shop: Shop) -> None:
    owner, till = live.as_(shop.owner_token), live.as_(shop.till_token)
    assert owner.post("/v1/catalogue/load", {"items": [TEA | {"barcodes": ["690001"]}]}).status == 200
    scanned = till.get("/v1/catalogue/skus?barcode=690001").body["items"]
    assert [(sku["price_cents"], "cost_cents" in sku) for sku in scanned] == [(450, False)]
    assert owner.get("/v1/catalogue/skus?barcode=690001").body["items"][0]["cost_cents"] == 200
    cache.client().flushdb()
    assert till.get("/v1/catalogue/skus?code=TEA").body["items"] == scanned
    owner.post("/v1/catalogue/load", {"items": [TEA | {"price_cents": 475}]})
    assert till.get("/v1/catalogue/skus?barcode=690001").body["items"][0]["price_cents"] == 475
    assert till.get(f"/v1/catalogue/skus/{scanned[0]['sku_id']}").body["price_cents"] == 475
    assert till.get(f"/v1/catalogue/skus/{uuid4()}").status == 404


def test_all_products_come_page_by_page_once_each(live: Api, shop: Shop) -> None:
    load(shop, *({**TEA, "code": f"T{nth}"} for nth in range(5)))
    till = live.as_(shop.till_token)
    codes: list[str] = []
    cursor = ""
    while cursor is not None:
        page = till.get(f"/v1/catalogue/skus?limit=3{cursor and f'&cursor={cursor}'}").body
        codes += [sku["code"] for sku in page["items"]]
        cursor = page["next_cursor"]
    assert codes == ["P0", "P1", "T0", "T1", "T2", "T3", "T4"]


def test_a_manager_of_one_store_moves_and_sees_goods_there_only(live: Api, shop: Shop) -> None:
    body = {"store_id": str(shop.store), "lines": [_line(shop.skus[0], 5000)]}
    elsewhere = live.as_(shop.token_of(shop.hire("manager", uuid4())))
    here = live.as_(shop.token_of(shop.hire("manager", shop.store)))
    assert elsewhere.post("/v1/catalogue/receive", body).body["code"] == "identity.other_store"
    assert here.post("/v1/catalogue/receive", body).status == 201
    held = here.get("/v1/catalogue/stock").body["items"]
    assert held == [{"store_id": str(shop.store), **body["lines"][0]}]  # type: ignore[dict-item]
    assert here.get(f"/v1/catalogue/stock?sku_id={shop.skus[1]}").body["items"] == []
    assert elsewhere.get(f"/v1/catalogue/stock?store_id={shop.store}").status == 403
    assert live.as_(shop.till_token).post("/v1/catalogue/receive", body).status == 403


@pytest.mark.parametrize(
    ("items", "pointers"),
    [
        ([TEA, MILK, TEA], {"/items/2/code"}),
        ([TEA | {"barcodes": ["1"]}, MILK | {"barcodes": ["1"]}], {"/items/1/barcodes"}),
        ([TEA | {"price_cents": 4.5}], {"/items/0/price_cents"}),
        ([TEA | {"cost_cents": -1, "category": "A / "}], {"/items/0/cost_cents", "/items/0/category"}),
        ([TEA | {"colour": "green"}, {"code": "X"}], {"/items/0/colour"}),
        ([], {"/items"}),
    ],
)
def test_a_bad_item_is_named(live: Api, shop: Shop, items: list[dict[str, Any]], pointers: set[str]) -> None:
    answered = live.as_(shop.owner_token).post("/v1/catalogue/load", {"items": items})
    assert answered.status == 422
    assert pointers <= {error["pointer"] for error in answered.body["errors"]}


@pytest.mark.parametrize("quantity_milli", [0, 1.5, "1000", True, 10**12])
def test_an_absurd_quantity_is_refused(live: Api, shop: Shop, quantity_milli: Any) -> None:
    body = {"store_id": str(shop.store), "reason": "count", "lines": [_line(shop.skus[0], quantity_milli)]}
    answered = live.as_(shop.owner_token).post("/v1/catalogue/adjust", body)
    assert [error["pointer"] for error in answered.body["errors"]] == ["/lines/0/quantity_milli"]


@pytest.mark.parametrize("query", ["cursor=x", "cursor=WyJ4Il0", "limit=0", "code=A&barcode=B", "cursor=W10"])
def test_a_query_that_is_none_of_ours_is_a_clear_error(live: Api, shop: Shop, query: str) -> None:
    assert live.as_(shop.till_token).get(f"/v1/catalogue/skus?{query}").status in {400, 422}
