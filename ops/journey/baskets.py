"""The input as baskets a till can post. `README.md` tables every oddity of the data and what it becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from ops.journey.catalogue import PIECE_MILLI, Catalogue
from ops.journey.rows import InputFault, Row, Selection, read_rows

NOTHING_SOLD = "nothing sold: quantity and value are both zero"
MIXED_BASKET = "basket spans stores, households or times"
BROKEN_BASKET = "basket goes on after others have begun"
NO_QUANTITY = "no quantity but a value: posted as one piece"
COUPON_EXCESS = "coupons above what was payable: the excess is left out"
CASH_PERCENT = 30
CASH_STEP_CENTS = 500


class Line(NamedTuple):
    """A line as charged."""

    row: int
    product: str
    quantity_milli: int
    gross_cents: int
    discount_cents: int

    @property
    def net_cents(self) -> int:
        """What the shop took for it."""
        return self.gross_cents - self.discount_cents


class Tender(NamedTuple):
    """A payment; change is given on cash alone."""

    kind: str
    amount_cents: int
    change_cents: int = 0
    reference: str | None = None


@dataclass(frozen=True)
class Remark:
    """Something of a row that was not posted as it stands; `cents` is the money meant by the reason."""

    row: int
    basket: str
    product: str
    reason: str
    cents: int


@dataclass(frozen=True)
class Unpostable(Remark):
    """A line that is not posted at all."""


@dataclass(frozen=True)
class Amended(Remark):
    """A line or basket that is posted otherwise than it is written."""


@dataclass(frozen=True)
class Basket:
    """One visit to the till. Without lines there is nothing to post, only remarks to report."""

    id: str
    store: str
    household: str
    week: int
    sold_at: datetime
    lines: tuple[Line, ...]
    coupon_cents: int
    remarks: tuple[Remark, ...]

    @property
    def net_cents(self) -> int:
        """What was payable."""
        return sum(line.net_cents for line in self.lines)

    def tenders(self) -> list[Tender]:
        """How it was paid: the maker's coupons, then cash with change or a card; nothing for nothing."""
        payable = self.net_cents
        coupon = min(self.coupon_cents, payable)
        paid = [Tender("other", coupon, 0, "manufacturer coupon")] if coupon else []
        rest = payable - coupon
        if rest and crc32(f"cash {self.id}".encode()) % 100 < CASH_PERCENT:
            given = -(-rest // CASH_STEP_CENTS) * CASH_STEP_CENTS
            return [*paid, Tender("cash", given, given - rest)]
        return [*paid, Tender("card", rest)] if rest else paid


def read_baskets(folder: Path, catalogue: Catalogue, selection: Selection | None = None) -> Iterator[Basket]:
    """The chosen baskets in the order of time, those with nothing to post among them."""
    chosen = selection or Selection()
    begun: set[str] = set()
    latest = ""
    rows = (row for row in read_rows(folder) if chosen.covers(row.week, row.store))
    for number, group in groupby(rows, key=lambda row: row.basket):
        written = list(group)
        if written[0].at < latest:
            raise InputFault(f"row {written[0].number}: earlier than the row before it")
        latest = written[0].at
        yield _whole(written, catalogue) if number not in begun else _refused(written, BROKEN_BASKET)
        begun.add(number)


def _whole(rows: list[Row], catalogue: Catalogue) -> Basket:
    if len({(row.store, row.household, row.at) for row in rows}) > 1:
        return _refused(rows, MIXED_BASKET)
    lines: list[Line] = []
    remarks: list[Remark] = []
    for row in rows:
        _sort(row, catalogue, lines, remarks)
    coupon_cents = sum(row.coupon_cents for row in rows)
    excess = coupon_cents - sum(line.net_cents for line in lines)
    if excess > 0:
        first = rows[0]
        remarks.append(Amended(first.number, first.basket, "", COUPON_EXCESS, excess))
    return _basket(rows[0], tuple(lines), coupon_cents, tuple(remarks))


def _sort(row: Row, catalogue: Catalogue, lines: list[Line], remarks: list[Remark]) -> None:
    """Put a row among the lines, the remarks, or both."""
    if not row.quantity and not row.gross_cents:
        remarks.append(Unpostable(row.number, row.basket, row.product, NOTHING_SOLD, 0))
        return
    quantity_milli = catalogue.products[row.product].quantity_milli(row.quantity)
    if not row.quantity:
        quantity_milli = PIECE_MILLI
        remarks.append(Amended(row.number, row.basket, row.product, NO_QUANTITY, row.sales_cents))
    discount = row.retail_cents + row.match_cents
    lines.append(Line(row.number, row.product, quantity_milli, row.gross_cents, discount))


def _refused(rows: list[Row], reason: str) -> Basket:
    remarks = [Unpostable(row.number, row.basket, row.product, reason, row.sales_cents) for row in rows]
    return _basket(rows[0], (), 0, tuple(remarks))


def _basket(first: Row, lines: tuple[Line, ...], coupon_cents: int, remarks: tuple[Remark, ...]) -> Basket:
    return Basket(first.basket, first.store, first.household, first.week, instant(first), lines, coupon_cents, remarks)


def instant(row: Row) -> datetime:
    """The file writes UTC without saying so (see `README.md`), so every time written is one instant."""
    try:
        return datetime.strptime(row.at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError as fault:
        raise InputFault(f"row {row.number}: {fault}") from fault
