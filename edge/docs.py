"""The docs page at /docs, with its assets shipped: nothing is loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, send_from_directory
from markupsafe import escape

from edge.errors import CODES
from models.rules.refusals import REFUSALS

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
START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null});\n'
PROBLEMS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Problems of the Regulars API</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}
td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}tr:target{background:#fe9}</style></head>
<body><h1>Problems</h1><p>Every failure is <code>application/problem+json</code> with one of these codes.</p>
<table><tr><th>code</th><th>status</th><th>meaning</th></tr>
%s
</table><p><a href="/docs">The API</a></p></body></html>
"""


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
    """Where every problem's `type` leads: its row in the list of codes."""
    rows = [
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(meaning)}</td></tr>'
        for code, (status, meaning) in sorted({**CODES, **REFUSALS}.items())
    ]
    return Response(PROBLEMS % "\n".join(rows), mimetype="text/html", headers={"Content-Security-Policy": POLICY})


@blueprint.get("/assets/<path:name>")
def assets(name: str) -> Response:
    """Scripts and styles of the page."""
    return send_from_directory(ASSETS, name, max_age=86_400)
