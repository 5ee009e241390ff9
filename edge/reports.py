"""Reports, read from rolled-up rows; the latest answers are kept in Redis for a few seconds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint

from edge.document import problems
from edge.identity import caller, needs
from edge.reads import answer
from models import reports_read
from ops import cache
from schemas.reports_read import MembersQuery, ProductsQuery, SalesQuery

blueprint = Blueprint("reports", __name__, url_prefix="/v1/reports", description=__doc__)
FRESH_SECONDS = 2
ROWS = blueprint.doc(responses={"200": {"description": "Rows of figures."}} | problems())


@blueprint.get("/sales")
@needs("reports.read")
@blueprint.arguments(SalesQuery, location="query")
@ROWS
def sales(query: dict[str, Any]) -> Response:
    """Sales by hour, day or store."""
    return _rows(query, reports_read.sales)


@blueprint.get("/products")
@needs("reports.read")
@blueprint.arguments(ProductsQuery, location="query")
@ROWS
def products(query: dict[str, Any]) -> Response:
    """The products that sold most."""
    return _rows(query, reports_read.products)


@blueprint.get("/members")
@needs("reports.read")
@blueprint.arguments(MembersQuery, location="query")
@ROWS
def members(query: dict[str, Any]) -> Response:
    """The members who spent most."""
    return _rows(query, reports_read.members)


@blueprint.get("/members/<uuid:member_id>")
@needs("reports.read")
@ROWS
def member(member_id: UUID) -> Response:
    """A member in figures."""
    return answer(reports_read.member(caller().merchant, member_id))


def _rows(query: dict[str, Any], read: Any) -> Response:
    """Within the caller's store; the same question within two seconds is answered from Redis."""
    if caller().store is not None:
        query["store_id"] = query["store_id"] or caller().store
        caller().must_reach(query["store_id"])
    key = f"report:{caller().merchant}:{caller().store}:{request.full_path}"
    return answer({"items": cache.remember(key, FRESH_SECONDS, lambda: read(caller().merchant, query))})
