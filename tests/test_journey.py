"""Reading real baskets: what each oddity of the input becomes, and what a settled basket must leave behind."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as some

from ops.journey import baskets as reading
from ops.journey import expect, shop
from ops.journey.baskets import Amended, Basket, Line, Unpostable, read_baskets
from ops.journey.catalogue import Catalogue, median_price, read_catalogue
from ops.journey.expect import Opened
from ops.journey.rows import HEADER, SAMPLE, InputFault, Selection, cents, transactions
from ops.journey.sample import cut

PRODUCTS = """product_id,manufacturer_id,department,brand,product_category,product_type,package_size
100,1,GROCERY,National,SNACKS,PRETZELS,12 OZ
200,1,FUEL,National,COUPON/MISC ITEMS,GASOLINE-REG UNLEADED,
201,1,FUEL,National,COUPON/MISC ITEMS,GASOLINE-REG UNLEADED,
300,1,MISCELLANEOUS,National,,,
"""
NOON = "2017-03-01 17:00:00"
Write = Callable[..., list[Basket]]
Read = tuple[Catalogue, list[Basket]]


@pytest.fixture
def journey(tmp_path: Path) -> Write:
    def write(*rows: str) -> list[Basket]:
        lines = [row if row.count(",") > 8 else f"{row},9,{NOON}" for row in rows]
        with gzip.open(tmp_path / "transactions.csv.gz", "wt") as file:
            file.write("\n".join([HEADER, *lines]) + "\n")
        with gzip.open(tmp_path / "products.csv.gz", "wt") as file:
            file.write(PRODUCTS)
        return list(read_baskets(tmp_path, read_catalogue(tmp_path)))

    return write


@pytest.fixture(scope="module")
def sample() -> Read:
    catalogue = read_catalogue(SAMPLE)
    return catalogue, list(read_baskets(SAMPLE, catalogue))


def reasons(*baskets: Basket) -> list[str]:
    return [remark.reason for basket in baskets for remark in basket.remarks]


def test_a_line_is_posted_as_charged_with_the_shops_own_discounts_apart(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,2,3.00,0.50,1.00,0.25")
    assert basket.lines == (Line(2, "100", 2000, 375, 75),)
    assert basket.net_cents == 300


def test_quantity_and_value_of_nothing_is_reported_and_not_posted(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,1,2.00,0.0,0.0,0.0", "7,367,1,300,0,0.0,0.0,0.5,0.0")
    assert [line.product for line in basket.lines] == ["100"]
    assert basket.remarks == (Unpostable(3, "1", "300", reading.NOTHING_SOLD, 0),)
    assert [t.kind for t in basket.tenders()][0] == "other", "the coupon on that row still pays the basket"


def test_a_basket_in_which_nothing_was_sold_has_no_lines_and_keeps_its_remarks(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,0,0.0,0.0,0.0,0.0")
    assert basket.lines == () and basket.tenders() == [] and reasons(basket) == [reading.NOTHING_SOLD]


def test_a_value_without_quantity_is_posted_as_one_piece_and_reported(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,0,0.79,0.0,0.0,0.0")
    assert basket.lines == (Line(2, "100", 1000, 79, 0),)
    assert basket.remarks == (Amended(2, "1", "100", reading.NO_QUANTITY, 79),)


def test_goods_given_away_are_posted_without_a_tender(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,1,0.0,0.99,0.0,0.0")
    assert basket.lines[0].discount_cents == 99 and basket.tenders() == []


def test_fuel_by_volume_is_in_thousandths_of_a_gallon_and_prepaid_fuel_is_a_piece(journey: Write) -> None:
    first, second = journey("7,367,1,200,10536,25.00,0.0,0.0,0.0", "7,367,2,201,1,20.0,0.0,0.0,0.0")
    assert first.lines[0].quantity_milli == 10536
    assert second.lines[0].quantity_milli == 1000


def test_coupons_pay_up_to_what_is_payable_and_the_rest_is_reported(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,1,1.00,0.0,1.50,0.0")
    assert [(t.kind, t.amount_cents, t.reference) for t in basket.tenders()] == [("other", 100, "manufacturer coupon")]
    assert basket.remarks == (Amended(2, "1", "", reading.COUPON_EXCESS, 50),)


def test_the_same_product_twice_stays_two_lines_of_one_ticket(journey: Write, tmp_path: Path) -> None:
    (basket,) = journey("7,367,1,100,1,1.00,0.0,0.0,0.0", "7,367,1,100,2,2.00,0.0,0.0,0.0")
    assert len(basket.lines) == 2
    opened = Opened(frozenset(), frozenset(), frozenset())
    tables = expect.expect([basket], read_catalogue(tmp_path), opened)
    assert tables["sales_by_product"] == {("367", "2017-03-01", "100"): (1, 3000, 300, 0, 300, 210)}


def test_a_basket_of_two_stores_is_refused_whole(journey: Write) -> None:
    (basket,) = journey("7,367,1,100,1,1.00,0.0,0.0,0.0", "7,381,1,100,1,1.00,0.0,0.0,0.0")
    assert basket.lines == () and reasons(basket) == [reading.MIXED_BASKET] * 2


def test_rows_of_a_basket_that_goes_on_after_others_are_refused(journey: Write) -> None:
    one, _, again = journey(
        "7,367,1,100,1,1.00,0.0,0.0,0.0", "7,367,2,100,1,1.00,0.0,0.0,0.0", "7,367,1,100,1,1.00,0.0,0.0,0.0"
    )
    assert len(one.lines) == 1 and reasons(again) == [reading.BROKEN_BASKET]


def test_products_nobody_described_get_a_name_all_the_same(journey: Write, tmp_path: Path) -> None:
    journey("7,367,1,999,1,1.00,0.0,0.0,0.0", "7,367,1,300,1,1.00,0.0,0.0,0.0")
    products = read_catalogue(tmp_path).products
    assert (products["999"].name, products["999"].category) == ("Product 999", "UNLISTED")
    assert (products["300"].name, products["300"].category) == ("MISCELLANEOUS", "MISCELLANEOUS")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("7,367,1,100,1,1.005,0.0,0.0,0.0", "row 2: 1.005 is not a sum in whole cents"),
        ("7,367,1,100,-1,1.00,0.0,0.0,0.0", "row 2: a negative quantity"),
        ("7,367,1,100,one,1.00,0.0,0.0,0.0", "row 2: invalid literal"),
        ("7,367,1,100,1,NaN,0.0,0.0,0.0", "row 2"),
        ("7,367,1,100,1,1.00,0.0,0.0,0.0,9", "row 2: not enough values"),
        ("7,367,1,100,1,1.00,0.0,0.0,0.0,9,yesterday", "row 2: time data"),
    ],
)
def test_a_broken_row_stops_the_reading_and_says_which_row_it_is(journey: Write, row: str, says: str) -> None:
    with pytest.raises(InputFault, match=says):
        journey(row)


def test_rows_out_of_the_order_of_time_stop_the_reading(journey: Write) -> None:
    with pytest.raises(InputFault, match="row 3: earlier"):
        journey("7,367,1,100,1,1.00,0.0,0.0,0.0,9,2017-03-01 17:00:01", "7,367,2,100,1,1.00,0.0,0.0,0.0,9," + NOON)


def test_another_heading_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "transactions.csv.gz", "wt") as file:
        file.write("a,b,c\n1,2,3\n")
    with pytest.raises(InputFault, match="the columns should be"):
        list(read_baskets(tmp_path, Catalogue({}, {})))


def test_noise_below_a_thousandth_of_a_cent_is_no_money() -> None:
    assert [cents(text) for text in ("1.776357e-15", "1.9999999999999", "0.1", "499.99")] == [0, 200, 10, 49999]


@pytest.mark.parametrize("weeks", ["x", "3-", "5-4", "0-3", "1-2-3"])
def test_weeks_that_are_none_are_refused(weeks: str) -> None:
    with pytest.raises(InputFault, match="weeks"):
        Selection.of(weeks)


def test_a_selection_covers_its_weeks_and_stores() -> None:
    chosen = Selection.of("8-9", "367, 381")
    assert chosen.covers(8, "367") and chosen.covers(9, "381")
    assert not chosen.covers(10, "367") and not chosen.covers(8, "406")
    assert Selection.of().covers(53, "1") and Selection.of("3").covers(3, "1")


def test_a_price_is_the_lower_median_of_what_was_charged() -> None:
    assert median_price([(1000, 100), (2000, 400), (1000, 300)]) == 200
    assert median_price([(1000, 100), (1000, 101)]) == 100
    assert median_price([(1000, 0), (0, 500)]) == 0
    assert median_price([(3000, 100)]) == 33 and median_price([(8000, 100)]) == 13


@given(some.lists(some.tuples(some.integers(1, 10**6), some.integers(1, 10**6)), min_size=1, max_size=9))
def test_half_of_what_was_charged_is_no_dearer_than_the_price(charged: list[tuple[int, int]]) -> None:
    price = Decimal(median_price(charged))
    cheaper = [Decimal(1000 * gross) / milli <= price + Decimal("0.5") for milli, gross in charged]
    assert sum(cheaper) * 2 >= len(charged)


def test_every_row_and_cent_of_the_sample_is_in_a_basket_or_in_a_remark(sample: Read) -> None:
    _, baskets = sample
    with gzip.open(transactions(SAMPLE), "rt") as file:
        records = list(csv.DictReader(file))
    unposted = [r for basket in baskets for r in basket.remarks if isinstance(r, Unpostable)]
    posted = [line.row for basket in baskets for line in basket.lines]
    assert sorted(posted + [r.row for r in unposted]) == list(range(2, len(records) + 2))
    charged = sum(round(Decimal(record["sales_value"]) * 100) for record in records)
    assert charged == sum(basket.net_cents for basket in baskets) + sum(r.cents for r in unposted)


def test_the_sample_shows_every_oddity_the_data_has(sample: Read) -> None:
    catalogue, baskets = sample
    told = Counter(reasons(*baskets))
    assert told.keys() == {reading.NOTHING_SOLD, reading.NO_QUANTITY, reading.COUPON_EXCESS}
    assert any(not basket.lines for basket in baskets)
    assert any(basket.lines and not basket.net_cents for basket in baskets)
    units = {catalogue.products[line.product].unit for basket in baskets for line in basket.lines}
    assert units == {"pc", "gal"}
    assert any(product.category == "UNLISTED" for product in catalogue.products.values())
    assert len(baskets) > 2500 and len({basket.store for basket in baskets}) < 15


def test_every_tender_of_the_sample_pays_exactly_what_is_payable(sample: Read) -> None:
    kinds: Counter[str] = Counter()
    for basket in sample[1]:
        paid = basket.tenders()
        kinds.update(tender.kind for tender in paid)
        assert sum(t.amount_cents - t.change_cents for t in paid) == basket.net_cents
        assert all(t.change_cents < 500 for t in paid) and all(t.amount_cents > 0 for t in paid)
        assert all(t.kind == "cash" or not t.change_cents for t in paid)
    assert kinds.keys() == {"cash", "card", "other"}
    assert 0.25 < kinds["cash"] / (kinds["cash"] + kinds["card"]) < 0.35


def test_the_sample_is_cut_to_the_same_bytes_every_time(tmp_path: Path) -> None:
    cut(SAMPLE, tmp_path)
    for name in ("transactions.csv.gz", "products.csv.gz"):
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes()


def test_every_household_has_a_phone_of_its_own_that_nobody_can_have() -> None:
    phones = [shop.phone(str(household)) or "none" for household in range(1, 2600)]
    assert len(set(phones)) == len(phones)
    for number in phones:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number)) and number[5:10] == "55501"
    assert shop.phone("2600") is None


def test_every_tenth_household_is_gold() -> None:
    assert [shop.tier(h) for h in ("9", "10", "11", "900")] == ["member", "gold", "member", "gold"]
