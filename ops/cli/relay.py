"""The processes that give commands by themselves: the relay and the beat."""

from __future__ import annotations

import click

from ops import logs
from workers.relay import Relay
from workers.schedule import Beat


@click.command()
def relay() -> None:
    """Publish follow-up messages from the outbox."""
    logs.start()
    Relay().run()


@click.command()
def beat() -> None:
    """Give the scheduled commands."""
    logs.start()
    Beat().run()
