"""Settling the commands of merchants, stores and tills."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from models import merchants, staff
from models.base import new_id
from models.members import Tier
from models.points import EarnRuleRow
from models.rules.members import DEFAULT_TIER
from models.rules.permissions import OWNER
from ops.cache import REVOKED, announce
from schemas.merchants import AddTerminal, EnrolTerminal, OpenStore, RevokeTerminal, SignUp, Tidy
from workers.handlers import Order, handles

TIERS = ((DEFAULT_TIER, "Member", 10_000), ("gold", "Gold", 15_000))
FIRST_RULE = {
    "version": 1,
    "effective_at": datetime(1970, 1, 1, tzinfo=UTC),
    "cents_per_point": 100,
    "expiry_months": 12,
}


@handles(SignUp)
def sign_up(order: Order) -> dict[str, str]:
    """Make a shop that can sell at once: store, owner, tiers, a rule of earning."""
    body = order.body
    merchant = merchants.open_merchant(**body["merchant"])
    store = merchants.open_store(merchant, body["store"])
    owner = {name: body[name] for name in ("login", "password_hash")}
    owner_id = staff.hire(merchant, {**owner, "name": body["owner_name"], "role": OWNER})
    for code, name, bp in TIERS:
        Tier.insert(merchant_id=merchant, id=new_id(), code=code, name=name, multiplier_bp=bp).execute()
    EarnRuleRow.insert(merchant_id=merchant, **FIRST_RULE).execute()
    return {"merchant_id": str(merchant), "store_id": str(store), "staff_id": str(owner_id)}


@handles(OpenStore)
def open_store(order: Order) -> dict[str, str]:
    """Add a store."""
    return {"store_id": str(merchants.open_store(order.merchant, order.body))}


@handles(AddTerminal)
def add_terminal(order: Order) -> dict[str, str]:
    """Add a till, to be enrolled within a day."""
    body = order.body
    enrol_hash = bytes.fromhex(body["enrol_hash"])
    id_ = merchants.add_terminal(order.merchant, body["store_id"], body["name"], enrol_hash)
    return {"terminal_id": str(id_)}


@handles(EnrolTerminal)
def enrol_terminal(order: Order) -> dict[str, str]:
    """Spend a till's code and note its key."""
    body = order.body
    hashes = (bytes.fromhex(body[name]) for name in ("enrol_hash", "key_hash"))
    merchants.enrol_terminal(order.merchant, body["terminal_id"], *hashes)
    return {"terminal_id": str(body["terminal_id"])}


@handles(RevokeTerminal)
def revoke_terminal(order: Order) -> dict[str, str]:
    """Shut a till out; every edge hears of it."""
    till = order.body["terminal_id"]
    merchants.revoke_terminal(order.merchant, till)
    order.after_commit.append(partial(announce, REVOKED, till.bytes))
    return {"terminal_id": str(till)}


@handles(Tidy)
def tidy(order: Order) -> dict[str, int]:
    """Forget sessions and enrolment codes that have lapsed, in every shop."""
    before = order.body["before"]
    return {"sessions": staff.forget_sessions(before), "codes": merchants.forget_codes(before)}
