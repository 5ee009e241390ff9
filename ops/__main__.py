"""`python -m ops`: what runs, watches and proves the system."""

from __future__ import annotations

import click

from ops.cli import load, parked, processes, system


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def ops() -> None:
    """Run, watch and prove Regulars."""


for _module in (system, processes, parked, load):
    for _command in _module.COMMANDS:
        ops.add_command(_command)

if __name__ == "__main__":
    ops()
