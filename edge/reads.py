"""What every reading route shares: cursors, bounded pages, find-or-404."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from flask import Response, request
from werkzeug.datastructures import Headers

from edge.errors import Problem

PAGE_MAX = 200


class Json(Response):
    """A response that is sent as it is: its length is known and its headers need no correcting."""

    def __init__(self, body: Any, status: int = 200, location: str | None = None) -> None:
        """`body` are plain JSON values."""
        data = orjson.dumps(body)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        if location:
            headers.append(("Location", location))
        super().__init__([data], status, headers)

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """The headers as they were made."""
        return self.headers


def answer(body: Any, status: int = 200) -> Response:
    """Plain JSON values as a response."""
    return Json(body, status)


def found(row: Any) -> Any:
    """The row, or 404: also for another merchant's."""
    if row is None:
        raise Problem("request.not_found")
    return row


def read_cursor(text: str | None, ids: int = 1) -> list[UUID] | None:
    """The ids, so many, of the row the page before ended with; None at the beginning."""
    if not text:
        return None
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        found = [UUID(part) for part in place]
    except (ValueError, TypeError, AttributeError) as error:
        raise Problem("request.malformed", "cursor is not one of ours") from error
    if len(found) != ids:
        raise Problem("request.malformed", "cursor is not one of ours")
    return found


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
        query = urlencode({**request.args, "cursor": cursor})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
