"""A process that ends at any boundary, at its first or second pass, loses and doubles nothing."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from ops.storm.rig import ROOT
from ops.storm.tills import Till
from tests.faults.market import Market
from tests.faults.stage import OTHER_EDGE, Stage

CRASHED = 9
PAUSE_SECONDS = 0.15
DYING_SECONDS = 90.0
WORKERS = ("checkout", "accrual", "reports")
SETTLING = ("before handler", "after receipt", "before commit", "after commit", "before ack")
RELAYING = ("relay before publish", "relay after publish")
PUBLISHING = ("edge before publish", "edge after publish")
HITS = (1, 2)


def test_every_boundary_of_the_product_is_tried() -> None:
    named = {
        name
        for folder in ("edge", "models", "workers")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'boundary\("([^"]+)"\)', path.read_text())
    }
    assert named == {*SETTLING, *RELAYING, *PUBLISHING}


def _die_at(stage: Stage, till: Till, names: tuple[str, ...], crash_at: str) -> None:
    """Let processes die there while a till sells, one sale after the other, and start each again once it has."""
    stage.restore()
    living = {name: stage.start(name, CRASH_AT=crash_at) for name in names}
    deadline = time.monotonic() + DYING_SECONDS
    while living:
        assert time.monotonic() < deadline, f"still alive: {', '.join(living)}"
        till.sell()
        time.sleep(PAUSE_SECONDS)
        for name in [name for name, child in living.items() if not child.alive]:
            assert living.pop(name).wait() == CRASHED
            stage.ensure()


@pytest.mark.parametrize("hit", HITS)
@pytest.mark.parametrize("boundary", SETTLING)
def test_workers_that_die_at_a_boundary_lose_and_double_nothing(
    stage: Stage, market: Market, boundary: str, hit: int
) -> None:
    _die_at(stage, market.tills[0], WORKERS, f"{boundary}:{hit}")
    assert market.verdict().violations == []


@pytest.mark.parametrize("hit", HITS)
@pytest.mark.parametrize("boundary", RELAYING)
def test_a_relay_that_dies_at_a_boundary_loses_and_doubles_nothing(
    stage: Stage, market: Market, boundary: str, hit: int
) -> None:
    _die_at(stage, market.tills[0], ("relay",), f"{boundary}:{hit}")
    assert market.verdict().violations == []


@pytest.mark.parametrize("hit", HITS)
@pytest.mark.parametrize("boundary", PUBLISHING)
def test_an_edge_that_dies_at_a_boundary_loses_and_doubles_nothing(
    stage: Stage, market: Market, boundary: str, hit: int
) -> None:
    stage.restore()
    url = stage.start_edge(CRASH_AT=f"{boundary}:{hit}")
    worker = stage.worker_of(OTHER_EDGE)
    with ThreadPoolExecutor(1) as pool:
        selling = pool.submit(_sell, market.at(url)[0], hit)
        psutil.wait_procs([worker], timeout=20)
        assert not worker.is_running(), "it did not die"
        stage.start_edge(REGULARS_PORT=url.rpartition(":")[2])
        selling.result(timeout=60)
    assert market.verdict().violations == []


def _sell(till: Till, sales: int) -> None:
    for _ in range(sales):
        till.sell()
