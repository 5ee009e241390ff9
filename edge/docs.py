"""The docs page at /docs, with its assets shipped: nothing is loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory

blueprint = Blueprint("docs", __name__, url_prefix="/docs")
ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Regulars API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="api"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true});\n'


@blueprint.get("", strict_slashes=False)
def page() -> Response:
    """The API document, to read and to try."""
    return Response(PAGE, mimetype="text/html", headers={"Content-Security-Policy": POLICY})


@blueprint.get("/start.js")
def start() -> Response:
    """Starts the page; a file of its own so that no inline script is needed."""
    return Response(START, mimetype="text/javascript")


@blueprint.get("/problems")
def problem_types() -> Response:
    """Where every problem's `type` leads: the list of codes heads the document."""
    return Response(PAGE, mimetype="text/html", headers={"Content-Security-Policy": POLICY})


@blueprint.get("/assets/<path:name>")
def assets(name: str) -> Response:
    """Scripts and styles of the page."""
    return send_from_directory(ASSETS, name, max_age=86_400)
