"""The bench itself, in a process whose environment names the servers to use; `ops bench` starts it."""

from __future__ import annotations

import json
import sys

import click

from ops.bench.bars import BARS, Tally, verdicts
from ops.bench.plan import full, quick
from ops.bench.report import as_json, as_text
from ops.bench.rounds import measure
from ops.bench.stage import BenchFailed, durability


@click.command()
@click.argument("bars", nargs=-1, required=True, type=click.Choice(BARS))
@click.option("--json", "for_machines", is_flag=True)
@click.option("--quick", "quickly", is_flag=True)
@click.option("--runs", type=click.IntRange(1), required=True)
def bench(bars: tuple[str, ...], *, for_machines: bool, quickly: bool, runs: int) -> None:
    """Measure bars on the servers of the environment."""
    plan = quick(runs) if quickly else full(runs)
    try:
        tallies = list(measure(bars, plan, lambda what: click.echo(what, err=True)).values())
    except BenchFailed as error:
        raise click.ClickException(str(error)) from error
    _tell(tallies, for_machines)
    missed = not all(verdict.reached for tally in tallies for verdict in verdicts(tally))
    sys.exit(1 if missed and not quickly else 0)


def _tell(tallies: list[Tally], for_machines: bool) -> None:
    if for_machines:
        click.echo(json.dumps({"database": durability(), "bars": [as_json(tally) for tally in tallies]}, indent=2))
        return
    click.echo("database: " + ", ".join(f"{name}={value}" for name, value in durability().items()))
    for tally in tallies:
        click.echo(as_text(tally))


if __name__ == "__main__":
    bench()
