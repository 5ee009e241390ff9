"""The catalogue: categories, products with their SKUs and barcodes, and the stock of each store."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from edge.accept import accept, read_json, schema_of
from edge.document import shows, takes
from edge.identity import caller, needs
from edge.reads import answer, found, page, read_cursor
from models import catalogue_read
from schemas.base import Command
from schemas.catalogue import (
    AddCategory,
    Adjust,
    CategoriesView,
    Load,
    Receive,
    SkuQuery,
    SkusView,
    SkuView,
    StockQuery,
    StockView,
)
from schemas.paging import Page

blueprint = Blueprint("catalogue", __name__, url_prefix="/v1/catalogue", description=__doc__)


@blueprint.post("/categories")
@needs("catalogue.write")
@takes(AddCategory)
def add_category() -> Response:
    """Add a category, under another one or outermost."""
    return accept(AddCategory)


@blueprint.get("/categories")
@needs("catalogue.read")
@blueprint.arguments(Page, location="query")
@shows(CategoriesView, "Categories, in the order they were made.")
def categories(query: dict[str, Any]) -> Response:
    """All categories, each with the one it stands under."""
    query["after"] = read_cursor(query["cursor"])
    return page(catalogue_read.categories(caller().merchant, query), query["limit"], ["category_id"])


@blueprint.post("/load")
@needs("catalogue.write")
@takes(Load)
def load() -> Response:
    """Make or change up to 500 products by their SKU codes."""
    return accept(Load)


@blueprint.get("/skus")
@needs("catalogue.read")
@blueprint.arguments(SkuQuery, location="query")
@shows(SkusView, "SKUs; nothing found is an empty list.")
def browse(query: dict[str, Any]) -> Response:
    """The SKU of a code or a scanned barcode, or all of them page by page."""
    merchant = caller().merchant
    if query["barcode"] or query["code"]:
        by_barcode, by_code = catalogue_read.by_barcode, catalogue_read.by_code
        sku = by_barcode(merchant, query["barcode"]) if query["barcode"] else by_code(merchant, query["code"])
        items = [sku] if sku else []
    else:
        items = catalogue_read.browse(merchant, {**query, "after": read_cursor(query["cursor"])})
    return page([_shown(item) for item in items], query["limit"], ["sku_id"])


@blueprint.get("/skus/<uuid:sku_id>")
@needs("catalogue.read")
@shows(SkuView, "The SKU with its product.")
def show(sku_id: UUID) -> Response:
    """One SKU."""
    return answer(_shown(found(catalogue_read.show(caller().merchant, sku_id))))


@blueprint.post("/receive")
@needs("catalogue.stock")
@takes(Receive)
def receive() -> Response:
    """Book in goods that came into a store."""
    return _move(Receive)


@blueprint.post("/adjust")
@needs("catalogue.stock")
@takes(Adjust)
def adjust() -> Response:
    """Put a store's stock right, with the reason."""
    return _move(Adjust)


@blueprint.get("/stock")
@needs("catalogue.read")
@blueprint.arguments(StockQuery, location="query")
@shows(StockView, "Quantities by store and SKU.")
def stock(query: dict[str, Any]) -> Response:
    """How much of what each store holds, as far as the caller may see."""
    query["store_id"] = query["store_id"] or caller().store
    if query["store_id"]:
        caller().must_reach(query["store_id"])
    query["after"] = read_cursor(query["cursor"], ids=2)
    return page(catalogue_read.stock(caller().merchant, query), query["limit"], ["store_id", "sku_id"])


def _move(command: type[Command]) -> Response:
    """Goods move only in a store the caller reaches."""
    plain = read_json()
    caller().must_reach(schema_of(command).load(plain)["store_id"])
    return accept(command, plain)


def _shown(sku: dict[str, Any]) -> dict[str, Any]:
    """What a SKU costs the shop is for those who keep the catalogue."""
    return sku if caller().may("catalogue.write") else {k: v for k, v in sku.items() if k != "cost_cents"}
