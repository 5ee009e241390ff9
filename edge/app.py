"""The edge: a thin Flask application over the areas' routes."""

from __future__ import annotations

import importlib
import secrets
import time
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from edge import errors, identity
from edge.accept import BODY_MAX_BYTES
from edge.document import make_api
from models.base import db
from ops import logs, metrics
from ops.broker import AREAS
from ops.logs import SAFE_TRACE, log, trace
from ops.settings import settings

LEFT_BYTES, LEFT_MAX = 64 * 1024, 32
"""A body nobody asked for is read in so many pieces of this size; a longer one costs its sender the connection."""

DATABASE_SECONDS = 2
"""A till waits at the other end: better a 503 in time than an answer too late."""
SECURITY_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]
NO_CONTENT = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")


def create_app() -> Flask:
    """The application as the server runs it, one per process."""
    logs.start()
    db.hasten(DATABASE_SECONDS)
    app = Flask("edge", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES + 1  # a body cut off at the limit would pass for one that fits
    app.json.sort_keys = False  # type: ignore[attr-defined]
    identity.configure(app)
    errors.register(app)
    api = make_api(app)
    for area in (*AREAS, "staff", "commands"):
        api.register_blueprint(importlib.import_module(f"edge.{area}").blueprint)
    app.register_blueprint(importlib.import_module("edge.health").blueprint)
    app.register_blueprint(importlib.import_module("edge.docs").blueprint)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_appcontext(_leave)
    app.wsgi_app = _with_headers(app.wsgi_app)  # type: ignore[method-assign]
    if settings().proxies:
        hops = settings().proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _with_headers(serve: Any) -> Any:
    """Put the headers every answer has beside those of the route, at the price of one list."""

    def served(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            more = [*SECURITY_HEADERS, ("X-Request-Id", trace.get())]
            if not any(name == NO_CONTENT[0] for name, _ in headers):
                more.append(NO_CONTENT)
            if not _read_to_the_end(environ):
                more.append(("Connection", "close"))
            return start_response(status, headers + more, exc_info)

        return serve(environ, start)

    return served


def _read_to_the_end(environ: dict[str, Any]) -> bool:
    """Read what the route left of the body: bytes left on a connection make the server drop it without a word."""
    unread = environ["wsgi.input"]
    if not environ.get("wsgi.input_terminated"):
        return True
    return any(not unread.read(LEFT_BYTES) for _ in range(LEFT_MAX))


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.began = time.perf_counter()
    trace.set(given if SAFE_TRACE.match(given) else _trace_of_parent() or secrets.token_hex(8))


def _trace_of_parent() -> str:
    """The trace id of a W3C `traceparent` header, if there is one."""
    parts = request.headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 and SAFE_TRACE.match(parts[1]) else ""


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    route = str(request.url_rule or "none")
    metrics.requests.labels(route, response.status_code).inc()
    metrics.request_seconds.labels(route).observe(seconds)
    if response.status_code >= 500 or seconds > 1:
        log.warning("answered", method=request.method, route=route, status=response.status_code, seconds=seconds)
    return response


def _leave(_error: Any) -> None:
    """A read left a transaction open only by a fault; the connection stays with its thread."""
    if db.in_transaction():
        db.close()
