"""The measure of the edge: Flask, and nothing done with the request but to give its body back."""

from __future__ import annotations

from flask import Flask, request


def echo() -> bytes:
    """What came, back."""
    return request.get_data()


def create_app() -> Flask:
    """A route that answers with what it was sent, unparsed."""
    app = Flask("echo", static_folder=None)
    app.post("/v1/sales")(echo)
    app.get("/readyz", endpoint="ready")(lambda: "")
    return app
