"""`python -m ops.bench.plain_load PORT CONNECTIONS SECONDS FILE FIRST`: what wrk does, where there is no wrk.

One thread, one selector, as many connections as asked for, each sending its next request when it has its
answer. It prints the same line of JSON as `sales.lua`.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ops.bench.bars import percentile

HOLE, END = b"\1", b"\2"
HEAD_END = b"\r\n\r\n"
PATIENCE_SECONDS = 15.0


class Line:
    """One connection: what it has sent when, and what has come back so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._sent = 0.0
        self._back = b""

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._sent, self._back = time.perf_counter(), b""
        self.socket.sendall(request)

    def receive(self) -> tuple[int, float] | None:
        """Status and seconds of the answer once it is whole. Raises OSError when the connection is lost."""
        piece = self.socket.recv(65_536)
        if not piece:
            raise ConnectionError("the connection was closed")
        self._back += piece
        head, found, body = self._back.partition(HEAD_END)
        if not found or len(body) < _length(head):
            return None
        return int(head.split(b" ", 2)[1]), time.perf_counter() - self._sent


class Crowd:
    """Connections that send one request after the other, and what they were told."""

    def __init__(self, port: int, connections: int, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._waiting = selectors.DefaultSelector()
        self.millis: list[float] = []
        self.refused = self.lost = 0
        for _ in range(connections):
            line = Line(port)
            self._waiting.register(line.socket, selectors.EVENT_READ, line)
            line.send(next(requests))

    def work(self, seconds: float) -> None:
        """Keep every connection busy for some seconds, as long as one is left."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and self._waiting.get_map():
            for key, _ in self._waiting.select(PATIENCE_SECONDS):
                self._serve(key.data)
        for key in list(self._waiting.get_map().values()):
            self._leave(key.data)
        self._waiting.close()

    def _serve(self, line: Line) -> None:
        try:
            answer = line.receive()
            if answer:
                self.refused += answer[0] >= 400
                self.millis.append(answer[1] * 1000)
                line.send(next(self._requests))
        except OSError:
            self.lost += 1
            self._leave(line)

    def _leave(self, line: Line) -> None:
        self._waiting.unregister(line.socket)
        line.close()


def load(port: int, connections: int, seconds: float, requests: Iterator[bytes]) -> dict[str, float]:
    """Keep connections busy for some seconds; what came of it."""
    began = time.perf_counter()
    crowd = Crowd(port, connections, requests)
    crowd.work(seconds)
    return {
        "requests": len(crowd.millis),
        "refused": crowd.refused,
        "lost": crowd.lost,
        "seconds": time.perf_counter() - began,
        "p50_ms": percentile(crowd.millis, 50),
        "p99_ms": percentile(crowd.millis, 99),
    }


def numbered(path: Path, first: int) -> Iterator[bytes]:
    """The requests of a file over and over, with the numbers from `first` on in their holes."""
    pieces = [request.split(HOLE) for request in path.read_bytes().split(END) if request]
    for number, (head, middle, tail) in zip(itertools.count(first + 1), itertools.cycle(pieces)):
        digits = b"%010d" % number
        yield b"".join((head, digits, middle, digits, tail))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    port, connections, seconds, path, first = sys.argv[1:6]
    print(json.dumps(load(int(port), int(connections), float(seconds), numbered(Path(path), int(first)))))
