"""The bench itself, in a process whose environment names the servers to use; `ops bench` starts it."""

from __future__ import annotations

import json
import signal
import sys
import threading
from types import FrameType

import click

from ops.bench.bars import BARS, Tally, passed
from ops.bench.plan import Plan, full, quick
from ops.bench.report import as_json, as_text
from ops.bench.rounds import measure
from ops.bench.stage import BenchFailed, Stage
from ops.bench.surroundings import Neighbours, surroundings

_asked_to_stop = threading.Event()


@click.command()
@click.argument("bars", nargs=-1, required=True, type=click.Choice(BARS))
@click.option("--json", "for_machines", is_flag=True)
@click.option("--quick", "quickly", is_flag=True)
@click.option("--runs", type=click.IntRange(1), required=True)
def bench(bars: tuple[str, ...], *, for_machines: bool, quickly: bool, runs: int) -> None:
    """Measure bars on the servers of the environment."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        tallies, around = _measure(bars, quick(runs) if quickly else full(runs))
    except BenchFailed as failure:
        raise click.ClickException(str(failure)) from failure
    except Exception:
        if not _asked_to_stop.is_set():
            raise
        sys.exit(130)  # a query that was broken off said so on its way out
    _tell(tallies, around, for_machines)
    good = all(not tally.failures if quickly else passed(tally) for tally in tallies)
    sys.exit(0 if good else 1)


def _stop(_number: int, _frame: FrameType | None) -> None:
    _asked_to_stop.set()
    raise KeyboardInterrupt


def _measure(bars: tuple[str, ...], plan: Plan) -> tuple[list[Tally], dict[str, str]]:
    with Stage() as stage:
        neighbours = Neighbours(stage.servers_cpu())
        tallies = measure(stage, bars, plan, lambda what: click.echo(what, err=True))
        others = neighbours.percent(stage.servers_cpu())
    return tallies, surroundings() | {"others used": f"{others:.0f} % of the machine meanwhile"}


def _tell(tallies: list[Tally], around: dict[str, str], for_machines: bool) -> None:
    if for_machines:
        click.echo(json.dumps({"surroundings": around, "bars": [as_json(tally) for tally in tallies]}, indent=2))
        return
    for name, value in around.items():
        click.echo(f"{name}: {value}")
    for tally in tallies:
        click.echo(f"\n{as_text(tally)}")


if __name__ == "__main__":
    bench()
