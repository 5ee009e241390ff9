"""Bringing the system up to date and asking how it is."""

from __future__ import annotations

import sys

import click

from models.migrate import migrate as migrate_tables
from models.migrate import write_script
from ops import broker
from ops.cli.check import run_checks
from ops.settings import settings


@click.command()
@click.option("--write", metavar="NAME", help="Write the script for changed tables instead of applying.")
def migrate(write: str | None) -> None:
    """Bring tables and queues up to date; several at once wait for each other."""
    if write:
        click.echo(write_script(write))
        return
    applied = migrate_tables()
    broker.declare()
    click.echo(f"{settings().profile}: {len(applied)} applied{': ' + ', '.join(applied) if applied else ''}")


@click.command()
def check() -> None:
    """Check every dependency: what is wrong, and how to mend it."""
    findings = run_checks()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}: {finding.found}")
        if not finding.ok:
            click.echo(f"     mend: {finding.mend}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@click.command()
def queues() -> None:
    """How many messages stand in each queue."""
    for name, ready in broker.depths().items():
        click.echo(f"{name:12} {ready:8}")
