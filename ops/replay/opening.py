"""Before the first sale: the merchant, its stores and tills, the products, the deliveries, the members.

Every step is asked for with a key that never changes and written down when it is answered, so that a replay
killed anywhere in here goes on where it was.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from ops.journey import shop
from ops.journey.catalogue import Catalogue, Product
from ops.replay.edge import Edge, Refused
from ops.replay.state import State

OWNER = "owner"
LOAD_MAX = 500
LOAD_MAX_BYTES = 200_000
DELIVERY_LINES = 200
TRIES_MAX = 5
EARLY_S = 30


class Owner:
    """The merchant's owner, signed in; used by one thread at a time."""

    def __init__(self, edge: Edge, state: State, merchant: str) -> None:
        self._edge, self._state, self._merchant = edge, state, merchant
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """An access token that is good for a while yet."""
        with self._lock:
            if time.monotonic() > self._until:
                login, password = self._state.note("login"), self._state.note("password")
                said = self._edge.post(
                    "/v1/merchants/sign-in",
                    {"merchant": self._merchant, "login": login, "password": password},
                ).body
                self._token = said["access_token"]
                self._until = time.monotonic() + said["expires_in"] - EARLY_S
            return self._token


def open_merchant(edge: Edge, state: State, owner: Owner, merchant: str) -> None:
    """Sign the merchant up with its first store, unless that is done or an owner was named."""
    if state.note("signed_up") or state.note("given"):
        return
    if state.note("password") is None:
        state.keep("password", secrets.token_urlsafe(18))
        state.keep("login", OWNER)
    ((first,),) = state.all("SELECT MIN(code) FROM store")
    body = {
        "merchant": {"code": merchant, "name": shop.MERCHANT_NAME, "currency": shop.CURRENCY},
        "store": _store(first),
        "owner": {"login": OWNER, "name": "Owner", "password": state.note("password")},
    }
    try:
        edge.settle("/v1/merchants/sign-up", body, key=f"sign-up-{merchant}")
    except Refused as refused:
        _signed_up_before(owner, refused, merchant)
    state.keep("signed_up", "yes")


def _signed_up_before(owner: Owner, refused: Refused, merchant: str) -> None:
    """The answer to a sign-up may have been lost: then its owner can sign in all the same."""
    try:
        owner.token()
    except Refused:
        raise Refused(
            refused.status,
            {
                "code": refused.code,
                "detail": f"merchant {merchant} cannot be signed up, and is not this replay's: name its owner by"
                " --login and --password, or choose another --merchant",
            },
        ) from refused


def open_stores(edge: Edge, state: State, owner: Owner) -> None:
    """Create the stores that are planned and not there."""
    there = {item["code"]: item["store_id"] for item in pages(edge, owner, "/v1/merchants/stores")}
    for (code,) in state.all("SELECT code FROM store WHERE id IS NULL"):
        id_ = there.get(code) or _open_store(edge, owner, code)
        state.write("UPDATE store SET id = ? WHERE code = ?", [(id_, code)])


def _open_store(edge: Edge, owner: Owner, code: str) -> str:
    said = edge.settle("/v1/merchants/stores", _store(code), token=owner.token(), key=f"store-{code}")
    return str(said["store_id"])


def _store(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"Store {code}",
        "time_zone": shop.TIME_ZONE,
        "day_cutoff_minutes": shop.DAY_CUTOFF_MINUTES,
    }


def pages(edge: Edge, owner: Owner, path: str) -> Iterable[dict[str, Any]]:
    """Every item of a listing."""
    joint = "&" if "?" in path else "?"
    said = edge.get(f"{path}{joint}limit=200", owner.token())
    yield from said["items"]
    while said.get("next_cursor"):
        said = edge.get(f"{path}{joint}limit=200&cursor={said['next_cursor']}", owner.token())
        yield from said["items"]


