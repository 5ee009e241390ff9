"""What `ops check` looks at: each dependency, its version, and the settings durability depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    found: str
    mend: str = ""


def run_checks() -> list[Finding]:
    """Look at everything; a dependency that is away is a finding, not an error."""
    looks = [
        ("secrets", _secrets),
        ("database", _database),
        ("tables", _tables),
        ("broker", _broker),
        ("redis", _redis),
    ]
    return [finding for what, look in looks for finding in _safely(what, look)]


def _safely(what: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        return [Finding(what, False, found, f"start it, or correct its address; profile: {settings().profile}")]


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
    return [Finding("tables", not names, "up to date" if not names else f"pending: {names}", "run `ops migrate`")]


def _broker() -> list[Finding]:
    depths = broker.depths()
    with broker.connect() as connection:
        about: dict[str, Any] = getattr(connection.connection, "server_properties", {}) or {}
    name = f"{about.get('product', 'Valkey or Redis')} {about.get('version', '')}".strip()
    return [Finding("broker", True, f"{name}, {sum(depths.values())} messages ready")]


def _redis() -> list[Finding]:
    info: dict[str, Any] = cache.client().info()
    findings = [Finding("redis", True, f"version {info['redis_version']}")]
    policy = info.get("maxmemory_policy", "noeviction")
    findings.append(Finding("maxmemory-policy", policy == "noeviction", policy, "set it to noeviction"))
    if not broker.is_amqp(settings().broker_url):
        appending = info.get("aof_enabled") == 1
        findings.append(Finding("append-only file", appending, str(appending), "start it with --appendonly yes"))
    return findings
