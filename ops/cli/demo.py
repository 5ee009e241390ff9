"""The demo of `./run`: a shop's real baskets are replayed against the running edge, then verified to the cent."""

from __future__ import annotations

import time
from pathlib import Path

import click
import urllib3

from ops.journey.verify import VerifyOptions, verify
from ops.replay.play import replay
from ops.replay.stage import ReplayOptions
from ops.replay.state import State
from ops.settings import settings

READY_SECONDS = 60.0


def play(home: Path) -> None:
    """Wait for the edge, replay the sample (or what is left of it), verify, and say how to sign in."""
    url = f"http://{settings().bind}:{settings().port}"
    if not _ready(url):
        click.echo(f"the edge is not ready after {READY_SECONDS:.0f} s; see {home / 'logs'}")
        return
    click.echo("ready; replaying the sample's baskets as tills would")
    folder = home / "demo"
    replay(ReplayOptions(url=url, state=folder, merchant="journey"), say=click.echo)
    verify(VerifyOptions(state=folder, merchant="journey"), say=click.echo)
    _tell_sign_in(url, folder)


def _ready(url: str) -> bool:
    pool = urllib3.PoolManager(retries=False, timeout=2.0)
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if pool.request("GET", f"{url}/readyz").status == 200:
                return True
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    return False


def _tell_sign_in(url: str, folder: Path) -> None:
    state = State(folder)
    try:
        login, password = state.note("login"), state.note("password")
    finally:
        state.close()
    click.echo(f"sign in: merchant journey, login {login}, password {password}  ({url}/docs)")
