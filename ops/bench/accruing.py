"""accrue: what one points worker credits from a queue that is full before it starts."""

from __future__ import annotations

from ops.bench.bars import Tally
from ops.bench.filling import fill
from ops.bench.plan import Plan
from ops.bench.settling import ROW_BY_ROW, Run, Settled
from ops.bench.shop import open_chain
from ops.bench.stage import Stage, purge
from ops.bench.witness import OfMerchant

WORKER = ("-m", "ops", "worker", "points")


def accrue_round(stage: Stage, plan: Plan, tallies: dict[str, Tally]) -> None:
    """One run in bundles as the relay sends them, one row by row."""
    tally = tallies["accrue"]
    one = _accrue(stage, plan.accruals, WORKER, bundled=True)
    slow = _accrue(stage, plan.accruals_row_by_row, (*ROW_BY_ROW, "-Q", "points"), bundled=False)
    tally.sample("accrue", one.per_second / slow.per_second)
    tally.note("one worker, accruals/s", one.per_second)
    tally.note("row by row, accruals/s", slow.per_second)
    tally.spent("CPU us per accrual, one worker", one.cpu)
    tally.spent("CPU us per accrual, row by row", slow.cpu)
    tally.ran = (
        f"{plan.accruals} accruals to a worker, 100 to a message, {plan.accruals_row_by_row} row by row, one to a "
        "message; quorum queue, queue full first"
    )


def _accrue(stage: Stage, count: int, command: tuple[str, ...], *, bundled: bool) -> Settled:
    chain = open_chain()
    purge("points")
    fill(chain.accruals(count) if bundled else chain.single_accruals(count))
    run = Run(stage, "points", OfMerchant(chain.merchant, "points.accrue"))
    return run.settle(count, [stage.start("worker", *command)])
