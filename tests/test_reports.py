"""Reports: rolled up as sales arrive, they say what the sales say."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.base import new_id
from models.merchants import Store
from models.receipts import Outbox
from models.sales import Sale, SaleLine
from ops import cache
from schemas.reports import RollUp
from schemas.sales import Checkout
from tests.shops import Api, Shop, deliver_all

PERIOD = "from=2026-05-01&to=2026-05-31"


def _sell(shop: Shop, *pieces: int, at: str = "2026-05-04T10:15:00Z", **more: Any) -> None:
    assert shop.deliver(Checkout, shop.basket(*pieces, sold_at=at, **more)).state == "done"
    shop.settle_followups()


def _rows(api: Api, path: str) -> list[dict[str, Any]]:
    said = api.get(f"/v1/reports/{path}")
    assert said.status == 200, said.body
    return list(said.body["items"])


def _open_branch(shop: Shop) -> UUID:
    id_ = new_id()
    row = {"merchant_id": shop.merchant, "id": id_, "code": "S2", "name": "Branch"}
    Store.insert(**row, time_zone="Asia/Tokyo", day_cutoff_minutes=0).execute()
    return id_


def test_a_day_is_shown_with_profit_average_and_the_members_share(live: Api, shop: Shop) -> None:
    _sell(shop, 2, 1, member=shop.enrol())
    _sell(shop, 1)
    _sell(shop, mode="offline", lines=[_of_first(shop, 300, 45)], tenders=[{"kind": "card", "amount_cents": 255}])
    [day] = _rows(live.as_(shop.owner_token), f"sales?by=day&{PERIOD}")
    assert day == {
        "business_date": "2026-05-04",
        "tickets": 3,
        "member_tickets": 1,
        "items_milli": 5000,
        "gross_cents": 1449,
        "discount_cents": 45,
        "net_cents": 1404,
        "member_net_cents": 899,
        "cost_cents": 600,
        "variance_cents": 5,
        "profit_cents": 804,
        "average_ticket_cents": 468,
        "member_net_bp": 6403,
    }


def _of_first(shop: Shop, gross: int, discount: int) -> dict[str, Any]:
    sku = str(shop.skus[0])
    return {"sku_id": sku, "quantity_milli": 1000, "gross_cents": gross, "discount_cents": discount}


def _of_second(shop: Shop, pieces: int) -> dict[str, Any]:
    return {"sku_id": str(shop.skus[1]), "quantity_milli": pieces * 1000, "gross_cents": pieces * 399}


def test_sales_are_grouped_by_hour_day_and_store(live: Api, shop: Shop) -> None:
    branch = _open_branch(shop)
    _sell(shop, 1, at="2026-05-04T08:10:00Z")
    _sell(shop, 1, at="2026-05-04T08:50:00Z")
    _sell(shop, 1, at="2026-05-05T01:30:00Z")
    home, shop.store = shop.store, branch
    _sell(shop, 0, 1, lines=[_of_second(shop, 1)], at="2026-05-04T16:00:00Z")
    owner = live.as_(shop.owner_token)
    hours = _rows(owner, f"sales?by=hour&{PERIOD}")
    assert [(row["business_date"], row["hour"], row["tickets"]) for row in hours] == [
        ("2026-05-04", 3, 1),
        ("2026-05-04", 10, 2),
        ("2026-05-05", 1, 1),
    ]
    days = _rows(owner, f"sales?by=day&{PERIOD}")
    assert [(row["business_date"], row["net_cents"]) for row in days] == [("2026-05-04", 750), ("2026-05-05", 399)]
    stores = {row["store_id"]: row["net_cents"] for row in _rows(owner, f"sales?by=store&{PERIOD}")}
    assert stores == {str(home): 750, str(branch): 399}
    assert [row["net_cents"] for row in _rows(owner, f"sales?by=day&store_id={branch}&{PERIOD}")] == [399]


def test_products_are_shown_best_first_and_counted_once_a_ticket(live: Api, shop: Shop) -> None:
    twice = [_of_first(shop, 250, 0), _of_first(shop, 250, 0), _of_second(shop, 1)]
    _sell(shop, lines=twice, tenders=[{"kind": "card", "amount_cents": 899}])
    _sell(shop, 0, 3, lines=[_of_second(shop, 3)])
    rows = _rows(live.as_(shop.owner_token), f"products?{PERIOD}")
    shown = [(row["code"], row["name"], row["tickets"], row["quantity_milli"], row["net_cents"]) for row in rows]
    assert shown == [("P1", "Product 1", 2, 4000, 1596), ("P0", "Product 0", 1, 2000, 500)]
    assert [row["profit_cents"] for row in rows] == [1596 - 800, 500 - 200]
    assert len(_rows(live.as_(shop.owner_token), f"products?limit=1&{PERIOD}")) == 1


def test_members_are_shown_by_what_they_spent(live: Api, shop: Shop) -> None:
    often, once = shop.enrol(), shop.enrol()
    _sell(shop, 1, member=often, at="2026-05-04T10:00:00Z")
    _sell(shop, 1, member=often, at="2026-05-05T10:00:00Z")
    _sell(shop, 4, member=once)
    _sell(shop, 9)
    rows = _rows(live.as_(shop.owner_token), f"members?{PERIOD}")
    assert [(row["member_id"], row["tickets"], row["days"], row["net_cents"]) for row in rows] == [
        (str(once), 1, 1, 1000),
        (str(often), 2, 2, 500),
    ]


def test_a_member_is_summed_up(live: Api, shop: Shop) -> None:
    member, owner = shop.enrol(), live.as_(shop.owner_token)
    nobody = owner.get(f"/v1/reports/members/{member}").body
    assert (nobody["visits"], nobody["spend_cents"], nobody["average_ticket_cents"]) == (0, 0, None)
    _sell(shop, 1, member=member, at="2026-05-09T10:00:00Z")
    _sell(shop, 2, member=member, at="2026-05-02T10:00:00Z")
    _sell(shop, 2, 1, member=member, at="2026-05-05T10:00:00Z")
    assert owner.get(f"/v1/reports/members/{member}").body == {
        "member_id": str(member),
        "visits": 3,
        "spend_cents": 1649,
        "average_ticket_cents": 550,
        "first_visit_at": "2026-05-02T10:00:00Z",
        "last_visit_at": "2026-05-09T10:00:00Z",
    }


def test_a_sale_rolled_up_again_counts_once(live: Api, shop: Shop) -> None:
    outcome = shop.deliver(Checkout, shop.basket(1, sold_at="2026-05-04T10:00:00Z"))
    [owed] = [row for row in Outbox.select() if outcome.answer["sale_id"].encode() in bytes(row.body)]
    shop.settle_followups()
    Outbox.insert(**owed.__data__).execute()
    shop.settle_followups()
    assert [row["tickets"] for row in _rows(live.as_(shop.owner_token), f"sales?{PERIOD}")] == [1]


def test_a_report_says_what_the_sales_say(live: Api, shop: Shop) -> None:
    chance, branch, home = random.Random(11), _open_branch(shop), shop.store
    members = [shop.enrol(), shop.enrol(), None]
    start = datetime(2026, 5, 3, tzinfo=UTC)
    for _ in range(60):
        shop.store = chance.choice([home, branch])
        at = start + timedelta(minutes=chance.randrange(4 * 24 * 60))
        pieces = chance.randint(1, 5), chance.randint(1, 5)
        shop.deliver(Checkout, shop.basket(*pieces, member=chance.choice(members), sold_at=at.isoformat()))
    shop.settle_followups()
    owner = live.as_(shop.owner_token)
    assert _net_by(owner, "hour", "business_date", "hour") == _recount(
        shop, lambda sale: (str(sale.business_date), sale.hour)
    )
    assert _net_by(owner, "store", "store_id") == _recount(shop, lambda sale: (str(sale.store_id),))
    sold: Counter[str] = Counter()
    for line in SaleLine.select().where(SaleLine.merchant_id == shop.merchant):
        sold[str(line.sku_id)] += line.net_cents
    assert {row["sku_id"]: row["net_cents"] for row in _rows(owner, f"products?{PERIOD}")} == sold


def _net_by(owner: Api, by: str, *keys: str) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    rows = _rows(owner, f"sales?by={by}&{PERIOD}")
    return {
        tuple(row[key] for key in keys): (row["tickets"], row["net_cents"], row["member_net_cents"]) for row in rows
    }


def _recount(shop: Shop, key: Callable[[Sale], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for sale in Sale.select().where(Sale.merchant_id == shop.merchant):
        figures = (1, sale.net_cents, sale.net_cents if sale.member_id else 0)
        sums[key(sale)] = [old + new for old, new in zip(sums[key(sale)], figures, strict=True)]
    return {name: (tickets, net, members) for name, (tickets, net, members) in sums.items()}


def test_a_report_is_the_same_after_redis_has_forgotten_everything(live: Api, shop: Shop) -> None:
    _sell(shop, 2, 1)
    owner = live.as_(shop.owner_token)
    paths = [f"{name}?{PERIOD}" for name in ("sales", "products", "members")]
    before = [_rows(owner, path) for path in paths]
    cache.client().flushdb()
    assert [_rows(owner, path) for path in paths] == before


def test_a_live_sale_reaches_the_reports_within_a_second(live: Api, shop: Shop) -> None:
    till, owner, member = live.as_(shop.till_token), live.as_(shop.owner_token), shop.enrol()
    till.post("/v1/sales", shop.basket(2, 1, member=member), Prefer="wait=5")
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        shown = owner.get(f"/v1/reports/members/{member}").body
        if shown["visits"]:
            break
        time.sleep(0.02)
    assert (shown["visits"], shown["spend_cents"]) == (1, 899)


def test_reports_of_another_merchant_are_empty(live: Api, shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    member = mine.enrol()
    _sell(mine, 1, member=member)
    owner = live.as_(other.owner_token)
    for path in ("sales", "products", "members", f"sales?by=store&store_id={mine.store}"):
        assert _rows(owner, f"{path}{'&' if '?' in path else '?'}{PERIOD}") == []
    assert owner.get(f"/v1/reports/members/{member}").status == 404


def test_who_is_held_to_a_store_sees_its_figures_alone(live: Api, shop: Shop) -> None:
    _sell(shop, 1)
    branch = _open_branch(shop)
    held = live.as_(shop.token_of(shop.hire("manager", branch)))
    assert _rows(held, f"sales?{PERIOD}") == []
    said = held.get(f"/v1/reports/sales?store_id={shop.store}&{PERIOD}")
    assert (said.status, said.body["code"]) == (403, "identity.other_store")
    assert held.get(f"/v1/reports/members?{PERIOD}").body["code"] == "identity.other_store"


@pytest.mark.parametrize("who", ["cashier", "till"])
def test_reports_are_not_for_the_till(live: Api, shop: Shop, who: str) -> None:
    token = shop.till_token if who == "till" else shop.token_of(shop.hire("cashier"))
    for path in ("sales", "products", "members"):
        assert live.as_(token).get(f"/v1/reports/{path}?{PERIOD}").body["code"] == "identity.forbidden"


def test_a_sale_that_is_not_there_cannot_be_rolled_up(shop: Shop) -> None:
    [culprit] = deliver_all([shop.order(RollUp, {"sale_id": str(uuid4())})])
    assert culprit.why == "LookupError: a sale to roll up is not there"
