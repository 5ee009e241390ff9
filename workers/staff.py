"""Settling the commands of the staff and their sessions."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from models import staff
from ops.cache import REVOKED, announce
from schemas.staff import AddStaff, ChangeRole, CloseSession, OpenSession, RevokeStaff, RotateSession
from workers.handlers import Order, handles


@handles(AddStaff)
def add_staff(order: Order) -> dict[str, str]:
    """Add a person."""
    return {"staff_id": str(staff.hire(order.merchant, order.body))}


@handles(ChangeRole)
def change_role(order: Order) -> dict[str, str]:
    """Give a person another role or store; every edge hears of it."""
    body = order.body
    staff.change_role(order.merchant, body["staff_id"], body["role"], body["store_id"])
    _tell(order, body["staff_id"])
    return {"staff_id": str(body["staff_id"])}


@handles(RevokeStaff)
def revoke_staff(order: Order) -> dict[str, str]:
    """Shut a person out with all their sessions; every edge hears of it."""
    person = order.body["staff_id"]
    staff.revoke_staff(order.merchant, person)
    _tell(order, person)
    return {"staff_id": str(person)}


@handles(OpenSession)
def open_session(order: Order) -> dict[str, str]:
    """Begin a session; its id is the command's, as its tokens already say."""
    id_ = order.envelope.id
    staff.open_session(order.merchant, id_, order.body["staff_id"], bytes.fromhex(order.body["token_hash"]))
    return {"session_id": str(id_)}


@handles(RotateSession)
def rotate_session(order: Order) -> dict[str, bool]:
    """Exchange a refresh token. One used up before ends the session: an outcome that must stay, so no refusal."""
    body = order.body
    tokens = (bytes.fromhex(body["old_hash"]), bytes.fromhex(body["new_hash"]))
    good = staff.rotate_session(order.merchant, body["session_id"], tokens=tokens, asked_at=order.envelope.at)
    if not good:
        _tell(order, body["session_id"])
    return {"reused": not good}


@handles(CloseSession)
def close_session(order: Order) -> dict[str, str]:
    """Sign out; every edge hears of it."""
    session = order.body["session_id"]
    staff.close_session(order.merchant, session)
    _tell(order, session)
    return {"session_id": str(session)}


def _tell(order: Order, id_: UUID) -> None:
    order.after_commit.append(partial(announce, REVOKED, id_.bytes))
