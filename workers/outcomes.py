"""After the transaction: who waits is told, what could not be settled is put aside, doubtful commands are counted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson

from models import receipts
from models.base import db
from ops import cache, metrics
from ops.broker import bundle
from workers.handlers import Handler, Order
from workers.settle import Culprit, settle

DEATHS_MAX = 5
"""A command during whose own settling this many workers died is parked."""
REMEMBERED_SECONDS = 86_400
PROCESS = uuid4().hex


def settle_doubtful(handler: Handler, order: Order) -> list[Culprit]:
    """Settle a redelivered command by itself, counting it as fatal until it has been."""
    if _deaths(order) > DEATHS_MAX:
        return [Culprit(order, "its worker died each time it was settled")]
    try:
        return settle(handler, [order])
    finally:
        _survived(order)


def announce(orders: list[Order]) -> None:
    """Tell the edges whose tills wait for these outcomes, each by its command and body; one message per edge."""
    answers: dict[str, dict[str, Any]] = {}
    for order in orders:
        if order.envelope.reply and order.outcome:
            awaited = f"{order.envelope.id}?body={order.hash.hex()[:16]}"
            answers.setdefault(order.envelope.reply, {})[awaited] = order.outcome.to_json()
    if answers:
        cache.announce_many([(channel, orjson.dumps(outcomes)) for channel, outcomes in answers.items()])


def park_orders(culprits: list[Culprit]) -> None:
    """Put orders aside, each as a message of its own, ready to be replayed."""
    rows = [
        (c.order.merchant, c.order.envelope.id, bundle(c.order.envelope.name, [c.order.envelope.to_wire()]), c.why)
        for c in culprits
    ]
    if rows:
        with db.transact():
            receipts.park(rows)
        metrics.parked.labels(rows[0][2].queue).inc(len(rows))


def _deaths(order: Order) -> int:
    """Who has begun to settle a doubtful command and not come back: this process, and those that died over it.

    Names rather than a number: begun again and again while the database is away, it is still one.
    """
    key = f"deaths:{order.envelope.id}"
    with suppress(Exception):
        pipe = cache.client().pipeline()
        pipe.sadd(key, PROCESS)
        pipe.expire(key, REMEMBERED_SECONDS)
        pipe.scard(key)
        return int(pipe.execute()[-1])
    return 0


def _survived(order: Order) -> None:
    with suppress(Exception):
        cache.client().srem(f"deaths:{order.envelope.id}", PROCESS)
