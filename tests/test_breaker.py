"""The edge while its broker stands still, dies or is full: an honest 503 in time, reads as ever, and back by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest

from tests.brokers import PrivateBroker, private_broker
from tests.edges import own_edge
from tests.processes import wait_for
from tests.shops import Api, Said, Shop, await_ready

SALES = "/v1/sales"
ANSWER_SECONDS = 5.0
BREAKER_SECONDS = 0.2
LENGTH_MAX = 30


@dataclass
class Edge:
    """An edge of its own before a broker of its own, and nobody who settles."""

    api: Api
    broker: PrivateBroker


@pytest.fixture(scope="module")
def edge(live: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with (
        private_broker(REGULARS_QUEUE_LENGTH_MAX=str(LENGTH_MAX)) as broker,
        own_edge(folder, **broker.environment) as api,
    ):
        yield Edge(await_ready(api), broker)


def _timed(till: Api, shop: Shop, key: str | None = None) -> tuple[Said, float]:
    began = time.monotonic()
    said = till.post(SALES, shop.basket(1), key)
    return said, time.monotonic() - began


def _is_busy(said: Said) -> None:
    assert (said.status, said.body["code"]) == (503, "system.busy")
    assert int(said.headers["Retry-After"]) >= 1
    assert "same Idempotency-Key" in said.body["title"]


def _accepted(edge: Edge) -> int:
    """How many commands lie on the queue of sales, which is empty afterwards."""
    bodies = [message.body for message in edge.broker.waiting("sales")]
    return sum(len(orjson.loads(body)[0][0]) for body in bodies)


def test_a_broker_that_stands_still_costs_one_wait_and_then_milliseconds(edge: Edge, shop: Shop) -> None:
    till, key = edge.api.as_(shop.till_token), uuid4().hex
    assert _timed(till, shop)[0].status == 202
    edge.broker.server.pause()
    try:
        with ThreadPoolExecutor(8) as pool:
            first = list(pool.map(lambda _: _timed(till, shop), range(8)))
        later = [_timed(till, shop, key) for _ in range(3)]
        assert edge.api.get("/livez").status == 200
        ready = edge.api.get("/readyz")
        read = till.get(SALES)
    finally:
        edge.broker.server.resume()
    for said, seconds in first:
        _is_busy(said)
        assert seconds < ANSWER_SECONDS
    for said, seconds in later:
        _is_busy(said)
        assert seconds < BREAKER_SECONDS
    assert (ready.status, ready.body["state"], ready.body["checks"]["broker"]["ok"]) == (503, "not ready", False)
    assert ready.body["checks"]["database"]["ok"]
    assert read.status == 200
    wait_for(lambda: _timed(till, shop, key)[0].status == 202, seconds=ANSWER_SECONDS)
    wait_for(lambda: edge.api.get("/readyz").status == 200)
    _accepted(edge)


def test_a_broker_that_died_is_waited_for_and_found_again(edge: Edge, shop: Shop) -> None:
    till = edge.api.as_(shop.till_token)
    edge.broker.server.kill()
    tries = [_timed(till, shop) for _ in range(3)]
    assert edge.api.get("/readyz").status == 503
    edge.broker.server.start()
    for said, seconds in tries:
        _is_busy(said)
        assert seconds < ANSWER_SECONDS
    wait_for(lambda: _timed(till, shop)[0].status == 202, seconds=ANSWER_SECONDS)
    _accepted(edge)


def test_a_full_queue_turns_tills_away_and_keeps_what_it_took(edge: Edge, shop: Shop) -> None:
    till, taken = edge.api.as_(shop.till_token), 0
    while (tried := _timed(till, shop))[0].status == 202 and taken < 3 * LENGTH_MAX:
        taken += 1
    _is_busy(tried[0])
    assert tried[1] < 1
    assert LENGTH_MAX <= taken < 2 * LENGTH_MAX
    assert till.get(SALES).status == 200
    assert _accepted(edge) == taken
    assert _timed(till, shop)[0].status == 202
    assert _accepted(edge) == 1


def test_what_lies_on_a_queue_holds_nothing_personal(edge: Edge, shop: Shop) -> None:
    member = {"name": "Wilhelmine Quittenbaum", "phone": "+4915123456789"}
    said = edge.api.as_(shop.owner_token).post("/v1/members", member, Prefer="respond-async")
    assert said.status == 202
    [message] = edge.broker.waiting("members")
    everything = str([message.body, message.headers, message.properties])
    assert '"name":"sealed:' in everything
    assert not [word for word in ("Wilhelmine", "Quittenbaum", "15123456789") if word in everything]
