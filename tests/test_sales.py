"""The cash register: what a checkout does, refuses, and never does twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.catalogue import Stock, StockMovement
from models.members import Member
from models.points import PointsAccount
from models.receipts import Outbox, Outcome
from models.reports import MemberSummary, SalesByHour
from models.sales import Sale, SaleLine, SaleTender
from schemas.sales import Checkout
from tests.shops import Shop, deliver_all

CASH = {"kind": "cash", "amount_cents": 1000, "change_cents": 101}


def _sell(shop: Shop, *pieces: int, **more: Any) -> Outcome:
    return shop.deliver(Checkout, shop.basket(*pieces, **more))


def _rows(table: Any, shop: Shop, *figures: str) -> list[tuple[Any, ...]]:
    """Some columns of a shop's rows, in a steady order."""
    rows = table.select().where(table.merchant_id == shop.merchant)
    return sorted(tuple(getattr(row, name) for name in figures) for row in rows)


def _is_refused(outcome: Outcome, code: str, **facts: Any) -> None:
    assert (outcome.state, outcome.code) == ("refused", code)
    assert outcome.answer == facts


def test_a_checkout_strikes_a_sale_and_takes_the_goods_from_stock(shop: Shop) -> None:
    outcome = _sell(shop, 2, 1)
    assert (outcome.state, outcome.answer["net_cents"]) == ("done", 899)
    figures = ("gross_cents", "discount_cents", "net_cents", "cost_cents", "variance_cents", "items_milli")
    assert _rows(Sale, shop, *figures) == [(899, 0, 899, 400, 0, 3000)]
    assert _rows(SaleLine, shop, "line", "quantity_milli", "net_cents") == [(0, 2000, 500), (1, 1000, 399)]
    assert _rows(SaleTender, shop, "kind", "amount_cents", "change_cents") == [("card", 899, 0)]
    goods = sorted([(shop.skus[0], -2000), (shop.skus[1], -1000)])
    assert _rows(Stock, shop, "sku_id", "quantity_milli") == goods
    assert _rows(StockMovement, shop, "sku_id", "quantity_milli") == goods


def test_a_members_sale_earns_points_and_stands_in_the_reports(shop: Shop) -> None:
    member = shop.enrol("gold")
    _sell(shop, 2, 1, member=member)
    assert shop.settle_followups() == 2
    account = PointsAccount.get(PointsAccount.merchant_id == shop.merchant)
    assert account.balance == 899 * 15_000 // 1_000_000
    summary = MemberSummary.get(MemberSummary.merchant_id == shop.merchant)
    assert (summary.visits, summary.spend_cents) == (1, 899)
    hour = SalesByHour.get(SalesByHour.merchant_id == shop.merchant)
    assert (hour.tickets, hour.net_cents, hour.member_net_cents) == (1, 899, 899)


@pytest.mark.parametrize(
    "tenders",
    [
        [CASH],
        [{"kind": "card", "amount_cents": 400}, {"kind": "other", "amount_cents": 499, "reference": "voucher 7"}],
        [{"kind": "card", "amount_cents": 0}, {"kind": "cash", "amount_cents": 899}],
    ],
)
def test_tenders_less_change_pay_the_sale(shop: Shop, tenders: list[dict[str, Any]]) -> None:
    assert _sell(shop, 2, 1, tenders=tenders).state == "done"
    kept = _rows(SaleTender, shop, "line", "amount_cents")
    assert kept == [(nth, tender["amount_cents"]) for nth, tender in enumerate(tenders)]


@pytest.mark.parametrize(("paid", "said"), [(898, 898), (900, 900), (0, 0)])
def test_tenders_that_do_not_sum_are_refused(shop: Shop, paid: int, said: int) -> None:
    outcome = _sell(shop, 2, 1, tenders=[{"kind": "card", "amount_cents": paid}])
    _is_refused(outcome, "sales.tenders_differ", payable_cents=899, tendered_cents=said)


@pytest.mark.parametrize(
    "tender",
    [CASH | {"kind": "card"}, CASH | {"kind": "other"}, {"kind": "cash", "amount_cents": 1, "change_cents": 2}],
)
def test_only_cash_gives_change_and_no_more_than_was_handed_over(shop: Shop, tender: dict[str, Any]) -> None:
    paid = {"kind": "cash", "amount_cents": 899}
    _is_refused(_sell(shop, 2, 1, tenders=[paid, tender]), "sales.change_without_cash", tender=1)


def test_a_price_that_changed_is_refused_online_with_the_new_one(shop: Shop) -> None:
    basket = shop.basket(2, 1)
    basket["lines"][1] |= {"gross_cents": 349}
    outcome = shop.deliver(Checkout, basket)
    _is_refused(outcome, "sales.price_changed", line=1, gross_cents=399, discount_cents=0)


def test_offline_prices_are_taken_as_charged_and_the_variance_kept(shop: Shop) -> None:
    basket = shop.basket(2, 1, mode="offline", tenders=[{"kind": "card", "amount_cents": 780}])
    basket["lines"][0] |= {"gross_cents": 480, "discount_cents": 50}
    basket["lines"][1] |= {"gross_cents": 350}
    outcome = shop.deliver(Checkout, basket)
    assert (outcome.answer["net_cents"], outcome.answer["variance_cents"]) == (780, -119)
    assert _rows(SaleLine, shop, "line", "discount_cents", "variance_cents") == [(0, 50, -70), (1, 0, -49)]


def test_part_of_a_piece_costs_its_share_half_a_cent_up(shop: Shop) -> None:
    basket = shop.basket(1, tenders=[{"kind": "card", "amount_cents": 1}])
    basket["lines"][0] |= {"quantity_milli": 2, "gross_cents": 1}
    assert shop.deliver(Checkout, basket).answer["net_cents"] == 1


