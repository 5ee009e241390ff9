"""A small bench against servers of its own: it settles, tells, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.settings import settings

__test__ = settings().profile == "cluster"
"""What the bench measures; the embedded profile promises to need none of its servers."""

ROOT = Path(__file__).parents[1]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for that of a server's socket in it."""
    with tempfile.TemporaryDirectory(prefix="b") as folder:
        yield Path(folder)


def test_a_quick_settle_tells_its_figures_as_json(short: Path) -> None:
    command = [sys.executable, "-m", "ops", "bench", "settle", "--quick", "--runs", "1", "--json"]
    environment = {**os.environ, "TMPDIR": str(short)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (bar,) = told["bars"]
    assert (bar["bar"], bar["failures"]) == ("settle", [])
    assert bar["figures"][0]["median"] > 1
    assert told["surroundings"]["database innodb_flush_log_at_trx_commit"] == "1"
    assert list(short.iterdir()) == []
