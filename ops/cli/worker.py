"""The workers' processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ops import broker

ROOT = Path(__file__).parents[2]
FLAGS = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-P", "solo", "-c", "1", "-l", "WARNING")


@click.command()
@click.argument("queues")
def worker(queues: str) -> None:
    """Settle the commands of some areas: `worker sales` or `worker members,catalogue`."""
    for queue in queues.split(","):
        if queue not in broker.AREAS:
            raise click.BadParameter(f"{queue} is not one of {', '.join(broker.AREAS)}")
    if "merchants" in queues.split(","):
        queues += f",{broker.PARKED}"
    name = f"{queues.replace(',', '-')}-{os.getpid()}@%h"
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "-q", "worker", "-Q", queues, "-n", name, *FLAGS]
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - the worker takes this process's place
