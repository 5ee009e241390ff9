"""My shop with a branch, another shop, and every kind of caller: the stage of `test_tenants`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID, uuid4

from models.base import new_id, now
from models.catalogue import ROOT, Category
from models.merchants import Store, Terminal
from models.rules.permissions import TERMINAL
from schemas.sales import Checkout
from tests.doors import Door
from tests.shops import Api, Shop, make_shop

PIN = "2580"
OWNER, TILL, SESSION, SHIFT = "owner", "till", "session", "shift"


def fresh_name() -> str:
    """A name nobody has."""
    return f"n{uuid4().hex[:12]}"


@dataclass
class World:
    """My shop with a branch, another shop, and all who may come. Doors are shops that signed up themselves."""

    live: Api
    shop: Shop = field(default_factory=make_shop)
    other: Shop = field(default_factory=make_shop)

    def __post_init__(self) -> None:
        self.branch = self._open_branch()
        enrolled = self.live.as_(self.shop.owner_token).post(
            "/v1/members", {"name": "Anna Berg", "cards": [fresh_name()]}
        )
        self.member, self.number = UUID(enrolled.body["member_id"]), enrolled.body["number"]
        sold = self.shop.deliver(Checkout, self.shop.basket(1, member=self.member, sold_at="2026-05-04T10:00:00Z"))
        self.sale = UUID(sold.answer["sale_id"])
        self.command = new_id()
        self.shop.deliver(Checkout, self.shop.basket(1), self.command)
        self.shop.settle_followups()
        self.category = new_id()
        Category.insert(merchant_id=self.shop.merchant, id=self.category, name="Bread", parent_id=ROOT).execute()

    @cached_property
    def door(self) -> Door:
        """A shop of mine that came through the front door, with a cashier held to its first store."""
        door = Door(self.live).open()
        door.hire("cashier", "cashier", pin=PIN, store_id=door.ids["store_id"])
        return door

    @cached_property
    def other_door(self) -> Door:
        """Somebody else's."""
        return Door(self.live).open()

    @cached_property
    def tills(self) -> dict[str, str]:
        """Keys of tills of the doors: mine, mine in another store, the other's."""
        store = {"code": "S2", "name": "Branch", "time_zone": "Europe/Berlin"}
        branch = self.door.owner().post("/v1/merchants/stores", store).body["store_id"]
        added = self.door.owner().post("/v1/merchants/terminals", {"store_id": branch, "name": "Till 2"})
        in_branch = self.door.enrol(added.body["enrol_code"]).body["key"]
        return {"mine": self.door.till()[1], "branch": in_branch, "other": self.other_door.till()[1]}

    def ids(self) -> set[str]:
        """Everything of my shop that nobody else may learn."""
        shop = self.shop
        mine = [shop.merchant, shop.store, shop.terminal, shop.owner, *shop.skus, *shop.tiers.values()]
        return {str(id_) for id_ in [*mine, self.branch, self.member, self.sale, self.command, self.category]}

    def mine(self, by: str) -> Api:
        """Who may call an operation."""
        match by:
            case "till":
                return self.live.as_(self.shop.till_token)
            case "session":
                return self.door.owner()
            case "shift":
                return self.door.at_till(self.tills["mine"])
        return self.live.as_(self.shop.owner_token)

    def stranger(self, by: str) -> Api:
        """The same in another shop."""
        match by:
            case "till":
                return self.live.as_(self.other.till_token)
            case "session":
                return self.other_door.owner()
            case "shift":
                return self.other_door.at_till(self.tills["other"])
        return self.live.as_(self.other.owner_token)

    def held(self, by: str) -> Api:
        """A manager or a till of the branch."""
        if by == SHIFT:
            return self.door.at_till(self.tills["branch"])
        if by == TILL:
            return self.live.as_(self._till_of_branch().till_token)
        return self.live.as_(self.shop.token_of(self.shop.hire("manager", self.branch)))

    def with_role(self, role: str) -> Api:
        """Somebody of my shop in a role, held to no store."""
        token = self.shop.till_token if role == TERMINAL else self.shop.token_of(self.shop.hire(role))
        return self.live.as_(token)

    def spare_till(self) -> UUID:
        """A till that may be lost."""
        return self._add_till(self.shop.store)

    def _till_of_branch(self) -> Shop:
        return Shop(merchant=self.shop.merchant, terminal=self._add_till(self.branch))

    def _add_till(self, store: UUID) -> UUID:
        id_ = new_id()
        row = {"merchant_id": self.shop.merchant, "id": id_, "store_id": store, "name": "Till"}
        Terminal.insert(**row, created_at=now()).execute()
        return id_

    def _open_branch(self) -> UUID:
        id_ = new_id()
        row = {"merchant_id": self.shop.merchant, "id": id_, "code": "S2", "name": "Branch"}
        Store.insert(**row, time_zone="Europe/Berlin", day_cutoff_minutes=0).execute()
        return id_
