"""Questions about the staff. Plain selects; nothing is changed, no hash is shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.base import now, shown
from models.merchants import Merchant
from models.staff import Session, Staff
from ops.seals import BrokenSeal, unseal


def at_sign_in(code: str, login: str) -> Staff | None:
    """Who may sign in to a shop under a login; None when nobody may."""
    shop = Merchant.get_or_none(Merchant.code == code.lower())
    return at_work(shop.id, login) if shop else None


def at_work(merchant: UUID, login: str) -> Staff | None:
    """The person of a login, unless revoked."""
    who = (Staff.merchant_id == merchant) & (Staff.login == login.lower()) & Staff.revoked_at.is_null()
    return Staff.get_or_none(who)


def session_holder(merchant: UUID, session: UUID) -> UUID | None:
    """Whose session it is; None when it has ended."""
    row = Session.get_or_none(Session.merchant_id == merchant, Session.id == session)
    return row.staff_id if row and row.revoked_at is None and row.expires_at > now() else None


def browse(merchant: UUID, after: list[UUID] | None, most: int) -> list[dict[str, Any]]:
    """The staff, oldest first, from after an id on."""
    where = [Staff.merchant_id == merchant] + ([Staff.id > after[0]] if after else [])
    return [_view(row) for row in Staff.select().where(*where).order_by(Staff.id).limit(most)]


def _view(row: Staff) -> dict[str, Any]:
    return {
        "staff_id": str(row.id),
        "login": row.login,
        "name": _name(row),
        "role": row.role,
        "store_id": str(row.store_id) if row.store_id else None,
        "has_password": row.password_hash is not None,
        "has_pin": row.pin_hash is not None,
        "created_at": shown(row.created_at),
        "revoked_at": shown(row.revoked_at),
    }


def _name(row: Staff) -> str | None:
    try:
        return unseal(row.merchant_id, row.name)
    except BrokenSeal:
        return None
