"""The transaction around every handler: all of it or nothing, once, and whose fault it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from models import receipts
from models.base import db
from models.members import Tier
from models.receipts import CONFLICT, DONE, PARKED, REFUSED, Outbox, Receipt
from models.rows import execute
from models.rules.refusals import Refused
from models.sales import Sale
from ops.broker import Message
from schemas.base import CATALOGUE, Command, text
from schemas.envelope import followup_id
from schemas.points import Accrue
from schemas.sales import Checkout
from tests.shops import Shop, deliver_all
from workers.handlers import BATCH_MAX, HANDLERS, Order, handles
from workers.settle import run_after_commit

Declare = Callable[..., type[Command]]


@pytest.fixture
def declare() -> Iterator[Declare]:
    """Declares a command with a handler of the test's own, for as long as the test lasts."""

    def made(function: Callable[[Any], Any], batch: int = 1) -> type[Command]:
        command = type("Poke", (Command,), {"command": "sales.poke", "note": text(40, load_default="")})
        handles(command, batch)(function)
        return command

    yield made
    CATALOGUE.pop("sales.poke", None)
    HANDLERS.pop("sales.poke", None)


def _add_tier(shop: Shop, code: str) -> UUID:
    id_ = uuid4()
    Tier.insert(merchant_id=shop.merchant, id=id_, code=code, name=code, multiplier_bp=1).execute()
    return id_


def _tiers(shop: Shop) -> set[str]:
    return {row.code for row in Tier.select().where(Tier.merchant_id == shop.merchant)} - set(shop.tiers)


def _receipts(shop: Shop) -> dict[UUID, str]:
    return {row.id: row.state for row in Receipt.select().where(Receipt.merchant_id == shop.merchant)}


def test_one_culprit_of_a_batch_sinks_alone(shop: Shop) -> None:
    orders = [shop.order(Checkout, shop.basket(1)) for _ in range(5)]
    orders[2].envelope.store = None
    [culprit] = deliver_all(orders)
    assert culprit.order is orders[2]
    assert culprit.why == "ValueError: a checkout comes from a terminal of a store"
    states = [order.outcome.state for order in orders if order.outcome]
    assert states == [DONE, DONE, PARKED, DONE, DONE]
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 4
    assert orders[2].envelope.id not in _receipts(shop)


def test_a_culprit_found_late_is_not_told_that_it_is_done(shop: Shop) -> None:
    """Its handler had an answer already when the database would not have the row."""
    basket = shop.basket(1, mode="offline")
    execute(f"UPDATE sku SET cost_cents = {10**12} WHERE merchant_id = {db.param}", [shop.merchant])
    basket["lines"] = [basket["lines"][0] | {"quantity_milli": 10**9}] * 20
    basket["tenders"] = [{"kind": "card", "amount_cents": 20 * 250}]
    order = shop.order(Checkout, basket)
    [culprit] = deliver_all([order])
    assert culprit.why
    assert order.outcome is not None
    assert (order.outcome.state, order.followups, order.after_commit) == (PARKED, [], [])
    assert _receipts(shop) == {}


def test_the_same_command_twice_in_a_batch_is_settled_once(shop: Shop) -> None:
    basket, id_ = shop.basket(1), uuid4()
    twins = [shop.order(Checkout, basket, id_) for _ in range(3)]
    assert deliver_all([*twins, shop.order(Checkout, shop.basket(1))]) == []
    outcomes = [twin.outcome for twin in twins if twin.outcome]
    assert [(each.state, each.replayed) for each in outcomes] == [(DONE, False), (DONE, True), (DONE, True)]
    assert len({each.answer["sale_id"] for each in outcomes}) == 1
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 2


def test_two_bodies_under_one_id_are_one_effect_and_a_conflict(shop: Shop) -> None:
    id_ = uuid4()
    orders = [shop.order(Checkout, shop.basket(pieces), id_) for pieces in (1, 2)]
    assert deliver_all(orders) == []
    assert [order.outcome.state for order in orders if order.outcome] == [DONE, CONFLICT]
    assert _receipts(shop) == {id_: DONE}


