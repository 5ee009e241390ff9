"""`ops check`: what is looked at, what is wrong, and how to mend it, without ever falling over it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.base import db
from ops import broker
from ops.cli import check
from ops.settings import settings
from tests.house.tree import ROOT
from tests.shops import Api

LOOKED_AT = {"secrets", "database", "tables", "broker", "queues", "redis"}
NOWHERE = {
    "DATABASE_URL": "mysql://nobody:nothing@127.0.0.1:1/nowhere",
    "BROKER_URL": "amqp://guest:guest@127.0.0.1:1//",
    "REDIS_URL": "redis://127.0.0.1:1/1",
}


def ops_check(**environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    command = [sys.executable, "-m", "ops", "check"]
    said = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=said, capture_output=True, text=True, timeout=60, check=False)


def _bad(said: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What is bad, and how to mend it."""
    assert "Traceback" not in said.stdout + said.stderr
    lines = said.stdout.splitlines()
    pairs = [
        (line, following) for line, following in zip(lines, [*lines[1:], ""], strict=True) if line.startswith("BAD")
    ]
    assert all(following.startswith("     mend: ") for _, following in pairs)
    return {line.split()[1].rstrip(":"): following.removeprefix("     mend: ") for line, following in pairs}


def test_all_is_well(live: Api) -> None:
    said = ops_check()
    assert (said.returncode, _bad(said)) == (0, {})
    looked_at = {line.split()[1].rstrip(":") for line in said.stdout.splitlines()}
    assert looked_at >= LOOKED_AT
    versions = {"embedded": ["SQLite 3.", "Valkey or Redis"], "cluster": ["MariaDB", "RabbitMQ 3."]}
    assert all(version in said.stdout or "MySQL" in said.stdout for version in versions[settings().profile])
    durable = {
        "embedded": ["synchronous: 2", "append-only file: True"],
        "cluster": ["innodb_flush_log_at_trx_commit: 1"],
    }
    assert all(setting in said.stdout for setting in durable[settings().profile])


def test_what_is_away_is_named_and_how_to_mend_it(live: Api) -> None:
    said = ops_check(**NOWHERE)
    assert said.returncode == 1
    mends = _bad(said)
    assert set(mends) == LOOKED_AT - {"secrets"}
    assert mends["database"] == "start MySQL or MariaDB, or correct DATABASE_URL"
    assert mends["broker"] == "start RabbitMQ, or correct BROKER_URL"
    assert mends["redis"] == "start Redis, or correct REDIS_URL"
    assert "nothing" not in said.stdout


def test_an_embedded_installation_that_does_not_run_says_how_to_start_it(live: Api, tmp_path: Path) -> None:
    alone = {name: value for name, value in os.environ.items() if name not in NOWHERE} | {
        "REGULARS_HOME": str(tmp_path)
    }
    command = [sys.executable, "-m", "ops", "check"]
    said = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, timeout=60, check=False)
    mends = _bad(said)
    assert set(mends) == LOOKED_AT - {"secrets", "database"}
    assert mends["tables"].startswith("run `python -m ops migrate`")
    assert mends["broker"] == "start everything with `./run` or `python -m ops up`, or correct BROKER_URL"


def test_a_database_that_cannot_be_opened_is_named(live: Api) -> None:
    mends = _bad(ops_check(DATABASE_URL="sqlite:////nowhere/regulars.db"))
    assert mends["database"] == f"make {settings().home} writable, or correct DATABASE_URL"


@pytest.mark.parametrize("stored", ["{}", "not json", json.dumps({"token_key": base64.b64encode(bytes(32)).decode()})])
def test_weak_or_broken_secrets_are_named(live: Api, tmp_path: Path, stored: str) -> None:
    (tmp_path / "secrets.json").write_text(stored)
    mends = _bad(ops_check(REGULARS_SECRETS=str(tmp_path / "secrets.json")))
    assert set(mends) == {"secrets"}
    assert "secrets.json" in mends["secrets"]


def test_a_setting_that_costs_durability_is_named(live: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As seen from a server that is set otherwise."""
    if db.dialect == "mysql":
        wanted = {
            "innodb_flush_log_at_trx_commit": ("never", "set it to 1: a commit must be on disk before it is answered")
        }
        monkeypatch.setattr(check, "MYSQL_SETTINGS", wanted)
    else:
        db.execute_sql("PRAGMA synchronous = off")
    try:
        bad = [finding for finding in check.run_checks() if not finding.ok]
    finally:
        db.close()
    assert [finding.what for finding in bad] == [*wanted] if db.dialect == "mysql" else ["synchronous"]
    assert bad[0].mend


def test_a_queue_that_is_missing_is_named_where_queues_are_declared(live: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "AREAS", (*broker.AREAS, "undreamt"))
    bad = [finding for finding in check.run_checks() if not finding.ok]
    declared = broker.is_amqp(settings().broker_url)
    assert [finding.what for finding in bad] == (["queues"] if declared else [])
