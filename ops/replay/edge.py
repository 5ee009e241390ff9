"""One till's line to the edge: HTTP over a kept connection, patient about everything that may pass."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from ops.journey.rows import Complaint

PASSING = frozenset((429, 502, 503, 504))
"""Answers that say: not now. What was asked may or may not have happened; the key makes asking again safe."""
TIMEOUT = urllib3.Timeout(connect=3, read=15)
WAIT_S = 5
BACKOFF_MAX_S = 5.0


class GaveUp(Complaint):
    """The edge did not take a request within the patience given."""


class Stopped(Exception):
    """The replay was told to stop while it waited."""


class Refused(Complaint):
    """The edge or a worker refused: a defect in what was sent, or in what refused it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        parts = (str(status), problem.get("code"), problem.get("detail"), problem.get("errors"))
        super().__init__(" ".join(str(part) for part in parts if part))
        self.status = status
        self.code = str(problem.get("code", ""))


@dataclass(frozen=True)
class Answer:
    """What the edge said."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


@dataclass(frozen=True)
class Patience:
    """How long one request may be tried, and the event that ends all waiting."""

    seconds: float
    stop: threading.Event

    def sleep(self, seconds: float) -> None:
        """Wait, unless the replay is told to stop."""
        if self.stop.wait(seconds):
            raise Stopped


class Edge:
    """A connection of its own to the edge."""

    def __init__(self, url: str, patience: Patience) -> None:
        self._pool = urllib3.connection_from_url(url, maxsize=1, block=True, timeout=TIMEOUT)
        self.patience = patience
        self.retries = 0

    def close(self) -> None:
        """Hang up."""
        self._pool.close()

    def get(self, path: str, token: str) -> dict[str, Any]:
        """Read something."""
        return self._ask("GET", path, None, _headers(token)).body

    def post(self, path: str, body: Any, *, token: str = "", key: str = "") -> Answer:
        """Send a command; 202 is enough."""
        return self._ask("POST", path, orjson.dumps(body), _headers(token, key))

    def settle(self, path: str, body: Any, *, token: str = "", key: str = "") -> dict[str, Any]:
        """Send a command and wait until it is done; its answer, with what a 202 foretold.

        Without a token one can only ask again.
        """
        headers = _headers(token, key) | {"Prefer": f"wait={WAIT_S}"}
        until = time.monotonic() + self.patience.seconds
        answer = self._ask("POST", path, orjson.dumps(body), headers)
        while answer.status == 202:
            if token:
                return answer.body | self.outcome(answer.body["command_id"], token)
            if time.monotonic() > until:
                raise GaveUp(f"{path} is still pending after {self.patience.seconds:.0f} s")
            self.patience.sleep(0.2)
            answer = self._ask("POST", path, orjson.dumps(body), headers)
        return answer.body

    def outcome(self, command: str, token: str) -> dict[str, Any]:
        """The answer of a command, once it is settled."""
        until = time.monotonic() + self.patience.seconds
        while time.monotonic() < until:
            said = self.get(f"/v1/commands/{command}", token)
            if said["state"] == "done":
                return said.get("answer") or {}
            if said["state"] != "pending":
                raise Refused(409, {"code": said.get("code") or said["state"], "detail": f"command {command}"})
            self.patience.sleep(0.1)
        raise GaveUp(f"command {command} is still pending after {self.patience.seconds:.0f} s")

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Ask until there is an answer that lasts; always with the same key."""
        until = time.monotonic() + self.patience.seconds
        tries = 0
        while True:
            asked, why = self._once(method, path, body, headers)
            if asked is not None:
                return asked
            self.retries += 1
            tries += 1
            pause = _pause(tries, why)
            if time.monotonic() + pause > until:
                raise GaveUp(f"{method} {path}: {why} for {self.patience.seconds:.0f} s")
            self.patience.sleep(pause)

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[Answer | None, str]:
        try:
            response = self._pool.urlopen(method, path, body=body, headers=headers, retries=False)
        except HTTPError as error:
            return None, type(error).__name__
        if response.status in PASSING:
            return None, response.headers.get("Retry-After") or str(response.status)
        said = _read(response.data)
        if response.status >= 400:
            raise Refused(response.status, said)
        return Answer(response.status, said, response.headers.get("Idempotency-Replayed") == "true"), ""


def _headers(token: str, key: str = "") -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if key:
        headers["Idempotency-Key"] = key
    return headers


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        said = {"detail": data[:200].decode(errors="replace")}
    return said if isinstance(said, dict) else {"items": said}


def _pause(tries: int, why: str) -> float:
    """As long as the edge asked for, or doubling; never all tills at the same moment."""
    if why.isdigit() and int(why) < 400:
        return int(why) * random.uniform(1.0, 1.3)
    return min(BACKOFF_MAX_S, 0.05 * 2**tries) * random.uniform(0.5, 1.0)
