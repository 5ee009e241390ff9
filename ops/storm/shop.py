"""The shop a storm is played in: opened over HTTP as a shopkeeper would, with everything a checker must know."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import Any

from ops.replay.edge import Edge, Patience

CUTOFF_MINUTES = 240
ZONE = "Europe/Berlin"
PRODUCTS = 12
RECEIVED_MILLI = 5_000_000
OPENING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Sku:
    """Something for sale: what it costs a piece, and what it cost the shop."""

    id: str
    price_cents: int
    cost_cents: int


@dataclass(frozen=True, slots=True)
class Shop:
    """One merchant with one store. `tills` are (terminal id, key); `members` pairs of (id, multiplier in bp)."""

    merchant: str
    store: str
    tills: list[tuple[str, str]]
    skus: list[Sku]
    members: list[tuple[str, int]]
    zone: str = ZONE
    cutoff_minutes: int = CUTOFF_MINUTES
    cents_per_point: int = 100

    @classmethod
    def read(cls, line: dict[str, Any]) -> Shop:
        """As the first line of a history has it."""
        line.pop("what")
        return cls(
            **line
            | {
                "skus": [Sku(**sku) for sku in line["skus"]],
                "tills": [(terminal, key) for terminal, key in line["tills"]],
                "members": [(member, multiplier_bp) for member, multiplier_bp in line["members"]],
            }
        )


def open_shop(url: str, *, tills: int, members: int) -> Shop:
    """A fresh merchant: store, tills enrolled, products received, members of both tiers."""
    edge = Edge(url, Patience(OPENING_SECONDS, threading.Event()))
    try:
        return _Opening(edge).open(tills, members)
    finally:
        edge.close()


class _Opening:
    """One merchant being opened."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._name = f"storm-{secrets.token_hex(5)}"
        self._owner = ""
        self._asked = 0

    def open(self, tills: int, members: int) -> Shop:
        """Everything in its order."""
        merchant, store = self._sign_up()
        skus = self._load()
        lines = [{"sku_id": sku.id, "quantity_milli": RECEIVED_MILLI} for sku in skus]
        self._settle("/v1/catalogue/receive", {"store_id": store, "lines": lines})
        return Shop(
            merchant=merchant,
            store=store,
            tills=[self._enrol_till(store, nth) for nth in range(tills)],
            skus=skus,
            members=[self._enrol_member(nth) for nth in range(members)],
        )

    def _sign_up(self) -> tuple[str, str]:
        password = secrets.token_urlsafe(18)
        store = {"code": "S1", "name": "Store", "time_zone": ZONE, "day_cutoff_minutes": CUTOFF_MINUTES}
        body = {
            "merchant": {"code": self._name, "name": "Storm", "currency": "EUR"},
            "store": store,
            "owner": {"login": "owner", "name": "Owner", "password": password},
        }
        made = self._settle("/v1/merchants/sign-up", body)
        asked = {"merchant": self._name, "login": "owner", "password": password}
        self._owner = self._edge.post("/v1/merchants/sign-in", asked).body["access_token"]
        return made["merchant_id"], made["store_id"]

    def _load(self) -> list[Sku]:
        prices = {f"P{nth}": (95 + 137 * nth, 40 + 60 * nth) for nth in range(PRODUCTS)}
        items = [
            {"code": code, "name": f"Product {code}", "price_cents": price, "cost_cents": cost}
            for code, (price, cost) in prices.items()
        ]
        said = self._settle("/v1/catalogue/load", {"items": items})
        return [Sku(item["sku_id"], *prices[item["code"]]) for item in said["items"]]

    def _enrol_till(self, store: str, nth: int) -> tuple[str, str]:
        made = self._settle("/v1/merchants/terminals", {"store_id": store, "name": f"Till {nth}"})
        key = f"enrol-{self._name}-{nth}"
        enrolled = self._edge.settle("/v1/merchants/terminals/enrol", {"code": made["enrol_code"]}, key=key)
        return made["terminal_id"], enrolled["key"]

    def _enrol_member(self, nth: int) -> tuple[str, int]:
        gold = nth % 2 == 1
        body = {"name": f"Member {nth}", "tier": "gold" if gold else "member"}
        return self._settle("/v1/members", body)["member_id"], 15_000 if gold else 10_000

    def _settle(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        return self._edge.settle(path, body, token=self._owner, key=f"{self._name}-{self._asked}")
