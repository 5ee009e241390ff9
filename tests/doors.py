"""Shops that came through the front door: signed up, signed in and enrolled over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from ops import cache
from tests.shops import Api, Said

PASSWORD = "correct horse battery"


def sign_up_body(code: str, **owner: str) -> dict[str, Any]:
    """A shop that is in order."""
    return {
        "merchant": {"code": code, "name": "Bakery Berg", "currency": "EUR"},
        "store": {"code": "S1", "name": "Main", "time_zone": "Europe/Berlin", "day_cutoff_minutes": 240},
        "owner": {"login": "owner", "name": "Anna Berg", "password": PASSWORD} | owner,
    }


@dataclass
class Door:
    """A shop and the address it came to."""

    live: Api
    code: str = field(default_factory=lambda: f"berg-{uuid4().hex[:12]}")
    ids: dict[str, Any] = field(default_factory=dict)

    def open(self) -> Door:
        """Sign up."""
        forget_tries()
        said = self.live.post("/v1/merchants/sign-up", sign_up_body(self.code))
        assert said.status == 201, said.body
        self.ids = said.body
        return self

    @property
    def merchant(self) -> UUID:
        """The shop's id."""
        return UUID(self.ids["merchant_id"])

    def sign_in(self, login: str = "owner", password: str = PASSWORD, **more: Any) -> Said:
        """Try a login."""
        body = {"merchant": self.code, "login": login, "password": password}
        return self.live.call("POST", "/v1/merchants/sign-in", body | more)

    def owner(self) -> Api:
        """The edge as the owner, newly signed in."""
        return self.live.as_(self.sign_in().body["access_token"])

    def refresh(self, token: str) -> Said:
        """Exchange a refresh token."""
        return self.live.call("POST", "/v1/merchants/refresh", {"refresh_token": token})

    def hire(self, login: str, role: str, **more: Any) -> str:
        """A further person; their id."""
        body = {"login": login, "name": "Bob Bird", "role": role} | more
        said = self.owner().post("/v1/merchants/staff", body)
        assert said.status == 201, said.body
        return str(said.body["staff_id"])

    def add_till(self) -> dict[str, Any]:
        """A till not enrolled yet: its id and code."""
        body = {"store_id": self.ids["store_id"], "name": "Till 1"}
        return dict(self.owner().post("/v1/merchants/terminals", body).body)

    def till(self) -> tuple[str, str]:
        """An enrolled till: its id and key."""
        said = self.enrol(self.add_till()["enrol_code"])
        return said.body["terminal_id"], said.body["key"]

    def enrol(self, code: str, key: str | None = None) -> Said:
        """Exchange a till's code for its key."""
        return self.live.post("/v1/merchants/terminals/enrol", {"code": code}, key)

    def till_token(self, key: str) -> Said:
        """An access token for a till's key."""
        return self.live.call("POST", "/v1/merchants/terminals/token", {"key": key})

    def at_till(self, key: str) -> Api:
        """The edge as a till."""
        return self.live.as_(self.till_token(key).body["access_token"])


def forget_tries() -> None:
    """Begin to count tries anew: the tests all come from one address."""
    found = list(cache.client().scan_iter("tries:*"))
    if found:
        cache.client().delete(*found)
