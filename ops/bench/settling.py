"""settle, settle-raw, settle-scale: what checkout workers settle from a queue that is full before they start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.base import now
from models.rows import select
from ops.bench.bars import Tally, rate
from ops.bench.bulk import bulk_limit, bulk_limit_of_statements
from ops.bench.filling import fill
from ops.bench.plan import Plan
from ops.bench.shop import Chain, open_chain
from ops.bench.stage import Stage, empty_outbox, purge, queued, shares
from ops.bench.witness import OfMerchant, Witness
from ops.children import Child

WORKER = ("-m", "ops", "worker", "sales")
ROW_BY_ROW = (
    *("-m", "celery", "-A", "ops.bench.baseline_worker", "-q", "worker", "-P", "prefork", "-c", "1"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"),
)
WRITTEN = (
    ("receipt", "merchant_id"),
    ("sale", "merchant_id"),
    ("sale_line", "merchant_id"),
    ("sale_tender", "merchant_id"),
    ("stock_movement", "merchant_id"),
    ("stock", "merchant_id"),
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a run settled: commands per second, rows inserted per second, CPU per command."""

    per_second: float
    rows_per_second: float
    cpu: dict[str, float]


def settle_round(stage: Stage, plan: Plan, tallies: dict[str, Tally]) -> None:
    """One run of each that the chosen bars compare, one after the other."""
    one = settle_sales(stage, plan.sales, "worker", WORKER)
    if tally := tallies.get("settle"):
        slow = settle_sales(stage, plan.sales_row_by_row, "worker", (*ROW_BY_ROW, "-Q", "sales"))
        tally.sample("settle", one.per_second / slow.per_second)
        tally.note("one worker, sales/s", one.per_second)
        tally.note("row by row, sales/s", slow.per_second)
        tally.spent("CPU us per sale, one worker", one.cpu)
        tally.spent("CPU us per sale, row by row", slow.cpu)
        tally.ran = (
            f"{plan.sales} sales to a worker, {plan.sales_row_by_row} row by row; quorum queue, queue full first"
        )
    if tally := tallies.get("settle-raw"):
        limit = bulk_limit(plan.bulk_rows)
        tally.sample("settle-raw", one.rows_per_second / limit)
        tally.note("worker, rows inserted/s", one.rows_per_second)
        tally.note("bulk insert through the driver, rows/s", limit)
        tally.note("bulk insert of statements made beforehand, rows/s", bulk_limit_of_statements(plan.bulk_rows))
        tally.ran = f"{plan.bulk_rows} rows in bulk; updates of stock are not counted as rows"
    if tally := tallies.get("settle-scale"):
        two = settle_sales(stage, plan.sales_of_two, "worker", WORKER, workers=2)
        tally.sample("settle-scale", two.per_second / one.per_second)
        tally.note("two workers, sales/s", two.per_second)
        tally.note("one worker, sales/s", one.per_second)
        tally.spent("CPU us per sale, two workers", two.cpu)
        tally.ran = f"{plan.sales_of_two} sales to two workers, timed from when both consume"


def settle_sales(stage: Stage, count: int, group: str, command: tuple[str, ...], *, workers: int = 1) -> Settled:
    """Fill the queue with the sales of a fresh chain, start workers, and time them from first to last commit."""
    chain = open_chain()
    purge("sales")
    empty_outbox()
    fill(chain.sales(count))
    before = _rows(chain)
    run = Run(stage, "sales", OfMerchant(chain.merchant, "sales.checkout"))
    done = run.settle(count, [stage.start(group, *command) for _ in range(workers)])
    rows = _rows(chain) - before
    empty_outbox()
    return Settled(done.per_second, done.per_second * rows / count, done.cpu)


class Run:
    """Workers started on a full queue, and what the receipts say of their pace."""

    def __init__(self, stage: Stage, queue: str, witness: Witness) -> None:
        self._stage, self._queue, self._witness = stage, queue, witness

    def settle(self, count: int, children: list[Child]) -> Settled:
        """Wait until `count` are settled; the pace since all workers consumed, and the CPU meanwhile."""
        stage, witness = self._stage, self._witness
        stage.wait_until(lambda: queued(self._queue)[1] >= len(children), "workers to consume", children, every=0.02)
        stage.wait_until(witness.begun, "a first commit", children, every=0.02)
        at, spent, had = now(), stage.cpu(), witness.count()
        stage.wait_until(self._is_done(count), f"{count} to be settled", children, every=0.2)
        cpu = shares(spent, stage.cpu(), count - had)
        stage.stop(*children)
        commits = [commit for commit in witness.commits() if len(children) == 1 or commit[0] >= at]
        return Settled(rate(commits), 0.0, cpu)

    def _is_done(self, count: int) -> Callable[[], bool]:
        return lambda: queued(self._queue)[0] == 0 and self._witness.count() >= count


def _rows(chain: Chain) -> int:
    """Rows of the chain in the tables a sale is written to, follow-ups in the outbox included."""
    owned = [f"(SELECT COUNT(*) FROM {table} WHERE {key} = %s)" for table, key in WRITTEN]
    total = select(f"SELECT {' + '.join(owned)} + (SELECT COUNT(*) FROM outbox)", [chain.merchant] * len(owned))
    return int(total[0][0])
