"""What `ops check` looks at: each dependency, its version, and the settings durability depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound

from models.base import db
from models.migrate import pending
from models.rows import select
from ops import broker, cache
from ops.settings import settings

MYSQL_SETTINGS = {
    "innodb_flush_log_at_trx_commit": ("1", "set it to 1: a commit must be on disk before it is answered"),
    "innodb_doublewrite": ("ON", "set it ON: a torn page must be repairable"),
    "innodb_rollback_on_timeout": ("ON", "set it ON: a lock wait must undo the whole transaction"),
}


ADDRESSES = {"database": "DATABASE_URL", "broker": "BROKER_URL", "redis": "REDIS_URL"}
UP = "start everything with `./run` or `python -m ops up`"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    found: str
    mend: str = ""


def run_checks() -> list[Finding]:
    """Look at everything; a dependency that is away is a finding, not an error."""
    looks = [_secrets, _database, _tables, _broker, _queues, _redis]
    return [finding for look in looks for finding in _safely(look)]


def _safely(look: Callable[[], list[Finding]]) -> list[Finding]:
    what = look.__name__.lstrip("_")
    try:
        return look()
    except Exception as error:
        return [Finding(what, False, f"{type(error).__name__}: {error}", _mend(what))]


def _mend(what: str) -> str:
    """What to do about a dependency that does not answer."""
    server = {
        "database": "start MySQL or MariaDB" if db.dialect == "mysql" else f"make {settings().home} writable",
        "broker": "start RabbitMQ" if broker.is_amqp(settings().broker_url) else UP,
        "redis": UP if settings().redis_url.startswith("unix:") else "start Redis",
    }
    if what in server:
        return f"{server[what]}, or correct {ADDRESSES[what]}"
    if what == "secrets":
        return "put secrets.json back, or let REGULARS_SECRETS name it; tokens and seals need the same keys for ever"
    return "run `python -m ops migrate` once what it needs answers"


def _secrets() -> list[Finding]:
    _ = settings().secrets
    return [Finding("secrets", True, "three keys of 32 bytes or more")]


def _database() -> list[Finding]:
    if db.dialect == "sqlite":
        return _sqlite()
    version = str(select("SELECT VERSION()")[0][0])
    findings = [Finding("database", _recent(version), version, "MySQL 8 or MariaDB 10.11 or later is needed")]
    found = {name: str(value) for name, value in select("SHOW VARIABLES LIKE 'innodb%%'")}
    for name, (wanted, mend) in MYSQL_SETTINGS.items():
        findings.append(Finding(name, found.get(name) == wanted, found.get(name, "unset"), mend))
    return findings + _binlog()


def _binlog() -> list[Finding]:
    variables = dict(select("SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'sync_binlog')"))
    ok = variables.get("log_bin") == "OFF" or str(variables.get("sync_binlog")) == "1"
    return [Finding("binary log", ok, str(variables), "set sync_binlog=1 while the binary log is on")]


def _sqlite() -> list[Finding]:
    journal, synchronous = select("PRAGMA journal_mode")[0][0], select("PRAGMA synchronous")[0][0]
    return [
        Finding("database", True, f"SQLite {select('SELECT sqlite_version()')[0][0]}"),
        Finding("journal_mode", journal == "wal", str(journal), "journal_mode must be wal"),
        Finding("synchronous", synchronous == 2, str(synchronous), "synchronous must be FULL"),
    ]


def _recent(version: str) -> bool:
    major, minor = (int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2])
    return (major, minor) >= (10, 11) if "MariaDB" in version else major >= 8


def _tables() -> list[Finding]:
    names = pending()
    return [Finding("tables", not names, f"pending: {', '.join(names)}" if names else "up to date", _mend("tables"))]


def _broker() -> list[Finding]:
    with broker.connect() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
        about: dict[str, Any] = getattr(connection.connection, "server_properties", {}) or {}
    return [Finding("broker", True, f"{about.get('product', 'Valkey or Redis')} {about.get('version', '')}".strip())]


def _queues() -> list[Finding]:
    try:
        depths = broker.depths()
    except NotFound:
        return [Finding("queues", False, "not all of them are declared", _mend("queues"))]
    return [Finding("queues", True, f"{sum(depths.values())} messages ready in {len(depths)}")]


def _redis() -> list[Finding]:
    info: dict[str, Any] = cache.client().info()
    findings = [Finding("redis", True, f"version {info['redis_version']}")]
    policy = info.get("maxmemory_policy", "noeviction")
    findings.append(Finding("maxmemory-policy", policy == "noeviction", policy, "set it to noeviction"))
    if not broker.is_amqp(settings().broker_url):
        appending = info.get("aof_enabled") == 1
        findings.append(Finding("append-only file", appending, str(appending), "start it with --appendonly yes"))
    return findings
