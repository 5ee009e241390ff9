"""What each role of the staff, and a terminal by itself, may do."""

from __future__ import annotations

OWNER, MANAGER, CASHIER, TERMINAL = "owner", "manager", "cashier", "terminal"
STAFF_ROLES = (OWNER, MANAGER, CASHIER)

_TILL = frozenset(
    (
        "sales.checkout",
        "sales.quote",
        "sales.read",
        "members.read",
        "members.enrol",
        "catalogue.read",
        "points.read",
    )
)
_CASHIER = _TILL | {"merchants.read"}
_MANAGER = _CASHIER | {
    "members.tier",
    "catalogue.write",
    "catalogue.stock",
    "reports.read",
    "merchants.terminals",
    "points.rules.read",
}
_OWNER = _MANAGER | {"members.tiers", "merchants.stores", "merchants.staff", "points.rules"}

PERMISSIONS: dict[str, frozenset[str]] = {
    OWNER: frozenset(_OWNER),
    MANAGER: frozenset(_MANAGER),
    CASHIER: frozenset(_CASHIER),
    TERMINAL: _TILL,
}
ALL = frozenset(_OWNER)
