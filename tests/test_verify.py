"""What settled baskets must leave behind, worked out from the input; and that verify sees any difference from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ops.journey import expect, shop
from ops.journey.baskets import Basket, read_baskets
from ops.journey.catalogue import Catalogue, read_catalogue
from ops.journey.expect import Opened
from ops.journey.rows import SAMPLE

Read = tuple[Catalogue, list[Basket]]


@pytest.fixture(scope="module")
def sample() -> Read:
    catalogue = read_catalogue(SAMPLE)
    return catalogue, list(read_baskets(SAMPLE, catalogue))


def settled(basket: Basket, catalogue: Catalogue) -> dict[str, expect.Table]:
    return expect.expect([basket], catalogue, Opened(frozenset(), frozenset(), frozenset()))


def sold_at(basket: Basket, at: datetime) -> Basket:
    return replace(basket, sold_at=at)


def test_a_sale_after_midnight_belongs_to_the_day_before_but_to_its_own_hour(sample: Read) -> None:
    catalogue, baskets = sample
    late = sold_at(baskets[0], datetime(2017, 3, 2, 3, 30, tzinfo=ZoneInfo(shop.TIME_ZONE)).astimezone(UTC))
    ((_, day, hour),) = settled(late, catalogue)["sales_by_hour"]
    assert (day, hour) == ("2017-03-01", 3)


def test_the_hour_follows_the_clock_of_the_store_into_summer_time(sample: Read) -> None:
    catalogue, baskets = sample
    hours = [
        next(iter(settled(sold_at(baskets[0], at), catalogue)["sales_by_hour"]))[2]
        for at in (datetime(2017, 3, 12, 6, 59, tzinfo=UTC), datetime(2017, 3, 12, 7, 0, tzinfo=UTC))
    ]
    assert hours == [1, 3]


def test_points_lapse_at_the_end_of_the_day_a_year_later_in_the_store() -> None:
    assert expect.lapse(datetime(2017, 3, 1, 17, tzinfo=UTC)) == "2018-03-02 05:00:00.000000"
    assert expect.lapse(datetime(2017, 7, 1, 2, tzinfo=UTC)) == "2018-07-01 04:00:00.000000"
    assert expect.lapse(datetime(2016, 2, 29, 17, tzinfo=UTC)) == "2017-03-01 05:00:00.000000"


def test_points_are_whole_and_gold_earns_half_as_much_again() -> None:
    assert expect.points("7", 199) == 1 and expect.points("10", 199) == 2 and expect.points("7", 99) == 0


def test_half_a_cent_of_cost_counts_as_one() -> None:
    assert [expect.half_up(unit, milli) for unit, milli in ((1, 500), (1, 499), (179, 10536), (0, 9))] == [
        1,
        0,
        1886,
        0,
    ]


def test_figures_of_all_tables_agree_with_each_other(sample: Read) -> None:
    catalogue, baskets = sample
    stores = frozenset(basket.store for basket in baskets)
    households = frozenset(basket.household for basket in baskets)
    tables = expect.expect(baskets, catalogue, Opened(stores, households, frozenset()))
    net = sum(basket.net_cents for basket in baskets)
    assert sum(row[5] for row in tables["sales_by_hour"].values()) == net
    assert sum(row[4] for row in tables["sales_by_product"].values()) == net
    assert sum(row[2] for row in tables["sales_by_member"].values()) == net
    assert sum(row[1] for row in tables["member_summary"].values()) == net
    assert sum(row[0] for row in tables["points_account"].values()) == sum(
        row[2] for row in tables["points_entry"].values()
    )
    moved = sum(row[3] for row in tables["stock_movement"].values())
    received = sum(row[0] for row in tables["delivery"].values())
    assert sum(row[0] for row in tables["stock"].values()) == moved + received
