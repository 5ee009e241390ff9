"""latency: how long a sale takes at a steady rate, until its receipt is written and until a waiting till is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import orjson

from models.base import moment
from models.rows import select
from ops.bench.bars import Tally, percentile
from ops.bench.open_loop import Answered, OpenLoop
from ops.bench.plan import Plan
from ops.bench.shop import Chain, open_chain
from ops.bench.stage import BenchFailed, Stage
from ops.settings import settings

FIRST_REQUESTS = 200
"""Not counted: processes open their connections and learn their tokens meanwhile."""


def latency_round(stage: Stage, plan: Plan, tallies: dict[str, Tally]) -> None:
    """Sales at the open-loop rate: accepted only, then waited for."""
    tally = tallies["latency"]
    everything = stage.start_everything()
    accepted, chain = _sell(plan, {}, 202)
    _await_receipts(stage, chain, len(accepted))
    waited, _ = _sell(plan, {"Prefer": "wait=5"}, 201)
    stage.stop(*everything)
    commits = _until_receipt(chain, accepted)
    tally.sample("commit-p99", percentile(commits, 99))
    tally.note("sent -> receipt p50, us", percentile(commits, 50) * 1000)
    _note_answers(tally, "accepted", accepted)
    tally.sample("wait-p50", percentile(_millis(waited), 50))
    tally.sample("wait-p99", percentile(_millis(waited), 99))
    _note_answers(tally, "waited for", waited)
    tally.ran = (
        f"{plan.latency_rate} sales/s for {plan.latency_seconds:g} s of each kind, timed from the moment a sale was "
        "due, first second not counted; a receipt is written at most one commit before its transaction ends"
    )


def _sell(plan: Plan, headers: dict[str, str], expected: int) -> tuple[list[Answered], Chain]:
    chain = open_chain()
    loop = OpenLoop(f"http://127.0.0.1:{settings().port}", plan.latency_rate, plan.latency_seconds)
    answered = loop.run(_maker(chain, int(plan.latency_rate * plan.latency_seconds), headers))
    wrong = [each for each in answered if each.status != expected]
    if wrong:
        raise BenchFailed(f"{len(wrong)} answers were not {expected}, the first: {wrong[0].status} {wrong[0].body}")
    return sorted(answered, key=lambda each: each.due)[FIRST_REQUESTS:], chain


def _maker(chain: Chain, count: int, more: dict[str, str]) -> Callable[[int, float], tuple[bytes, dict[str, str]]]:
    tokens = {till.id: chain.token(till) for till in chain.tills}
    baskets = list(chain.baskets(count))

    def make(nth: int, due: float) -> tuple[bytes, dict[str, str]]:
        till, body = baskets[nth]
        body["sold_at"] = datetime.fromtimestamp(due, UTC).isoformat()
        who = {"Authorization": f"Bearer {tokens[till.id]}", "Idempotency-Key": f"bench-{nth}"}
        return orjson.dumps(body), {"Content-Type": "application/json", **who, **more}

    return make


def _await_receipts(stage: Stage, chain: Chain, count: int) -> None:
    stage.wait_until(lambda: len(_receipts(chain)) >= count, "every receipt", every=0.5)


def _receipts(chain: Chain) -> dict[UUID, datetime]:
    sql = "SELECT id, settled_at FROM receipt WHERE merchant_id = %s AND name = 'sales.checkout'"
    return {UUID(bytes=bytes(id_)): moment(at) for id_, at in select(sql, [chain.merchant])}


def _until_receipt(chain: Chain, accepted: list[Answered]) -> list[float]:
    """Milliseconds from when a sale was due to be sent until its receipt was written."""
    receipts = _receipts(chain)
    return [(receipts[UUID(each.body["command_id"])].timestamp() - each.due) * 1000 for each in accepted]


def _millis(answered: list[Answered]) -> list[float]:
    return [each.seconds * 1000 for each in answered]


def _note_answers(tally: Tally, kind: str, answered: list[Answered]) -> None:
    for percent in (50, 99):
        tally.note(f"{kind}, answer p{percent}, us", percentile(_millis(answered), percent) * 1000)
