"""What arrives on a queue: whatever it is, it is settled or parked, and what comes after it is settled too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from models.base import NOBODY
from models.members import Member
from models.receipts import Parked, Receipt
from models.sales import Sale
from ops import broker
from schemas.envelope import Envelope
from schemas.members import Enrol
from schemas.sales import Checkout
from tests.shops import Api, Shop

PARKING_SECONDS = 20


@pytest.fixture(autouse=True)
def nothing_parked(database: None) -> Iterator[None]:
    """Each test finds and leaves an empty list."""
    Parked.delete().execute()
    yield
    Parked.delete().execute()


def publish(queue: str, body: bytes, task: Any = "sales.checkout", **more: Any) -> None:
    """Put bytes on a queue as anybody with a client could."""
    headers = {"lang": "py", "task": task, "id": str(uuid4())} if task is not None else {}
    options = {"content_type": "application/json", "content_encoding": "utf-8", "headers": headers} | more
    with broker.connect() as connection:
        connection.Producer().publish(body, exchange="", routing_key=queue, **options)


def parked(count: int = 1) -> list[Parked]:
    """What has been parked, once it is so many."""
    deadline = time.monotonic() + PARKING_SECONDS
    while Parked.select().count() < count and time.monotonic() < deadline:
        time.sleep(0.02)
    rows = list(Parked.select().order_by(Parked.id))
    assert len(rows) == count
    return rows


def in_a_bundle(*wires: Any) -> bytes:
    """A message's body."""
    return orjson.dumps([[list(wires)], {}, {}])


def _still_sells(live: Api, shop: Shop) -> None:
    said = live.as_(shop.till_token).post("/v1/sales", shop.basket(1), Prefer="wait=5")
    assert (said.status, said.body["state"]) == (201, "done")


NO_FORM: dict[str, bytes] = {
    "no bytes": b"",
    "no JSON": b"\x00\xff garbage",
    "a number": b"7",
    "an empty object": b"{}",
    "an empty list": b"[]",
    "no arguments": b"[[], {}, {}]",
    "an argument that is no list": b"[[7], {}, {}]",
    "no envelopes": b"[[[]], {}, {}]",
    "an empty envelope": b"[[[{}]], {}, {}]",
    "a word for an envelope": b'[[["sale"]], {}, {}]',
    "a deep nest": b"[" * 900 + b"]" * 900,
}


@pytest.mark.parametrize("what", NO_FORM)
def test_a_body_in_no_form_of_ours_is_parked_as_it_came(live: Api, shop: Shop, what: str) -> None:
    publish("sales", NO_FORM[what])
    [row] = parked()
    assert (bytes(row.body), row.queue, row.name, row.merchant_id) == (NO_FORM[what], "sales", "sales.checkout", NOBODY)
    assert row.reason
    _still_sells(live, shop)


TASKS: dict[str, Any] = {
    "of no version": "sales.undreamt",
    "of another area": "tills.open",
    "that is a list": ["sales.checkout"],
    "that is an object": {"sales": "checkout"},
    "that is a number": 7,
    "that is nothing": None,
    "with half a character": "sales.\ud800",
    "of a hundred letters": "x" * 100,
}


@pytest.mark.parametrize("what", TASKS)
def test_a_command_nobody_knows_is_parked(live: Api, shop: Shop, what: str) -> None:
    body = in_a_bundle(shop.envelope(Checkout, shop.basket(1)).to_wire())
    publish("sales", body, TASKS[what])
    [row] = parked()
    assert bytes(row.body) == body
    _still_sells(live, shop)


@pytest.mark.parametrize(
    "more",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
        {"content_encoding": "utf-99"},
        {"headers": {"task": "sales.checkout", "id": "not an id"}},
        {"headers": {"task": "sales.checkout"}},
    ],
)
def test_a_message_that_says_it_is_something_else_is_parked_or_read_for_what_it_is(
    live: Api, shop: Shop, more: dict[str, Any]
) -> None:
    publish("sales", b"\x80\x04.", **more)
    assert bytes(parked()[0].body) == b"\x80\x04."
    _still_sells(live, shop)


