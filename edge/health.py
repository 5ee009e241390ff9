"""For operators: alive, ready (each dependency with its time), and the figures of this host."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from flask import Blueprint, Response

from edge.accept import publisher
from edge.reads import answer
from models.receipts import outbox_size, parked_size
from models.rows import select
from ops import broker, cache, metrics

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def livez() -> Response:
    """This process answers."""
    return answer({"state": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether this process can take sales: database and broker must be there; Redis may be away (degraded)."""
    checks = {"database": _timed(lambda: select("SELECT 1")), "broker": _timed(_broker), "redis": _timed(_redis)}
    ready = checks["database"]["ok"] and checks["broker"]["ok"]
    state = "ready" if ready and checks["redis"]["ok"] else "degraded" if ready else "not ready"
    return answer({"state": state, "checks": checks}, 200 if ready else 503)


@blueprint.get("/metrics")
def figures() -> Response:
    """Prometheus text."""
    with suppress(Exception):
        for queue, ready in broker.depths().items():
            metrics.queue_ready.labels(queue).set(ready)
    with suppress(Exception):
        metrics.outbox_rows.set(outbox_size())
        metrics.parked_rows.set(parked_size())
    return Response(metrics.render(), mimetype="text/plain; version=0.0.4")


def _timed(check: Callable[[], object]) -> dict[str, object]:
    began = time.perf_counter()
    try:
        check()
        ok = True
    except Exception:
        ok = False
    return {"ok": ok, "ms": round((time.perf_counter() - began) * 1000, 1)}


def _broker() -> None:
    if publisher.blocked:
        raise ConnectionError("the broker does not confirm")
    with broker.connect() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def _redis() -> None:
    cache.client().ping()
