"""Merchants, their stores, terminals, staff and sessions."""

from __future__ import annotations

import peewee

from models.base import HashField, IdField, MomentField, Row


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
    revoked_at = MomentField(null=True)

    class Meta:
        """Terminals belong to a store of their merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


class Staff(Row):
    """A person who works in the shop: role, the store they are held to (none: all), password and PIN hashed."""

    merchant_id = IdField()
    id = IdField()
    login = peewee.CharField(80)
    name = peewee.CharField(500)
    role = peewee.CharField(20)
    store_id = IdField(null=True)
    password_hash = peewee.CharField(200, null=True)
    pin_hash = peewee.CharField(200, null=True)
    created_at = MomentField()
    revoked_at = MomentField(null=True)

    class Meta:
        """A login is unique within its merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "login"), True),)


class Session(Row):
    """A family of refresh tokens: only the newest is good, and use of an older one ends the family."""

    merchant_id = IdField()
    id = IdField()
    staff_id = IdField()
    token_hash = HashField()
    opened_at = MomentField()
    expires_at = MomentField(index=True)
    revoked_at = MomentField(null=True)

    class Meta:
        """Sessions are looked up by their id, which the token carries."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
