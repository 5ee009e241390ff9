"""What settled baskets must leave behind, worked out from the input; and that verify sees any difference from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.points import PointsEntry
from ops.journey import expect, shop
from ops.journey.baskets import Basket, read_baskets
from ops.journey.catalogue import Catalogue, read_catalogue
from ops.journey.expect import Opened
from ops.journey.rows import SAMPLE
from ops.journey.verify import NothingReplayed, VerifyOptions, verify
from ops.replay.state import Answered, OtherReplay, State
from tests.journeys import Settled, settle_part

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


@pytest.fixture(scope="module")
def part(database: None, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    return settle_part(tmp_path_factory.mktemp("journey"))


def test_what_the_workers_settle_is_what_the_input_says(part: Settled) -> None:
    assert part.verify(), part.told
    assert part.told[-1] == "equal"
    assert len([line for line in part.told if line.endswith("   0 differences")]) == len(part.told) - 3


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("store", "day_cutoff_minutes"),
        ("sku", "price_cents"),
        ("sale", "variance_cents"),
        ("sale_line", "cost_cents"),
        ("sale_tender", "change_cents"),
        ("stock", "quantity_milli"),
        ("stock_movement", "quantity_milli"),
        ("points_lot", "remaining"),
        ("points_entry", "points"),
        ("points_account", "balance"),
        ("sales_by_hour", "member_tickets"),
        ("sales_by_product", "tickets"),
        ("sales_by_member", "items_milli"),
        ("member_summary", "visits"),
    ],
)
def test_one_unit_too_much_in_any_table_is_a_difference(part: Settled, table: str, column: str) -> None:
    part.alter(f"UPDATE {table} SET {column} = {column} + 1 WHERE")
    try:
        assert not part.verify()
    finally:
        part.alter(f"UPDATE {table} SET {column} = {column} - 1 WHERE")
    seen = [line for line in part.told if line.startswith("  ") and not line.endswith(" 0 differences")]
    assert any(line.split()[0] == table for line in seen), part.told
    assert part.verify()


def test_a_basket_that_was_accepted_and_has_no_sale_is_a_difference(part: Settled) -> None:
    part.alter("UPDATE sale SET sequence = sequence + 100000 WHERE sequence = 1 AND")
    try:
        assert not part.verify()
    finally:
        part.alter("UPDATE sale SET sequence = sequence - 100000 WHERE sequence = 100001 AND")
    assert any("found None" in line for line in part.told)
    assert any("unknown basket" in line for line in part.told)


def test_a_basket_still_under_way_counts_only_if_its_sale_is_there(part: Settled) -> None:
    state = State(part.options.state)
    accepted = state.all("SELECT command, sale, id FROM basket LIMIT 1")
    state.write("UPDATE basket SET command = NULL WHERE id = ?", [(accepted[0][2],)])
    assert part.verify(), part.told
    state.write("INSERT INTO basket (id, store, till, sequence) VALUES ('under way', '367', 1, 999999)", [()])
    assert part.verify(), part.told
    state.write("DELETE FROM basket WHERE id = 'under way'", [()])
    state.answered([Answered(basket, command, sale) for command, sale, basket in accepted])
    state.close()


def test_points_entered_twice_for_a_sale_are_a_difference(part: Settled) -> None:
    columns = "member_id, lot_id, kind, points, sale_id, rule_version, at"
    first = PointsEntry.select().where(PointsEntry.merchant_id == part.merchant).get()
    twin = {name: getattr(first, name) for name in columns.split(", ")}
    PointsEntry.insert(merchant_id=part.merchant, id=part.merchant, **twin).execute()
    try:
        assert not part.verify()
    finally:
        PointsEntry.delete().where(PointsEntry.id == part.merchant).execute()
    assert any("'again'" in line for line in part.told)


def test_a_refused_command_is_a_difference(part: Settled) -> None:
    part.alter("UPDATE receipt SET state = 'refused' WHERE name = 'points.accrue' AND")
    try:
        assert not part.verify()
    finally:
        part.alter("UPDATE receipt SET state = 'done' WHERE name = 'points.accrue' AND")
    assert any("receipts not done" in line and "1 differences" in line for line in part.told)


def test_verify_says_what_is_missing_when_nothing_was_replayed(tmp_path: Path) -> None:
    with pytest.raises(NothingReplayed, match="replay"):
        verify(VerifyOptions(state=tmp_path), print)


def test_a_state_of_another_input_is_refused(part: Settled) -> None:
    other = replace(part.options, input=SAMPLE)
    with pytest.raises(OtherReplay, match="input"):
        verify(other, print)
