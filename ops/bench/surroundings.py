"""What a bench ran on: durability settings, versions, and how much of the machine others used meanwhile."""

from __future__ import annotations

import os
import platform
import resource
import time
from typing import Any

import psutil

from models.rows import select
from ops import broker

DATABASE_SETTINGS = (
    "version",
    "innodb_flush_log_at_trx_commit",
    "log_bin",
    "sync_binlog",
    "innodb_buffer_pool_size",
    "innodb_log_file_size",
    "innodb_flush_method",
)


class Neighbours:
    """Watches from its making on; what others used explains absolute figures and their spread."""

    def __init__(self, servers: float) -> None:
        """`servers` is the CPU, in seconds, that the servers had used by then."""
        self._began = time.monotonic()
        self._busy, self._ours = _busy_seconds(), _own_seconds() + servers

    def percent(self, servers: float) -> float:
        """Percent of all CPUs that went to others; every process of ours but the servers must have ended."""
        passed = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = (_busy_seconds() - self._busy) - (_own_seconds() + servers - self._ours)
        return 100 * max(0.0, others) / passed


def surroundings() -> dict[str, str]:
    """Names and values for the head of a report."""
    quoted = ", ".join(f"'{name}'" for name in DATABASE_SETTINGS)
    database = {f"database {n}": v for n, v in select(f"SHOW VARIABLES WHERE Variable_name IN ({quoted})")}
    with broker.connect() as connection:
        channel: Any = connection.default_channel
        properties = channel.connection.server_properties
    queues = "quorum queues, persistent messages, publisher confirms"
    return {
        "machine": f"{os.cpu_count()} CPUs, Python {platform.python_version()}",
        **database,
        "broker": f"{properties['product']} {properties['version']}, {queues}",
    }


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _own_seconds() -> float:
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