BROKEN: dict[str, Any] = {
    "v": 2,
    "id": "one",
    "name": "sales.refund",
    "merchant": 7,
    "store": "here",
    "actor": ["me"],
    "at": "2026-01-01T00:00:00",
    "trace": ["a"],
    "reply": {"to": "me"},
    "body": [],
}


@pytest.mark.parametrize("field", BROKEN)
def test_an_envelope_with_a_broken_field_is_parked(live: Api, shop: Shop, field: str) -> None:
    wire = shop.envelope(Checkout, shop.basket(1)).to_wire()
    publish("sales", in_a_bundle(wire | {field: BROKEN[field]}))
    parked()
    publish("sales", in_a_bundle({name: value for name, value in wire.items() if name != field}))
    assert all(row.reason.startswith("unreadable: ValidationError") for row in parked(2))
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 0
    _still_sells(live, shop)


def test_a_body_that_is_not_its_commands_is_parked(live: Api, shop: Shop) -> None:
    for body in (shop.basket(1) | {"extra": 1}, {}, shop.basket(1, sequence=0)):
        publish("sales", in_a_bundle(shop.envelope(Checkout, body).to_wire()))
    reasons = [row.reason for row in parked(3)]
    assert all("ValidationError" in reason for reason in reasons)
    _still_sells(live, shop)


def test_a_bundle_of_two_commands_is_parked_whole(live: Api, shop: Shop) -> None:
    good, other = shop.envelope(Checkout, shop.basket(1)), shop.envelope(Enrol, {"name": "x"})
    publish("sales", in_a_bundle(good.to_wire(), other.to_wire()))
    parked()
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 0


@pytest.mark.parametrize("name", ["Anna", "sealed:bm90IG91cnM=", "sealed:", 7])
def test_a_personal_field_that_is_not_our_seal_is_parked(live: Api, shop: Shop, name: Any) -> None:
    envelope = shop.envelope(Enrol, {"name": name})
    publish("members", in_a_bundle(envelope.to_wire()), Enrol.command)
    parked()
    assert Member.select().where(Member.merchant_id == shop.merchant).count() == 0


def test_a_request_id_from_a_queue_never_becomes_a_statement(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    envelope.trace = "x */ ; DROP TABLE sale; /*"
    publish("sales", in_a_bundle(envelope.to_wire()))
    _await(lambda: Receipt.select().where(Receipt.id == envelope.id).count() == 1)
    _still_sells(live, shop)


def test_a_good_bundle_is_settled_each_command_with_its_receipt(live: Api, shop: Shop) -> None:
    envelopes = [shop.envelope(Checkout, shop.basket(1)) for _ in range(100)]
    publish("sales", in_a_bundle(*(envelope.to_wire() for envelope in envelopes)))
    _await(lambda: _receipts(envelopes) == 100)
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 100


def test_the_same_message_three_times_is_settled_once(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    for _ in range(3):
        publish("sales", in_a_bundle(envelope.to_wire()))
    _still_sells(live, shop)
    _await(lambda: sum(broker.depths().values()) == 0)
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 2


def test_a_culprit_is_parked_with_its_merchant_and_the_till_is_told(live: Api, shop: Shop) -> None:
    good, bad = shop.envelope(Checkout, shop.basket(1)), shop.envelope(Checkout, shop.basket(1))
    bad.store = None
    publish("sales", in_a_bundle(good.to_wire(), bad.to_wire()))
    [row] = parked()
    assert (row.merchant_id, row.command_id, row.name) == (shop.merchant, bad.id, "sales.checkout")
    assert row.reason == "ValueError: a checkout comes from a terminal of a store"
    states = [live.as_(shop.till_token).get(f"/v1/commands/{each.id}").body["state"] for each in (good, bad)]
    assert states == ["done", "parked"]


def test_what_the_broker_gave_up_is_parked(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    publish(broker.PARKED, in_a_bundle(envelope.to_wire()))
    [row] = parked()
    assert (row.name, row.reason) == ("sales.checkout", "given up by the broker after its delivery limit")
    assert Receipt.select().where(Receipt.id == envelope.id).count() == 0


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PARKING_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds()


def _receipts(envelopes: list[Envelope]) -> int:
    ids: list[UUID] = [envelope.id for envelope in envelopes]
    return Receipt.select().where(Receipt.id << ids).count()
