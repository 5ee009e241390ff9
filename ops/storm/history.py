"""What the tills did and were told, in one append-only file: beside the database, the only witness of a storm.

A line is written, and flushed, before each call and after it. So a call without a second line, and one whose
answer was lost, are both *unknown*: it may have been taken or not, and the checker allows either.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ops.storm.shop import Shop

OK, FAIL, UNKNOWN = "ok", "fail", "unknown"
ALLOWED = frozenset((200, 201, 202, 503))
"""What a POST may be answered with, besides 4xx."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A sale as it was sent: under which key, with which body; `due` is the refusal a wrong body must get."""

    key: str
    body: dict[str, Any]
    due: str | None = None


@dataclass(slots=True)
class Call:
    """One POST: what it offered, and what became of it. Status 0: no answer at all."""

    number: int
    terminal: str
    began: float
    offers: list[Offer] = field(default_factory=list)
    outcome: str = UNKNOWN
    status: int = 0
    seconds: float = 0.0
    code: str | None = None
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ended(self) -> float:
        """When it was answered, or given up."""
        return self.began + self.seconds


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when a fault lasted; `mute`: nobody was there who could have answered."""

    name: str
    began: float
    ended: float
    mute: bool = False


@dataclass
class Told:
    """A history, read back."""

    shop: Shop
    calls: list[Call] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)


class History:
    """The file, written by many threads."""

    def __init__(self, path: Path, shop: Shop) -> None:
        self.path = path
        self._file = path.open("ab")
        self._lock = threading.Lock()
        self._calls = 0
        self.counts: Counter[str] = Counter()
        self._write("shop", asdict(shop))

    def invoke(self, terminal: str, offers: list[Offer]) -> Call:
        """A call is about to be made."""
        with self._lock:
            self._calls += 1
            call = Call(self._calls, terminal, time.time(), offers)
        self._write("invoke", asdict(call))
        return call

    def answered(self, call: Call) -> None:
        """A call is over: its outcome, status, seconds, code and answers."""
        self.counts[call.outcome] += 1
        line = {name: getattr(call, name) for name in ("number", "outcome", "status", "seconds", "code", "answers")}
        self._write("answered", line)

    def fault(self, window: Window) -> None:
        """A fault is over."""
        self._write("fault", asdict(window))

    def close(self) -> None:
        """No more is written."""
        with self._lock:
            self._file.close()

    def _write(self, what: str, line: dict[str, Any]) -> None:
        data = orjson.dumps({"what": what, **line}) + b"\n"
        with self._lock:
            self._file.write(data)
            self._file.flush()


def outcome_of(status: int) -> str:
    """What an answer means for what was sent: taken, certainly without effect, or not known."""
    if status in (200, 201, 202):
        return OK
    return FAIL if 400 <= status < 500 and status != 429 else UNKNOWN


def read_history(path: Path) -> Told:
    """The whole of a history."""
    lines = _lines(path)
    told = Told(Shop.read(next(lines)))
    calls: dict[int, Call] = {}
    for line in lines:
        what = line.pop("what")
        if what == "invoke":
            offers = [Offer(**offer) for offer in line.pop("offers")]
            calls[line["number"]] = Call(**line, offers=offers)
        elif what == "answered":
            call = calls[line.pop("number")]
            for name, value in line.items():
                setattr(call, name, value)
        else:
            told.windows.append(Window(**line))
    told.calls = list(calls.values())
    return told


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)
