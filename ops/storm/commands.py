"""`python -m ops storm`: break an installation in every way there is, and prove that nothing is lost or doubled."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from ops.journey.rows import SAMPLE, Complaint
from ops.storm.replayed import Played, storm_replayed
from ops.storm.run import StormOptions, tell
from ops.storm.run import storm as run_storm


@click.command()
@click.option("--seed", type=int, help="Repeats a storm; a random one, printed.")
@click.option("--minutes", default=2.0, show_default=True, type=click.FloatRange(0.1, 1440), help="How long at most.")
@click.option("--faults", default="", help="Parts of names, comma between; all.")
@click.option("--tills", default=6, show_default=True, type=click.IntRange(1, 64), help="Tills at once.")
@click.option("--home", type=click.Path(path_type=Path), help="Where it runs; a new folder, kept if it went wrong.")
@click.option("--replay", is_flag=True, help="Play real baskets as the load, and verify them.")
@click.option("--input", default=SAMPLE, type=click.Path(path_type=Path, exists=True), help="Their folder; the sample.")
@click.option("--weeks", default="", help="Such as 1-8; all.")
@click.option("--stores", default="", help="Store codes, comma between; all.")
def storm(**given: Any) -> None:
    """Kill, pause, fill, flush and poison an installation of its own; exit 1 when a promise was broken."""
    home = given["home"] or Path(tempfile.mkdtemp(prefix="storm-"))
    options = StormOptions(
        home=home,
        seed=secrets.randbelow(2**32) if given["seed"] is None else given["seed"],
        seconds=given["minutes"] * 60,
        faults=tuple(filter(None, given["faults"].split(","))),
        tills=given["tills"],
    )
    try:
        ok = _replayed(options, given) if given["replay"] else _with_tills(options)
    except Complaint as complaint:
        raise click.ClickException(str(complaint)) from complaint
    if ok and given["home"] is None:
        shutil.rmtree(home)
    elif not ok:
        click.echo(f"history, logs and data: {home}; again: --seed {options.seed}")
    sys.exit(0 if ok else 1)


def _with_tills(options: StormOptions) -> bool:
    verdict = run_storm(options, click.echo)
    tell(verdict, click.echo)
    return verdict.ok


def _replayed(options: StormOptions, given: dict[str, Any]) -> bool:
    baskets = Played(given["input"], given["weeks"], given["stores"], given["tills"])
    return storm_replayed(options, baskets, click.echo)
