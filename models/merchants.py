"""Merchants, their stores and their tills."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import peewee

from models.base import HashField, IdField, MomentField, Row, db, new_id, now
from models.rules.refusals import Refused

ENROL_HOURS = 24


class Merchant(Row):
    """A shop or chain. Its code names it at sign-in; it is unique in the installation."""

    id = IdField(primary_key=True)
    code = peewee.CharField(40, unique=True)
    name = peewee.CharField(120)
    currency = peewee.CharField(3)
    created_at = MomentField()


class Store(Row):
    """A place of sale: its zone and day cutoff decide the business date of what is sold there."""

    merchant_id = IdField()
    id = IdField()
    code = peewee.CharField(40)
    name = peewee.CharField(120)
    time_zone = peewee.CharField(60)
    day_cutoff_minutes = peewee.IntegerField()

    class Meta:
        """A store's code is unique within its merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "code"), True),)


class Terminal(Row):
    """A till. It enrols once with a code and then signs in with its own key; both are stored hashed."""

    merchant_id = IdField()
    id = IdField()
    store_id = IdField()
    name = peewee.CharField(120)
    enrol_hash = HashField(null=True, unique=True)
    enrol_until = MomentField(null=True)
    key_hash = HashField(null=True)
    created_at = MomentField()
    enrolled_at = MomentField(null=True)
    revoked_at = MomentField(null=True)

    class Meta:
        """Terminals belong to a store of their merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


def open_merchant(code: str, name: str, currency: str) -> UUID:
    """A new shop, its code in small letters; `merchants.code_taken` when another has it."""
    code = code.lower()
    if Merchant.get_or_none(Merchant.code == code):
        raise Refused("merchants.code_taken")
    id_ = new_id()
    Merchant.insert(id=id_, code=code, name=name, currency=currency, created_at=now()).execute()
    return id_


def open_store(merchant: UUID, facts: dict[str, Any]) -> UUID:
    """A further store; `merchants.store_code_taken` when another of the shop has its code."""
    if Store.get_or_none(Store.merchant_id == merchant, Store.code == facts["code"]):
        raise Refused("merchants.store_code_taken")
    id_ = new_id()
    Store.insert(merchant_id=merchant, id=id_, **facts).execute()
    return id_


def add_terminal(merchant: UUID, store: UUID, name: str, enrol_hash: bytes) -> UUID:
    """A till that may enrol with its code for a day."""
    must_have_store(merchant, store)
    id_, at = new_id(), now()
    row = {"merchant_id": merchant, "id": id_, "store_id": store, "name": name, "enrol_hash": enrol_hash}
    Terminal.insert(**row, enrol_until=at + timedelta(hours=ENROL_HOURS), created_at=at).execute()
    return id_


def enrol_terminal(merchant: UUID, id_: UUID, enrol_hash: bytes, key_hash: bytes) -> None:
    """Spend the code; `merchants.enrol_code_wrong` when it is not this till's, was spent, or has lapsed."""
    till = locked(Terminal, merchant, id_)
    at = now()
    good = till and till.enrol_until and till.enrol_until > at and not till.key_hash and not till.revoked_at
    if not good or bytes(till.enrol_hash) != enrol_hash:
        raise Refused("merchants.enrol_code_wrong")
    change(Terminal, merchant, id_, key_hash=key_hash, enrolled_at=at)


def revoke_terminal(merchant: UUID, id_: UUID) -> None:
    """The till's key and tokens end; again, it changes nothing."""
    till = locked(Terminal, merchant, id_)
    if till is None:
        raise Refused("merchants.unknown_terminal")
    if till.revoked_at is None:
        change(Terminal, merchant, id_, revoked_at=now())


def forget_codes(before: datetime) -> int:
    """Drop the enrolment codes that lapsed before a moment, in every shop; how many."""
    return int(Terminal.update(enrol_hash=None, enrol_until=None).where(Terminal.enrol_until < before).execute())


def must_have_store(merchant: UUID, store: UUID | None) -> None:
    """`merchants.unknown_store` when a store is named and the shop has no such one."""
    if store and Store.get_or_none(Store.merchant_id == merchant, Store.id == store) is None:
        raise Refused("merchants.unknown_store")


def locked(table: Any, merchant: UUID, id_: UUID) -> Any:
    """The row of an id, locked until the transaction ends; None when there is none."""
    query = table.select().where(table.merchant_id == merchant, table.id == id_)
    return (query.for_update() if db.dialect == "mysql" else query).first()


def change(table: Any, merchant: UUID, id_: UUID, **values: Any) -> None:
    """Set columns of the row of an id."""
    table.update(**values).where(table.merchant_id == merchant, table.id == id_).execute()
