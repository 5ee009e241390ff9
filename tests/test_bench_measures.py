"""What the bench compares with is honest: it writes the very rows the product writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import peewee
import pytest

from models.base import Row
from models.catalogue import Stock, StockMovement
from models.points import PointsAccount, PointsEntry, PointsLot
from models.receipts import Outbox, Receipt
from models.reports import MemberSummary, SalesByHour, SalesByMember, SalesByProduct
from models.sales import Sale, SaleLine, SaleTender
from ops.bench import textbook
from ops.bench.row_by_row import settle_accrual, settle_sale
from schemas.points import Accrue
from schemas.sales import Checkout
from tests.shops import Shop

SALE_TABLES = (Sale, SaleLine, SaleTender, StockMovement, Stock)
POINTS_TABLES = (PointsAccount, PointsLot, PointsEntry)
REPORT_TABLES = (SalesByHour, SalesByProduct, SalesByMember, MemberSummary)
SOLD_AT = "2026-03-01T10:15:00+00:00"

Shops = Callable[[], Shop]


def rows(shop: Shop, table: Any) -> list[dict[str, Any]]:
    """A shop's rows without what must differ between two shops: ids, and hashes over them."""
    mine = table.select().where(table.merchant_id == shop.merchant).dicts()
    kinds = (peewee.UUIDField, peewee.BlobField)
    differing = {field.name for field in table._meta.sorted_fields if isinstance(field, kinds)}
    return sorted(({k: v for k, v in row.items() if k not in differing} for row in mine), key=repr)


def bought(shop: Shop) -> dict[str, Any]:
    """The same sale in every shop: a member's, with a discount, paid in cash with change and by card."""
    body = shop.basket(2, 3, member=shop.enrol("gold"), sold_at=SOLD_AT, mode="offline")
    body["lines"][1]["discount_cents"] = 97
    due = sum(line["gross_cents"] - line["discount_cents"] for line in body["lines"])
    cash = {"kind": "cash", "amount_cents": 1000, "change_cents": 500}
    return body | {"tenders": [cash, {"kind": "card", "amount_cents": due - 500, "reference": "r1"}]}


@pytest.mark.parametrize("table", SALE_TABLES, ids=lambda table: table.__name__)
def test_row_by_row_writes_the_same_sale(shops: Shops, table: type[Row]) -> None:
    ours, theirs = shops(), shops()
    assert ours.deliver(Checkout, bought(ours)).state == "done"
    settle_sale(theirs.envelope(Checkout, bought(theirs)))
    assert rows(theirs, table) == rows(ours, table) != []


def test_row_by_row_owes_the_same_follow_ups_and_keeps_a_receipt(shops: Shops) -> None:
    ours, theirs = shops(), shops()
    before = {row.id for row in Outbox.select()}
    ours.deliver(Checkout, bought(ours))
    by_us = {row.id: row.name for row in Outbox.select() if row.id not in before}
    envelope = theirs.envelope(Checkout, bought(theirs))
    settle_sale(envelope)
    settle_sale(envelope)
    by_them = {row.id: row.name for row in Outbox.select() if row.id not in before | by_us.keys()}
    assert sorted(by_us.values()) == sorted(by_them.values()) == ["points.accrue", "reports.roll_up"]
    receipts = [Receipt.get(Receipt.merchant_id == shop.merchant) for shop in (ours, theirs)]
    assert {(receipt.name, receipt.state) for receipt in receipts} == {("sales.checkout", "done")}
    for shop in (ours, theirs):
        shop.settle_followups()


@pytest.mark.parametrize("table", POINTS_TABLES, ids=lambda table: table.__name__)
def test_row_by_row_credits_the_same_points(shops: Shops, table: type[Row]) -> None:
    ours, theirs = shops(), shops()
    for shop in (ours, theirs):
        member = str(shop.enrol("gold"))
        body = {"sale_id": member, "member_id": member, "store_id": str(shop.store), "sold_at": SOLD_AT}
        if shop is ours:
            shop.deliver(Accrue, body | {"base_cents": 1999})
        else:
            settle_accrual(shop.envelope(Accrue, body | {"base_cents": 1999}))
    assert rows(theirs, table) == rows(ours, table) != []


def test_the_textbook_endpoint_does_at_once_all_that_follows_from_a_sale(shops: Shops) -> None:
    ours, theirs = shops(), shops()
    ours.deliver(Checkout, bought(ours))
    ours.settle_followups()
    client = textbook.create_app().test_client()
    headers = {"Authorization": f"Bearer {theirs.till_token}", "Idempotency-Key": "k1"}
    body = bought(theirs)
    answers = [client.post("/v1/sales", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    for table in (*SALE_TABLES, *POINTS_TABLES, *REPORT_TABLES):
        assert rows(theirs, table) == rows(ours, table) != [], table.__name__


def test_the_textbook_endpoint_lets_nobody_in_without_a_token(shop: Shop) -> None:
    client = textbook.create_app().test_client()
    assert client.post("/v1/sales", json=bought(shop), headers={"Idempotency-Key": "k"}).status_code == 401
