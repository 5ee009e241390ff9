"""Shops for tests, commands given to the real settlement, and a plain HTTP client."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

import orjson
import urllib3

from edge.app import create_app
from edge.identity import access_token
from models.base import new_id, now
from models.catalogue import Product, Sku
from models.faults import is_transient
from models.members import Member, Tier
from models.merchants import Merchant, Store, Terminal
from models.points import EarnRuleRow
from models.receipts import Outbox, Outcome
from models.staff import Staff
from ops.seals import seal
from schemas.base import Command
from schemas.envelope import Actor, Envelope, read_envelope
from workers import app as _registered  # noqa: F401 - registers every handler
from workers.handlers import BATCH_MAX, HANDLERS, Order
from workers.settle import Culprit, settle

PRICES_CENTS = (250, 399)
COSTS_CENTS = (100, 200)


@dataclass(frozen=True)
class Said:
    """What the edge answered."""

    status: int
    body: Any
    headers: Any


class Api:
    """The edge over HTTP, as a client sees it."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.token = token
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=20.0)

    def as_(self, token: str) -> Api:
        """The same edge, as another caller."""
        return Api(self.url, token)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        """One request; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        response = self._pool.request(method, self.url + path, body=data, headers=sent)
        is_json = "json" in response.headers.get("Content-Type", "")
        return Said(response.status, orjson.loads(response.data) if is_json else response.data, response.headers)

    def get(self, path: str, **headers: str) -> Said:
        """Ask."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> Said:
        """Give a command under a key, a fresh one if none is named."""
        return self.call("POST", path, body, Idempotency_Key=key or uuid4().hex, **headers)


@dataclass
class Shop:
    """A merchant ready to sell: one store, one till, two products, the two default tiers, one earn rule."""

    merchant: UUID = field(default_factory=new_id)
    store: UUID = field(default_factory=new_id)
    terminal: UUID = field(default_factory=new_id)
    owner: UUID = field(default_factory=new_id)
    skus: tuple[UUID, ...] = ()
    tiers: dict[str, UUID] = field(default_factory=dict)
    sequence: int = 0

    @property
    def till_token(self) -> str:
        """The till's access token."""
        return self._token(Actor(terminal=self.terminal))

    @property
    def owner_token(self) -> str:
        """The owner's access token."""
        return self._token(Actor(staff=self.owner))

    def token_of(self, staff: UUID) -> str:
        """A staff member's access token."""
        return self._token(Actor(staff=staff))

    def _token(self, actor: Actor) -> str:
        with APP.app_context():
            return access_token(self.merchant, actor)

    def hire(self, role: str, store: UUID | None = None) -> UUID:
        """Another member of staff."""
        id_ = new_id()
        row = {"merchant_id": self.merchant, "id": id_, "login": id_.hex, "name": "sealed:", "role": role}
        Staff.insert(**row, store_id=store, created_at=now()).execute()
        return id_

    def enrol(self, tier: str = "member", status: str = "active") -> UUID:
        """A member, without phone."""
        id_ = new_id()
        row = {"merchant_id": self.merchant, "id": id_, "number": id_.hex[-12:]}
        row["name"] = seal(self.merchant, "Regular")
        Member.insert(**row, tier_id=self.tiers[tier], status=status, enrolled_at=now()).execute()
        return id_

    def basket(self, *quantities: int, member: UUID | None = None, **more: Any) -> dict[str, Any]:
        """A basket of the shop's products at their prices, paid by card; `quantities` in whole pieces."""
        self.sequence += 1
        lines = [
            {"sku_id": str(sku), "quantity_milli": pieces * 1000, "gross_cents": pieces * cents, "discount_cents": 0}
            for sku, pieces, cents in zip(self.skus, quantities, PRICES_CENTS, strict=False)
        ]
        total = sum(int(str(line["gross_cents"])) for line in lines)
        body = {
            "sequence": self.sequence,
            "sold_at": datetime.now(UTC).isoformat(),
            "member_id": str(member) if member else None,
            "lines": lines,
            "tenders": [{"kind": "card", "amount_cents": total}],
        }
        return body | more

    def envelope(self, command: type[Command], body: dict[str, Any], id_: UUID | None = None) -> Envelope:
        """A command as the shop's till would send it."""
        return Envelope(
            id=id_ or new_id(),
            name=command.command,
            merchant=self.merchant,
            store=self.store,
            actor=Actor(terminal=self.terminal),
            body=body,
        )

    def order(self, command: type[Command], body: dict[str, Any], id_: UUID | None = None) -> Order:
        """A command as its handler gets it."""
        return HANDLERS[command.command].read(self.envelope(command, body, id_))

    def deliver(self, command: type[Command], body: dict[str, Any], id_: UUID | None = None) -> Outcome:
        """Settle one command in this process, as a worker would; its outcome."""
        order = self.order(command, body, id_)
        culprits = deliver_all([order])
        assert not culprits, culprits
        assert order.outcome is not None
        return order.outcome

    def settle_followups(self) -> int:
        """Settle what this shop's commands owe, in this process, until nothing is owed; how many commands.

        Workers of a live system may do the same at the same time: whoever comes second changes nothing.
        """
        settled = 0
        while owed := sorted((e for e in OWED if e.merchant == self.merchant), key=lambda e: e.name):
            for name, group in groupby(owed, key=lambda e: e.name):
                orders = [HANDLERS[name].read(read_envelope(envelope.to_wire())) for envelope in group]
                for start in range(0, len(orders), BATCH_MAX):
                    assert not deliver_all(orders[start : start + BATCH_MAX])
            OWED[:] = [envelope for envelope in OWED if envelope not in owed]
            settled += len(owed)
        self._clear_outbox()
        return settled

    def _clear_outbox(self) -> None:
        for row in list(Outbox.select()):
            if all(UUID(wire["merchant"]) == self.merchant for wire in orjson.loads(bytes(row.body))[0][0]):
                row.delete_instance()


