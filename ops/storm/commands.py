"""`python -m ops storm`: break an installation in every way there is, and prove that nothing is lost or doubled."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import click

from ops.storm.run import StormOptions, tell
from ops.storm.run import storm as run_storm


@click.command()
@click.option("--seed", type=int, help="Repeats a storm; a random one, printed.")
@click.option("--minutes", default=2.0, show_default=True, type=click.FloatRange(0.1, 1440), help="How long.")
@click.option("--faults", default="", help="Parts of names, comma between; all.")
@click.option("--tills", default=6, show_default=True, type=click.IntRange(1, 64), help="Tills at once.")
@click.option("--home", type=click.Path(path_type=Path), help="Where it runs; a new folder, kept if it went wrong.")
def storm(seed: int | None, minutes: float, faults: str, tills: int, home: Path | None) -> None:
    """Kill, pause, fill, flush and poison an installation of its own; exit 1 when a promise was broken."""
    folder = home or Path(tempfile.mkdtemp(prefix="storm-"))
    options = StormOptions(
        home=folder,
        seed=secrets.randbelow(2**32) if seed is None else seed,
        seconds=minutes * 60,
        faults=tuple(filter(None, faults.split(","))),
        tills=tills,
    )
    verdict = run_storm(options, click.echo)
    tell(verdict, click.echo)
    if verdict.ok and home is None:
        shutil.rmtree(folder)
    elif not verdict.ok:
        click.echo(f"history, logs and data: {folder}")
    sys.exit(0 if verdict.ok else 1)
