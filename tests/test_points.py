"""Points: what sales earn, under which rule, until when, and that every balance is proved by its entries."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.points import EarnRuleRow, PointsAccount, PointsEntry, PointsLot, rebuilt_balances
from models.receipts import Receipt
from schemas.points import Accrue, SetRule
from schemas.sales import Checkout
from tests.shops import Api, Shop, deliver_all

SOLD_AT = "2026-03-10T11:00:00Z"


def _accrual(shop: Shop, member: UUID, cents: int, **more: Any) -> dict[str, Any]:
    basic = {"sale_id": str(uuid4()), "member_id": str(member), "store_id": str(shop.store)}
    return {**basic, "sold_at": SOLD_AT, "base_cents": cents, **more}


def _balance(shop: Shop, member: UUID) -> int:
    account = PointsAccount.get_or_none(PointsAccount.merchant_id == shop.merchant, PointsAccount.member_id == member)
    return account.balance if account else 0


def _rule(shop: Shop, effective_at: str, cents: int, months: int | None = None) -> Any:
    return shop.deliver(SetRule, {"effective_at": effective_at, "cents_per_point": cents, "expiry_months": months})


@pytest.mark.parametrize(
    ("tier", "cents", "points"),
    [("member", 899, 8), ("gold", 899, 13), ("member", 99, 0), ("member", 0, 0), ("gold", 67, 1)],
)
def test_a_sale_earns_whole_points_by_the_members_tier(shop: Shop, tier: str, cents: int, points: int) -> None:
    member = shop.enrol(tier)
    assert shop.deliver(Accrue, _accrual(shop, member, cents)).answer == {"points": points}
    assert _balance(shop, member) == points
    lots = PointsLot.select().where(PointsLot.merchant_id == shop.merchant)
    assert [(lot.points, lot.remaining) for lot in lots] == ([(points, points)] if points else [])


def test_an_accrual_delivered_again_credits_once(shop: Shop) -> None:
    member, id_ = shop.enrol(), uuid4()
    body = _accrual(shop, member, 500)
    answers = [shop.deliver(Accrue, body, id_).answer for _ in range(3)]
    assert answers == [{"points": 5}] * 3
    assert _balance(shop, member) == 5


def test_accruals_of_one_batch_add_up(shop: Shop) -> None:
    members = [shop.enrol(), shop.enrol("gold")]
    orders = [shop.order(Accrue, _accrual(shop, members[nth % 2], 100 * nth)) for nth in range(1, 21)]
    assert deliver_all(orders) == []
    assert _balance(shop, members[1]) == sum(100 * nth * 15 // 1000 for nth in range(1, 21, 2))
    assert _balance(shop, members[0]) == sum(range(2, 21, 2))
    assert rebuilt_balances(shop.merchant) == []


def test_a_lot_lapses_at_the_end_of_the_stores_day_so_many_months_later(shop: Shop) -> None:
    """Berlin: 24:00 is 22:00 UTC in summer and 23:00 in winter."""
    _rule(shop, "2026-01-01T00:00:00Z", 100, months=6)
    for sold_at, expires_at in {
        "2026-03-10T11:00:00Z": datetime(2026, 9, 10, 22, tzinfo=UTC),
        "2026-03-10T23:30:00Z": datetime(2026, 9, 11, 22, tzinfo=UTC),
        "2026-08-31T10:00:00Z": datetime(2027, 2, 28, 23, tzinfo=UTC),
    }.items():
        body = _accrual(shop, shop.enrol(), 500, sold_at=sold_at)
        shop.deliver(Accrue, body)
        lot = PointsLot.get(PointsLot.merchant_id == shop.merchant, PointsLot.id == UUID(body["sale_id"]))
        assert lot.expires_at == expires_at


def test_the_rule_in_force_when_it_was_sold_counts(shop: Shop) -> None:
    _rule(shop, "2026-03-01T00:00:00Z", 50)
    member = shop.enrol()
    for sold_at, points in {"2026-02-28T23:59:59Z": 5, "2026-03-01T00:00:00Z": 10}.items():
        assert shop.deliver(Accrue, _accrual(shop, member, 500, sold_at=sold_at)).answer == {"points": points}
    entries = PointsEntry.select().where(PointsEntry.merchant_id == shop.merchant).order_by(PointsEntry.at)
    assert [(entry.rule_version, entry.points) for entry in entries] == [(1, 5), (2, 10)]
    never = PointsLot.get(PointsLot.merchant_id == shop.merchant, PointsLot.points == 10)
    assert never.expires_at is None


def test_without_a_rule_nothing_is_earned(shop: Shop) -> None:
    EarnRuleRow.delete().where(EarnRuleRow.merchant_id == shop.merchant).execute()
    member = shop.enrol()
    assert shop.deliver(Accrue, _accrual(shop, member, 500)).answer == {"points": 0}
    assert _balance(shop, member) == 0


def test_an_accrual_for_nobody_is_refused(shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    outcome = mine.deliver(Accrue, _accrual(mine, other.enrol(), 500))
    assert (outcome.state, outcome.code) == ("refused", "points.unknown_member")


def test_rules_follow_each_other_in_time(shop: Shop) -> None:
    assert _rule(shop, "2026-05-01T00:00:00Z", 50).answer == {"version": 2}
    for early in ("2026-05-01T00:00:00Z", "2026-04-30T23:59:59Z", "1970-01-01T00:00:00Z"):
        assert _rule(shop, early, 10).code == "points.rule_not_later"
    assert _rule(shop, "2026-05-01T00:00:01Z", 10).answer == {"version": 3}


def test_rules_set_at_once_get_versions_of_their_own(live: Api, shop: Shop) -> None:
    owner = live.as_(shop.owner_token)
    moments = [f"2090-01-{day:02}T00:00:00Z" for day in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        said = list(
            pool.map(lambda at: owner.post("/v1/points/rules", {"effective_at": at, "cents_per_point": 1}), moments)
        )
    versions = sorted(each.body["version"] for each in said if each.status == 201)
    assert versions == list(range(2, len(versions) + 2))
    assert {each.body["code"] for each in said if each.status != 201} <= {"points.rule_not_later"}
    listed = owner.get("/v1/points/rules").body["items"]
    assert [rule["version"] for rule in listed] == [1, *versions]
    assert sorted(rule["effective_at"] for rule in listed) == [rule["effective_at"] for rule in listed]


def test_a_members_sale_reaches_their_points_within_a_second(live: Api, shop: Shop) -> None:
    till, member = live.as_(shop.till_token), shop.enrol("gold")
    till.post("/v1/sales", shop.basket(2, 1, member=member), Prefer="wait=5")
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline and _balance(shop, member) == 0:
        time.sleep(0.02)
    shown = till.get(f"/v1/points/members/{member}").body
    assert shown["balance"] == 899 * 15_000 // 1_000_000
    assert [(lot["points"], lot["remaining"], lot["state"]) for lot in shown["lots"]] == [(13, 13, "available")]
    assert [(entry["kind"], entry["points"], entry["rule_version"]) for entry in shown["entries"]] == [("earn", 13, 1)]


def test_lots_are_shown_with_the_nearest_expiry_first(live: Api, shop: Shop) -> None:
    member = shop.enrol()
    _rule(shop, "2026-06-01T00:00:00Z", 100)
    for sold_at in ("2026-06-02T10:00:00Z", "2026-05-02T10:00:00Z", "2026-04-02T10:00:00Z"):
        shop.deliver(Accrue, _accrual(shop, member, 100, sold_at=sold_at))
    shown = live.as_(shop.till_token).get(f"/v1/points/members/{member}").body
    assert [lot["expires_at"] for lot in shown["lots"]] == ["2027-04-02T22:00:00Z", "2027-05-02T22:00:00Z", None]
    assert [entry["at"] for entry in shown["entries"]] == [
        "2026-06-02T10:00:00Z",
        "2026-05-02T10:00:00Z",
        "2026-04-02T10:00:00Z",
    ]


def test_points_of_a_member_who_never_bought_are_none(live: Api, shop: Shop) -> None:
    shown = live.as_(shop.till_token).get(f"/v1/points/members/{shop.enrol()}").body
    assert (shown["balance"], shown["lots"], shown["entries"]) == (0, [], [])


def test_points_of_another_merchants_member_are_not_there(live: Api, shops: Callable[[], Shop]) -> None:
    mine, other = shops(), shops()
    assert live.as_(mine.owner_token).get(f"/v1/points/members/{other.enrol()}").status == 404


@pytest.mark.parametrize(
    ("role", "reading", "setting"), [("owner", 200, 201), ("manager", 200, 403), ("cashier", 403, 403)]
)
def test_who_may_read_and_set_the_rules(live: Api, shop: Shop, role: str, reading: int, setting: int) -> None:
    person = live.as_(shop.token_of(shop.hire(role)))
    assert person.get("/v1/points/rules").status == reading
    rule = {"effective_at": "2090-01-01T00:00:00Z", "cents_per_point": 1}
    assert person.post("/v1/points/rules", rule).status == setting


def test_every_sale_of_a_member_has_one_accrual(shop: Shop) -> None:
    members = [shop.enrol(), shop.enrol("gold"), None]
    for nth in range(12):
        shop.deliver(Checkout, shop.basket(1 + nth % 4, member=members[nth % 3]))
    shop.settle_followups()
    accrued = Receipt.select().where(Receipt.merchant_id == shop.merchant, Receipt.name == Accrue.command).count()
    assert accrued == 8
    assert rebuilt_balances(shop.merchant) == []