def test_a_discount_larger_than_its_line_is_refused(shop: Shop) -> None:
    basket = shop.basket(1, mode="offline")
    basket["lines"][0] |= {"discount_cents": 251}
    _is_refused(shop.deliver(Checkout, basket), "sales.discount_too_large", line=0)


def test_a_sale_for_nothing_needs_no_tender(shop: Shop) -> None:
    basket = shop.basket(1, mode="offline", tenders=[])
    basket["lines"][0] |= {"discount_cents": 250}
    assert shop.deliver(Checkout, basket).answer["net_cents"] == 0


def test_another_merchants_goods_and_members_are_unknown(shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    basket = mine.basket(1, 1)
    basket["lines"][1] |= {"sku_id": str(other.skus[1])}
    _is_refused(mine.deliver(Checkout, basket), "sales.unknown_product", line=1, sku_id=str(other.skus[1]))
    _is_refused(_sell(mine, 1, member=other.enrol()), "sales.unknown_member")
    _is_refused(_sell(mine, 1, member=uuid4()), "sales.unknown_member")
    mine.store = other.store
    _is_refused(_sell(mine, 1), "sales.unknown_store")
    assert _rows(Sale, mine, "id") == _rows(Stock, mine, "sku_id") == []


def test_a_frozen_member_is_refused_online_and_served_offline(shop: Shop) -> None:
    frozen = shop.enrol(status="frozen")
    _is_refused(_sell(shop, 1, member=frozen), "sales.member_not_active")
    assert _sell(shop, 1, member=frozen, mode="offline").state == "done"
    Member.update(status="active").where(Member.merchant_id == shop.merchant).execute()
    assert _sell(shop, 1, member=frozen).state == "done"


def test_a_refusal_leaves_nothing_behind(shop: Shop) -> None:
    _sell(shop, 2, 1, tenders=[])
    assert [_rows(table, shop, "merchant_id") for table in (Sale, SaleLine, SaleTender, Stock, StockMovement)] == [
        []
    ] * 5
    assert not [row for row in Outbox.select() if str(shop.merchant).encode() in bytes(row.body)]


def test_the_same_sale_under_a_new_key_is_the_first_one(shop: Shop) -> None:
    basket = shop.basket(2, 1)
    first = shop.deliver(Checkout, basket)
    again = shop.deliver(Checkout, basket)
    assert (again.state, again.answer) == ("done", {"sale_id": first.answer["sale_id"], "repeated": True})
    assert len(_rows(Sale, shop, "id")) == 1
    assert _rows(Stock, shop, "quantity_milli") == [(-2000,), (-1000,)]


def test_another_sale_under_the_same_number_is_refused(shop: Shop) -> None:
    first = shop.deliver(Checkout, shop.basket(2, 1, sequence=7))
    other = shop.deliver(Checkout, shop.basket(1, sequence=7))
    _is_refused(other, "sales.sequence_taken", sale_id=first.answer["sale_id"])
    assert len(_rows(Sale, shop, "id")) == 1


def test_numbers_are_a_terminals_own(shop: Shop) -> None:
    _sell(shop, 1, sequence=7)
    shop.terminal = uuid4()
    assert _sell(shop, 1, sequence=7).state == "done"


def test_the_number_is_taken_within_one_batch_too(shop: Shop) -> None:
    basket = shop.basket(2, 1)
    orders = [
        shop.order(Checkout, basket),
        shop.order(Checkout, basket),
        shop.order(Checkout, basket | {"mode": "offline"}),
    ]
    assert deliver_all(orders) == []
    first, twin, other = [order.outcome for order in orders if order.outcome]
    assert (first.state, twin.answer["repeated"], other.code) == ("done", True, "sales.sequence_taken")
    assert twin.answer["sale_id"] == first.answer["sale_id"] == other.answer["sale_id"]


def test_business_date_and_hour_are_the_stores_own(shop: Shop) -> None:
    """The shop is in Berlin and its day ends at 4."""
    for moment, expected in {
        "2026-07-01T01:59:00Z": (date(2026, 6, 30), 3),
        "2026-07-01T02:00:00Z": (date(2026, 7, 1), 4),
        "2026-01-01T02:30:00Z": (date(2025, 12, 31), 3),
        "2026-10-25T00:30:00Z": (date(2026, 10, 24), 2),
        "2026-06-30T23:30:00-05:00": (date(2026, 7, 1), 6),
    }.items():
        outcome = _sell(shop, 1, sold_at=moment)
        sale = Sale.get(Sale.merchant_id == shop.merchant, Sale.id == UUID(outcome.answer["sale_id"]))
        assert (sale.business_date, sale.hour) == expected
        assert outcome.answer["business_date"] == expected[0].isoformat()


def test_twenty_sales_together_leave_what_they_leave_one_by_one(shops: Callable[[], Shop]) -> None:
    together, singly = shops(), shops()
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC).isoformat()
    for shop in (together, singly):
        baskets = [shop.basket(1 + nth % 3, 1 + nth % 4, sold_at=moment) for nth in range(20)]
        orders = [shop.order(Checkout, basket) for basket in baskets]
        batches = [orders] if shop is together else [[order] for order in orders]
        assert all(deliver_all(batch) == [] for batch in batches)
        shop.settle_followups()
    for table, figures in {
        Sale: ("sequence", "net_cents", "cost_cents", "items_milli"),
        SaleLine: ("line", "quantity_milli", "net_cents", "variance_cents"),
        Stock: ("quantity_milli",),
        SalesByHour: ("tickets", "net_cents", "items_milli"),
    }.items():
        assert _rows(table, together, *figures) == _rows(table, singly, *figures) != []
