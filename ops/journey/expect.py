"""What the database must hold once a set of baskets is settled: worked out from the input alone.

Nothing here is shared with the code under test: the arithmetic is written again, from the rules as the
README of this package states them. Keys are the shop's own names (store code, product code, card, basket), so
that no id has to be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops.journey.baskets import Basket, Line
from ops.journey.catalogue import Catalogue, Product
from ops.journey.shop import DAY_CUTOFF_MINUTES, TIME_ZONE, card_number, tier

ZONE = ZoneInfo(TIME_ZONE)
CENTS_PER_POINT = 100
MULTIPLIER_BP = {"member": 10_000, "gold": 15_000}
EXPIRY_YEARS = 1
Table = dict[tuple[Any, ...], Any]


@dataclass
class Expected:
    """The tables, each a dictionary from a key of the shop's names to the figures under it."""

    catalogue: Catalogue
    tables: dict[str, Table] = field(default_factory=dict)

    def put(self, table: str, key: tuple[Any, ...], *values: Any) -> None:
        """A row that stands alone."""
        self.tables.setdefault(table, {})[key] = values

    def add(self, table: str, key: tuple[Any, ...], *figures: int) -> None:
        """Figures that add up under a key."""
        sums = self.tables.setdefault(table, {}).setdefault(key, [0] * len(figures))
        for nth, figure in enumerate(figures):
            sums[nth] += figure


@dataclass(frozen=True)
class Priced:
    """A basket with what follows from it: cost and variance of each line, its place in the shop's calendar."""

    basket: Basket
    products: tuple[Product, ...]
    costs: tuple[int, ...]
    variances: tuple[int, ...]
    day: str
    hour: int

    @property
    def totals(self) -> tuple[int, int, int, int, int, int]:
        """Gross, discount, net, cost, variance in cents, and items in thousandths."""
        lines = self.basket.lines
        gross, discount = sum(x.gross_cents for x in lines), sum(x.discount_cents for x in lines)
        items = sum(x.quantity_milli for x in lines)
        return gross, discount, gross - discount, sum(self.costs), sum(self.variances), items


@dataclass(frozen=True)
class Opened:
    """What was made before the first sale: stores with their delivery, households enrolled, products loaded."""

    stores: frozenset[str]
    households: frozenset[str]
    products: frozenset[str]


def expect(baskets: Iterable[Basket], catalogue: Catalogue, opened: Opened) -> dict[str, Table]:
    """Every table, from baskets that were accepted and what was made before them."""
    expected = Expected(catalogue)
    for basket in baskets:
        priced = _price(basket, catalogue)
        _add_sale(expected, priced)
        _add_goods(expected, priced)
        _add_points(expected, basket)
        _add_reports(expected, priced)
        _add_member(expected, priced)
    _add_shop(expected, opened)
    return {name: {key: tuple(values) for key, values in rows.items()} for name, rows in expected.tables.items()}


def half_up(cents: int, quantity_milli: int) -> int:
    """Unit cents times thousandths, in whole cents, half a cent up."""
    whole, rest = divmod(cents * quantity_milli, 1000)
    return whole + 1 if rest >= 500 else whole


