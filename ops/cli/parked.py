"""What stands parked: look at it, give it again, or drop it."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from models.receipts import Parked, drop_parked
from ops.broker import AREAS, BUNDLE_MAX, Message
from ops.publisher import open_publisher


@click.group()
def parked() -> None:
    """Commands and messages that could not be settled and wait for a person."""


@parked.command("list")
def list_() -> None:
    """What is parked, oldest first."""
    rows = list(Parked.select().order_by(Parked.id))
    for row in rows:
        click.echo(f"{row.id}  {row.at:%Y-%m-%d %H:%M:%S}  {row.queue:10} {row.name:22} {row.reason[:100]}")
    click.echo(f"{len(rows)} parked")


@parked.command()
@click.argument("id_", metavar="ID", type=UUID)
def show(id_: UUID) -> None:
    """One parked message with its body (personal fields are sealed in it)."""
    row = _row(id_)
    for name in ("id", "command_id", "merchant_id", "queue", "name", "at", "reason"):
        click.echo(f"{name:12} {getattr(row, name)}")
    click.echo(bytes(row.body).decode("utf-8", "backslashreplace"))


@parked.command()
@click.argument("id_", metavar="ID|all")
def replay(id_: str) -> None:
    """Give it to its queue again: exactly once, whatever had become of it before."""
    rows = list(Parked.select().order_by(Parked.id)) if id_ == "all" else [_row(UUID(id_))]
    publisher = open_publisher()
    for row in rows:
        if row.queue not in AREAS and row.name.partition(".")[0] not in AREAS:
            click.echo(f"{row.id}: no queue to give it to; drop it")
            continue
        queue = row.queue if row.queue in AREAS else row.name.partition(".")[0]
        publisher.send(Message(queue, row.name, str(row.command_id), bytes(row.body), BUNDLE_MAX))
        drop_parked(row.id)
        click.echo(f"{row.id}: given to {queue}")


@parked.command()
@click.argument("id_", metavar="ID", type=UUID)
@click.confirmation_option(prompt="Drop it for good?")
def drop(id_: UUID) -> None:
    """Forget it: its command will never be applied."""
    drop_parked(_row(id_).id)
    click.echo("dropped")


def _row(id_: UUID) -> Parked:
    row = Parked.get_or_none(Parked.id == id_)
    if row is None:
        click.echo(f"nothing is parked under {id_}", err=True)
        sys.exit(1)
    return row
