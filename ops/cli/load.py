"""Real baskets and load: replay, verify."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ops.journey.rows import Complaint
from ops.journey.verify import VerifyOptions
from ops.journey.verify import verify as verify_baskets
from ops.replay.play import replay as replay_baskets
from ops.replay.stage import ReplayOptions
from ops.settings import settings

INPUT = click.option("--input", type=click.Path(path_type=Path, exists=True), help="Folder of baskets; the sample.")
STATE = click.option("--state", type=click.Path(path_type=Path), help="Where progress is kept.")
MERCHANT = click.option("--merchant", default="journey", show_default=True, help="The merchant's code.")


@click.command()
@click.option("--url", help="The edge; this installation's.")
@INPUT
@STATE
@MERCHANT
@click.option("--login", default="", help="An owner who is there; without, the merchant is signed up.")
@click.option("--password", default="", envvar="REGULARS_PASSWORD", help="The owner's password.")
@click.option("--terminals", default=8, show_default=True, type=click.IntRange(1, 512), help="Tills at once.")
@click.option("--weeks", default="", help="Such as 1-8; all.")
@click.option("--stores", default="", help="Store codes, comma between; all.")
@click.option("--speed", default="flat", show_default=True, help="flat, or a factor of real time.")
def replay(**options: Any) -> None:
    """Play real baskets as tills would, over HTTP; goes on where it was interrupted."""
    given = {name: value for name, value in options.items() if value is not None}
    given.setdefault("url", f"http://{settings().bind}:{settings().port}")
    given.setdefault("state", settings().home / "replay")
    with _plainly():
        summary = replay_baskets(ReplayOptions(**given), say=click.echo)
    sys.exit(0 if summary.ok else 1)


@click.command()
@INPUT
@STATE
@MERCHANT
def verify(**options: Any) -> None:
    """Recompute everything from the input and compare with the database, to the cent."""
    given = {name: value for name, value in options.items() if value is not None}
    given.setdefault("state", settings().home / "replay")
    with _plainly():
        equal = verify_baskets(VerifyOptions(**given), say=click.echo)
    sys.exit(0 if equal else 1)


@contextmanager
def _plainly() -> Iterator[None]:
    """What the user can mend is said in a line, without a traceback."""
    try:
        yield
    except Complaint as complaint:
        raise click.ClickException(str(complaint)) from complaint
