"""The measure of the whole path: Flask and peewee, one request, one transaction that does everything at once.

What a careful developer writes first: token and terminal checked, the body validated by the same schema, then
receipt, sale, lines, tenders, movements, stock, points, reports and the member's summary in one transaction,
begun again after a deadlock. Connections are kept by their threads; the hottest rows are written last.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

import peewee
from flask import Flask, Response, jsonify, request
from flask_jwt_extended import get_jwt, jwt_required

from edge.identity import configure
from models.base import db
from models.merchants import Terminal
from models.reports import MemberSummary, SalesByHour, SalesByMember, SalesByProduct
from ops.bench.row_by_row import Struck, add, credit, settled_before, strike, take_stock
from schemas.envelope import Actor, Envelope, command_id
from schemas.sales import Checkout

TRIES = 10
PRODUCT_FIGURES = ("quantity_milli", "gross_cents", "discount_cents", "net_cents", "cost_cents")
_schema = Checkout()


def create_app() -> Flask:
    """The application: one route, and one that says it is up."""
    app = Flask("textbook", static_folder=None)
    configure(app)
    app.post("/v1/sales")(checkout)
    app.get("/readyz", endpoint="ready")(lambda: "")
    return app


@jwt_required()
def checkout() -> tuple[Response, int]:
    """Settle a sale and all that follows from it; 201 once it is committed."""
    db.connect(reuse_if_open=True)
    claims = get_jwt()
    merchant, terminal = UUID(claims["m"]), UUID(claims["t"])
    till = Terminal.get(Terminal.merchant_id == merchant, Terminal.id == terminal)
    if till.revoked_at is not None:
        return jsonify(code="identity.invalid"), 401
    plain: dict[str, Any] = request.get_json()
    body = _schema.load(plain)
    actor = Actor(terminal=terminal)
    id_ = command_id(merchant, actor, Checkout.command, request.headers["Idempotency-Key"])
    envelope = Envelope(id_, Checkout.command, merchant, plain, till.store_id, actor)
    for _ in range(TRIES - 1):
        with suppress(peewee.DatabaseError):  # a deadlock, or a row made by another at the same time
            return _settle(envelope, body)
    return _settle(envelope, body)


def _settle(envelope: Envelope, body: dict[str, Any]) -> tuple[Response, int]:
    with db.transact():
        if settled_before(envelope):
            return jsonify(state="done"), 201
        struck = strike(envelope, body)
        if body["member_id"]:
            _credit(struck)
            _summarise(struck)
        take_stock(struck)
        _report(struck)
    return jsonify(state="done", sale_id=str(struck.id)), 201


def _credit(struck: Struck) -> None:
    body = struck.body
    earning = {"sale_id": struck.id, "member_id": body["member_id"], "store_id": struck.envelope.store}
    paid = {"sold_at": body["sold_at"], "base_cents": struck.totals()["net_cents"]}
    credit(struck.envelope.merchant, struck.envelope.id, {**earning, **paid})


def _summarise(struck: Struck) -> None:
    key = {"merchant_id": struck.envelope.merchant, "member_id": struck.body["member_id"]}
    totals, at = struck.totals(), struck.body["sold_at"]
    bought = {"tickets": 1, "items_milli": totals["quantity_milli"], "net_cents": totals["net_cents"]}
    add(SalesByMember, {**key, "business_date": struck.day}, bought)
    add(MemberSummary, key, {"visits": 1, "spend_cents": totals["net_cents"]}, first_visit_at=at, last_visit_at=at)


def _report(struck: Struck) -> None:
    where = {**struck.place, "business_date": struck.day}
    for line in sorted(struck.lines, key=lambda line: line["sku_id"].bytes):
        figures = {figure: line[figure] for figure in PRODUCT_FIGURES}
        add(SalesByProduct, {**where, "sku_id": line["sku_id"]}, {"tickets": 1, **figures})
    by = 1 if struck.body["member_id"] else 0
    totals = struck.totals()
    items = {"items_milli": totals.pop("quantity_milli"), "tickets": 1, "member_tickets": by}
    by_hour = {**items, **totals, "member_net_cents": totals["net_cents"] * by}
    add(SalesByHour, {**where, "hour": struck.hour}, by_hour)
