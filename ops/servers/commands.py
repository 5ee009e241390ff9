"""`python -m ops servers`: the cluster profile's servers for as long as one command or one terminal lasts."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from ops.servers.install import ensure_servers
from ops.servers.private import Servers

URLS = ("DATABASE_URL", "BROKER_URL", "REDIS_URL")
OPTIONAL_URLS = ("BROKER_MANAGEMENT_URL",)


@click.group()
def servers() -> None:
    """Private MariaDB, RabbitMQ and Redis on free ports, gone when you are done."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # so that every end stops the servers


@servers.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(command: tuple[str, ...]) -> NoReturn:
    """Runs COMMAND with the servers' URLs in its environment and ends with its exit code.

    TEST_DATABASE_URL, TEST_BROKER_URL and TEST_REDIS_URL, given together, name running servers to use instead.
    """
    if not shutil.which(command[0]):
        raise click.ClickException(f"cannot run {command[0]}: no such program")
    with _urls() as urls:
        code = _run(command, os.environ | urls)
    sys.exit(code)


@servers.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where the data live [default: thrown away].")
def up(folder: Path | None) -> None:
    """Runs the servers until Ctrl-C and prints the exports a shell needs to use them."""
    with _private(folder) as urls:
        for name, url in urls.items():
            click.echo(f"export {name}={url}")
        click.echo("# ready; Ctrl-C stops them", err=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


@contextmanager
def _urls() -> Iterator[dict[str, str]]:
    given = {name: os.environ[f"TEST_{name}"] for name in URLS if os.environ.get(f"TEST_{name}")}
    if not given:
        with _private(None) as urls:
            yield urls
        return
    if missing := [f"TEST_{name}" for name in URLS if name not in given]:
        raise click.UsageError(f"{', '.join(missing)} must be given as well, or none of the three")
    optional = {name: os.environ[f"TEST_{name}"] for name in OPTIONAL_URLS if os.environ.get(f"TEST_{name}")}
    yield given | optional


@contextmanager
def _private(folder: Path | None) -> Iterator[dict[str, str]]:
    ensure_servers()
    with (
        tempfile.TemporaryDirectory(prefix="regulars-servers-") as passing,
        Servers(folder or Path(passing)) as running,
    ):
        yield running.environment()


def _run(command: tuple[str, ...], environment: dict[str, str]) -> int:
    """Runs the command to its end: asked to stop, we ask the command, and the servers stop after it."""
    process = subprocess.Popen(command, env=environment)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    signal.signal(signal.SIGINT, lambda *_: None)  # a terminal has sent the command its Ctrl-C already
    code = process.wait()
    return code if code >= 0 else 128 - code
