"""The lines of the input as they stand in the file: checked, in whole cents, each with its row number."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).parent / "sample"
"""The folder of the sample that ships: the default input of `replay` and `verify`."""

HEADER = (
    "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
    "coupon_match_disc,week,transaction_timestamp"
)
NOISE = Decimal("0.001")
"""Part of a cent that is binary noise of the source (1.776357e-15) and not money."""


class Complaint(Exception):
    """Something that whoever started the command can mend; the message says what."""


class InputFault(Complaint):
    """The input is not what `README.md` describes; the message names file and row."""


class Row(NamedTuple):
    """One line of a basket as written. Money in cents; `number` counts from 1, the heading being row 1."""

    number: int
    household: str
    store: str
    basket: str
    product: str
    quantity: int
    sales_cents: int
    retail_cents: int
    coupon_cents: int
    match_cents: int
    week: int
    at: str

    @property
    def gross_cents(self) -> int:
        """What the line would have cost without the shop's own discounts."""
        return self.sales_cents + self.retail_cents + self.match_cents


@dataclass(frozen=True)
class Selection:
    """Which part of the input is meant; empty means all of it."""

    weeks: range | None = None
    stores: frozenset[str] = frozenset()

    @classmethod
    def of(cls, weeks: str = "", stores: str = "") -> Selection:
        """From `--weeks 1-8` (or `3`) and `--stores 367,406`."""
        return cls(_weeks(weeks), frozenset(filter(None, (part.strip() for part in stores.split(",")))))

    def covers(self, week: int, store: str) -> bool:
        """Whether a basket of that week and store is meant."""
        return (self.weeks is None or week in self.weeks) and (not self.stores or store in self.stores)


def _weeks(text: str) -> range | None:
    if not text:
        return None
    first, dash, last = text.partition("-")
    try:
        weeks = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise InputFault(f"weeks are given as 3 or 1-8, not {text!r}") from None
    if not weeks or weeks.start < 1:
        raise InputFault(f"weeks {text!r} hold no week")
    return weeks


@cache
def cents(text: str) -> int:
    """Dollars as written, in whole cents. Noise below a thousandth of a cent is dropped, a real part refused."""
    exact = Decimal(text) * 100
    whole = exact.to_integral_value()
    if abs(exact - whole) > NOISE or whole < 0:
        raise ValueError(f"{text} is not a sum in whole cents")
    return int(whole)


def transactions(folder: Path) -> Path:
    """The file of baskets in an input folder."""
    found = sorted(folder.glob("transactions*.csv.gz"))
    if len(found) != 1:
        raise InputFault(f"{folder} should hold one transactions*.csv.gz, it holds {len(found)}")
    return found[0]


def fingerprint(folder: Path) -> str:
    """What tells one input from another: names and sizes of its files."""
    return " ".join(f"{path.name}:{path.stat().st_size}" for path in sorted(folder.glob("*.csv.gz")))


def read_rows(folder: Path) -> Iterator[Row]:
    """Every line of every basket, in the order of the file."""
    path = transactions(folder)
    with gzip.open(path, "rt", newline="") as file:
        records = csv.reader(file)
        if ",".join(next(records, [])) != HEADER:
            raise InputFault(f"{path.name} row 1: the columns should be {HEADER}")
        for number, record in enumerate(records, 2):
            yield _row(path, number, record)


def _row(path: Path, number: int, record: list[str]) -> Row:
    try:
        household, store, basket, product, quantity, sales, retail, coupon, match, week, at = record
        row = Row(
            number,
            household,
            store,
            basket,
            product,
            int(quantity),
            cents(sales),
            cents(retail),
            cents(coupon),
            cents(match),
            int(week),
            at,
        )
    except (ValueError, InvalidOperation) as fault:
        raise InputFault(f"{path.name} row {number}: {fault}") from fault
    if row.quantity < 0:
        raise InputFault(f"{path.name} row {number}: a negative quantity")
    return row
