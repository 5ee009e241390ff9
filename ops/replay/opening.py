"""Before the first sale: the merchant, its stores and tills, the products, the deliveries, the members.

Every step is asked for with a key that never changes and written down when it is answered, so that a replay
killed anywhere in here goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ops.journey import shop
from ops.journey.catalogue import Catalogue, Product
from ops.replay.edge import Edge, Refused
from ops.replay.owner import LOGIN, Owner
from ops.replay.state import State

LOAD_MAX = 500
LOAD_MAX_BYTES = 200_000
DELIVERY_LINES = 200
TRIES_MAX = 5
Till = tuple[str, int]
"""A till's store and its number there."""


@dataclass(frozen=True)
class Opening:
    """The steps; each takes the line to the edge that it may use."""

    state: State
    owner: Owner
    catalogue: Catalogue

    def merchant(self, edge: Edge) -> None:
        """Sign the merchant up with its first store, unless that is done or an owner was named."""
        if self.state.note("signed_up") or self.state.note("given"):
            return
        ((first,),) = self.state.all("SELECT MIN(code) FROM store")
        code = self.owner.merchant
        body = {
            "merchant": {"code": code, "name": shop.MERCHANT_NAME, "currency": shop.CURRENCY},
            "store": _store(first),
            "owner": {"login": LOGIN, "name": "Owner", "password": self.owner.password()},
        }
        try:
            edge.settle("/v1/merchants/sign-up", body, key=f"sign-up-{code}")
        except Refused as refused:
            self._signed_up_before(refused)
        self.state.keep("signed_up", "yes")

    def stores(self, edge: Edge) -> None:
        """Create the stores that are planned and not there."""
        there = {item["code"]: item["store_id"] for item in self.owner.pages(edge, "/v1/merchants/stores")}
        for (code,) in self.state.all("SELECT code FROM store WHERE id IS NULL"):
            id_ = (
                there.get(code) or self._settle(edge, "/v1/merchants/stores", _store(code), f"store-{code}")["store_id"]
            )
            self.state.write("UPDATE store SET id = ? WHERE code = ?", [(id_, code)])

    def till(self, edge: Edge, till: Till) -> None:
        """Create a till and enrol it. A code whose answer was lost is spent: then the till is made anew."""
        for _ in range(TRIES_MAX):
            self.state.write("UPDATE till SET tries = tries + 1 WHERE store = ? AND number = ?", [till])
            try:
                enrolled = self._enrol_till(edge, till)
            except Refused as refused:
                why = refused
                continue
            row = (enrolled["terminal_id"], enrolled["key"], *till)
            self.state.write("UPDATE till SET id = ?, key = ? WHERE store = ? AND number = ?", [row])
            return
        raise why

    def products(self, edge: Edge, upload: list[Product]) -> None:
        """One upload of products; their ids are remembered by code."""
        names = ("code", "name", "category", "price_cents", "cost_cents", "unit")
        items = [{name: getattr(product, name) for name in names} for product in upload]
        key = f"load-{crc32(','.join(product.code for product in upload).encode()):08x}-{len(upload)}"
        said = self._settle(edge, "/v1/catalogue/load", {"items": items}, key)
        ids = [(item["code"], item["sku_id"]) for item in said["items"]]
        self.state.write("INSERT OR REPLACE INTO sku VALUES (?, ?)", ids)

    def delivery(self, edge: Edge, store: str) -> None:
        """Receive a store's opening stock."""
        ids = dict(self.state.all("SELECT code, id FROM sku"))
        received = self.catalogue.deliveries(store)
        lines = [{"sku_id": ids[code], "quantity_milli": quantity} for code, quantity in received]
        for start in range(0, len(lines), DELIVERY_LINES):
            body = {"store_id": self._store_id(store), "lines": lines[start : start + DELIVERY_LINES]}
            self._settle(edge, "/v1/catalogue/receive", body, f"delivery-{store}-{start}")
        self.state.write("UPDATE store SET delivered = 1 WHERE code = ?", [(store,)])

    def member(self, edge: Edge, household: str) -> None:
        """Make a household a member, with its card."""
        body = {
            "name": shop.member_name(household),
            "phone": shop.phone(household),
            "cards": [shop.card_number(household)],
            "tier": shop.tier(household),
        }
        said = self._settle(edge, "/v1/members", body, f"member-{household}")
        self.state.write("INSERT OR REPLACE INTO member VALUES (?, ?)", [(household, said["member_id"])])

    def _settle(self, edge: Edge, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        return edge.settle(path, body, token=self.owner.token(), key=key)

    def _store_id(self, store: str) -> str:
        ((id_,),) = self.state.all("SELECT id FROM store WHERE code = ?", store)
        return str(id_)

    def _enrol_till(self, edge: Edge, till: Till) -> dict[str, Any]:
        store, number = till
        ((tries,),) = self.state.all("SELECT tries FROM till WHERE store = ? AND number = ?", *till)
        body = {"store_id": self._store_id(store), "name": f"Till {store}-{number}"}
        key = f"till-{store}-{number}-{tries}"
        made = self._settle(edge, "/v1/merchants/terminals", body, key)
        return edge.settle("/v1/merchants/terminals/enrol", {"code": made["enrol_code"]}, key=f"enrol-{key}")

    def _signed_up_before(self, refused: Refused) -> None:
        """The answer to a sign-up may have been lost: then its owner can sign in all the same."""
        try:
            self.owner.token()
        except Refused:
            detail = (
                f"merchant {self.owner.merchant} cannot be signed up, and is not this replay's: name its owner by"
                " --login and --password, or choose another --merchant"
            )
            raise Refused(refused.status, {"code": refused.code, "detail": detail}) from refused


def _store(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"Store {code}",
        "time_zone": shop.TIME_ZONE,
        "day_cutoff_minutes": shop.DAY_CUTOFF_MINUTES,
    }


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
