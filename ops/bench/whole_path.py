"""edge and path: everything running under load, against a bare echo and against the textbook endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.base import now, stamp
from models.rows import select
from ops.bench.bars import Tally
from ops.bench.load import Load, Loaded, loader, write_requests
from ops.bench.plan import Plan
from ops.bench.shop import Chain, open_chain
from ops.bench.stage import BenchFailed, Stage, queued, shares
from ops.settings import settings

ECHO, TEXTBOOK = "ops.bench.echo:create_app", "ops.bench.textbook:create_app"
UNPUBLISHED = "ops.bench.unpublished:create_app"


@dataclass(frozen=True, slots=True)
class Whole:
    """What the whole path did: answers, commits a second, backlog and time to work it off, CPU per commit."""

    loaded: Loaded
    commits_per_second: float
    backlog: int
    drained_seconds: float
    cpu: dict[str, float]


def path_round(stage: Stage, plan: Plan, tallies: dict[str, Tally]) -> None:
    """The whole path, then what the chosen bars compare it with, on a machine that does nothing else."""
    chain = open_chain()
    requests = write_requests(chain)
    whole = _whole_path(stage, plan, chain, requests)
    for each in tallies.values():
        _tell(each, whole, plan)
    if tally := tallies.get("edge"):
        with _served(stage, ECHO):
            echo = _loaded(requests, plan.clients, plan.echo_seconds)
        tally.sample("edge", whole.loaded.per_second / echo.per_second)
        tally.note("bare echo, requests/s", echo.per_second)
        with _served(stage, UNPUBLISHED):
            alone = _loaded(requests, plan.clients, plan.echo_seconds)
        tally.note("the same edge, publishing nothing and alone, requests/s", alone.per_second)
    if tally := tallies.get("path"):
        best = _textbook(stage, plan, requests, tally)
        tally.sample("path", whole.commits_per_second / best)


def _whole_path(stage: Stage, plan: Plan, chain: Chain, requests: Path) -> Whole:
    everything = stage.start_everything()
    seconds = plan.warm_seconds + plan.path_seconds
    with _loading(Load(requests, port=settings().port, connections=plan.clients, seconds=seconds)) as load:
        time.sleep(plan.warm_seconds)
        since, spent = now(), stage.cpu()
        time.sleep(plan.path_seconds - 0.1)
        until, spent_then = now(), stage.cpu()
        loaded = load.result()
    if loaded.refused or loaded.lost:
        raise BenchFailed(f"{loaded.refused} sales were refused and {loaded.lost} connections lost")
    backlog, began = queued("sales")[0], time.monotonic()
    stage.wait_until(lambda: _all_followed(chain, loaded.answered), "every sale and all it owes", everything, every=0.3)
    drained = time.monotonic() - began
    stage.stop(*everything)
    committed = _committed(chain, since, until)
    window = (until - since).total_seconds()
    cpu = shares(spent, spent_then, committed) | {"load": loaded.cpu_seconds * 1e6 / loaded.answered}
    return Whole(loaded, committed / window, backlog, drained, cpu)


def _tell(tally: Tally, whole: Whole, plan: Plan) -> None:
    tally.note("whole path, accepted sales/s", whole.loaded.per_second)
    tally.note("whole path, committed sales/s", whole.commits_per_second)
    tally.note("answer p50, us", whole.loaded.p50_ms * 1000)
    tally.note("answer p99, us", whole.loaded.p99_ms * 1000)
    tally.note("messages waiting when the load ended", whole.backlog)
    tally.note("ms until all follow-ups were settled", whole.drained_seconds * 1000)
    tally.spent("CPU us per sale, whole path", whole.cpu)
    tally.ran = (
        f"{loader()}, {plan.clients} connections, {plan.path_seconds:g} s after {plan.warm_seconds:g} s; every process "
        f"of the Procfile, edge of {settings().edge_workers} processes with {settings().edge_threads} threads"
    )


def _textbook(stage: Stage, plan: Plan, requests: Path, tally: Tally) -> float:
    """Sales a second of the textbook endpoint at its best number of clients."""
    rates = {}
    with _served(stage, TEXTBOOK):
        for clients in plan.textbook_clients:
            before = stage.cpu()
            loaded = _loaded(requests, clients, plan.textbook_seconds)
            rates[clients] = loaded.per_second
            tally.note(f"textbook, {clients} clients, sales/s", loaded.per_second)
            tally.spent(f"CPU us per sale, textbook, {clients} clients", shares(before, stage.cpu(), loaded.answered))
    return max(rates.values())


@contextmanager
def _served(stage: Stage, application: str) -> Iterator[None]:
    child = stage.start("edge", "-m", "ops.bench.serve", application)
    stage.await_url(f"http://127.0.0.1:{settings().port}/readyz", [child])
    yield
    stage.stop(child)


def _loaded(requests: Path, connections: int, seconds: float) -> Loaded:
    with _loading(Load(requests, port=settings().port, connections=connections, seconds=seconds)) as load:
        loaded = load.result()
    if loaded.refused:
        raise BenchFailed(f"{loaded.refused} of {loaded.answered + loaded.refused} requests were refused")
    return loaded


@contextmanager
def _loading(load: Load) -> Iterator[Load]:
    try:
        yield load
    finally:
        load.end()


def _committed(chain: Chain, since: datetime, until: datetime) -> int:
    sql = "SELECT COUNT(*) FROM receipt WHERE merchant_id = %s AND name = 'sales.checkout' AND state = 'done'"
    when = " AND settled_at >= %s AND settled_at < %s"
    return int(select(sql + when, [chain.merchant, stamp(since), stamp(until)])[0][0])


def _all_followed(chain: Chain, answered: int) -> bool:
    """Whether every accepted sale is settled, in the reports, and its points are credited."""
    sales, members = select("SELECT COUNT(*), COUNT(member_id) FROM sale WHERE merchant_id = %s", [chain.merchant])[0]
    if sales < answered:
        return False
    receipts = dict(select("SELECT name, COUNT(*) FROM receipt WHERE merchant_id = %s GROUP BY name", [chain.merchant]))
    return receipts.get("reports.roll_up", 0) == sales and receipts.get("points.accrue", 0) == members
