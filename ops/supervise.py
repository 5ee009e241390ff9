"""Runs every process of a Procfile on one machine, with a log of each, and stops them in good order."""

import fcntl
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import IO, Any

import click

from ops.children import Child, Warden
from ops.keeper import Keeper
from ops.servers.keyvalue import embedded_answers, embedded_command, socket_of

KEY_VALUE = "kv"
KEY_VALUE_SECONDS = 60.0  # how long it may take to read its append-only file
KEY_VALUE_STARTS_MAX = 3
# Who stops when: first no more requests, then the work in hand, at last what all of them need.
STOP_STAGES = {"edge": 0, "relay": 2, "beat": 3, KEY_VALUE: 4}
STOP_STAGE_OF_WORKERS = 1
GRACE_SECONDS = 10.0
LOCK_SECONDS = 1.0  # a supervisor that was killed leaves its lock to the warden, for as long as the killing takes
LOG_BYTES_MAX = 16 * 1024 * 1024


class CannotSupervise(click.ClickException):
    """The processes cannot be started; the message says why, for the person at the terminal."""


def read_procfile(path: Path) -> dict[str, list[str]]:
    """Name -> command of each process. Commands are split as a shell would, but no shell runs them."""
    processes: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, command = (part.strip() for part in line.partition(":"))
        if not (command and name.replace("-", "").replace("_", "").isalnum()):
            raise CannotSupervise(f"{path}, line {number}: expected `name: command`, found `{line}`")
        if name in processes or name == KEY_VALUE:
            raise CannotSupervise(f"{path}, line {number}: the name {name} is taken")
        processes[name] = shlex.split(command)
    return processes


class Supervisor:
    """Keeps the processes of `procfile` running on the data in `home`.

    Each gets `environment` with REGULARS_HOME set and this Python first on PATH, and writes to
    `<home>/logs/<name>.log`. Where the environment names no broker or no cache of its own, the embedded
    key-value server is one of them, as `kv`. `only` limits which of the Procfile start.
    """

    def __init__(
        self, procfile: Path, home: Path, environment: Mapping[str, str], only: set[str] | None = None
    ) -> None:
        self.home = home.resolve()
        self._folder = procfile.resolve().parent
        self._environment = _environment_of(environment, self.home)
        self._commands = _chosen(read_procfile(procfile), only)
        self._keepers: dict[str, Keeper] = {}
        self._lock: IO[str] | None = None
        self._warden = Warden()

    def run(self) -> None:
        """Runs until SIGINT or SIGTERM, then stops everything; a second signal kills what has not stopped yet."""
        before = _on_stop_signals(signal.default_int_handler)
        try:
            self.start()
            while True:
                time.sleep(60)
        except KeyboardInterrupt:
            click.echo("stopping; once more kills at once")
        finally:
            _on_stop_signals(lambda *_: self.hurry())
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self) -> None:
        """Starts every process and returns. Raises CannotSupervise when another supervisor holds the home."""
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.home)
        self._warden = Warden(self._lock.fileno())
        try:
            self._start_all()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops every process, those last that others need, and returns when all are gone."""
        for _, names in groupby(sorted(self._keepers, key=_stage), key=_stage):
            keepers = [self._keepers[name] for name in names]
            for keeper in keepers:
                keeper.ask_to_stop()
            deadline = time.monotonic() + GRACE_SECONDS
            for keeper in keepers:
                keeper.finish(deadline - time.monotonic())
        self._keepers = {}
        self._warden.close()
        if self._lock:
            self._lock.close()

    def hurry(self) -> None:
        """Kills every process at once."""
        for keeper in self._keepers.values():
            keeper.hurry()

    def pids(self) -> dict[str, int]:
        """Name -> process id of every process that runs at this moment."""
        return {name: pid for name, keeper in self._keepers.items() if (pid := keeper.pid)}

    def _start_all(self) -> None:
        if _needs_key_value(self._environment, self.home):
            self._keep(KEY_VALUE, embedded_command(self.home))
            self._await_key_value()
        for name, command in self._commands.items():
            self._keep(name, command)

    def _keep(self, name: str, command: list[str]) -> None:
        self._keepers[name] = Keeper(name, partial(self._launch, name, command))
        self._keepers[name].start()

    def _launch(self, name: str, command: list[str]) -> Child:
        log = self.home / "logs" / f"{name}.log"
        _open_log(log, command)
        return self._warden.spawn(command, log=log, environment=self._environment, folder=self._folder)

    def _await_key_value(self) -> None:
        deadline = time.monotonic() + KEY_VALUE_SECONDS
        while not _answers(self.home):
            if time.monotonic() > deadline or self._keepers[KEY_VALUE].starts > KEY_VALUE_STARTS_MAX:
                raise CannotSupervise(f"the key-value server does not answer; its log is {self.home}/logs/kv.log")
            time.sleep(0.02)


def _on_stop_signals(act: Callable[[int, FrameType | None], object]) -> dict[signal.Signals, Any]:
    """Handles SIGINT and SIGTERM by `act`; returns how they were handled before."""
    return {number: signal.signal(number, act) for number in (signal.SIGINT, signal.SIGTERM)}


def _stage(name: str) -> int:
    return STOP_STAGES.get(name, STOP_STAGE_OF_WORKERS)


def _chosen(commands: dict[str, list[str]], only: set[str] | None) -> dict[str, list[str]]:
    if only is None:
        return commands
    if unknown := only - commands.keys():
        raise CannotSupervise(f"the Procfile has no {', '.join(sorted(unknown))}; it has {', '.join(commands)}")
    return {name: command for name, command in commands.items() if name in only}


def _environment_of(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Commands say `python`: this one is meant, found through PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    return {**environment, "PATH": path, "PYTHONUNBUFFERED": "1", "REGULARS_HOME": str(home)}


def _needs_key_value(environment: Mapping[str, str], home: Path) -> bool:
    """Whether broker or cache are left to the embedded profile, by silence or by naming its socket."""
    urls = (environment.get("BROKER_URL"), environment.get("REDIS_URL"))
    return any(not url or str(socket_of(home)) in url for url in urls)


def _answers(home: Path) -> bool:
    try:
        return embedded_answers(home)
    except OSError:
        return False


def _locked(home: Path) -> IO[str]:
    """The home's lock file, locked, with our process id in it."""
    lock = (home / "supervisor.lock").open("a+")
    deadline = time.monotonic() + LOCK_SECONDS
    while not _taken(lock):
        if time.monotonic() > deadline:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise CannotSupervise(
                f"Regulars runs on {home} already, as process {holder}. "
                "Stop that one first, or set REGULARS_HOME to another folder."
            )
        time.sleep(0.05)
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open_log(log: Path, command: list[str]) -> None:
    """Puts a log aside that has grown too long, and notes the start in it."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))
    with log.open("a") as file:
        file.write(f"--- {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {shlex.join(command)}\n")
