"""The bars: what each figure is, how far it must reach, and the arithmetic from samples to a verdict."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a bar. It must be at least `limit`, or at most where `at_most` says so."""

    bar: str
    key: str
    what: str
    limit: float
    unit: str = "x"
    at_most: bool = False

    def reached(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value <= self.limit if self.at_most else value >= self.limit


FIGURES = (
    Figure(
        "settle", "settle", "settled sales/s of one checkout worker : row by row in peewee under Celery prefork 1", 20
    ),
    Figure(
        "settle-raw", "settle-raw", "rows inserted/s of that worker : bulk insert, 1 connection, 500 rows a go", 0.4
    ),
    Figure("settle-scale", "settle-scale", "settled sales/s of two checkout workers : one", 1.4),
    Figure(
        "edge",
        "edge",
        "accepted and confirmed/s, everything running : bare Flask echo, same server and processes",
        0.35,
    ),
    Figure(
        "path", "path", "committed sales/s over the whole path : textbook endpoint at its best number of clients", 8
    ),
    Figure("latency", "commit-p99", "till sends -> receipt written, p99 at the open-loop rate", 25, "ms", True),
    Figure("latency", "wait-p50", "answer with Prefer: wait, p50", 40, "ms", True),
    Figure("latency", "wait-p99", "answer with Prefer: wait, p99", 250, "ms", True),
    Figure("accrue", "accrue", "accruals/s of one points worker : row by row in peewee under Celery prefork 1", 12),
    Figure("growth", "growth", "settled sales/s with many stored sales : with few", 0.8),
)
BARS = tuple(dict.fromkeys(figure.bar for figure in FIGURES))
DEFAULT = tuple(bar for bar in BARS if bar != "growth")
"""What runs when no bar is named: growth fills a database for minutes and is asked for by name."""


@dataclass(slots=True)
class Tally:
    """What the runs of one bar showed: samples by figure, absolute figures, CPU by group, what ran or failed."""

    bar: str
    ran: str = ""
    failures: list[str] = field(default_factory=list)
    samples: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def sample(self, key: str, value: float) -> None:
        """One run's value of a figure."""
        self.samples.setdefault(key, []).append(value)

    def note(self, what: str, value: float) -> None:
        """An absolute figure, for information."""
        self.notes.setdefault(what, []).append(value)

    def spent(self, on: str, shares: dict[str, float]) -> None:
        """CPU of each group of processes while `on` ran: microseconds per unit of work."""
        for group, share in shares.items():
            self.cpu.setdefault(on, {}).setdefault(group, []).append(share)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The median of a figure's samples against its bar, and how far the samples lie apart."""

    figure: Figure
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value that counts."""
        return statistics.median(self.samples)

    @property
    def reached(self) -> bool:
        """Whether the bar is reached."""
        return self.figure.reached(self.median)


def passed(tally: Tally) -> bool:
    """Whether every figure of a bar was measured in every run, and reached."""
    found = verdicts(tally)
    return bool(found) and not tally.failures and all(verdict.reached for verdict in found)


def verdicts(tally: Tally) -> list[Verdict]:
    """The verdicts on all figures of a bar that were sampled."""
    mine = [figure for figure in FIGURES if figure.bar == tally.bar and tally.samples.get(figure.key)]
    return [Verdict(figure, tuple(tally.samples[figure.key])) for figure in mine]


def rate(commits: Sequence[tuple[datetime, int]]) -> float:
    """Per second from the first to the last commit, given (moment, how many) in order of time.

    What the first commit held was made before the clock began, so it is not counted.
    """
    seconds = (commits[-1][0] - commits[0][0]).total_seconds() if commits else 0.0
    if seconds <= 0:
        raise ValueError("a rate needs commits at two moments at least")
    return sum(count for _, count in commits[1:]) / seconds


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that `percent` of all do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
