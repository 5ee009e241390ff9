"""growth: the same worker on the same sales, with many sales stored and with few."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

from models.rows import execute, select
from ops.bench.bars import Tally
from ops.bench.filling import fill
from ops.bench.plan import Plan
from ops.bench.settling import WORKER, Run, Settled
from ops.bench.shop import Chain, open_chain
from ops.bench.stage import Stage, purge
from ops.bench.stored import check_space, drop_schema, make_schema, store_sales
from ops.bench.witness import OfCommands

FEW, MANY = "bench_few", "bench_many"
CLEAN_PAGES_MAX = 500
HURRY = {"innodb_max_dirty_pages_pct": 0.0, "innodb_io_capacity_max": 20_000, "innodb_io_capacity": 20_000}
FIRSTS = itertools.count(100_000_000, 1_000_000)
"""Sales of a run are numbered on from the next of these: no number comes twice, all follow the stored ones."""


def measure_growth(stage: Stage, plan: Plan, tally: Tally, say: Callable[[str], None]) -> None:
    """Fill two schemas, then settle in them in turns."""
    check_space(plan.stored_many)
    chain = open_chain()
    urls = {}
    for schema, count in ((FEW, plan.stored_few), (MANY, plan.stored_many)):
        urls[schema] = make_schema(schema, chain)
        store_sales(schema, chain, count, say)
    _await_clean_pages(stage, say)
    for nth in range(plan.runs):
        say(f"round {nth + 1} of {plan.runs}: growth")
        few, many = (_settle(stage, plan, chain, (schema, urls[schema])) for schema in (FEW, MANY))
        tally.sample("growth", many.per_second / few.per_second)
        tally.note(f"{plan.stored_few:,} stored, sales/s", few.per_second)
        tally.note(f"{plan.stored_many:,} stored, sales/s", many.per_second)
        tally.spent(f"CPU us per sale, {plan.stored_few:,} stored", few.cpu)
        tally.spent(f"CPU us per sale, {plan.stored_many:,} stored", many.cpu)
    for schema in urls:
        drop_schema(schema)
    tally.ran = f"{plan.sales} sales to one worker; stored sales of one merchant over a year, two lines each"


def _settle(stage: Stage, plan: Plan, chain: Chain, where: tuple[str, str]) -> Settled:
    schema, url = where
    purge("sales")
    messages = list(chain.sales(plan.sales, first=next(FIRSTS)))
    fill(messages)
    witness = OfCommands(schema, chain.merchant, [UUID(message.id) for message in messages])
    return Run(stage, "sales", witness).settle(plan.sales, [stage.start("worker", *WORKER, DATABASE_URL=url)])


def _await_clean_pages(stage: Stage, say: Callable[[str], None]) -> None:
    """Let the database write what the filling left in memory, so that no run pays for it."""
    say("writing back changed pages")
    usual = select(f"SELECT {', '.join(f'@@{name}' for name in HURRY)}")[0]
    _set_global(HURRY)
    dirty = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
    stage.wait_until(lambda: int(select(dirty)[0][1]) < CLEAN_PAGES_MAX, "changed pages to be written", every=0.5)
    _set_global(dict(reversed(list(zip(HURRY, usual, strict=True)))))


def _set_global(values: dict[str, float]) -> None:
    for name, value in values.items():
        execute(f"SET GLOBAL {name} = {value}")
