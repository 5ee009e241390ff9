"""A short storm with a seed of its own: whatever dies, stands still or is flooded, the promise holds."""

from __future__ import annotations

import os
import secrets

import pytest

from ops.storm.run import StormOptions, storm, tell

SECONDS = 60.0


@pytest.mark.timeout(400)
def test_a_storm_loses_and_doubles_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(2**32))
    verdict = storm(StormOptions(tmp_path_factory.mktemp("storm"), seed, SECONDS), print)
    tell(verdict, print)
    assert verdict.violations == [], f"run it again with STORM_SEED={seed}"
