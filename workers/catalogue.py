"""Settling the commands of the catalogue."""

from __future__ import annotations

from typing import Any

from models import catalogue_load
from models.base import new_id, now
from models.catalogue import ADJUST, RECEIVE, ROOT, Category, Sku, StockDocument, move_stock
from models.catalogue_read import forget_scanned
from models.merchants import Store
from models.rows import select_keys
from models.rules.refusals import Refused
from schemas.catalogue import AddCategory, Adjust, Load, Receive
from workers.handlers import Order, handles


@handles(AddCategory)
def add_category(order: Order) -> dict[str, str]:
    """Put up a shelf under another one, or an outermost one."""
    merchant, name, parent = order.merchant, order.body["name"], order.body["parent_id"] or ROOT
    mine = Category.select().where(Category.merchant_id == merchant)
    if parent != ROOT and not mine.where(Category.id == parent).exists():
        raise Refused("catalogue.unknown_category", parent_id=str(parent))
    if mine.where(Category.parent_id == parent, Category.name == name).exists():
        raise Refused("catalogue.category_taken")
    id_ = new_id()
    Category.insert(merchant_id=merchant, id=id_, parent_id=parent, name=name).execute()
    return {"category_id": str(id_)}


@handles(Load)
def load(order: Order) -> dict[str, Any]:
    """Bring products up to date; what tills have scanned of them is looked up afresh."""
    loaded = catalogue_load.load(order.merchant, order.body["items"], now())
    order.after_commit.append(lambda: forget_scanned(order.merchant, loaded.barcodes))
    return {
        "items": [{"code": code, "sku_id": str(sku)} for code, sku in loaded.skus],
        "created": loaded.created,
        "updated": loaded.updated,
    }


@handles(Receive)
def receive(order: Order) -> dict[str, Any]:
    """Book goods in that came into a store."""
    return _book(order, RECEIVE, order.body["reference"])


@handles(Adjust)
def adjust(order: Order) -> dict[str, Any]:
    """Put a store's stock right."""
    return _book(order, ADJUST, order.body["reason"])


def _book(order: Order, kind: str, note: str | None) -> dict[str, Any]:
    _refuse_unknown(order)
    document = StockDocument(
        merchant_id=order.merchant,
        id=order.envelope.id,
        store_id=order.body["store_id"],
        kind=kind,
        note=note,
        staff_id=order.envelope.actor.staff,
        at=order.envelope.at,
    )
    moved = [(line["sku_id"], line["quantity_milli"]) for line in order.body["lines"]]
    move_stock(document, moved)
    return {"document_id": str(document.id), "lines": len(moved)}


def _refuse_unknown(order: Order) -> None:
    merchant, store = order.merchant, order.body["store_id"]
    if not Store.select().where(Store.merchant_id == merchant, Store.id == store).exists():
        raise Refused("catalogue.unknown_store", store_id=str(store))
    skus = [line["sku_id"] for line in order.body["lines"]]
    known = {bytes(sku) for (sku,) in select_keys(Sku, "id", [(merchant, sku) for sku in skus])}
    for nth, sku in enumerate(skus):
        if sku.bytes not in known:
            raise Refused("catalogue.unknown_sku", line=nth, sku_id=str(sku))
