"""A running system for the tests, on the profile the environment names, and a shop of its own for each of them."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


os.environ.setdefault("REGULARS_HOME", tempfile.mkdtemp(prefix="regulars-"))
os.environ.setdefault("REGULARS_PORT", _free_port())

import pytest  # noqa: E402 - the settings are read once, from the environment above

from models.migrate import migrate  # noqa: E402
from ops import broker  # noqa: E402
from ops.settings import settings  # noqa: E402
from ops.supervise import Supervisor  # noqa: E402
from tests.shops import Api, Shop, await_ready, make_shop  # noqa: E402


@pytest.fixture(scope="session")
def database() -> None:
    """The tables, in the profile's database."""
    migrate()


@pytest.fixture(scope="session")
def live(database: None) -> Iterator[Api]:
    """Every process of the Procfile, supervised as in production; its edge answers at `.url`."""
    broker.declare()
    supervisor = Supervisor(Path("Procfile"), settings().home, os.environ)
    supervisor.start()
    try:
        yield await_ready(Api(f"http://127.0.0.1:{settings().port}"))
    finally:
        supervisor.stop()


@pytest.fixture
def shop(database: None) -> Shop:
    """A merchant with a store, a till, an owner and two products; settled in this process."""
    return make_shop()


@pytest.fixture
def shops(database: None) -> Callable[[], Shop]:
    """More shops than one, for what must not cross between them."""
    return make_shop