def stamp(moment: datetime) -> str:
    """A moment as the database writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def lapse(sold_at: datetime) -> str:
    """24:00 in the store, a year after the day of the sale; 29 February counts as the 28th."""
    day = sold_at.astimezone(ZONE).date()
    leap = day.month == 2 and day.day == 29
    last = date(day.year + EXPIRY_YEARS, day.month, 28 if leap else day.day)
    return stamp(datetime.combine(last + timedelta(days=1), time(), ZONE))


def points(household: str, net_cents: int) -> int:
    """Whole points for what was paid."""
    return net_cents * MULTIPLIER_BP[tier(household)] // (CENTS_PER_POINT * 10_000)


def _price(basket: Basket, catalogue: Catalogue) -> Priced:
    products = tuple(catalogue.products[line.product] for line in basket.lines)
    pairs: list[tuple[Line, Product]] = list(zip(basket.lines, products, strict=True))
    wall = basket.sold_at.astimezone(ZONE).replace(tzinfo=None)
    return Priced(
        basket,
        products,
        tuple(half_up(product.cost_cents, line.quantity_milli) for line, product in pairs),
        tuple(line.net_cents - half_up(product.price_cents, line.quantity_milli) for line, product in pairs),
        (wall - timedelta(minutes=DAY_CUTOFF_MINUTES)).date().isoformat(),
        wall.hour,
    )


def _add_sale(expected: Expected, priced: Priced) -> None:
    basket = priced.basket
    member, sold_at = card_number(basket.household), stamp(basket.sold_at)
    whole = (basket.store, member, "offline", "settled", sold_at, priced.day, priced.hour, *priced.totals)
    expected.put("sale", (basket.id,), *whole)
    rows = zip(basket.lines, priced.costs, priced.variances, strict=True)
    for nth, (line, cost, variance) in enumerate(rows):
        money = (line.gross_cents, line.discount_cents, line.net_cents, cost, variance)
        expected.put("sale_line", (basket.id, nth), line.product, line.quantity_milli, *money)
    for nth, tender in enumerate(basket.tenders()):
        expected.put("sale_tender", (basket.id, nth), *tender)


def _add_goods(expected: Expected, priced: Priced) -> None:
    basket = priced.basket
    for nth, line in enumerate(basket.lines):
        sold = -line.quantity_milli
        expected.put("stock_movement", (basket.id, nth), basket.store, line.product, "sale", sold)
        expected.add("stock", (basket.store, line.product), sold)


def _add_points(expected: Expected, basket: Basket) -> None:
    member, earned = card_number(basket.household), points(basket.household, basket.net_cents)
    if earned:
        at = stamp(basket.sold_at)
        lot = (member, earned, earned, "available", at, lapse(basket.sold_at))
        expected.put("points_lot", (basket.id,), *lot)
        expected.put("points_entry", (basket.id,), member, "earn", earned, at)
        expected.add("points_account", (member,), earned)


def _add_reports(expected: Expected, priced: Priced) -> None:
    store, day = priced.basket.store, priced.day
    gross, discount, net, cost, variance, items = priced.totals
    hour = (1, 1, items, gross, discount, net, net, cost, variance)
    expected.add("sales_by_hour", (store, day, priced.hour), *hour)
    counted: set[str] = set()
    for line, line_cost in zip(priced.basket.lines, priced.costs, strict=True):
        ticket = 0 if line.product in counted else 1
        counted.add(line.product)
        money = (line.gross_cents, line.discount_cents, line.net_cents, line_cost)
        expected.add("sales_by_product", (store, day, line.product), ticket, line.quantity_milli, *money)
    member = card_number(priced.basket.household)
    expected.add("sales_by_member", (member, day), 1, items, net)


def _add_member(expected: Expected, priced: Priced) -> None:
    key, net, at = (card_number(priced.basket.household),), priced.totals[2], stamp(priced.basket.sold_at)
    visits, spent, first, last = expected.tables.setdefault("member_summary", {}).get(key, (0, 0, at, at))
    expected.put("member_summary", key, visits + 1, spent + net, min(first, at), max(last, at))


def _add_shop(expected: Expected, opened: Opened) -> None:
    for store in opened.stores:
        expected.put("store", (store,), TIME_ZONE, DAY_CUTOFF_MINUTES)
        for code, quantity_milli in expected.catalogue.deliveries(store):
            expected.add("stock", (store, code), quantity_milli)
            expected.put("delivery", (store, code), quantity_milli)
    for household in opened.households:
        expected.put("member", (card_number(household),), tier(household), "active")
    for code in opened.products:
        product = expected.catalogue.products[code]
        expected.put("sku", (code,), product.name, product.unit, product.price_cents, product.cost_cents)