def test_a_command_delivered_again_gets_its_first_outcome(shop: Shop) -> None:
    basket, id_ = shop.basket(1), uuid4()
    first = shop.deliver(Checkout, basket, id_)
    again = shop.deliver(Checkout, basket, id_)
    assert (again.state, again.answer, again.replayed) == (first.state, first.answer, True)
    refused = shop.deliver(Checkout, unpaid := shop.basket(1, tenders=[]), other := uuid4())
    again = shop.deliver(Checkout, unpaid, other)
    assert (again.state, again.code, again.answer) == (REFUSED, refused.code, refused.answer)
    assert shop.deliver(Checkout, basket, other).state == CONFLICT


def test_a_refusal_undoes_what_its_handler_did_and_keeps_the_receipt(shop: Shop, declare: Declare) -> None:
    told: list[str] = []

    def poke(order: Order) -> None:
        _add_tier(shop, order.body["note"])
        order.follow(Accrue, note="never")
        order.after_commit.append(lambda: told.append(order.body["note"]))
        if order.body["note"] == "bad":
            raise Refused("members.tier_taken", tier="bad")

    command = declare(poke)
    orders = [shop.order(command, {"note": note}) for note in ("good", "bad", "fine")]
    assert deliver_all(orders) == []
    run_after_commit(orders)
    assert _tiers(shop) == {"good", "fine"}
    assert told == ["good", "fine"]
    assert [order.outcome.state for order in orders if order.outcome] == [DONE, REFUSED, DONE]
    assert orders[1].outcome is not None
    assert (orders[1].outcome.code, orders[1].outcome.answer) == ("members.tier_taken", {"tier": "bad"})
    assert [len(order.followups) for order in orders] == [1, 0, 1]
    Outbox.delete().where(Outbox.name == Accrue.command).execute()


def test_a_handlers_bug_undoes_the_whole_of_its_transaction(shop: Shop, declare: Declare) -> None:
    def poke(orders: list[Order]) -> None:
        for order in orders:
            _add_tier(shop, order.body["note"])
            order.done()
        if any(order.body["note"] == "bug" for order in orders):
            raise ZeroDivisionError("a bug")

    command = declare(poke, batch=10)
    orders = [shop.order(command, {"note": note}) for note in ("one", "bug", "two")]
    [culprit] = deliver_all(orders)
    assert (culprit.order, culprit.why) == (orders[1], "ZeroDivisionError: a bug")
    assert _tiers(shop) == {"one", "two"}


def test_a_handler_that_forgets_an_order_is_found_out(shop: Shop, declare: Declare) -> None:
    def poke(orders: list[Order]) -> None:
        for order in orders:
            if order.body["note"] != "lost":
                order.done()

    command = declare(poke, batch=10)
    [culprit] = deliver_all([shop.order(command, {"note": note}) for note in ("one", "lost", "two")])
    assert culprit.why == "RuntimeError: sales.poke: the handler left an order without outcome"
    assert sorted(_receipts(shop).values()) == [DONE, DONE]


def test_followups_leave_with_the_effects_in_bundles_of_a_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    member = shop.enrol()
    orders = [shop.order(Checkout, shop.basket(1, member=member)) for _ in range(BATCH_MAX)]
    orders.append(shop.order(Checkout, shop.basket(1)))
    written: list[Message] = []
    monkeypatch.setattr(receipts, "owe", written.extend)  # a live system's relay takes rows away at once
    deliver_all(orders[:BATCH_MAX])
    deliver_all(orders[BATCH_MAX:])
    assert sorted((message.queue, message.count) for message in written) == [
        ("points", BATCH_MAX),
        ("reports", 1),
        ("reports", BATCH_MAX),
    ]
    ids = {wire["id"] for m in written if m.queue == "points" for wire in orjson.loads(m.body)[0][0]}
    assert ids == {str(followup_id(order.envelope.id, Accrue.command)) for order in orders[:BATCH_MAX]}
    shop.settle_followups()
