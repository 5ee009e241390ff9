"""After the last sale: wait until every accepted sale is settled and stands in the reports."""

from __future__ import annotations

import time
from collections.abc import Callable

from ops.replay.crew import Crew
from ops.replay.edge import Edge
from ops.replay.owner import Owner
from ops.replay.progress import Progress
from ops.replay.state import State

QUIET_S = 60.0
POLL_S = 1.0
FIRST_DAY, LAST_DAY = "2016-12-31", "2017-12-31"
"""The business dates of the year the input is of."""


def await_reports(edge: Edge, owner: Owner, *, wanted: int, say: Callable[[str], None]) -> bool:
    """Wait until the reports count so many sales; False when they have stood still too long."""
    since = time.monotonic()
    with Progress("settled", wanted, say) as progress:
        while time.monotonic() - since < QUIET_S:
            fresh = tickets(edge, owner) - progress.count
            progress.add(fresh)
            if progress.count >= wanted:
                return True
            if fresh:
                since = time.monotonic()
            edge.patience.sleep(POLL_S)
    return False


def tickets(edge: Edge, owner: Owner) -> int:
    """How many sales the reports count, over all stores and days."""
    path = f"/v1/reports/sales?by=store&from={FIRST_DAY}&to={LAST_DAY}"
    return sum(item["tickets"] for item in edge.get(path, owner.token())["items"])


def unsettled(crew: Crew, state: State, owner: Owner) -> list[str]:
    """Ask for every accepted sale; what was refused, parked or is still pending."""
    found: list[str] = []

    def ask(edge: Edge, row: tuple[str, str]) -> None:
        said = edge.get(f"/v1/commands/{row[1]}", owner.token())
        if said["state"] != "done":
            found.append(f"basket {row[0]}: {said['state']} {said.get('code') or ''}".rstrip())

    crew.work(state.all("SELECT id, command FROM basket WHERE command IS NOT NULL"), ask)
    return sorted(found)
