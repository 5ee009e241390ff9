"""The staff of a shop, and the sessions they sign in to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import peewee

from models.base import HashField, IdField, MomentField, Row, db, new_id, now
from models.merchants import change, locked, must_have_store
from models.rules.permissions import OWNER
from models.rules.refusals import Refused
from ops.seals import seal

SESSION_DAYS = 30
RESEND_SECONDS = 30
"""So long after a refresh its token may be sent again, because the answer was lost."""


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
    rotated_at = MomentField(null=True)
    expires_at = MomentField(index=True)
    revoked_at = MomentField(null=True)

    class Meta:
        """Sessions are looked up by their id, which the token carries."""

        primary_key = peewee.CompositeKey("merchant_id", "id")


def hire(merchant: UUID, person: dict[str, Any]) -> UUID:
    """A person of the shop, login in small letters, name sealed; `merchants.login_taken` also by one revoked."""
    login = person["login"].lower()
    must_have_store(merchant, person.get("store_id"))
    if Staff.get_or_none(Staff.merchant_id == merchant, Staff.login == login):
        raise Refused("merchants.login_taken")
    id_ = new_id()
    row = {**person, "merchant_id": merchant, "id": id_, "login": login, "name": seal(merchant, person["name"])}
    Staff.insert(**row, created_at=now()).execute()
    return id_


def change_role(merchant: UUID, id_: UUID, role: str, store: UUID | None) -> None:
    """What a person may do, and where, from now on; the last owner stays owner."""
    must_have_store(merchant, store)
    person = _person(merchant, id_, may_leave=role == OWNER)
    if person.revoked_at is not None:
        raise Refused("merchants.unknown_staff")
    change(Staff, merchant, id_, role=role, store_id=store)


def revoke_staff(merchant: UUID, id_: UUID) -> None:
    """The person's tokens and sessions end; again, it changes nothing. The last owner stays."""
    if _person(merchant, id_).revoked_at is not None:
        return
    at = now()
    change(Staff, merchant, id_, revoked_at=at)
    theirs = (Session.merchant_id == merchant) & (Session.staff_id == id_) & Session.revoked_at.is_null()
    Session.update(revoked_at=at).where(theirs).execute()


def open_session(merchant: UUID, id_: UUID, staff: UUID, token_hash: bytes) -> None:
    """A family of refresh tokens begins with its first."""
    person = locked(Staff, merchant, staff)
    if person is None or person.revoked_at is not None:
        raise Refused("merchants.unknown_staff")
    at = now()
    row = {"merchant_id": merchant, "id": id_, "staff_id": staff, "token_hash": token_hash, "opened_at": at}
    Session.insert(**row, expires_at=at + timedelta(days=SESSION_DAYS)).execute()


def rotate_session(merchant: UUID, id_: UUID, *, tokens: tuple[bytes, bytes], asked_at: datetime) -> bool:
    """Exchange (old, new) token; False when the old one was used up before: the session ends, somebody has a copy.

    For half a minute the token just exchanged is taken for one whose answer was lost.
    """
    old, new = tokens
    session = locked(Session, merchant, id_)
    at = now()
    if session is None or session.revoked_at is not None or session.expires_at <= at:
        raise Refused("merchants.session_ended")
    newest = bytes(session.token_hash)
    if newest == old:
        change(Session, merchant, id_, token_hash=new, rotated_at=at)
        return True
    if newest == new and asked_at - session.rotated_at <= timedelta(seconds=RESEND_SECONDS):
        return True
    change(Session, merchant, id_, revoked_at=at)
    return False


def close_session(merchant: UUID, id_: UUID) -> None:
    """Sign out."""
    change(Session, merchant, id_, revoked_at=now())


def forget_sessions(before: datetime) -> int:
    """Drop the sessions that lapsed before a moment, in every shop; how many."""
    return int(Session.delete().where(Session.expires_at < before).execute())


def _person(merchant: UUID, id_: UUID, *, may_leave: bool = False) -> Staff:
    """The person, locked with all owners in key order, so that two owners cannot send each other away at once."""
    owner = (Staff.role == OWNER) & Staff.revoked_at.is_null()
    rows = Staff.select().where(Staff.merchant_id == merchant, owner | (Staff.id == id_)).order_by(Staff.id)
    found = {row.id: row for row in (rows.for_update() if db.dialect == "mysql" else rows)}
    if id_ not in found:
        raise Refused("merchants.unknown_staff")
    owners = [row.id for row in found.values() if row.role == OWNER and row.revoked_at is None]
    if owners == [id_] and not may_leave:
        raise Refused("merchants.last_owner")
    return found[id_]
