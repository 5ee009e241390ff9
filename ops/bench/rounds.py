"""Which bars are measured together, and the order of their runs: round by round, each round all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ops.bench.accruing import accrue_round
from ops.bench.bars import Tally
from ops.bench.latency import latency_round
from ops.bench.plan import Plan
from ops.bench.settling import settle_round
from ops.bench.stage import Stage
from ops.bench.whole_path import path_round

Round = Callable[[Stage, Plan, dict[str, Tally]], None]
TOGETHER: tuple[tuple[frozenset[str], Round], ...] = (
    (frozenset(("settle", "settle-raw", "settle-scale")), settle_round),
    (frozenset(("edge", "path")), path_round),
    (frozenset(("latency",)), latency_round),
    (frozenset(("accrue",)), accrue_round),
)


def measure(bars: Sequence[str], plan: Plan, say: Callable[[str], None]) -> dict[str, Tally]:
    """Run every chosen bar `plan.runs` times."""
    tallies = {bar: Tally(bar) for bar in bars}
    with Stage() as stage:
        for nth in range(plan.runs):
            for together, play in TOGETHER:
                chosen = {bar: tally for bar, tally in tallies.items() if bar in together}
                if chosen:
                    say(f"round {nth + 1} of {plan.runs}: {', '.join(chosen)}")
                    play(stage, plan, chosen)
    return tallies
