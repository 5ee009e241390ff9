"""The system's faults: told apart from a message's own, undone, and tried again until they are over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from uuid import UUID

import peewee
import pymysql
import pytest

from models.base import db, new_id, now, open_database
from models.catalogue import Stock, StockMovement
from models.faults import is_duplicate, is_transient
from models.merchants import Merchant
from models.receipts import Parked, Receipt
from models.rows import execute, insert_rows, select
from models.sales import Sale
from ops.settings import settings
from schemas.sales import Checkout
from tests.shops import Api, Shop
from workers.handlers import HANDLERS
from workers.settle import settle


@contextmanager
def goods_locked(shop: Shop) -> Iterator[None]:
    """Somebody else holds what a sale has to write, longer than this connection will wait."""
    other = open_database(settings().database_url)
    other.connect()
    if db.dialect == "sqlite":
        select("PRAGMA busy_timeout = 100")
        other.execute_sql("BEGIN IMMEDIATE")
    else:
        execute("SET SESSION innodb_lock_wait_timeout = 1")
        other.execute_sql("BEGIN")
        other.execute_sql("SELECT * FROM stock WHERE merchant_id = %s FOR UPDATE", [shop.merchant])
    try:
        yield
    finally:
        other.rollback()
        other.close()
        db.close()


@contextmanager
def database_breaking() -> Iterator[None]:
    """The disk is full (SQLite), or the connection is cut in the middle of the transaction (MySQL)."""
    if db.dialect == "sqlite":
        pages = select("PRAGMA page_count")[0][0]
        select(f"PRAGMA max_page_count = {pages}")
        yield
    else:
        mine = select("SELECT CONNECTION_ID()")[0][0]
        Thread(target=_cut_when_busy, args=(mine,), daemon=True).start()
        yield
    db.close()


def _cut_when_busy(connection: int) -> None:
    other = open_database(settings().database_url)
    other.connect()
    while not other.execute_sql(
        "SELECT 1 FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = %s", [connection]
    ).fetchall():
        time.sleep(0.0005)
    other.execute_sql(f"KILL {connection:d}")
    other.close()


def _nothing_happened(shop: Shop, id_: UUID) -> bool:
    struck = Sale.select().where(Sale.merchant_id == shop.merchant, Sale.sequence == shop.sequence).count()
    settled = Receipt.select().where(Receipt.merchant_id == shop.merchant, Receipt.id == id_).count()
    return struck == settled == Parked.select().where(Parked.command_id == id_).count() == 0


def test_a_lock_somebody_else_holds_is_waited_out_and_nobodys_fault(shop: Shop) -> None:
    shop.deliver(Checkout, shop.basket(1))
    order = shop.order(Checkout, shop.basket(1))
    with goods_locked(shop), pytest.raises(peewee.OperationalError if db.dialect == "sqlite" else Exception) as caught:
        settle(HANDLERS[Checkout.command], [order])
    assert is_transient(caught.value)
    assert _nothing_happened(shop, order.envelope.id)
    assert settle(HANDLERS[Checkout.command], [order]) == []
    assert order.outcome is not None
    assert order.outcome.state == "done"


def test_a_database_that_breaks_in_the_middle_leaves_nothing_and_is_tried_again(shop: Shop) -> None:
    orders = [shop.order(Checkout, shop.basket(1, 1)) for _ in range(100)]
    with database_breaking(), pytest.raises(Exception) as caught:
        settle(HANDLERS[Checkout.command], orders)
    assert is_transient(caught.value), caught.value
    assert all(_nothing_happened(shop, order.envelope.id) for order in orders)
    assert settle(HANDLERS[Checkout.command], orders) == []
    assert Stock.select().where(Stock.merchant_id == shop.merchant).get().quantity_milli == -100_000
    assert StockMovement.select().where(StockMovement.merchant_id == shop.merchant).count() == 200


def test_sales_go_on_when_every_connection_to_the_database_is_cut(live: Api, shop: Shop) -> None:
    """On SQLite, where there is none to cut, when its one lock is held for a while."""
    till = live.as_(shop.till_token)
    said = []
    for _ in range(5):
        said += [till.post("/v1/sales", shop.basket(1)) for _ in range(4)]
        _disturb()
    outcomes = [till.get(each.headers["Location"], Prefer="wait=5").body["state"] for each in said]
    assert [each.status for each in said] == [202] * 20
    assert outcomes == ["done"] * 20
    assert Parked.select().where(Parked.merchant_id == shop.merchant).count() == 0
    assert Sale.select().where(Sale.merchant_id == shop.merchant).count() == 20


def _disturb() -> None:
    other = open_database(settings().database_url)
    other.connect()
    if db.dialect == "sqlite":
        other.execute_sql("BEGIN IMMEDIATE")
        time.sleep(0.3)
        other.rollback()
    else:
        sessions = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        for (id_,) in other.execute_sql(sessions).fetchall():
            try:
                other.execute_sql(f"KILL {id_:d}")
            except peewee.OperationalError:  # it has gone by itself
                continue
    other.close()


def test_a_key_that_is_taken_is_a_duplicate_and_nothing_else(shop: Shop) -> None:
    twice = (shop.merchant, "another", "Name", "EUR", now())
    with pytest.raises(Exception) as raw:
        insert_rows(Merchant, [twice])
    with pytest.raises(peewee.IntegrityError) as wrapped:
        Merchant.insert(id=new_id(), code=shop.merchant.hex, name="N", currency="EUR", created_at=now()).execute()
    for caught in (raw, wrapped):
        assert is_duplicate(caught.value)
        assert not is_transient(caught.value)


def test_what_a_message_says_wrongly_is_its_own_fault(shop: Shop) -> None:
    for wrong in (
        lambda: Merchant.insert(id=new_id(), code=None, name="N", currency="EUR", created_at=now()).execute(),
        lambda: select("SELECT nothing FROM nowhere"),
        lambda: insert_rows(Stock, [(shop.merchant, shop.store, shop.skus[0], 10**30)]),
    ):
        with pytest.raises(Exception) as caught:
            wrong()
        assert not is_duplicate(caught.value)
        assert not is_transient(caught.value), caught.value


@pytest.mark.parametrize("number", [1020, 1040, 1053, 1205, 1213, 1290, 1927, 2002, 2003, 2006, 2013, 4031])
def test_servers_that_are_away_or_busy_are_nobodys_fault(number: int) -> None:
    for kind in (pymysql.err.OperationalError, pymysql.err.InternalError, peewee.OperationalError):
        assert is_transient(kind(number, "said the server"))


@pytest.mark.parametrize("number", [1048, 1054, 1062, 1064, 1146, 1264, 1366, 1406, 3819])
def test_statements_that_can_never_work_are_not_tried_again(number: int) -> None:
    for kind in (pymysql.err.OperationalError, pymysql.err.DataError, peewee.ProgrammingError):
        assert not is_transient(kind(number, "said the server"))
