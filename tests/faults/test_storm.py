"""A short storm with a seed of its own: whatever dies, stands still or is flooded, the promise holds."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

import pytest

from ops.storm.run import StormOptions, storm, tell

SECONDS = 60.0


@pytest.mark.timeout(400)
def test_a_storm_loses_and_doubles_nothing() -> None:
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(2**32))
    verdict = storm(StormOptions(Path(tempfile.mkdtemp(prefix="storm-")), seed, SECONDS), print)
    tell(verdict, print)
    assert verdict.violations == [], f"run it again with STORM_SEED={seed}"
