"""The embedded broker pops a message before it writes down who has it: what is lost in between comes back."""

from __future__ import annotations

import time
from typing import Any

import pytest

from models.sales import Sale
from ops import broker, publish_list
from ops.publish_list import ListPublisher
from ops.settings import settings
from schemas.sales import Checkout
from tests.processes import wait_for
from tests.shops import Api, Shop

__test__ = settings().profile == "embedded"


def message_of(shop: Shop) -> broker.Message:
    """A checkout as the edge publishes it."""
    return broker.bundle(Checkout.command, [shop.envelope(Checkout, shop.basket(1)).to_wire()])


def sales_of(shop: Shop) -> int:
    """How many sales the shop has."""
    return int(Sale.select().where(Sale.merchant_id == shop.merchant).count())


def owed() -> int:
    """How many messages to the tills' queue are written down as owed."""
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        return int(channel.client.hlen("owed:sales"))


def test_a_message_that_was_popped_and_lost_is_settled_after_all(
    live: Api, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = message_of(shop)
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        written = publish_list._written_down(lost)
        channel.client.hset("owed:sales", publish_list._digest(lost.body), written)
    monkeypatch.setattr(publish_list, "LOST_SECONDS", 0)
    time.sleep(0.1)
    assert ListPublisher().recover() == 1
    wait_for(lambda: sales_of(shop) == 1, 10)
    wait_for(lambda: owed() == 0, 10)


def test_what_is_settled_is_owed_no_more_and_does_not_come_back(live: Api, shop: Shop) -> None:
    ListPublisher().send(message_of(shop))
    wait_for(lambda: sales_of(shop) == 1, 10)
    wait_for(lambda: owed() == 0, 10)
    assert ListPublisher().recover() == 0
