"""Which bars are measured together, and the order of their runs: round by round, each round all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ops.bench.accruing import accrue_round
from ops.bench.bars import Tally
from ops.bench.growing import measure_growth
from ops.bench.latency import latency_round
from ops.bench.plan import Plan
from ops.bench.settling import settle_round
from ops.bench.stage import BenchFailed, Stage
from ops.bench.whole_path import path_round

Round = Callable[[Stage, Plan, dict[str, Tally]], None]
TOGETHER: tuple[tuple[frozenset[str], Round], ...] = (
    (frozenset(("settle", "settle-raw", "settle-scale")), settle_round),
    (frozenset(("edge", "path")), path_round),
    (frozenset(("latency",)), latency_round),
    (frozenset(("accrue",)), accrue_round),
)


def measure(stage: Stage, bars: Sequence[str], plan: Plan, say: Callable[[str], None]) -> list[Tally]:
    """Run every chosen bar `plan.runs` times. A run that fails is told with its bars; the others go on."""
    tallies = {bar: Tally(bar) for bar in bars}
    for nth in range(plan.runs):
        for together, play in TOGETHER:
            chosen = {bar: tally for bar, tally in tallies.items() if bar in together}
            if chosen:
                say(f"round {nth + 1} of {plan.runs}: {', '.join(chosen)}")
                _try(stage, chosen, partial(play, stage, plan, chosen))
    if tally := tallies.get("growth"):
        _try(stage, {"growth": tally}, partial(measure_growth, stage, plan, tally, say))
    return list(tallies.values())


def _try(stage: Stage, tallies: dict[str, Tally], play: Callable[[], None]) -> None:
    try:
        play()
    except BenchFailed as failure:
        stage.stop_all()
        for tally in tallies.values():
            tally.failures.append(str(failure))
