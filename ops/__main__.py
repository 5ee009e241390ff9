"""`python -m ops`: what runs, watches and proves the system."""

from __future__ import annotations

import importlib
from typing import Any

import click

COMMANDS = {
    "up": "ops.cli.processes",
    "edge": "ops.cli.processes",
    "worker": "ops.cli.worker",
    "relay": "ops.cli.relay",
    "beat": "ops.cli.relay",
    "migrate": "ops.cli.system",
    "check": "ops.cli.system",
    "queues": "ops.cli.system",
    "parked": "ops.cli.parked",
    "replay": "ops.cli.load",
    "verify": "ops.cli.load",
    "bench": "ops.bench.commands",
    "storm": "ops.storm.commands",
    "servers": "ops.servers.commands",
}


class Commands(click.Group):
    """Commands by name, imported when they are called: a relay need not load an edge."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        """The command of a name, or none."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def ops() -> None:
    """Run, watch and prove Regulars."""


if __name__ == "__main__":
    ops()
