"""The cash register: quote, checkout, batches of tills that were off line, and what was sold."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from edge.accept import accept, prepare, publish_bundle, read_json, validated
from edge.document import asks, shows, takes
from edge.errors import Problem
from edge.identity import caller, needs
from edge.reads import answer, found, page, read_cursor
from models import sales_read
from schemas.sales import Batch, Checkout, Quote, QuoteView, SaleQuery
from schemas.sales_read import BatchView, SalesView, WholeSaleView

blueprint = Blueprint("sales", __name__, url_prefix="/v1/sales", description=__doc__)
_batch = Batch()
_quote = Quote()


@blueprint.post("")
@needs("sales.checkout")
@takes(Checkout)
def checkout() -> Response:
    """Take a paid basket; the terminal's token says where."""
    _at_a_terminal()
    return accept(Checkout)


@blueprint.post("/batch")
@needs("sales.checkout")
@asks(Batch, BatchView, status=202)
def checkout_batch() -> Response:
    """Take the sales of a till that was off line; they are settled in order of sequence."""
    _at_a_terminal()
    asked, plain = caller(), read_json()
    _batch.load(plain)
    prepared = []
    for item in sorted(plain["sales"], key=lambda item: item["sequence"]):
        key = item.pop("key")
        accepted = prepare(Checkout, item, key, merchant=asked.merchant, actor=asked.actor)
        accepted.envelope.store = asked.store
        prepared.append((key, item["sequence"], accepted))
    publish_bundle([accepted for _, _, accepted in prepared])
    results = [
        {"key": key, "sequence": number, "command_id": str(a.envelope.id), "state": "pending", **a.foreseen}
        for key, number, a in prepared
    ]
    return answer({"items": results, "gaps": _gaps([number for _, number, _ in prepared])}, 202)


@blueprint.post("/quote")
@needs("sales.quote")
@asks(Quote, QuoteView)
def quote() -> Response:
    """What a basket costs now and what it would earn; nothing is changed."""
    return answer(sales_read.quote(caller().merchant, validated(_quote)))


@blueprint.get("/<uuid:sale_id>")
@needs("sales.read")
@shows(WholeSaleView, "The sale with lines and tenders.")
def show(sale_id: UUID) -> Response:
    """One sale."""
    sale = found(sales_read.show(caller().merchant, sale_id))
    caller().must_reach(UUID(sale["store_id"]))
    return answer(sale)


@blueprint.get("")
@needs("sales.read")
@blueprint.arguments(SaleQuery, location="query")
@shows(SalesView, "Sales, newest first.")
def browse(query: dict[str, Any]) -> Response:
    """Sales by store and business date, newest first."""
    store = query["store_id"] or caller().store
    if store:
        caller().must_reach(store)
    items = sales_read.browse(caller().merchant, {**query, "store_id": store, "after": read_cursor(query["cursor"])})
    return page(items, query["limit"], ["sale_id"])


def _gaps(sequences: list[int]) -> list[list[int]]:
    """Runs of sequence numbers missing between the least and the greatest: [first, last] each."""
    return [[one + 1, other - 1] for one, other in pairwise(sequences) if other - one > 1]


def _at_a_terminal() -> None:
    if caller().actor.terminal is None:
        raise Problem("identity.forbidden", "a checkout comes from an enrolled terminal")
