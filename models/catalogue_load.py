"""Bringing many products up to what a list says: one statement a table, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from models.base import db, new_id
from models.catalogue import ROOT, Barcode, Category, Product, Sku
from models.rows import execute, insert_rows, lock_clause, overwrite_rows, select, select_keys
from models.rules.catalogue import category_path
from models.rules.refusals import Refused

Items = list[dict[str, Any]]


class Listing(NamedTuple):
    """A SKU with its product, as it stands or shall stand."""

    sku: UUID
    product: UUID
    category: UUID | None
    name: str
    code: str
    price_cents: int
    cost_cents: int
    unit: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a list: SKU ids by code in its order, and the barcodes whose answers may have changed."""

    skus: list[tuple[str, UUID]]
    created: int
    updated: int
    barcodes: set[str]


def load(merchant: UUID, items: Items, at: datetime) -> Loaded:
    """Make the products that are missing, change those that differ, hang up the barcodes; or `Refused`."""
    known = _known(merchant, [item["code"] for item in items])
    shelves = _shelves(merchant, items)
    wanted = [_wanted(item, known.get(item["code"]), shelves) for item in items]
    fresh = [listing for listing in wanted if listing.code not in known]
    changed = [listing for listing in wanted if known.get(listing.code, listing) != listing]
    insert_rows(Product, [_product_row(merchant, listing) for listing in fresh])
    insert_rows(Sku, [_sku_row(merchant, listing, at) for listing in fresh])
    overwrite_rows(Product, [_product_row(merchant, listing) for listing in changed])
    overwrite_rows(Sku, [_sku_row(merchant, listing, at) for listing in changed])
    skus = [listing.sku for listing in wanted]
    named = {sku: item["barcodes"] for sku, item in zip(skus, items, strict=True) if "barcodes" in item}
    barcodes = _hang(merchant, skus, named)
    codes = [listing.code for listing in wanted]
    return Loaded(list(zip(codes, skus, strict=True)), len(fresh), len(changed), barcodes)


def _known(merchant: UUID, codes: list[str]) -> dict[str, Listing]:
    """What of these stands already, locked in order of code."""
    sql = (
        "SELECT sku.id, product_id, category_id, name, code, price_cents, cost_cents, unit FROM sku"
        " JOIN product ON product.merchant_id = sku.merchant_id AND product.id = sku.product_id"
        f" WHERE sku.merchant_id = {db.param} AND code IN ({', '.join([db.param] * len(codes))})"
        f" ORDER BY code{lock_clause()}"
    )
    rows = select(sql, [merchant, *codes])
    return {row[4]: Listing(_id(row[0]), _id(row[1]), row[2] and _id(row[2]), *row[3:]) for row in rows}


def _wanted(item: dict[str, Any], known: Listing | None, shelves: dict[str | None, UUID | None]) -> Listing:
    kept = known.category if known else None
    return Listing(
        sku=known.sku if known else new_id(),
        product=known.product if known else new_id(),
        category=shelves[item["category"]] if "category" in item else kept,
        name=item["name"],
        code=item["code"],
        price_cents=item["price_cents"],
        cost_cents=item["cost_cents"],
        unit=item["unit"],
    )


def _product_row(merchant: UUID, listing: Listing) -> tuple[Any, ...]:
    return merchant, listing.product, listing.category, listing.name


def _sku_row(merchant: UUID, listing: Listing, at: datetime) -> tuple[Any, ...]:
    figures = (listing.price_cents, listing.cost_cents, listing.unit)
    return (merchant, listing.sku, listing.product, listing.code, *figures, at)


def _shelves(merchant: UUID, items: Items) -> dict[str | None, UUID | None]:
    """The category of every path the items name; shelves that are missing are put up."""
    rows = select(f"SELECT parent_id, name, id FROM category WHERE merchant_id = {db.param}", [merchant])
    standing = {(_id(parent), name): _id(id_) for parent, name, id_ in rows}
    fresh: list[tuple[UUID, UUID, UUID, str]] = []
    found: dict[str | None, UUID | None] = {None: None}
    for path in {item["category"]: None for item in items if item.get("category")}:
        shelf = ROOT
        for name in category_path(path):
            if (shelf, name) not in standing:
                standing[shelf, name] = new_id()
                fresh.append((merchant, standing[shelf, name], shelf, name))
            shelf = standing[shelf, name]
        found[path] = shelf
    insert_rows(Category, fresh)
    return found


def _hang(merchant: UUID, skus: list[UUID], named: dict[UUID, list[str]]) -> set[str]:
    """Give every SKU in `named` those barcodes and no others; all barcodes that any of `skus` has or had."""
    hung = _barcodes(merchant, skus, by="sku_id")
    wanted = {code: sku for sku, codes in named.items() for code in codes}
    dropped = {code for code, sku in hung.items() if sku in named and wanted.get(code) != sku}
    added = {code: sku for code, sku in wanted.items() if hung.get(code) != sku}
    for code, holder in _barcodes(merchant, list(added), by="code").items():
        if code not in dropped:
            item = skus.index(added[code])
            raise Refused("catalogue.barcode_taken", item=item, barcode=code, sku_id=str(holder))
    _take_down(merchant, dropped)
    insert_rows(Barcode, [(merchant, code, sku) for code, sku in sorted(added.items())])
    return {*hung, *wanted}


def _barcodes(merchant: UUID, keys: list[Any], *, by: str) -> dict[str, UUID]:
    rows = select_keys(Barcode, "code, sku_id", [(merchant, key) for key in keys], by=by)
    return {code: _id(sku) for code, sku in rows}


def _take_down(merchant: UUID, codes: set[str]) -> None:
    if codes:
        holes = ", ".join([db.param] * len(codes))
        sql = f"DELETE FROM barcode WHERE merchant_id = {db.param} AND code IN ({holes})"
        execute(sql, [merchant, *sorted(codes)])


def _id(stored: bytes) -> UUID:
    return UUID(bytes=bytes(stored))
