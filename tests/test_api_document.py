"""The API as it is documented, and the documentation as it is served."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from edge.errors import CODES
from models.rules.permissions import ALL
from models.rules.refusals import REFUSALS
from schemas.base import CATALOGUE
from tests.document import DOCUMENT, OPERATIONS, PUBLIC
from tests.shops import APP, Api

OPERATORS = {"health", "docs", "api-docs"}
"""Blueprints that are not part of the API."""
PROBLEMS = {"400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "503"}


def _schema_of(content: dict[str, Any], media: str = "application/json") -> str:
    """The name of the shape in a body or an answer."""
    return str(content["content"][media]["schema"].get("$ref", "")).rpartition("/")[2]


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_route_is_documented_under_a_name_of_its_own() -> None:
    endpoints = [rule.endpoint for rule in APP.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in OPERATORS]
    assert sorted(OPERATIONS) == sorted(endpoint.replace(".", "_") for endpoint in endpoints)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_does_takes_answers_and_needs(name: str) -> None:
    method, path, operation = OPERATIONS[name]
    assert operation["summary"].endswith((".", "!"))
    statuses = set(operation["responses"])
    assert statuses >= PROBLEMS
    assert statuses - PROBLEMS <= {"200", "201", "202"}
    for status, response in operation["responses"].items():
        if status in PROBLEMS:
            assert _schema_of(response, "application/problem+json") == "ProblemView"
        else:
            assert _schema_of(response)
    for status, header in {
        "401": "WWW-Authenticate",
        "405": "Allow",
        "429": "Retry-After",
        "503": "Retry-After",
    }.items():
        assert header in operation["responses"][status]["headers"]
    places = {(each["in"], each["name"]) for each in _parameters(path, operation)}
    assert {part for kind, part in places if kind == "path"} == set(re.findall(r"{(\w+)}", path))
    assert method in ("get", "post")


def _parameters(path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    return DOCUMENT["paths"][path].get("parameters", []) + operation.get("parameters", [])


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_whether_it_needs_a_token_and_which_permission(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    assert DOCUMENT["security"] == [{"bearer": []}]
    assert (operation.get("security") == []) is (name in PUBLIC)
    assert (operation.get("x-permission") in ALL | {"any"}) is (name not in PUBLIC)


def test_every_command_of_value_demands_a_key() -> None:
    required = {
        header["required"]
        for method, path, operation in OPERATIONS.values()
        for header in _parameters(path, operation)
        if header["name"] == "Idempotency-Key"
    }
    assert required == {True, False}
    checkout = OPERATIONS["sales_checkout"][2]
    assert {each["name"]: each["required"] for each in checkout["parameters"]} == {
        "Idempotency-Key": True,
        "Prefer": False,
    }


def test_bodies_refuse_unknown_fields() -> None:
    bodies = [operation["requestBody"] for _, _, operation in OPERATIONS.values() if "requestBody" in operation]
    names = {_schema_of(body) for body in bodies}
    assert "Checkout" in names
    shapes = DOCUMENT["components"]["schemas"]
    assert all(shapes[name]["additionalProperties"] is False for name in names)


def test_patterns_are_everybodys_and_not_pythons_alone() -> None:
    patterns = re.findall(r'"pattern": ?"([^"]*)"', APP.test_client().get("/openapi.json").text)
    assert patterns
    assert not [pattern for pattern in patterns if r"\Z" in pattern or r"\A" in pattern or "(?P" in pattern]


def test_every_code_is_listed_in_the_document_and_on_its_page(live: Api) -> None:
    page = live.get("/docs/problems").body.decode()
    for code, (status, meaning) in {**CODES, **REFUSALS}.items():
        assert f"| `{code}` | {status} | {meaning} |" in DOCUMENT["info"]["description"]
        assert f'<tr id="{code}">' in page


def test_no_internal_command_is_offered_to_the_public() -> None:
    named = {
        _schema_of(operation["requestBody"]) for _, _, operation in OPERATIONS.values() if "requestBody" in operation
    }
    internal = {"points.accrue", "reports.roll_up", "merchants.tidy"}
    assert not named & {command.__name__ for name, command in CATALOGUE.items() if name in internal}


class _Addresses(HTMLParser):
    """Everything a page loads or leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
def test_the_docs_load_nothing_from_elsewhere(live: Api, path: str) -> None:
    said = live.get(path)
    assert (said.status, said.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = said.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)
    addresses = _Addresses()
    addresses.feed(said.body.decode())
    assert addresses.found
    for address in addresses.found:
        assert address.startswith("/docs")
        assert live.get(address).status == 200


def test_the_assets_of_the_docs_are_shipped(live: Api) -> None:
    start = live.get("/docs/start.js").body.decode()
    assert 'url: "/openapi.json"' in start
    assert "validatorUrl: null" in start
    style = live.get("/docs/assets/swagger-ui.css").body.decode()
    assert not re.findall(r"@import|url\((?!['\"]?data:)", style)
    assert len(live.get("/docs/assets/swagger-ui-bundle.js").body) > 500_000
    assert live.get("/docs/assets/../../app.py").status == 404
    assert live.get("/docs/assets/..%2f..%2f__init__.py").status == 404


def test_the_document_is_served_as_json_to_anybody(live: Api) -> None:
    said = live.get("/openapi.json")
    assert (said.status, said.headers["Content-Type"]) == (200, "application/json")
    assert said.body == DOCUMENT
