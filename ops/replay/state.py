"""What a replay remembers, so that it can be killed at any moment and go on: one SQLite file in its folder.

A till's baskets are numbered before any is sent. Whatever happens later, a basket keeps its till, its sequence
and its key, so sending it twice is harmless; that is why answers may be written a moment late.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.journey.rows import Complaint

TABLES = """
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS store (code TEXT PRIMARY KEY, id TEXT, delivered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS till (store TEXT, number INTEGER, tries INTEGER NOT NULL DEFAULT 0, id TEXT, key TEXT,
    PRIMARY KEY (store, number));
CREATE TABLE IF NOT EXISTS sku (code TEXT PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS member (household TEXT PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS basket (id TEXT PRIMARY KEY, store TEXT NOT NULL, till INTEGER NOT NULL,
    sequence INTEGER NOT NULL, command TEXT, sale TEXT, UNIQUE (store, till, sequence));
"""
FILE = "replay.sqlite3"


class OtherReplay(Complaint):
    """The folder remembers a replay of another input, merchant or address."""


@dataclass(frozen=True)
class Place:
    """Where a basket is rung up: its till, counted from 1 within the store, and its sequence there."""

    store: str
    till: int
    sequence: int


@dataclass(frozen=True)
class Answered:
    """A basket whose sale was accepted: the command and the sale it will be."""

    basket: str
    command: str
    sale: str


class State:
    """The memory of one replay. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        path.touch(mode=0o600)  # SQLite gives its log the same mode
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + TABLES)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def all(self, sql: str, *values: object) -> list[tuple]:
        """Rows of a query."""
        with self._lock:
            return self._base.execute(sql, values).fetchall()

    def write(self, sql: str, rows: Iterable[tuple]) -> None:
        """One statement for many rows, in one transaction."""
        with self._lock:
            self._base.execute("BEGIN")
            self._base.executemany(sql, rows)
            self._base.execute("COMMIT")

    def note(self, name: str) -> str | None:
        """Something noted under a name."""
        found = self.all("SELECT value FROM note WHERE name = ?", name)
        return found[0][0] if found else None

    def keep(self, name: str, value: str) -> None:
        """Note something, in place of what was noted before."""
        self.write("INSERT OR REPLACE INTO note VALUES (?, ?)", [(name, value)])

    def bind(self, name: str, value: str) -> None:
        """Hold the replay to one value for good."""
        known = self.note(name)
        if known is None:
            self.keep(name, value)
        elif known != value:
            raise OtherReplay(f"this state is of {name} {known}, not {value}: give another --state folder")

    def places(self) -> dict[str, Place]:
        """Every basket numbered so far."""
        rows = self.all("SELECT id, store, till, sequence FROM basket")
        return {basket: Place(store, till, sequence) for basket, store, till, sequence in rows}

    def unanswered(self) -> dict[str, Place]:
        """Baskets that are numbered and not known to be accepted."""
        rows = self.all("SELECT id, store, till, sequence FROM basket WHERE command IS NULL")
        return {basket: Place(store, till, sequence) for basket, store, till, sequence in rows}

    def number(self, baskets: Iterable[tuple[str, str, int]]) -> None:
        """Number baskets (id, store, till) in the order given, each till on from where it was."""
        last = {
            (store, till): most
            for store, till, most in self.all("SELECT store, till, MAX(sequence) FROM basket GROUP BY 1, 2")
        }
        rows = []
        for basket, store, till in baskets:
            last[store, till] = last.get((store, till), 0) + 1
            rows.append((basket, store, till, last[store, till]))
        self.write("INSERT INTO basket (id, store, till, sequence) VALUES (?, ?, ?, ?)", rows)

    def answered(self, answers: Iterable[Answered]) -> None:
        """Write down which baskets were accepted."""
        self.write(
            "UPDATE basket SET command = ?, sale = ? WHERE id = ?",
            [(answer.command, answer.sale, answer.basket) for answer in answers],
        )

    def accepted(self) -> int:
        """How many baskets were accepted, over all runs."""
        return int(self.all("SELECT COUNT(*) FROM basket WHERE command IS NOT NULL")[0][0])
