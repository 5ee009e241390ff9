"""How to call every operation of the API on my shop, and what the wrong caller gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.doors import PASSWORD, forget_tries, sign_up_body
from tests.world import OWNER, PIN, SESSION, SHIFT, TILL, World, fresh_name

PERIOD = "from=2026-05-01&to=2026-05-31"
YEARS = count(2030)


@dataclass(frozen=True)
class Entry:
    """One operation on my shop: how it is called, and the status its own, another shop and the branch get.

    `branch` is none where no role that can be held to a store has the permission. `silent` says that what the
    branch is shown does not name the first store.
    """

    own: int
    other: int = 0
    branch: int = 0
    by: str = OWNER
    path: Callable[[World], dict[str, Any]] = lambda _: {}
    query: Callable[[World], str] = lambda _: ""
    body: Callable[[World], Any] | None = None
    silent: bool = False


def _here(world: World) -> str:
    return f"?store_id={world.shop.store}"


def _in_period(world: World) -> str:
    return f"{_here(world)}&{PERIOD}"


def _moved(world: World, **more: Any) -> dict[str, Any]:
    return {
        "store_id": str(world.shop.store),
        "lines": [{"sku_id": str(world.shop.skus[0]), "quantity_milli": 1000}],
        **more,
    }


def _of(**names: str) -> Callable[[World], dict[str, Any]]:
    """The path's ids, each by the name of what it is in the world."""
    return lambda world: {place: getattr(world, name) for place, name in names.items()}


def _sku(world: World) -> dict[str, Any]:
    return {"sku_id": world.shop.skus[0]}


def _sign_up(_: World) -> dict[str, Any]:
    forget_tries()
    return sign_up_body(fresh_name())


def _rule(_: World) -> dict[str, Any]:
    return {"effective_at": f"{next(YEARS)}-01-01T00:00:00Z", "cents_per_point": 100}


def _person(_: World) -> dict[str, Any]:
    return {"login": fresh_name(), "name": "Bob Bird", "role": "cashier", "pin": PIN}


def _sale(world: World) -> dict[str, Any]:
    return world.shop.basket(1)


def _quote(world: World) -> dict[str, Any]:
    return {"lines": [{"sku_id": str(world.shop.skus[0]), "quantity_milli": 1000}]}


def _sign_in(world: World) -> dict[str, Any]:
    forget_tries()
    return {"merchant": world.door.code, "login": "owner", "password": PASSWORD}


def _loaded(_: World) -> dict[str, Any]:
    return {"items": [{"code": fresh_name(), "name": "Loaf", "price_cents": 250, "cost_cents": 100, "unit": "pc"}]}


def _new_store(_: World) -> dict[str, Any]:
    return {"code": fresh_name(), "name": "Third", "time_zone": "Europe/Berlin"}


ENTRIES: dict[str, Entry] = {
    "merchants_sign_up": Entry(201, body=_sign_up),
    "merchants_open_store": Entry(201, 201, body=_new_store),
    "merchants_stores": Entry(200, 200, 200, silent=True),
    "merchants_add_terminal": Entry(201, 404, 403, body=lambda w: {"store_id": str(w.shop.store), "name": "Till"}),
    "merchants_terminals": Entry(200, 200, 403, query=_here),
    "merchants_revoke_terminal": Entry(200, 404, 403, path=lambda w: {"terminal_id": w.spare_till()}),
    "merchants_enrol": Entry(200, body=lambda w: {"code": w.door.add_till()["enrol_code"]}),
    "merchants_terminal_token": Entry(200, body=lambda w: {"key": w.tills["mine"]}),
    "staff_sign_in": Entry(200, body=_sign_in),
    "staff_refresh": Entry(200, body=lambda w: {"refresh_token": w.door.sign_in().body["refresh_token"]}),
    "staff_sign_out": Entry(200, 200, by=SESSION),
    "staff_add_staff": Entry(201, 201, body=_person),
    "staff_browse": Entry(200, 200),
    "staff_revoke_staff": Entry(200, 404, path=lambda w: {"staff_id": w.shop.hire("cashier")}),
    "staff_change_role": Entry(
        200, 404, path=lambda w: {"staff_id": w.shop.hire("cashier")}, body=lambda _: {"role": "manager"}
    ),
    "staff_cashier": Entry(200, 401, 403, by=SHIFT, body=lambda _: {"login": "cashier", "pin": PIN}),
    "members_enrol": Entry(201, 201, 201, body=lambda _: {"name": "Carl Carp"}),
    "members_find": Entry(200, 200, 200, query=lambda w: f"?number={w.number}"),
    "members_show": Entry(200, 404, 200, path=_of(member_id="member")),
    "members_set_tier": Entry(200, 404, 200, path=_of(member_id="member"), body=lambda _: {"tier": "gold"}),
    "members_tiers": Entry(200, 200, 200),
    "members_add_tier": Entry(201, 201, body=lambda _: {"code": fresh_name(), "name": "Tier", "multiplier_bp": 10_000}),
    "catalogue_add_category": Entry(201, 422, 201, body=lambda w: {"name": fresh_name(), "parent_id": str(w.category)}),
    "catalogue_categories": Entry(200, 200, 200),
    "catalogue_load": Entry(200, 200, 200, body=_loaded),
    "catalogue_browse": Entry(200, 200, 200, query=lambda _: "?code=P0"),
    "catalogue_show": Entry(200, 404, 200, path=_sku),
    "catalogue_receive": Entry(201, 404, 403, body=_moved),
    "catalogue_adjust": Entry(201, 404, 403, body=lambda w: _moved(w, reason="counted")),
    "catalogue_stock": Entry(200, 200, 403, query=_here),
    "sales_checkout": Entry(201, 422, 201, by=TILL, body=_sale, silent=True),
    "sales_browse": Entry(200, 200, 403, query=_here),
    "sales_checkout_batch": Entry(
        202, 202, 202, by=TILL, body=lambda w: {"sales": [_sale(w) | {"key": fresh_name()}]}, silent=True
    ),
    "sales_quote": Entry(200, 422, 200, body=_quote),
    "sales_show": Entry(200, 404, 403, path=_of(sale_id="sale")),
    "points_show": Entry(200, 404, 200, path=_of(member_id="member")),
    "points_rules": Entry(200, 200, 200),
    "points_set_rule": Entry(201, 201, body=_rule),
    "reports_sales": Entry(200, 200, 403, query=_in_period),
    "reports_products": Entry(200, 200, 403, query=_in_period),
    "reports_members": Entry(200, 200, 403, query=lambda _: f"?{PERIOD}"),
    "reports_member": Entry(200, 404, 200, path=_of(member_id="member")),
    "commands_show": Entry(200, 200, 200, path=_of(command_id="command")),
}
