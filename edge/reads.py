"""What every reading route shares: cursors, bounded pages, find-or-404."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson
from flask import Response, request

from edge.errors import Problem

PAGE_MAX = 200


def answer(body: Any, status: int = 200) -> Response:
    """Plain JSON values as a response."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def found(row: Any) -> Any:
    """The row, or 404: also for another merchant's."""
    if row is None:
        raise Problem("request.not_found")
    return row


def read_cursor(text: str | None) -> list[Any] | None:
    """Where the page before ended; None at the beginning."""
    if not text:
        return None
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Problem("request.malformed", "cursor is not one of ours") from error
    if not isinstance(place, list):
        raise Problem("request.malformed", "cursor is not one of ours")
    return place


def page(items: list[dict[str, Any]], limit: int, place: list[str]) -> Response:
    """A page of at most `limit` items, read with one more; `place` names the members the cursor is made of."""
    more = len(items) > limit
    shown = items[:limit]
    cursor = None
    if more:
        ends = [shown[-1][name] for name in place]
        cursor = base64.urlsafe_b64encode(orjson.dumps(ends)).decode().rstrip("=")
    response = answer({"items": shown, "next_cursor": cursor})
    if cursor:
        args = {**request.args, "cursor": cursor}
        query = "&".join(f"{name}={value}" for name, value in args.items())
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