OWED: list[Envelope] = []
"""What the commands settled in this process owe; their outbox rows may be gone to a live system's relay."""


def deliver_all(orders: list[Order]) -> list[Culprit]:
    """Settle orders of one command together; those that could not be settled through their own fault."""
    handler = HANDLERS[orders[0].envelope.name]
    for pause in (0.05, 0.2, 1.0, 0.0):
        try:
            culprits = settle(handler, orders)
            break
        except Exception as error:
            if not (pause and is_transient(error)):
                raise
            time.sleep(pause)
    OWED.extend(envelope for order in orders for envelope in order.followups)
    return culprits


def make_shop() -> Shop:
    """Write a shop's rows; merchants made by sign-up are tested where sign-up is."""
    shop = Shop()
    merchant = {"id": shop.merchant, "code": shop.merchant.hex, "name": "Shop", "currency": "EUR"}
    Merchant.insert(**merchant, created_at=now()).execute()
    store = {"merchant_id": shop.merchant, "id": shop.store, "code": "S1", "name": "Store"}
    Store.insert(**store, time_zone="Europe/Berlin", day_cutoff_minutes=240).execute()
    till = {"merchant_id": shop.merchant, "id": shop.terminal, "store_id": shop.store, "name": "Till 1"}
    Terminal.insert(**till, created_at=now()).execute()
    owner = {"merchant_id": shop.merchant, "id": shop.owner, "login": "owner", "name": "sealed:", "role": "owner"}
    Staff.insert(**owner, created_at=now()).execute()
    for code, bp in (("member", 10_000), ("gold", 15_000)):
        shop.tiers[code] = new_id()
        tier = {"merchant_id": shop.merchant, "id": shop.tiers[code], "code": code, "name": code}
        Tier.insert(**tier, multiplier_bp=bp).execute()
    rule = {"merchant_id": shop.merchant, "version": 1, "effective_at": datetime(1970, 1, 1, tzinfo=UTC)}
    EarnRuleRow.insert(**rule, cents_per_point=100, expiry_months=12).execute()
    shop.skus = tuple(_add_sku(shop, nth) for nth in range(len(PRICES_CENTS)))
    return shop


def _add_sku(shop: Shop, nth: int) -> UUID:
    product, sku = new_id(), new_id()
    Product.insert(merchant_id=shop.merchant, id=product, name=f"Product {nth}").execute()
    figures = {"price_cents": PRICES_CENTS[nth], "cost_cents": COSTS_CENTS[nth], "unit": "pc"}
    row = {"merchant_id": shop.merchant, "id": sku, "product_id": product, "code": f"P{nth}"}
    Sku.insert(**row, **figures, changed_at=now()).execute()
    return sku


def await_ready(api: Api) -> Api:
    """The edge, once it says it is ready."""
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        try:
            if api.get("/readyz").status == 200:
                return api
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the edge is not ready after a minute; see the logs folder of its home")


APP = create_app()
