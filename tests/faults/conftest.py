"""Private servers to be broken, and an installation on them whose workers each test starts as it needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.settings import settings
from ops.storm.rig import CLUSTER, EMBEDDED, Rig
from ops.storm.shop import open_shop
from tests.faults.market import Market
from tests.faults.stage import SUPERVISED, Stage

ONLY_ON = {"test_embedded.py": {EMBEDDED}, "test_checker.py": {CLUSTER, EMBEDDED}}
"""Which profiles a module of this folder is about; all others are about the cluster."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Each module is collected on its own profiles alone."""
    if collection_path.name.startswith("test_"):
        return settings().profile not in ONLY_ON.get(collection_path.name, {CLUSTER})
    return None


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The installation: servers, edge and back office supervised, the pipeline behind them as tests want it."""
    with Rig(tmp_path_factory.mktemp("faults"), CLUSTER, SUPERVISED) as rig, Stage(rig) as stage:
        yield stage


@pytest.fixture(scope="module")
def market(stage: Stage) -> Iterator[Market]:
    """A shop with two tills and a history, shared by the tests of a module that leave it whole."""
    with Market(stage, open_shop(stage.rig.url, tills=2, members=2)) as market:
        yield market


@pytest.fixture
def fresh_market(stage: Stage) -> Iterator[Market]:
    """A shop of the test's own, because it will be ruined."""
    stage.forget_parked()
    with Market(stage, open_shop(stage.rig.url, tills=1, members=1)) as market:
        yield market
    stage.forget_parked()
