"""`python -m tests.faults.mutant NAME …`: an `ops` command whose process breaks one rule of the pipeline.

Each mutant is a mistake that looks reasonable and loses, doubles or miscounts under the right fault. The
checker of the storm must see every one of them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import amqp
from celery.__main__ import main as celery
from kombu.transport.base import Message

from models import points, receipts
from models.base import db
from models.points import PointsAccount
from models.rows import execute, select, upsert_rows
from ops.__main__ import ops
from ops.boundaries import boundary
from workers import relay, settle
from workers.handlers import Handler, Order

BETWEEN_READ_AND_WRITE_SECONDS = 0.2
Rows = list[tuple[Any, ...]]


def no_confirms() -> None:
    """What was sent is taken for stored."""
    publish = amqp.Channel.basic_publish

    def send_and_hope(channel: Any, *args: Any, **kwargs: Any) -> None:
        publish(channel, *args, **kwargs)
        channel.sent = getattr(channel, "sent", 0) + 1
        for believe in channel.events["basic_ack"]:
            believe(channel.sent, False)

    _replace(amqp.Channel, basic_publish=send_and_hope, confirm_select=lambda _channel: None)


def no_mandatory() -> None:
    """A message that no queue took is confirmed all the same."""
    publish = amqp.Channel.basic_publish

    def wherever(channel: Any, *args: Any, **kwargs: Any) -> None:
        publish(channel, *args, **kwargs | {"mandatory": False})

    _replace(amqp.Channel, basic_publish=wherever)


def early_ack() -> None:
    """A message is acknowledged when it arrives."""
    decode = Message.__init__

    def acknowledged(message: Any, *args: Any, **kwargs: Any) -> None:
        decode(message, *args, **kwargs)
        message.ack()

    _replace(Message, __init__=acknowledged, ack_log_error=lambda *_: None)


def no_receipt() -> None:
    """Nothing is known to have been settled before."""
    known, write = receipts.known, receipts.write

    def write_new(rows: Rows) -> None:
        before = known([(row[0], row[1]) for row in rows])
        write([row for row in rows if (row[0], row[1]) not in before])

    _replace(receipts, known=lambda _keys: {}, write=write_new)


def receipt_apart() -> None:
    """The receipts are written once the effects are committed, in a transaction of their own."""
    settle_all, write = settle.settle, receipts.write
    kept: Rows = []

    def settle_then_write(handler: Handler, orders: list[Order]) -> list[settle.Culprit]:
        culprits = settle_all(handler, orders)
        with db.transact():
            write(kept)
        kept.clear()
        return culprits

    _replace(receipts, write=kept.extend)
    _replace(settle, settle=settle_then_write)


def read_then_write() -> None:
    """A balance is read, added to, and written back."""

    def stale(table: Any, rows: Iterable[tuple[Any, ...]], **kwargs: Any) -> None:
        if table is not PointsAccount:
            upsert_rows(table, rows, **kwargs)
            return
        read = [(merchant, member, _balance(merchant, member) + added) for merchant, member, added in rows]
        time.sleep(BETWEEN_READ_AND_WRITE_SECONDS)
        for row in read:
            execute("REPLACE INTO points_account (merchant_id, member_id, balance) VALUES (%s, %s, %s)", row)

    _replace(points, upsert_rows=stale)


def relay_pays_first() -> None:
    """Messages are struck off the outbox, then published."""

    def pay_and_send(publisher: Any) -> int:
        with db.transact():
            owed = receipts.owed(relay.CLAIM)
            if owed:
                receipts.paid([id_ for id_, _, _ in owed])
        if owed:
            boundary("relay before publish")
            publisher.send_many([message for _, message, _ in owed])
        return len(owed)

    _replace(relay, relay_once=pay_and_send)


MUTANTS: dict[str, Callable[[], None]] = {
    mutate.__name__: mutate
    for mutate in (
        no_confirms,
        no_mandatory,
        early_ack,
        no_receipt,
        receipt_apart,
        read_then_write,
        relay_pays_first,
    )
}


def _replace(place: Any, **parts: Any) -> None:
    for name, part in parts.items():
        setattr(place, name, part)


def _balance(merchant: UUID, member: UUID) -> int:
    sql = "SELECT balance FROM points_account WHERE merchant_id = %s AND member_id = %s"
    return sum(int(row[0]) for row in select(sql, [merchant, member]))


def _become_celery(_path: str, command: list[str]) -> None:
    """`ops worker` gives its place to Celery; a mutant must stay the process it is."""
    sys.argv = ["celery", *command[3:]]
    sys.exit(celery())


if __name__ == "__main__":
    _replace(os, execv=_become_celery)
    MUTANTS[sys.argv[1]]()
    ops(sys.argv[2:])
