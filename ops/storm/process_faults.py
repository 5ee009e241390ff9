"""Processes and servers that die, or stand still, at any moment."""

from __future__ import annotations

from functools import partial

from ops.storm.field import EDGE, Fault, Field

PROCESSES = (EDGE, "checkout", "accrual", "reports", "backoffice", "relay", "beat")
SERVERS = ("mariadb", "rabbitmq", "redis")
OUTAGE_SECONDS = (20.0, 60.0)


def process_faults() -> list[Fault]:
    """Kill and pause every process of the Procfile, the edge's workers, and every server."""
    faults = [Fault(f"kill {name}", (name,), partial(_kill, name)) for name in PROCESSES]
    faults += [Fault(f"pause {name}", (name,), partial(_pause, name)) for name in PROCESSES]
    faults += [
        Fault("kill a worker of the edge", (EDGE,), partial(_kill, EDGE, child=True)),
        Fault("pause a worker of the edge", (EDGE,), partial(_pause, EDGE, child=True)),
        Fault("database away for long", ("mariadb",), _outage, once=True),
    ]
    faults += [Fault(f"kill {name}", (name,), partial(_kill_server, name)) for name in SERVERS]
    return faults + [Fault(f"pause {name}", (name,), partial(_pause_server, name)) for name in SERVERS]


def _kill(name: str, field: Field, child: bool = False) -> None:
    if name == EDGE and not child:
        with field.muted("edge dead"):
            field.kill(name)
            field.rig.await_alive()
    else:
        field.kill(name, child)


def _pause(name: str, field: Field, child: bool = False) -> None:
    with field.held(name, child):
        field.rest()


def _kill_server(name: str, field: Field) -> None:
    server = field.server(name)
    server.kill()
    try:
        field.over.wait(field.chance.uniform(0.0, 2.0))
    finally:
        server.start()


def _pause_server(name: str, field: Field) -> None:
    server = field.server(name)
    server.pause()
    try:
        field.rest()
    finally:
        server.resume()


def _outage(field: Field) -> None:
    """Long enough that every retry inside the workers is at its slowest. It lasts even when the storm ends."""
    least, most = OUTAGE_SECONDS
    server = field.server("mariadb")
    server.kill()
    try:
        field.over.wait(field.chance.uniform(least, min(most, max(least, 4 * field.longest))))
    finally:
        server.start()
