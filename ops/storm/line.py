"""A till's line to the edge: one request, one answer or none, and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

TIMEOUT = urllib3.Timeout(connect=4, read=12)


@dataclass(frozen=True, slots=True)
class Said:
    """What came back; status 0 and no body when nothing did."""

    status: int
    body: dict[str, Any]
    seconds: float


class Line:
    """A kept connection of its own. Nothing is ever sent again by itself."""

    def __init__(self, url: str) -> None:
        self._pool = urllib3.connection_from_url(url, maxsize=1, block=True, timeout=TIMEOUT)

    def post(self, path: str, body: Any, headers: dict[str, str]) -> Said:
        """Send once."""
        began = time.monotonic()
        try:
            data = orjson.dumps(body)
            response = self._pool.urlopen("POST", path, body=data, headers=headers | _JSON, retries=False)
        except urllib3.exceptions.HTTPError:
            return Said(0, {}, time.monotonic() - began)
        return Said(response.status, _read(response.data), time.monotonic() - began)

    def close(self) -> None:
        """Hang up."""
        self._pool.close()


_JSON = {"Content-Type": "application/json"}


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
