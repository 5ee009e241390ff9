"""Publishing: what is confirmed is on the broker's disk, what is not is said in time, and nothing is said twice."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import orjson
import pytest

from ops import broker
from ops.broker import BUNDLE_MAX, Message, bundle
from ops.publisher import Publisher, Unpublished, open_publisher
from schemas.sales import Checkout
from tests.brokers import PrivateBroker, private_broker
from tests.processes import wait_for

ANSWER_SECONDS = 5.0
BREAKER_SECONDS = 0.1
LENGTH_MAX = 50

# Each thread that publishes to Valkey has a connection of its own, which ends with it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture(scope="module")
def private() -> Iterator[PrivateBroker]:
    """A broker whose queues hold fifty messages."""
    with private_broker(REGULARS_QUEUE_LENGTH_MAX=str(LENGTH_MAX)) as running:
        yield running


@pytest.fixture
def publisher(private: PrivateBroker) -> Iterator[Publisher]:
    """A fresh publisher to it, and empty queues."""
    with private.used():
        for queue in broker.AREAS:
            private.waiting(queue)
        yield open_publisher()
        gc.collect()


def _message(queue: str = "sales", name: str = Checkout.command, id_: str | None = None) -> Message:
    made = bundle(name, [{"id": id_ or str(uuid4())}])
    return Message(queue, name, made.id, made.body)


def _ids(messages: list[Any]) -> list[str]:
    """The commands in messages, bundled or not."""
    bodies = [message.body if isinstance(message.body, bytes) else message.body.encode() for message in messages]
    return [wire["id"] for body in bodies for wire in orjson.loads(body)[0][0]]


def _try_to_send(publisher: Publisher, message: Message) -> tuple[bool, float]:
    """Whether it was confirmed, and how long it took to say so."""
    began = time.monotonic()
    try:
        publisher.send(message)
    except Unpublished:
        return False, time.monotonic() - began
    return True, time.monotonic() - began


def test_a_message_that_was_confirmed_is_on_its_queue(private: PrivateBroker, publisher: Publisher) -> None:
    message = _message()
    publisher.send(message)
    [arrived] = private.waiting("sales")
    assert _ids([arrived]) == [message.id]
    assert arrived.headers["task"] == "sales.checkout"
    assert arrived.headers["id"] == message.id
    assert (arrived.content_type, arrived.content_encoding) == ("application/json", "utf-8")
    assert arrived.properties["delivery_mode"] == 2


def test_headers_tell_nothing_of_what_is_in_the_message(private: PrivateBroker, publisher: Publisher) -> None:
    publisher.send(bundle("members.enrol", [{"id": "1", "name": "Anna Berg"}]))
    [arrived] = private.waiting("members")
    assert "Anna" not in str(arrived.headers) + str({**arrived.properties, "body": ""})


def test_many_threads_publish_each_message_once(private: PrivateBroker, publisher: Publisher) -> None:
    messages = [_message(queue, f"{queue}.test") for queue in ("sales", "points") for _ in range(LENGTH_MAX // 2)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(publisher.send, messages))
    arrived = [(queue, message) for queue in ("sales", "points") for message in private.waiting(queue)]
    assert sorted((queue, id_) for queue, message in arrived for id_ in _ids([message])) == sorted(
        (message.queue, message.id) for message in messages
    )
    assert all(len(_ids([message])) <= BUNDLE_MAX for _, message in arrived)
    assert all(message.headers["task"] == f"{queue}.test" for queue, message in arrived)


def test_several_messages_are_confirmed_together(private: PrivateBroker, publisher: Publisher) -> None:
    messages = [_message() for _ in range(30)]
    publisher.send_many(messages)
    assert sorted(_ids(private.waiting("sales"))) == sorted(message.id for message in messages)


def test_a_broker_that_stands_still_is_reported_in_time_and_found_again(
    private: PrivateBroker, publisher: Publisher
) -> None:
    publisher.send(_message())
    private.server.pause()
    try:
        tries = [_try_to_send(publisher, _message()) for _ in range(4)]
    finally:
        private.server.resume()
    assert not any(confirmed for confirmed, _ in tries)
    assert all(seconds < ANSWER_SECONDS for _, seconds in tries)
    assert all(seconds < BREAKER_SECONDS for _, seconds in tries[1:])
    wait_for(lambda: _try_to_send(publisher, _message())[0], seconds=ANSWER_SECONDS)


def test_what_was_confirmed_outlives_the_brokers_death(private: PrivateBroker, publisher: Publisher) -> None:
    messages = [_message() for _ in range(20)]
    publisher.send_many(messages)
    private.server.kill()
    tries = [_try_to_send(publisher, _message("points")) for _ in range(4)]
    assert not any(confirmed for confirmed, _ in tries)
    assert all(seconds < ANSWER_SECONDS for _, seconds in tries)
    private.server.start()
    wait_for(lambda: _try_to_send(publisher, _message("points"))[0], seconds=ANSWER_SECONDS)
    assert sorted(_ids(private.waiting("sales"))) == sorted(message.id for message in messages)


def test_a_connection_that_was_cut_costs_nobody_anything(private: PrivateBroker, publisher: Publisher) -> None:
    """The broker was restarted while nobody published."""
    publisher.send(_message())
    private.server.restart()
    assert _try_to_send(publisher, _message())[0]


def test_whoever_is_told_of_a_confirm_finds_the_message(private: PrivateBroker, publisher: Publisher) -> None:
    """The broker stands still in the middle of it."""
    messages = [_message() for _ in range(LENGTH_MAX - 10)]
    with ThreadPoolExecutor(8) as pool:
        said = [pool.submit(_try_to_send, publisher, message) for message in messages]
        private.server.pause()
        time.sleep(0.5)
        private.server.resume()
        confirmed = [message.id for message, each in zip(messages, said, strict=True) if each.result()[0]]
    time.sleep(0.5)
    assert set(confirmed) <= set(_ids(private.waiting("sales")))


def test_a_full_queue_takes_no_more_and_says_so_at_once(private: PrivateBroker, publisher: Publisher) -> None:
    taken = 0
    while (tried := _try_to_send(publisher, _message()))[0] and taken < 3 * LENGTH_MAX:
        taken += 1
    assert tried[1] < 1
    assert LENGTH_MAX <= taken < 2 * LENGTH_MAX
    assert len(private.waiting("sales")) == taken
    assert _try_to_send(publisher, _message())[0]


def test_a_queue_that_is_gone_confirms_nothing(private: PrivateBroker, publisher: Publisher) -> None:
    """Valkey makes the list again; RabbitMQ returns what it cannot route, also the second of the same id."""
    _delete_queue("points")
    id_ = str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: _try_to_send(publisher, _message("points", "points.test", id_)), range(24)))
    assert {confirmed for confirmed, _ in said} == {not private.rabbit}
    broker.declare()
    assert _try_to_send(publisher, _message("points", "points.test"))[0]


def _delete_queue(name: str) -> None:
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        channel.queue_delete(name)
