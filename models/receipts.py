"""Receipts, outbox and parked messages: what makes an accepted command happen exactly once.

A receipt is at once the guard against a second effect, the answer, and the audit trail. The outbox holds
follow-up messages until the relay has published them. Parked is what could not be settled and waits for a
person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import peewee

from models.base import HashField, IdField, LongBlobField, LongTextField, MomentField, Row, moment, new_id, now
from models.rows import execute, insert_rows, lock_clause, select, select_keys
from ops.broker import Message

DONE, REFUSED, CONFLICT, PARKED, PENDING = "done", "refused", "conflict", "parked", "pending"


class Receipt(Row):
    """One settled command: its outcome, for ever."""

    merchant_id = IdField()
    id = IdField()
    name = peewee.CharField(40)
    body_hash = HashField()
    state = peewee.CharField(8)
    code = peewee.CharField(60, null=True)
    answer = LongTextField()
    settled_at = MomentField()

    class Meta:
        """A command id is unique within its merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


class Outbox(Row):
    """A follow-up message written in the transaction it follows from. Installation-wide: it is not shop data."""

    id = IdField(primary_key=True)
    queue = peewee.CharField(20)
    name = peewee.CharField(40)
    message_id = peewee.CharField(36)
    body = LongBlobField()
    commands = peewee.SmallIntegerField()
    at = MomentField()


class Parked(Row):
    """A command or message that could not be settled, with why, until a person replays or drops it."""

    id = IdField(primary_key=True)
    merchant_id = IdField(index=True)
    command_id = IdField(index=True)
    queue = peewee.CharField(20)
    name = peewee.CharField(80)
    reason = peewee.CharField(500)
    body = LongBlobField()
    at = MomentField()


@dataclass(slots=True)
class Outcome:
    """What became of a command: `done` or `refused` (or, on another body, `conflict`), code and answer."""

    state: str
    answer: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    replayed: bool = False

    def to_json(self) -> dict[str, Any]:
        """As announced to a waiting till."""
        return {"state": self.state, "answer": self.answer, "code": self.code, "replayed": self.replayed}


def known(keys: list[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], tuple[bytes, Outcome]]:
    """Receipts already there for (merchant, command id): body hash and outcome."""
    columns = "merchant_id, id, body_hash, state, code, answer"
    found = {}
    for merchant, id_, hash_, state, code, answer in select_keys(Receipt, columns, keys):
        outcome = Outcome(state, orjson.loads(answer), code, replayed=True)
        found[UUID(bytes=bytes(merchant)), UUID(bytes=bytes(id_))] = (bytes(hash_), outcome)
    return found


def write(receipts: list[tuple[UUID, UUID, str, bytes, Outcome]]) -> None:
    """Write the receipts of a settled batch. A duplicate fails the whole transaction, as it must."""
    at = now()
    rows = [
        (merchant, id_, name, hash_, outcome.state, outcome.code, orjson.dumps(outcome.answer).decode(), at)
        for merchant, id_, name, hash_, outcome in receipts
    ]
    insert_rows(Receipt, rows)


def owe(messages: list[Message]) -> None:
    """Put follow-up messages into the outbox, in the transaction at hand."""
    at = now()
    insert_rows(Outbox, [(new_id(), m.queue, m.name, m.id, m.body, m.count, at) for m in messages])


def owed(limit: int) -> list[tuple[bytes, Message, datetime]]:
    """The oldest outbox rows not held by another relay, locked: (row id, message, since when)."""
    skip = f"{lock_clause()} SKIP LOCKED" if lock_clause() else ""
    sql = f"SELECT id, queue, name, message_id, body, commands, at FROM outbox ORDER BY id LIMIT {limit:d}{skip}"
    return [
        (bytes(id_), Message(queue, name, message_id, bytes(body), count), moment(at))
        for id_, queue, name, message_id, body, count, at in select(sql)
    ]


def paid(ids: list[bytes]) -> None:
    """Delete outbox rows whose message the broker has confirmed."""
    from_ids = ", ".join([Outbox._meta.database.param] * len(ids))
    execute(f"DELETE FROM outbox WHERE id IN ({from_ids})", ids)


def outbox_size() -> int:
    """How many follow-up messages wait for the relay."""
    return int(select("SELECT COUNT(*) FROM outbox")[0][0])


def parked_size() -> int:
    """How much stands parked."""
    return int(select("SELECT COUNT(*) FROM parked")[0][0])


def park(parked: list[tuple[UUID, UUID, Message, str]]) -> None:
    """Put (merchant, command id, message, why) aside for a person."""
    at = now()
    insert_rows(
        Parked,
        [
            (new_id(), merchant, id_, m.queue, _storable(m.name, 80), _storable(why, 500), m.body, at)
            for merchant, id_, m, why in parked
        ],
    )


def _storable(text: str, most: int) -> str:
    """What garbage says of itself, without what no database takes."""
    return text.encode("utf-8", "backslashreplace").decode()[:most]


def outcome_of(merchant: UUID, id_: UUID, hash_prefix: str | None) -> tuple[str, Outcome]:
    """Name and outcome of a command; `pending` when nothing is known of it yet.

    `hash_prefix` is the first hex digits of the sender's body hash: a receipt of another body under the
    same id is a conflict, with no effect of the sender's.
    """
    row = Receipt.get_or_none(Receipt.merchant_id == merchant, Receipt.id == id_)
    if row is None:
        parked = Parked.get_or_none(Parked.merchant_id == merchant, Parked.command_id == id_)
        return (parked.name, Outcome(PARKED)) if parked else ("", Outcome(PENDING))
    if hash_prefix and not bytes(row.body_hash).hex().startswith(hash_prefix):
        return row.name, Outcome(CONFLICT, {}, "idempotency.conflict")
    return row.name, Outcome(row.state, orjson.loads(row.answer), row.code, replayed=True)


def drop_parked(id_: UUID) -> None:
    """Take a parked message off the list."""
    Parked.delete().where(Parked.id == id_).execute()
