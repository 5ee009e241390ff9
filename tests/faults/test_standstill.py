"""A database that stands still: it answers nothing, but it has not gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import peewee
import pytest

from models.base import Mysql, open_database
from models.faults import is_transient
from tests.faults.stage import Stage

HASTE_SECONDS = 1
THREADS = 6


@contextmanager
def _still(stage: Stage) -> Iterator[None]:
    stage.servers.mariadb.pause()
    try:
        yield
    finally:
        stage.servers.mariadb.resume()


def _database(stage: Stage) -> Mysql:
    database = open_database(stage.rig.database_url)
    assert isinstance(database, Mysql)
    database.hasten(HASTE_SECONDS)
    return database


def _fails(database: Mysql) -> bool:
    try:
        database.execute_sql("SELECT 1")
    except Exception as error:
        return is_transient(error)
    return False


def test_threads_that_need_a_connection_wait_beside_each_other(stage: Stage) -> None:
    database = _database(stage)
    with _still(stage), ThreadPoolExecutor(THREADS) as pool:
        began = time.monotonic()
        assert all(pool.map(_fails, [database] * THREADS))
        assert time.monotonic() - began < 3 * HASTE_SECONDS


def test_a_statement_without_answer_inside_a_transaction_is_the_systems_fault(stage: Stage) -> None:
    database = _database(stage)
    with pytest.raises((peewee.OperationalError, peewee.InterfaceError)) as caught, database.transact():
        database.execute_sql("SELECT 1")
        with _still(stage):
            database.execute_sql("SELECT 1")
    assert is_transient(caught.value)
