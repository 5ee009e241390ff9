"""The API document: OpenAPI 3.1 made from the routes, their schemas and the tables of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apispec import BasePlugin
from flask_smorest import Api, Blueprint
from marshmallow import RAISE

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


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


LOCATION = {"Location": _header("Where to ask what became of the command.")}
REPLAYED = {
    "Idempotency-Replayed": _header("`true` when this command had been settled before."),
    "Preference-Applied": _header("The preference that was followed."),
}
PROBLEM_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": _header("`Bearer`.")},
    405: {"Allow": _header("The methods this address takes.")},
    429: {"Retry-After": _header("Seconds to wait.", "integer")},
    503: {"Retry-After": _header("Seconds to wait.", "integer")},
}


class ShopApi(Api):
    """flask-smorest's API with this shop's problems in place of its own error pages."""

    ERROR_SCHEMA = ProblemView

    def _register_error_handlers(self) -> None:
        """Errors are rendered by `edge.errors` alone."""


class Operations(BasePlugin):
    """Completes every operation: a name, the permission it needs, and nothing but the answers it gives."""

    def __init__(self, app: Any) -> None:
        """`app` knows the routes' functions."""
        self._app = app

    def path_helper(self, path: Any = None, operations: Any = None, parameters: Any = None, **kwargs: Any) -> None:
        """Called for each route."""
        endpoint = kwargs["rule"].endpoint
        permission = getattr(self._app.view_functions[endpoint], "permission", None)
        for operation in operations.values():
            operation["operationId"] = endpoint.replace(".", "_")
            operation["responses"].pop("default", None)
            if permission:
                operation["x-permission"] = permission


def _ecma_pattern(_converter: Any, _field: Any, ret: dict[str, Any]) -> dict[str, Any]:
    """Python's end of text is `$` to everybody else."""
    return {"pattern": ret["pattern"].replace(r"\Z", "$")} if "pattern" in ret else {}


def make_api(app: Any) -> ShopApi:
    """Attach the API and its document to an application. Unknown names in a query are refused as those in a body."""
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
    Blueprint.ARGUMENTS_PARSER.DEFAULT_UNKNOWN_BY_LOCATION = {"query": RAISE}
    api = ShopApi(app, spec_kwargs={"extra_plugins": [Operations(app)]})
    api.ma_plugin.converter.add_attribute_function(_ecma_pattern)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    return api


NO_BODY = object()
"""Given to `takes` by a route whose address says it all."""


def takes(command: type[Command], *, body: Any = None, public: bool = False) -> Callable[[Any], Any]:
    """Document a route that accepts a command (or a `body` it makes the command from)."""
    return Blueprint.doc(
        parameters=[{**KEY_HEADER, "required": command.value}, PREFER_HEADER],
        responses={
            str(command.status): _answer("Settled; the answer.", AnswerView, LOCATION | REPLAYED),
            "202": _answer("Accepted: will be applied once, or visibly refused or parked.", AnswerView, LOCATION),
        }
        | problems(),
        **({} if body is NO_BODY else _body(body or command)),
        **_public(public),
    )


def asks(body: Any, answer: Any, *, status: int = 200, public: bool = False) -> Callable[[Any], Any]:
    """Document a POST with a body and an answer of its own."""
    responses = {str(status): _answer("The answer.", answer)} | problems()
    return Blueprint.doc(responses=responses, **_body(body), **_public(public))


def shows(view: Any, description: str, **more: Any) -> Callable[[Any], Any]:
    """Document a route that only reads, and what it shows."""
    return Blueprint.doc(responses={"200": _answer(description, view)} | problems(), **more)


def problems() -> dict[str, Any]:
    """The problem responses of a route, all in one form."""
    return {
        str(status): {
            "description": "See the codes at the top of this document.",
            "content": PROBLEM,
            "headers": PROBLEM_HEADERS.get(status, {}),
        }
        for status in REFUSING
    }


def _answer(description: str, schema: Any, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"description": description, "content": content, "headers": headers or {}}


def _body(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _public(public: bool) -> dict[str, Any]:
    return {"security": []} if public else {}


def _description() -> str:
    rows = [f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in sorted({**CODES, **REFUSALS}.items())]
    table = "\n".join(["| code | status | meaning |", "|---|---|---|", *rows])
    return (
        "Money in minor units, quantities in thousandths, times RFC 3339 with `Z`. Every write takes an "
        "`Idempotency-Key`; a 503 or a time-out means unknown: send it again with the same key.\n\n"
        f"## Codes\n{table}"
    )
