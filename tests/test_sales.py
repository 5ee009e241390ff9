"""The cash register: what a checkout does, refuses, and never does twice."""

from __future__ import annotations

from models.catalogue import Stock
from models.points import PointsAccount
from models.reports import MemberSummary, SalesByHour
from models.sales import Sale
from schemas.sales import Checkout
from tests.shops import Shop


def test_a_checkout_strikes_a_sale_and_takes_the_goods_from_stock(shop: Shop) -> None:
    outcome = shop.deliver(Checkout, shop.basket(2, 1))
    assert (outcome.state, outcome.answer["net_cents"]) == ("done", 899)
    assert [sale.net_cents for sale in Sale.select().where(Sale.merchant_id == shop.merchant)] == [899]
    stock = {row.sku_id: row.quantity_milli for row in Stock.select().where(Stock.merchant_id == shop.merchant)}
    assert stock == {shop.skus[0]: -2000, shop.skus[1]: -1000}


def test_a_members_sale_earns_points_and_stands_in_the_reports(shop: Shop) -> None:
    member = shop.enrol("gold")
    shop.deliver(Checkout, shop.basket(2, 1, member=member))
    assert shop.settle_followups() == 2
    account = PointsAccount.get(PointsAccount.merchant_id == shop.merchant)
    assert account.balance == 899 * 15_000 // 1_000_000
    summary = MemberSummary.get(MemberSummary.merchant_id == shop.merchant)
    assert (summary.visits, summary.spend_cents) == (1, 899)
    hour = SalesByHour.get(SalesByHour.merchant_id == shop.merchant)
    assert (hour.tickets, hour.net_cents, hour.member_net_cents) == (1, 899, 899)
