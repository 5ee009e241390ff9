"""The checker sees every reasonable mistake: under the same fault the mutant is caught, and the real thing passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.storm.drain import Patience
from ops.storm.tills import Till
from tests.faults.market import Market
from tests.faults.mutant import MUTANTS
from tests.faults.stage import Stage

SALES = 8
SALES_TO_ONE_MEMBER = 25
FAULT_SECONDS = 3.0
DYING_SECONDS = 90.0
CRASHED = 9
NONE = ""
HOPELESS = Patience(busy=20.0, idle=2.0)
"""What a mutant lost does not come, however long one waits."""

Scenario = Callable[[Stage, Market, str], None]


def _sell(till: Till, sales: int) -> None:
    for _ in range(sales):
        till.sell()


def _sell_during(stage: Stage, market: Market, mutant: str, calm: Callable[[], None]) -> None:
    """Sales through an edge while a fault lasts, which `calm` ends."""
    stage.kill("checkout")
    with ThreadPoolExecutor(1) as pool:
        try:
            url = stage.start_edge(mutant=mutant)
            selling = pool.submit(_sell, market.at(url)[0], SALES)
            time.sleep(FAULT_SECONDS)
        finally:
            calm()
            stage.ensure()
        selling.result(timeout=60)


def _full_queue(stage: Stage, market: Market, mutant: str) -> None:
    """Nobody settles, and the queue takes no more than three."""
    stage.queues.limit("sales", 3)
    _sell_during(stage, market, mutant, lambda: stage.queues.limit("sales", None))


def _missing_queue(stage: Stage, market: Market, mutant: str) -> None:
    """The queue, empty, is deleted."""
    stage.queues.delete("sales")
    _sell_during(stage, market, mutant, stage.rig.migrate)


def _two_workers(stage: Stage, market: Market, mutant: str) -> None:
    """One member buys again and again while two workers credit points."""
    for role in ("accrual", "second accrual"):
        stage.start("accrual", role=role, mutant=mutant)
    stage.await_consumers("points", 2)
    _sell(market.tills[0], SALES_TO_ONE_MEMBER)


def _death(name: str, crash_at: str) -> Scenario:
    """A process ends at a boundary."""

    def die(stage: Stage, market: Market, mutant: str) -> None:
        dying = stage.start(name, mutant=mutant, CRASH_AT=crash_at)
        deadline = time.monotonic() + DYING_SECONDS
        while dying.alive:
            assert time.monotonic() < deadline, "it did not die"
            market.tills[0].sell()
            time.sleep(0.1)
        assert dying.wait() == CRASHED
        stage.start(name, mutant=mutant)

    return die


SCENARIOS: dict[str, tuple[Scenario, str]] = {
    "no_confirms": (_full_queue, "LOST"),
    "no_mandatory": (_missing_queue, "LOST"),
    "early_ack": (_death("checkout", "before commit"), "LOST"),
    "no_receipt": (_death("reports", "before ack"), "REPORT"),
    "receipt_apart": (_death("reports", "after commit"), "REPORT"),
    "read_then_write": (_two_workers, "UNBALANCED"),
    "relay_pays_first": (_death("relay", "relay before publish"), "LOST"),
}
"""The fault under which each mutant does its harm, and what the checker must call it."""


def test_every_mutant_has_its_fault() -> None:
    assert SCENARIOS.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_checker_catches_the_mutant(stage: Stage, fresh_market: Market, name: str) -> None:
    scenario, harm = SCENARIOS[name]
    stage.restore()
    scenario(stage, fresh_market, name)
    violations = fresh_market.verdict(HOPELESS).violations
    assert any(violation.startswith(harm) for violation in violations), violations


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_thing_passes_under_the_same_fault(stage: Stage, fresh_market: Market, name: str) -> None:
    scenario, _ = SCENARIOS[name]
    stage.restore()
    scenario(stage, fresh_market, NONE)
    assert fresh_market.verdict().violations == []
