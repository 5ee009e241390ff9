"""The transaction around every handler: receipt, effects and follow-ups together, or nothing.

A batch and a lone command take the same path. Whose fault a failure is decides what comes next: the
system's goes up to the caller, to be tried again; a message's own makes the batch be settled one by one,
and the culprit is parked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from models import receipts
from models.base import db
from models.faults import is_duplicate, is_transient
from models.receipts import CONFLICT, PARKED, Outcome
from models.rules.refusals import Refused
from ops import metrics
from ops.boundaries import boundary
from ops.broker import Message, bundle
from ops.logs import log, trace
from schemas.envelope import Envelope
from workers.handlers import BATCH_MAX, Handler, Order

DUPLICATE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Culprit:
    """An order that cannot be settled through its own fault, and why."""

    order: Order
    why: str


def settle(handler: Handler, orders: list[Order]) -> list[Culprit]:
    """Settle orders of one command: every order has its outcome, or is among the culprits returned.

    Raises only what is the system's fault (`models.faults.is_transient`); then nothing of the transaction
    at hand has happened and the same orders may be given again.
    """
    try:
        _settle_together(handler, orders)
        return []
    except Exception as error:
        if is_transient(error):
            raise
        if len(orders) == 1:
            return [_culprit(orders[0], error)]
    return [culprit for order in orders for culprit in settle(handler, [order])]


def _culprit(order: Order, error: Exception) -> Culprit:
    """Whatever its handler had said or owed is void."""
    about = {"command": order.envelope.name, "id": str(order.envelope.id), "request_id": order.envelope.trace}
    log.exception("a command cannot be settled", **about)
    order.outcome, order.followups, order.after_commit = Outcome(PARKED), [], []
    return Culprit(order, f"{type(error).__name__}: {error}")


def _settle_together(handler: Handler, orders: list[Order]) -> None:
    """One transaction; begun again when another worker took one of the unique keys in the meantime."""
    for tries_left in reversed(range(DUPLICATE_TRIES)):
        try:
            _transact(handler, orders)
            return
        except Exception as error:
            if tries_left == 0 or not is_duplicate(error):
                raise
            metrics.retries.labels(handler.command.command.partition(".")[0]).inc()


def _transact(handler: Handler, orders: list[Order]) -> None:
    began = time.perf_counter()
    token = trace.set(orders[0].envelope.trace)
    try:
        with db.transact():
            fresh = _unsettled(orders)
            boundary("before handler")
            _run(handler, fresh)
            receipts.write([_receipt(order) for order in fresh])
            boundary("after receipt")
            receipts.owe(_bundles(fresh))
            boundary("before commit")
        boundary("after commit")
    finally:
        trace.reset(token)
    _measure(handler, orders, time.perf_counter() - began)


def _unsettled(orders: list[Order]) -> list[Order]:
    """The orders not settled before. Those that were get their first outcome again, or a conflict."""
    known = receipts.known([(order.merchant, order.envelope.id) for order in orders])
    fresh: dict[tuple[UUID, UUID], Order] = {}
    for order in orders:
        order.outcome, order.followups, order.after_commit = None, [], []
        key = (order.merchant, order.envelope.id)
        if key in known:
            order.outcome = _replayed(order, *known[key])
        elif key not in fresh:
            fresh[key] = order
    twins = [o for o in orders if o.outcome is None and fresh[o.merchant, o.envelope.id] is not o]
    if twins:
        raise _Twins(fresh, twins)
    return list(fresh.values())


class _Twins(Exception):
    """The same command stands twice in one batch: the batch is settled one by one."""


def _replayed(order: Order, hash_: bytes, outcome: Outcome) -> Outcome:
    if hash_ != order.hash:
        return Outcome(CONFLICT, {}, "idempotency.conflict")
    return outcome


def _run(handler: Handler, fresh: list[Order]) -> None:
    if handler.batch > 1:
        if fresh:
            handler.function(fresh)
    else:
        for order in fresh:
            _run_alone(handler, order)
    for order in fresh:
        if order.outcome is None:
            raise RuntimeError(f"{order.envelope.name}: the handler left an order without outcome")


def _run_alone(handler: Handler, order: Order) -> None:
    try:
        with db.atomic():
            answer = handler.function(order)
            if order.outcome is None:
                order.done(**(answer or {}))
    except Refused as refusal:
        order.after_commit.clear()
        order.refuse(refusal)


def _receipt(order: Order) -> tuple[UUID, UUID, str, bytes, Outcome]:
    envelope = order.envelope
    assert order.outcome is not None  # noqa: S101 - `_run` has made sure
    return envelope.merchant, envelope.id, envelope.name, order.hash, order.outcome


def _bundles(orders: list[Order]) -> list[Message]:
    """Follow-ups as messages: those of one name travel together, so that the next worker gets them as a batch."""
    by_name: dict[str, list[Envelope]] = {}
    for order in orders:
        for followup in order.followups:
            by_name.setdefault(followup.name, []).append(followup)
    return [
        bundle(name, [envelope.to_wire() for envelope in envelopes[start : start + BATCH_MAX]])
        for name, envelopes in by_name.items()
        for start in range(0, len(envelopes), BATCH_MAX)
    ]


def _measure(handler: Handler, orders: list[Order], seconds: float) -> None:
    queue = handler.command.command.partition(".")[0]
    metrics.settle_seconds.labels(queue).observe(seconds)
    metrics.batch_size.labels(queue).observe(len(orders))
    metrics.queue_age.labels(queue).set(max(0.0, time.time() - orders[0].envelope.at.timestamp()))
    states: dict[str, int] = {}
    for order in orders:
        if order.outcome:
            states[order.outcome.state] = states.get(order.outcome.state, 0) + 1
    for state, count in states.items():
        metrics.settled.labels(handler.command.command, state).inc(count)


def run_after_commit(orders: list[Order]) -> None:
    """What may only be told once it is true: caches dropped, revocations announced."""
    actions: list[Callable[[], None]] = [action for order in orders for action in order.after_commit]
    for action in actions:
        action()
