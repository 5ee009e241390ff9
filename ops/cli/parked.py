"""What stands parked: look at it, give it again, or drop it."""

from __future__ import annotations

from uuid import UUID

import click

from models.receipts import Parked, drop_parked
from ops.broker import AREAS, BUNDLE_MAX, Message
from ops.publisher import Publisher, Unpublished, open_publisher


@click.group()
def parked() -> None:
    """Commands and messages that could not be settled and wait for a person."""


@parked.command("list")
def list_() -> None:
    """What is parked, oldest first."""
    rows = list(Parked.select().order_by(Parked.id))
    for row in rows:
        click.echo(
            f"{row.id}  {row.at:%Y-%m-%d %H:%M:%S}  {row.queue:10} {_plain(row.name):22} {_plain(row.reason[:100])}"
        )
    click.echo(f"{len(rows)} parked")


@parked.command()
@click.argument("id_", metavar="ID", type=click.UUID)
def show(id_: UUID) -> None:
    """One parked message with its body (personal fields are sealed in it)."""
    row = _row(id_)
    for name in ("id", "command_id", "merchant_id", "queue", "name", "at", "reason"):
        click.echo(f"{name:12} {_plain(str(getattr(row, name)))}")
    click.echo(_plain(bytes(row.body).decode("utf-8", "backslashreplace")))


@parked.command()
@click.argument("id_", metavar="ID|all")
def replay(id_: str) -> None:
    """Give it to its queue again: exactly once, whatever had become of it before."""
    everything = id_ == "all"
    rows = list(Parked.select().order_by(Parked.id)) if everything else [_row(click.UUID.convert(id_, None, None))]
    publisher = open_publisher()
    given = sum(_give(publisher, row) for row in rows)
    click.echo(f"{given} of {len(rows)} given back")


@parked.command()
@click.argument("id_", metavar="ID", type=click.UUID)
@click.confirmation_option(prompt="Drop it for good?")
def drop(id_: UUID) -> None:
    """Forget it: its command will never be applied, unless its sender sends it again."""
    drop_parked(_row(id_).id)
    click.echo("dropped")


def _row(id_: UUID) -> Parked:
    row = Parked.get_or_none(Parked.id == id_)
    if row is None:
        raise click.ClickException(f"nothing is parked under {id_}")
    return row


def _plain(text: str) -> str:
    """Garbage must not steer the terminal that shows it."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _give(publisher: Publisher, row: Parked) -> bool:
    """Published first, forgotten then: cut off in between, it is settled once all the same."""
    queue = row.queue if row.queue in AREAS else row.name.partition(".")[0]
    if queue not in AREAS:
        click.echo(f"{row.id}: no queue to give it to; drop it")
        return False
    try:
        publisher.send(Message(queue, row.name, str(row.command_id), bytes(row.body), BUNDLE_MAX))
    except Unpublished as error:
        raise click.ClickException(f"the broker did not take {row.id} ({error}); it stays parked") from error
    drop_parked(row.id)
    click.echo(f"{row.id}: given to {queue}")
    return True
