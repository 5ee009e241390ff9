"""Finds the programs of MariaDB, RabbitMQ and Redis, and installs them where that is possible."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

# Program -> the Debian package it comes with.
PROGRAMS = {
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "redis-server": "redis-server",
    "rabbitmq-server": "rabbitmq-server",
    "epmd": "rabbitmq-server",
}

# Servers are often installed where only root's PATH leads.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/homebrew/sbin")

# The rabbitmq-server on PATH of a Debian system drops to another user and writes to /var: never that one.
RABBITMQ_PLACES = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)

START_POLICY = Path("/usr/sbin/policy-rc.d")  # Debian asks it before it starts an installed service
START_NOTHING = "#!/bin/sh\nexit 101\n"


class ServersMissing(click.ClickException):
    """Programs of the cluster profile are not installed; the message says which and how to get them."""


def binary(program: str) -> str:
    """The path of a server's program. Raises ServersMissing when it is not installed."""
    found = _find(program)
    if not found:
        raise ServersMissing(_advice([program]))
    return found


def ensure_servers() -> None:
    """Installs what is missing, as root on a Debian system; elsewhere raises ServersMissing."""
    missing = _missing()
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise ServersMissing(_advice(missing))
    packages = sorted({PROGRAMS[program] for program in missing})
    print(f"Installing {', '.join(packages)} ...", flush=True)
    with _no_autostart():
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", *packages)
    if still := _missing():
        raise ServersMissing(_advice(still))


def _missing() -> list[str]:
    return [program for program in PROGRAMS if not _find(program)]


def _find(program: str) -> str | None:
    if program == "rabbitmq-server":
        return _find_rabbitmq()
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS]))


def _find_rabbitmq() -> str | None:
    found = [path for place in RABBITMQ_PLACES for path in sorted(Path("/").glob(place.lstrip("/")))]
    return str(found[0]) if found else None


def _advice(missing: list[str]) -> str:
    packages = " ".join(sorted({PROGRAMS[program] for program in missing}))
    return (
        f"The cluster profile needs servers that are not installed here: no {', no '.join(missing)} was found. "
        f"On Debian or Ubuntu: apt-get install {packages} (as root this is done for you). "
        "Or use running servers: set TEST_DATABASE_URL, TEST_BROKER_URL and TEST_REDIS_URL."
    )


def _apt(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServersMissing(f"apt-get {arguments[0]} failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def _no_autostart() -> Iterator[None]:
    """Keeps freshly installed services from starting on their standard ports."""
    kept = START_POLICY.with_name("policy-rc.d.regulars")
    if START_POLICY.exists():
        START_POLICY.rename(kept)
    START_POLICY.write_text(START_NOTHING)
    START_POLICY.chmod(0o755)
    try:
        yield
    finally:
        START_POLICY.unlink()
        if kept.exists():
            kept.rename(START_POLICY)
