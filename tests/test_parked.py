"""`ops parked`: a person looks at what could not be settled, gives it again exactly once, or drops it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import receipts
from models.base import NOBODY
from models.merchants import Store
from models.points import PointsAccount, rebuilt_balances
from models.receipts import Parked, Receipt
from models.sales import Sale
from ops.broker import Message, bundle
from schemas.envelope import Envelope
from schemas.points import Accrue
from schemas.sales import Checkout
from tests.house.tree import ROOT
from tests.shops import Api, Shop, deliver_all

SECONDS = 10


@pytest.fixture(autouse=True)
def nothing_parked(database: None) -> Iterator[None]:
    """Each test finds and leaves an empty list."""
    Parked.delete().execute()
    yield
    Parked.delete().execute()


def ops_parked(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    command = [sys.executable, "-m", "ops", "parked", *arguments]
    settings = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)


def _park(envelope: Envelope, why: str = "seen by a person") -> Parked:
    receipts.park([(envelope.merchant, envelope.id, bundle(envelope.name, [envelope.to_wire()]), why)])
    row: Parked = Parked.get(Parked.command_id == envelope.id)
    return row


def _await(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds()


def _sales(shop: Shop) -> int:
    return Sale.select().where(Sale.merchant_id == shop.merchant).count()


def test_what_is_parked_is_listed_and_shown(shop: Shop) -> None:
    assert ops_parked("list").stdout == "0 parked\n"
    row = _park(shop.envelope(Checkout, shop.basket(1)), "ValueError: out of range")
    listed = ops_parked("list").stdout.splitlines()
    assert listed[0].split()[0] == str(row.id)
    assert "sales.checkout" in listed[0]
    assert "ValueError: out of range" in listed[0]
    assert listed[-1] == "1 parked"
    shown = ops_parked("show", str(row.id)).stdout
    for part in (row.id, row.command_id, shop.merchant, row.reason, '"sequence":1'):
        assert str(part) in shown


def test_garbage_is_shown_without_harm(database: None) -> None:
    receipts.park([(NOBODY, NOBODY, Message("sales", "?", "", b"\x00\xff\x1b[31m{"), "undecodable")])
    row = Parked.get()
    said = ops_parked("show", str(row.id))
    assert said.stdout.splitlines()[-1] == "\\x00\\xff\\x1b[31m{"


def test_a_command_parked_by_a_fault_is_settled_once_the_fault_is_mended(live: Api, shop: Shop) -> None:
    """Its store's row was missing when the points were to be credited."""
    member = shop.enrol()
    store = Store.get(Store.merchant_id == shop.merchant)
    store_row = dict(store.__data__)
    body = {"sale_id": str(uuid4()), "member_id": str(member), "store_id": str(shop.store), "base_cents": 500}
    order = shop.order(Accrue, body | {"sold_at": "2026-03-10T11:00:00Z"})
    Store.delete().where(Store.merchant_id == shop.merchant).execute()
    [culprit] = deliver_all([order])
    row = _park(order.envelope, culprit.why)
    Store.insert(**store_row).execute()
    till = live.as_(shop.till_token)
    assert till.get(f"/v1/commands/{order.envelope.id}").body["state"] == "parked"
    said = ops_parked("replay", str(row.id))
    assert (said.returncode, said.stdout) == (0, f"{row.id}: given to points\n1 of 1 given back\n")
    assert till.get(f"/v1/commands/{order.envelope.id}", Prefer="wait=5").body["answer"] == {"points": 5}
    assert Parked.select().count() == 0
    assert PointsAccount.get(PointsAccount.merchant_id == shop.merchant).balance == 5
    assert rebuilt_balances(shop.merchant) == []


def test_what_was_settled_meanwhile_is_not_settled_again(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    shop.deliver(Checkout, envelope.body, envelope.id)
    row = _park(envelope)
    assert ops_parked("replay", str(row.id)).returncode == 0
    live.as_(shop.till_token).post("/v1/sales", shop.basket(1), Prefer="wait=5")
    assert Parked.select().count() == 0
    assert _sales(shop) == 2


def test_everything_parked_is_given_back_at_once(live: Api, shop: Shop) -> None:
    envelopes = [shop.envelope(Checkout, shop.basket(1)) for _ in range(5)]
    for envelope in envelopes:
        _park(envelope)
    said = ops_parked("replay", "all")
    assert said.stdout.splitlines()[-1] == "5 of 5 given back"
    ids: list[UUID] = [envelope.id for envelope in envelopes]
    _await(lambda: Receipt.select().where(Receipt.id << ids).count() == 5)
    assert _sales(shop) == 5


def test_a_message_that_cannot_be_settled_is_parked_again(live: Api, shop: Shop) -> None:
    envelope = shop.envelope(Checkout, shop.basket(1))
    envelope.store = None
    row = _park(envelope)
    assert ops_parked("replay", str(row.id)).returncode == 0
    _await(lambda: Parked.select().where(Parked.id != row.id).count() == 1)
    assert Parked.get().reason == "ValueError: a checkout comes from a terminal of a store"
    assert _sales(shop) == 0


def test_what_has_no_queue_stays_parked(database: None) -> None:
    receipts.park([(NOBODY, NOBODY, Message("", "tills.open", "", b"[]"), "an unknown command")])
    row = Parked.get()
    assert ops_parked("replay", "all").stdout == f"{row.id}: no queue to give it to; drop it\n0 of 1 given back\n"
    assert Parked.select().count() == 1


def test_what_the_broker_does_not_take_stays_parked(shop: Shop) -> None:
    row = _park(shop.envelope(Checkout, shop.basket(1)))
    for nowhere in ("amqp://guest:guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"):
        said = ops_parked("replay", str(row.id), BROKER_URL=nowhere)
        assert said.returncode == 1
        assert f"the broker did not take {row.id}" in said.stderr
        assert "it stays parked" in said.stderr
        assert "Traceback" not in said.stderr
    assert Parked.select().count() == 1


def test_what_is_dropped_is_gone_for_good(shop: Shop) -> None:
    row = _park(shop.envelope(Checkout, shop.basket(1)))
    assert ops_parked("drop", str(row.id), "--yes").stdout == "dropped\n"
    assert Parked.select().count() == 0
    assert _sales(shop) == 0


def test_dropping_asks_first(shop: Shop) -> None:
    row = _park(shop.envelope(Checkout, shop.basket(1)))
    command = [sys.executable, "-m", "ops", "parked", "drop", str(row.id)]
    said = subprocess.run(command, cwd=ROOT, input="n\n", capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1
    assert "Drop it for good?" in said.stdout
    assert Parked.select().count() == 1


@pytest.mark.parametrize("verb", ["show", "replay", "drop"])
def test_what_is_not_parked_is_said_plainly(database: None, verb: str) -> None:
    more = ["--yes"] if verb == "drop" else []
    missing = uuid4()
    said = ops_parked(verb, str(missing), *more)
    assert (said.returncode, said.stderr) == (1, f"Error: nothing is parked under {missing}\n")
    said = ops_parked(verb, "that one", *more)
    assert said.returncode == 2
    assert "'that one' is not a valid UUID" in said.stderr
