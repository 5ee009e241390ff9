"""The products of the input as a shop's catalogue: names, units, and prices worked out from what was charged.

Prices come from the whole input, whatever part of it is replayed, so that they never depend on the choice.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ops.journey.rows import InputFault, read_rows

GASOLINE = "GASOLINE-REG UNLEADED"
PIECE_MILLI = 1000
COST_PERCENT = 70
STOCKED_EVERY = 50
"""One product in fifty is delivered to each store that sells it, before its first sale."""
DELIVERED_PIECES = 24
NAME_MAX = 80


@dataclass(frozen=True)
class Product:
    """A stock-keeping unit: `code` is the product id, prices in cents for one piece or one gallon."""

    code: str
    name: str
    category: str
    unit: str
    price_cents: int
    cost_cents: int

    def quantity_milli(self, quantity: int) -> int:
        """The quantity in thousandths: pumps already write thousandths of a gallon, tills whole pieces."""
        return quantity if self.unit == "gal" else quantity * PIECE_MILLI


@dataclass(frozen=True)
class Catalogue:
    """Every product that any line of the input names, and which stores ever sold it."""

    products: dict[str, Product]
    stores: dict[str, frozenset[str]]

    def deliveries(self, store: str) -> list[tuple[str, int]]:
        """What a store receives before its first sale: product codes in order, thousandths of each."""
        codes = sorted(self.stores.get(store, ()), key=int)
        return [(code, DELIVERED_PIECES * PIECE_MILLI) for code in codes if int(code) % STOCKED_EVERY == 0]


def read_catalogue(folder: Path) -> Catalogue:
    """Go through the whole input once and price everything in it."""
    described = _descriptions(folder)
    charged: dict[str, list[tuple[int, int]]] = defaultdict(list)
    sellers: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(folder):
        charged[row.product].append((row.quantity, row.gross_cents))
        sellers[row.store].add(row.product)
    products = {code: _product(code, described.get(code), lines) for code, lines in charged.items()}
    return Catalogue(products, {store: frozenset(codes) for store, codes in sellers.items()})


def _descriptions(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / "products.csv.gz"
    if not path.exists():
        raise InputFault(f"{folder} holds no products.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        return {record["product_id"]: record for record in csv.DictReader(file)}


def _product(code: str, described: dict[str, str] | None, charged: list[tuple[int, int]]) -> Product:
    name, category = _words(code, described)
    pumped = described is not None and described["product_type"] == GASOLINE and max(charged)[0] > 1
    each_milli = 1 if pumped else PIECE_MILLI
    price = median_price([(quantity * each_milli, gross) for quantity, gross in charged])
    return Product(code, name, category, "gal" if pumped else "pc", price, price * COST_PERCENT // 100)


def _words(code: str, described: dict[str, str] | None) -> tuple[str, str]:
    if described is None:
        return f"Product {code}", "UNLISTED"
    department, kind, size = described["department"], described["product_category"], described["package_size"]
    name = described["product_type"] or kind or department
    sized = f"{name}, {size}" if size else name
    return sized[:NAME_MAX], f"{department} / {kind}" if kind else department


def median_price(charged: list[tuple[int, int]]) -> int:
    """The lower median of cents for 1000 thousandths, each rounded half up; 0 if it was only ever given away."""
    units = sorted((2000 * gross + milli) // (2 * milli) for milli, gross in charged if milli > 0 and gross > 0)
    return units[(len(units) - 1) // 2] if units else 0