def enrol_till(edge: Edge, state: State, owner: Owner, till: tuple[str, int]) -> None:
    """Create a till and enrol it. A code whose answer was lost is spent: then the till is made anew."""
    for _ in range(TRIES_MAX):
        state.write("UPDATE till SET tries = tries + 1 WHERE store = ? AND number = ?", [till])
        try:
            enrolled = _enrol_once(edge, state, owner, till)
        except Refused as refused:
            why = refused
            continue
        row = (enrolled["terminal_id"], enrolled["key"], *till)
        state.write("UPDATE till SET id = ?, key = ? WHERE store = ? AND number = ?", [row])
        return
    raise why


def _enrol_once(edge: Edge, state: State, owner: Owner, till: tuple[str, int]) -> dict[str, Any]:
    ((store_id, tries),) = state.all(
        "SELECT store.id, tries FROM till JOIN store ON code = store WHERE store = ? AND number = ?", *till
    )
    name = f"Till {till[0]}-{till[1]}"
    body = {"store_id": store_id, "name": name}
    key = f"till-{till[0]}-{till[1]}-{tries}"
    made = edge.settle("/v1/merchants/terminals", body, token=owner.token(), key=key)
    return edge.settle("/v1/merchants/terminals/enrol", {"code": made["enrol_code"]}, key=f"enrol-{key}")


def load_products(edge: Edge, state: State, owner: Owner, products: list[Product]) -> None:
    """One upload of products; their ids are remembered by code."""
    items = [
        {
            "code": product.code,
            "name": product.name,
            "category": product.category,
            "price_cents": product.price_cents,
            "cost_cents": product.cost_cents,
            "unit": product.unit,
        }
        for product in products
    ]
    key = f"load-{crc32(','.join(product.code for product in products).encode()):08x}-{len(products)}"
    said = edge.settle("/v1/catalogue/load", {"items": items}, token=owner.token(), key=key)
    state.write("INSERT OR REPLACE INTO sku VALUES (?, ?)", [(i["code"], i["sku_id"]) for i in said["items"]])


def uploads(products: Iterable[Product]) -> Iterable[list[Product]]:
    """Products in uploads that the edge takes: not too many, not too large."""
    upload: list[Product] = []
    size = 0
    for product in products:
        weight = 120 + len(product.code) + len(product.name) + len(product.category)
        if upload and (len(upload) == LOAD_MAX or size + weight > LOAD_MAX_BYTES):
            yield upload
            upload, size = [], 0
        upload.append(product)
        size += weight
    if upload:
        yield upload


def deliver(edge: Edge, state: State, owner: Owner, store: str, catalogue: Catalogue) -> None:
    """Receive a store's opening stock."""
    ((store_id,),) = state.all("SELECT id FROM store WHERE code = ?", store)
    ids = dict(state.all("SELECT code, id FROM sku"))
    lines = [
        {"sku_id": ids[code], "quantity_milli": quantity_milli} for code, quantity_milli in catalogue.deliveries(store)
    ]
    for start in range(0, len(lines), DELIVERY_LINES):
        body = {"store_id": store_id, "lines": lines[start : start + DELIVERY_LINES]}
        edge.settle("/v1/catalogue/receive", body, token=owner.token(), key=f"delivery-{store}-{start}")
    state.write("UPDATE store SET delivered = 1 WHERE code = ?", [(store,)])


def enrol_member(edge: Edge, state: State, owner: Owner, household: str) -> None:
    """Make a household a member, with its card."""
    body = {
        "name": shop.member_name(household),
        "phone": shop.phone(household),
        "cards": [shop.card_number(household)],
        "tier": shop.tier(household),
    }
    wanted = {name: value for name, value in body.items() if value}
    said = edge.settle("/v1/members", wanted, token=owner.token(), key=f"member-{household}")
    state.write("INSERT OR REPLACE INTO member VALUES (?, ?)", [(household, said["member_id"])])
