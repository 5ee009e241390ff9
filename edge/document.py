"""The API document: OpenAPI 3.1 made from the routes, their schemas and the tables of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Api, Blueprint

from edge.errors import CODES
from models.rules.refusals import REFUSALS
from schemas.base import Command
from schemas.problem import AnswerView, ProblemView

KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Made by the client and kept for resending: the same key is the same command.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}
PREFER_HEADER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N` waits up to N (at most 5) seconds for the answer; `respond-async` does not wait.",
    "schema": {"type": "string"},
}
PROBLEM = {"application/problem+json": {"schema": ProblemView}}
REFUSING = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503)


class ShopApi(Api):
    """flask-smorest's API with this shop's problems in place of its own error pages."""

    ERROR_SCHEMA = ProblemView

    def _register_error_handlers(self) -> None:
        """Errors are rendered by `edge.errors` alone."""


def make_api(app: Any) -> ShopApi:
    """Attach the API and its document to an application."""
    app.config.update(
        API_TITLE="Regulars",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": _description(), "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "security": [{"bearer": []}],
            "servers": [{"url": "/"}],
        },
    )
    api = ShopApi(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    return api


NO_BODY = object()
"""Given to `takes` by a route whose address says it all."""


def takes(command: type[Command], *, body: Any = None, public: bool = False) -> Callable[[Any], Any]:
    """Document a route that accepts a command (or a `body` it makes the command from)."""
    more: dict[str, Any] = {"security": []} if public else {}
    if body is not NO_BODY:
        more["requestBody"] = {"required": True, "content": {"application/json": {"schema": body or command}}}
    headers = [{**KEY_HEADER, "required": command.value}, PREFER_HEADER]
    answer = {"application/json": {"schema": AnswerView}}
    responses: dict[str, Any] = {
        str(command.status): {"description": "Settled; the answer.", "content": answer},
        "202": {"description": "Accepted: will be applied once, or visibly refused or parked.", "content": answer},
    }
    return Blueprint.doc(
        parameters=headers,
        responses=responses | problems(),
        **more,
    )


def asks(body: Any, answer: Any, *, public: bool = False) -> Callable[[Any], Any]:
    """Document a POST that changes nothing: its body and its answer."""
    more: dict[str, Any] = {"security": []} if public else {}
    return Blueprint.doc(
        requestBody={"required": True, "content": {"application/json": {"schema": body}}},
        responses={"200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}}}
        | problems(),
        **more,
    )


def shows(view: Any, description: str) -> Callable[[Any], Any]:
    """Document a route that only reads, and what it shows."""
    shown = {"description": description, "content": {"application/json": {"schema": view}}}
    return Blueprint.doc(responses={"200": shown} | problems())


def problems(*statuses: int) -> dict[str, Any]:
    """The problem responses of a route, all in one form."""
    return {
        str(status): {"description": "See the codes at the top of this document.", "content": PROBLEM}
        for status in statuses or REFUSING
    }


def _description() -> str:
    rows = [f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in sorted({**CODES, **REFUSALS}.items())]
    table = "\n".join(["| code | status | meaning |", "|---|---|---|", *rows])
    return (
        "Money in minor units, quantities in thousandths, times RFC 3339 with `Z`. Every write takes an "
        "`Idempotency-Key`; a 503 or a time-out means unknown: send it again with the same key.\n\n"
        f"## Codes\n{table}"
    )
