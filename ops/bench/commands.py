"""`python -m ops bench`: starts servers of its own, or takes the environment's, and measures in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import pymysql

from ops.bench.bars import BARS, DEFAULT
from ops.servers.install import ServersMissing, ensure_servers
from ops.servers.mariadb import ACCOUNT
from ops.servers.ports import free_ports
from ops.servers.private import Servers
from ops.servers.server import BootFailed

BUFFER_POOL = "3G"
REDO_LOG_BYTES = 1 << 30
URLS = ("DATABASE_URL", "BROKER_URL", "REDIS_URL")


@click.command()
@click.argument("bars", nargs=-1, type=click.Choice(BARS))
@click.option("--json", "for_machines", is_flag=True, help="One JSON document instead of text.")
@click.option("--quick", is_flag=True, help="Small runs to see that it works; a missed bar is no failure.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Runs of each; medians count.")
@click.option("--urls", is_flag=True, help="Use the servers in the environment, which must be idle.")
def bench(bars: tuple[str, ...], *, for_machines: bool, quick: bool, runs: int, urls: bool) -> None:
    """Measure BARS (all but growth when none is named) against what they are compared with.

    Every figure is a ratio within one run, the median of several; absolute rates are for information.
    """
    flags = [flag for flag, given in (("--json", for_machines), ("--quick", quick)) if given]
    command = [sys.executable, "-m", "ops.bench", *(bars or DEFAULT), *flags, "--runs", str(runs)]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with _servers(urls) as environment, tempfile.TemporaryDirectory(prefix="regulars-bench-") as home:
            port = str(free_ports(1)[0])
            code = _run(command, {**os.environ, **environment, "REGULARS_HOME": home, "REGULARS_PORT": port})
    except (BootFailed, ServersMissing) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


@contextmanager
def _servers(urls: bool) -> Iterator[dict[str, str]]:
    if urls:
        if missing := [name for name in URLS if not os.environ.get(name)]:
            raise click.UsageError(f"--urls needs {', '.join(missing)} in the environment")
        yield {}
        return
    ensure_servers()
    with (
        tempfile.TemporaryDirectory(prefix="regulars-bench-servers-") as folder,
        Servers(Path(folder), buffer_pool=BUFFER_POOL) as servers,
    ):
        _widen_redo_log(servers.mariadb.port)
        yield servers.environment()


def _widen_redo_log(port: int) -> None:
    """A redo log as a server of this size would have; older MariaDB cannot change it while it runs."""
    with (
        pymysql.connect(host="127.0.0.1", port=port, user=ACCOUNT, password=ACCOUNT) as connection,
        connection.cursor() as cursor,
        suppress(pymysql.MySQLError),
    ):
        cursor.execute(f"SET GLOBAL innodb_log_file_size = {REDO_LOG_BYTES}")


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Runs the bench to its end. Out of the terminal's reach, it is told to stop by us alone, and once."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 130
