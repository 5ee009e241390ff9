"""The processes of the Procfile, and `up`, which runs them all on one machine."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces

from models.migrate import migrate
from ops import broker, logs
from ops.cli import demo
from ops.settings import settings
from ops.supervise import Supervisor
from workers.relay import Relay
from workers.schedule import Beat

ROOT = Path(__file__).parents[2]
WORKER_FLAGS = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@click.command()
def edge() -> None:
    """Serve HTTP."""
    Granian(
        "edge.app:create_app",
        factory=True,
        address=settings().bind,
        port=settings().port,
        interface=Interfaces.WSGI,
        workers=settings().edge_workers,
        blocking_threads=settings().edge_threads,
        backpressure=256,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
        log_access=False,
    ).serve()


@click.command()
@click.argument("queues")
def worker(queues: str) -> None:
    """Settle the commands of some areas: `worker sales` or `worker members,catalogue`."""
    for queue in queues.split(","):
        if queue not in broker.AREAS:
            raise click.BadParameter(f"{queue} is not one of {', '.join(broker.AREAS)}")
    if "merchants" in queues.split(","):
        queues += f",{broker.PARKED}"
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "workers.app",
        "worker",
        "-P",
        "solo",
        "-c",
        "1",
        "-Q",
        queues,
    ]
    command += [*WORKER_FLAGS, "-l", "WARNING", "-n", f"{queues.replace(',', '-')}-{os.getpid()}@%h"]
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - the worker takes this process's place


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


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Make a demo shop and replay its baskets.")
def up(with_demo: bool) -> None:
    """Run every process on this machine, supervised, until Ctrl-C."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    _ = settings().secrets
    migrate()
    broker.declare()
    supervisor = Supervisor(ROOT / "Procfile", home, os.environ)
    if with_demo:
        threading.Thread(target=demo.play, args=(home,), daemon=True).start()
    click.echo(f"edge: http://{settings().bind}:{settings().port}  docs: /docs  health: /readyz  Ctrl-C stops")
    supervisor.run()


COMMANDS = (edge, worker, relay, beat, up)
