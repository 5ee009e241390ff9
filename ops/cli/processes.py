"""The edge's process, and `up`, which runs every process on one machine."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces

from models.migrate import migrate
from ops import broker
from ops.cli import demo
from ops.settings import settings
from ops.supervise import Supervisor

ROOT = Path(__file__).parents[2]


@click.command()
def edge() -> None:
    """Serve HTTP."""
    serve("edge.app:create_app")


def serve(application: str) -> None:
    """Serve a WSGI application, named as `module:factory`, with the edge's address, processes and threads."""
    Granian(
        application,
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
