"""The owner of the merchant that baskets are replayed into."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from ops.replay.edge import Edge
from ops.replay.state import State

LOGIN = "owner"
EARLY_S = 30
PAGE = 200


class Owner:
    """Signed in while needed, with a line of its own to the edge; any thread may ask for the token."""

    def __init__(self, edge: Edge, state: State, merchant: str) -> None:
        self.merchant = merchant
        self._edge, self._state = edge, state
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def named(self, login: str, password: str) -> None:
        """Be somebody who is there already."""
        for name, value in (("given", "yes"), ("login", login), ("password", password)):
            self._state.keep(name, value)

    def password(self) -> str:
        """The password to sign up with; made once, before it is first sent."""
        if self._state.note("password") is None:
            self._state.keep("login", LOGIN)
            self._state.keep("password", secrets.token_urlsafe(18))
        return self._state.note("password") or ""

    def token(self) -> str:
        """An access token that is good for a while yet."""
        with self._lock:
            if time.monotonic() > self._until:
                who = {"login": self._state.note("login"), "password": self._state.note("password")}
                said = self._edge.post("/v1/merchants/sign-in", {"merchant": self.merchant, **who}).body
                self._token = said["access_token"]
                self._until = time.monotonic() + said["expires_in"] - EARLY_S
            return self._token

    def pages(self, edge: Edge, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a listing."""
        said = edge.get(f"{path}?limit={PAGE}", self.token())
        yield from said["items"]
        while said.get("next_cursor"):
            said = edge.get(f"{path}?limit={PAGE}&cursor={said['next_cursor']}", self.token())
            yield from said["items"]
