"""An edge of one's own, beside the supervised one, with another environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from ops.children import Warden
from ops.servers.ports import free_ports
from tests.house.tree import ROOT
from tests.processes import wait_for
from tests.shops import Api


@contextmanager
def own_edge(folder: Path, **environment: str) -> Iterator[Api]:
    """An edge that is up, be it ready or not."""
    warden, [port] = Warden(), free_ports(1)
    settings = os.environ | environment | {"REGULARS_PORT": str(port), "REGULARS_EDGE_WORKERS": "1"}
    command = [sys.executable, "-m", "ops", "edge"]
    child = warden.spawn(command, log=folder / "edge.log", environment=settings, folder=ROOT)
    api = Api(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: _lives(api), seconds=60)
        yield api
    finally:
        child.stop(10)
        warden.close()


def _lives(api: Api) -> bool:
    try:
        return api.get("/livez").status == 200
    except urllib3.exceptions.HTTPError:
        return False
