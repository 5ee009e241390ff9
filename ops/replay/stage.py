"""What a replay is asked to do, what its steps share, and what it reports in the end."""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ops.journey.rows import SAMPLE, fingerprint
from ops.replay.crew import Crew
from ops.replay.edge import Edge, Patience
from ops.replay.owner import Owner
from ops.replay.state import State


@dataclass(frozen=True)
class ReplayOptions:
    """What to play, at what, how fast. `speed` is `flat` or a factor of real time; an empty login signs up."""

    url: str = "http://127.0.0.1:8080"
    input: Path = SAMPLE
    state: Path = Path("var/replay")
    merchant: str = "journey"
    login: str = ""
    password: str = ""
    terminals: int = 8
    weeks: str = ""
    stores: str = ""
    speed: str = "flat"
    patience_s: float = 300


@dataclass
class Summary:
    """What a replay did. It went well when nothing failed and everything accepted was settled."""

    sent: int = 0
    before: int = 0
    retries: int = 0
    seconds: float = 0
    remarks: Tally[tuple[str, str]] = field(default_factory=Tally)
    failures: list[str] = field(default_factory=list)
    settled: bool = True

    @property
    def ok(self) -> bool:
        """Whether everything that could be posted was, and is settled."""
        return self.settled and not self.failures


@dataclass
class Stage:
    """What the steps of a replay share."""

    options: ReplayOptions
    state: State
    say: Callable[[str], None]
    patience: Patience
    edge: Edge
    owner: Owner
    crew: Crew


def set_stage(options: ReplayOptions, state: State, say: Callable[[str], None]) -> Stage:
    """Hold the state to its input and merchant, and make ready to talk to the edge."""
    state.bind("input", fingerprint(options.input))
    state.bind("merchant", options.merchant)
    patience = Patience(options.patience_s, threading.Event())
    edge = Edge(options.url, patience)
    owner = Owner(Edge(options.url, patience), state, options.merchant)
    if options.login:
        owner.named(options.login, options.password)
    return Stage(options, state, say, patience, edge, owner, Crew(options.url, options.terminals, patience))
