"""Every failure as the same `application/problem+json` (RFC 9457), from one table of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask, Response, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from models.faults import is_transient
from models.rules.refusals import REFUSALS, Refused
from ops.logs import log, trace
from ops.publisher import Unpublished

CODES: dict[str, tuple[int, str]] = {
    "request.malformed": (400, "The body is not the JSON object that is expected here."),
    "request.key_missing": (400, "An Idempotency-Key header of 1 to 128 visible characters is required."),
    "request.too_large": (413, "The body is larger than 256 KiB."),
    "request.media_type": (415, "The body must be application/json."),
    "request.not_found": (404, "There is nothing here, or it is another merchant's."),
    "request.method": (405, "This address does not take this method."),
    "request.invalid": (422, "A field is invalid; `errors` names each."),
    "request.failed": (500, "Something went wrong on our side; it has been logged under the request id."),
    "identity.missing": (401, "A bearer token is required."),
    "identity.invalid": (401, "The token is not valid, or no longer."),
    "identity.wrong": (401, "Merchant, login, password or PIN do not match."),
    "identity.forbidden": (403, "Your role does not permit this."),
    "identity.other_store": (403, "You are held to another store."),
    "identity.too_many_tries": (429, "Too many tries; wait before the next."),
    "system.busy": (503, "It is not known whether this was taken. Send it again with the same Idempotency-Key."),
}


class Problem(Exception):
    """A request that cannot be served: a code of the table, and what the client may be told."""

    def __init__(self, code: str, detail: str | None = None, **more: Any) -> None:
        """`more` may hold `errors`, `retry_after`, `headers` and further members of the problem."""
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


def problem(code: str, detail: str | None = None, **more: Any) -> Response:
    """The answer for a code of this table or a refusal of the shop's rules."""
    status, title = CODES.get(code) or REFUSALS[code]
    retry_after = more.pop("retry_after", 2 if status == 503 else None)
    headers = more.pop("headers", {})
    body = {"type": f"/docs/problems#{code}", "title": title, "status": status, "code": code}
    body |= {"detail": detail or title, "request_id": trace.get()} | more
    response = Response(orjson.dumps(body), status, mimetype="application/problem+json")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    response.headers.update(headers)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def field_errors(messages: Any, pointer: str = "") -> list[dict[str, str]]:
    """Marshmallow's messages as a list: JSON pointer of the field, what is wrong, and a code."""
    if isinstance(messages, dict):
        return [
            error
            for name, inner in messages.items()
            for error in field_errors(inner, pointer if name == "_schema" else f"{pointer}/{name}")
        ]
    return [{"pointer": pointer or "/", "detail": str(each), "code": _field_code(str(each))} for each in messages]


def _field_code(detail: str) -> str:
    if detail.startswith("Missing"):
        return "missing"
    return "unknown" if detail.startswith("Unknown") else "invalid"


BY_STATUS = {
    400: "request.malformed",
    404: "request.not_found",
    405: "request.method",
    413: "request.too_large",
    415: "request.media_type",
}


def register(app: Flask) -> None:
    """Hang the table on the application."""
    for kind, handler in HANDLERS.items():
        app.register_error_handler(kind, handler)


def _problem(error: Problem) -> Response:
    return problem(error.code, error.detail, **error.more)


def _refused(refusal: Refused) -> Response:
    """A rule says no to a question; to a command it does so in the worker."""
    return problem(refusal.code, **refusal.facts)


def _invalid(error: ValidationError) -> Response:
    return problem("request.invalid", errors=field_errors(error.messages))


def _unpublished(error: Unpublished) -> Response:
    log.warning("not published", reason=str(error))
    return problem("system.busy")


def _http(error: HTTPException) -> Response:
    if error.code == 422:
        return problem("request.invalid", errors=field_errors(_query_messages(error)))
    response = problem(BY_STATUS.get(error.code or 500, "request.failed"))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _failed(error: Exception) -> Response:
    if is_transient(error):
        log.warning("a dependency is away", error=f"{type(error).__name__}: {error}")
        return problem("system.busy")
    log.exception("a request failed", method=request.method, rule=str(request.url_rule))
    return problem("request.failed")


HANDLERS: dict[type[Exception], Callable[[Any], Response]] = {
    Problem: _problem,
    Refused: _refused,
    ValidationError: _invalid,
    Unpublished: _unpublished,
    HTTPException: _http,
    Exception: _failed,
}


def _query_messages(error: HTTPException) -> Any:
    data = getattr(error, "data", None) or {}
    messages = data.get("messages", {})
    return {place: inner for fields in messages.values() for place, inner in fields.items()} if messages else {}
