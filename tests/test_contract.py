"""The whole API against its own document: whatever is thrown at it, it answers as it says it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as example_settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from ops.settings import settings
from tests.document import DOCUMENT
from tests.doors import forget_tries
from tests.shops import Api
from tests.tenants import ENTRIES
from tests.world import World

# Collected on the embedded profile alone: what differs between the profiles lies behind the edge.
__test__ = settings().profile == "embedded"

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
    allow_header_conformance,
]
api = schemathesis.openapi.from_dict(DOCUMENT)
api.config.generation.update(with_security_parameters=False)


@pytest.fixture(scope="module")
def world(live: Api) -> Iterator[World]:
    """A shop with something of everything in it."""
    yield World(live)


@api.parametrize()
@example_settings(
    max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_an_operation_answers_as_documented(world: World, case: schemathesis.Case) -> None:
    forget_tries()
    entry = ENTRIES[case.operation.definition.raw["operationId"]]
    if case.meta and case.meta.generation.mode == GenerationMode.POSITIVE and case.path_parameters:
        case.path_parameters = {name: str(id_) for name, id_ in entry.path(world).items()}
    headers = {"Authorization": f"Bearer {world.mine(entry.by).token}"}
    case.call_and_validate(base_url=world.live.url, headers=headers, checks=CHECKS, timeout=30)
