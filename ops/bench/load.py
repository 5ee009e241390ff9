"""Load over HTTP: as many sales as some connections can get through, each with its own number and key.

`wrk` does it where it is installed (Debian: apt-get install wrk); else a plain loader of ours, which takes
more of the CPU that is being measured.
"""

from __future__ import annotations

import itertools
import json
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson

from ops.bench.shop import Chain
from ops.settings import settings

SCRIPT = Path(__file__).with_name("sales.lua")
REQUESTS = 2_000
HOLE, END = b"\1", b"\2"
DIGITS = 10
NUMBERS = itertools.count(1_000_000_000, 10_000_000)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the clients saw: answers below 400, others, connections lost, seconds, milliseconds to answer."""

    answered: int
    refused: int
    lost: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Answers below 400 a second."""
        return self.answered / self.seconds


class Load:
    """Load on a URL of this machine; starts at once, `result` waits for its end."""

    def __init__(self, requests: Path, *, port: int, connections: int, seconds: float) -> None:
        wrk = shutil.which("wrk")
        where = (
            "--timeout",
            "15s",
            "-t",
            "1",
            "-c",
            str(connections),
            "-d",
            f"{round(seconds)}s",
            f"http://127.0.0.1:{port}/",
        )
        plain = ("-m", "ops.bench.plain_load", str(port), str(connections), str(seconds))
        command = [wrk, "-s", str(SCRIPT), *where, "--"] if wrk else [sys.executable, *plain]
        self._spent = _children_seconds()
        self._process = subprocess.Popen([*command, str(requests), str(next(NUMBERS))], stdout=subprocess.PIPE)

    def result(self) -> Loaded:
        """What came of it."""
        out, _ = self._process.communicate()
        told = json.loads(out.decode().strip().splitlines()[-1])
        good = told["requests"] - told["refused"]
        times = (told["seconds"], told["p50_ms"], told["p99_ms"])
        return Loaded(good, told["refused"], told["lost"], *times, _children_seconds() - self._spent)

    def end(self) -> None:
        """End it early, if it still runs."""
        self._process.kill()
        self._process.wait()


def write_requests(chain: Chain) -> Path:
    """A file of whole requests with tokens of the chain's tills, and holes for key and number."""
    tokens = {till.id: chain.token(till) for till in chain.tills}
    path = settings().home / "requests"
    with path.open("wb") as file:
        for till, body in chain.baskets(REQUESTS):
            file.write(_request(tokens[till.id], orjson.dumps(body | {"sequence": 0})) + END)
    return path


def loader() -> str:
    """What sends the load."""
    return "wrk" if shutil.which("wrk") else "the plain loader (wrk, of the Debian package wrk, is not installed)"


def _request(token: str, body: bytes) -> bytes:
    before, after = body.split(b'"sequence":0', 1)
    head = (
        f"POST /v1/sales HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body) - 1 + DIGITS}\r\nIdempotency-Key: bench-"
    )
    return head.encode() + HOLE + b"\r\n\r\n" + before + b'"sequence":' + HOLE + after


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
