"""Bringing the tables up to date: numbered scripts in `models/migrations/`, one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Runner, template
from playhouse.schema_diff import SchemaDiff, diff_models

from models import catalogue, members, merchants, points, receipts, reports, sales, staff
from models.base import Row, db
from models.rows import execute, select
from ops.settings import settings

FOLDER = Path(__file__).parent / "migrations"
LOCK_SECONDS = 60
AREAS = (receipts, merchants, staff, members, catalogue, sales, points, reports)


class Busy(Exception):
    """Another process has been migrating for a minute."""


def tables() -> list[type[Row]]:
    """Every table of the shop, in the order of the areas."""
    found = [row for area in AREAS for row in vars(area).values() if isinstance(row, type) and issubclass(row, Row)]
    return [row for row in dict.fromkeys(found) if row is not Row]


def migrate() -> list[str]:
    """Apply what is pending, under a lock that other processes wait for; the names applied."""
    settings().home.mkdir(parents=True, exist_ok=True)
    db.connect(reuse_if_open=True)
    with _lock():
        _compare_exactly()
        return list(Runner(db, directory=str(FOLDER)).up())


def _compare_exactly() -> None:
    """New tables of MySQL tell `a` from `A` and from `á`, as SQLite's do: codes are told apart alike everywhere."""
    if db.dialect == "mysql":
        execute("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")


def pending() -> list[str]:
    """Scripts not applied yet."""
    return [m.name for m in Runner(db, directory=str(FOLDER)).status() if not m.applied]


def difference() -> SchemaDiff:
    """What the database lacks against the table classes; nothing after a migration."""
    return diff_models(db, tables())


def write_script(name: str) -> str:
    """Write the script that takes the database to the table classes; the first one needs no database."""
    runner = Runner(db, directory=str(FOLDER))
    first = not runner.migrations()
    diff = SchemaDiff(tables(), [], [], [], []) if first else difference()
    return str(runner.create(name, body=template(diff)))


@contextmanager
def _lock() -> Iterator[None]:
    if db.dialect == "sqlite":
        with (settings().home / "migrate.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    if select("SELECT GET_LOCK('regulars.migrate', %s)", [LOCK_SECONDS])[0][0] != 1:
        raise Busy("another process is migrating")
    try:
        yield
    finally:
        select("SELECT RELEASE_LOCK('regulars.migrate')")
