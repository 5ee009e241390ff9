"""Reports, read from rolled-up rows; the latest answers are kept in Redis for a few seconds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_smorest import Blueprint

from edge.document import shows
from edge.errors import Problem
from edge.identity import caller, needs
from edge.reads import answer, found
from models import reports_read
from ops import cache
from schemas.reports_read import (
    MemberRows,
    MembersQuery,
    MemberSummaryView,
    ProductRows,
    ProductsQuery,
    SalesQuery,
    SalesRows,
)

blueprint = Blueprint("reports", __name__, url_prefix="/v1/reports", description=__doc__)
FRESH_SECONDS = 2


@blueprint.get("/sales")
@needs("reports.read")
@blueprint.arguments(SalesQuery, location="query")
@shows(SalesRows, "Rows of figures.")
def sales(query: dict[str, Any]) -> Response:
    """Sales by hour, day or store."""
    return _rows(_within_reach(query), reports_read.sales)


@blueprint.get("/products")
@needs("reports.read")
@blueprint.arguments(ProductsQuery, location="query")
@shows(ProductRows, "Rows of figures.")
def products(query: dict[str, Any]) -> Response:
    """The products that sold most."""
    return _rows(_within_reach(query), reports_read.products)


@blueprint.get("/members")
@needs("reports.read")
@blueprint.arguments(MembersQuery, location="query")
@shows(MemberRows, "Rows of figures.")
def members(query: dict[str, Any]) -> Response:
    """The members who spent most, in all stores; not for who is held to one."""
    if caller().store is not None:
        raise Problem("identity.other_store", "these figures are those of all stores")
    return _rows(query, reports_read.members)


@blueprint.get("/members/<uuid:member_id>")
@needs("reports.read")
@shows(MemberSummaryView, "The member's figures.")
def member(member_id: UUID) -> Response:
    """A member in figures."""
    return answer(found(reports_read.member(caller().merchant, member_id)))


def _within_reach(query: dict[str, Any]) -> dict[str, Any]:
    """The store that is asked for, or the one the caller is held to."""
    query["store_id"] = query["store_id"] or caller().store
    if query["store_id"]:
        caller().must_reach(query["store_id"])
    return query


def _rows(query: dict[str, Any], read: Any) -> Response:
    """The same question within two seconds is answered from Redis."""
    key = f"report:{caller().merchant}:{caller().store}:{request.full_path}"
    return answer({"items": cache.remember(key, FRESH_SECONDS, lambda: read(caller().merchant, query))})
