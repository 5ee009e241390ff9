"""The door of every write: what it turns away, with which problem, naming which field."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest

from edge.accept import BODY_MAX_BYTES
from models.receipts import Receipt
from tests.shops import Api, Said, Shop

SALES = "/v1/sales"


def _with(basket: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """The basket with one place changed or added."""
    *path, last = pointer.strip("/").split("/")
    place: Any = basket
    for step in path:
        place = place[int(step)] if step.isdigit() else place[step]
    place[int(last) if last.isdigit() else last] = value
    return basket


BAD_FIELDS: list[tuple[str, Any, str]] = [
    ("/sequence", 5.0, "invalid"),
    ("/sequence", True, "invalid"),
    ("/sequence", "5", "invalid"),
    ("/sequence", 0, "invalid"),
    ("/sequence", 10**13, "invalid"),
    ("/sequence", None, "invalid"),
    ("/sold_at", "2026-11-01T10:00:00", "invalid"),
    ("/sold_at", "2026-11-01", "invalid"),
    ("/sold_at", "yesterday", "invalid"),
    ("/sold_at", "1969-12-31T23:59:59Z", "invalid"),
    ("/sold_at", "2100-01-01T00:00:00Z", "invalid"),
    ("/sold_at", "1970-01-01T00:00:00+14:00", "invalid"),
    ("/sold_at", "2099-12-31T23:59:59-12:00", "invalid"),
    ("/sold_at", "0001-01-01T00:00:00+14:00", "invalid"),
    ("/sold_at", "9999-12-31T23:59:59-14:00", "invalid"),
    ("/sold_at", 1_790_000_000, "invalid"),
    ("/mode", "dreaming", "invalid"),
    ("/member_id", "42", "invalid"),
    ("/lines", [], "invalid"),
    ("/lines", None, "invalid"),
    ("/lines", {}, "invalid"),
    ("/lines/0", "a loaf", "invalid"),
    ("/lines/0/sku_id", "bread", "invalid"),
    ("/lines/0/quantity_milli", 0, "invalid"),
    ("/lines/0/quantity_milli", -1000, "invalid"),
    ("/lines/0/quantity_milli", 1000.0, "invalid"),
    ("/lines/1/quantity_milli", 10**12, "invalid"),
    ("/lines/0/gross_cents", -1, "invalid"),
    ("/lines/0/gross_cents", 2.5, "invalid"),
    ("/lines/0/gross_cents", 10**13, "invalid"),
    ("/lines/0/discount_cents", "1", "invalid"),
    ("/lines/0/price", 250, "unknown"),
    ("/tenders/0/kind", "gold", "invalid"),
    ("/tenders/0/amount_cents", False, "invalid"),
    ("/tenders/0/reference", "a\x00b", "invalid"),
    ("/tenders/0/reference", "x" * 81, "invalid"),
    ("/tenders/0/note", "thanks", "unknown"),
    ("/merchant", "another", "unknown"),
    ("/store_id", str(uuid4()), "unknown"),
    ("/total_cents", 899, "unknown"),
]


@pytest.mark.parametrize(("pointer", "value", "code"), BAD_FIELDS, ids=[f"{p}={v!r:.24}" for p, v, _ in BAD_FIELDS])
def test_a_bad_field_is_named(live: Api, shop: Shop, pointer: str, value: Any, code: str) -> None:
    said = live.as_(shop.till_token).post(SALES, _with(shop.basket(2, 1), pointer, value))
    _is_problem(said, 422, "request.invalid")
    assert [(error["pointer"], error["code"]) for error in said.body["errors"]] == [(pointer, code)]


def test_every_bad_field_is_named_at_once(live: Api, shop: Shop) -> None:
    basket = _with(_with(_with(shop.basket(2, 1), "/sequence", "1"), "/lines/1/sku_id", "?"), "/extra", 1)
    del basket["sold_at"]
    said = live.as_(shop.till_token).post(SALES, basket)
    named = {(error["pointer"], error["code"]) for error in said.body["errors"]}
    assert named == {
        ("/sequence", "invalid"),
        ("/lines/1/sku_id", "invalid"),
        ("/extra", "unknown"),
        ("/sold_at", "missing"),
    }


def test_more_lines_than_a_till_can_mean_are_refused(live: Api, shop: Shop) -> None:
    basket = shop.basket(1)
    said = live.as_(shop.till_token).post(SALES, basket | {"lines": basket["lines"] * 501})
    assert [error["pointer"] for error in said.body["errors"]] == ["/lines"]


NOT_JSON = {
    "nothing": b"",
    "half": b'{"sequence": 1',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"sequence": NaN}',
    "not UTF-8": b'{"sequence": "\xff\xfe"}',
    "a lone surrogate in a name": b'{"\\ud800": 1}',
    "a lone surrogate in a value": b'{"mode": "\\udc00"}',
    "two thousand brackets": b'{"lines": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "an archive": b"PK\x03\x04" + bytes(64),
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_a_body_that_is_no_json_object_is_malformed(live: Api, shop: Shop, what: str) -> None:
    _is_problem(live.as_(shop.till_token).post(SALES, NOT_JSON[what]), 400, "request.malformed")


@pytest.mark.parametrize(
    "mangled", [b'{"lines": ' + b"[" * 400 + b"]" * 400 + b"}", b'{"sequence": 1' + b"0" * 40 + b"}"]
)
def test_json_of_an_absurd_shape_is_invalid(live: Api, shop: Shop, mangled: bytes) -> None:
    _is_problem(live.as_(shop.till_token).post(SALES, mangled), 422, "request.invalid")


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ""])
def test_another_media_type_is_not_taken(live: Api, shop: Shop, media: str) -> None:
    said = live.as_(shop.till_token).post(SALES, shop.basket(1), Content_Type=media)
    _is_problem(said, 415, "request.media_type")


@pytest.mark.parametrize("key", ["", " ", "two words", "k" * 129, "tab\tkey", "clé"])
def test_a_key_that_is_missing_or_unreadable_is_refused(live: Api, shop: Shop, key: str) -> None:
    said = live.as_(shop.till_token).call("POST", SALES, shop.basket(1), Idempotency_Key=key)
    _is_problem(said, 400, "request.key_missing")
    assert live.as_(shop.till_token).call("POST", SALES, shop.basket(1)).body["code"] == "request.key_missing"


def test_a_key_of_any_128_visible_characters_will_do(live: Api, shop: Shop) -> None:
    key = "".join(chr(code) for code in range(0x21, 0x7F)) + "x" * 34
    assert live.as_(shop.till_token).post(SALES, shop.basket(1), key=key, Prefer="wait=5").status == 201


def test_a_body_over_the_limit_is_too_large(live: Api, shop: Shop) -> None:
    padding = b" " * BODY_MAX_BYTES
    said = live.as_(shop.till_token).post(SALES, orjson.dumps(shop.basket(1)) + padding)
    _is_problem(said, 413, "request.too_large")


def test_a_body_at_the_limit_is_taken(live: Api, shop: Shop) -> None:
    body = orjson.dumps(shop.basket(1))
    padded = body + b" " * (BODY_MAX_BYTES - len(body))
    assert live.as_(shop.till_token).post(SALES, padded, Prefer="wait=5").status == 201


@pytest.mark.parametrize(("size", "status"), [(1000, 201), (BODY_MAX_BYTES, 201), (BODY_MAX_BYTES + 1, 413)])
def test_a_body_sent_in_chunks_is_measured_all_the_same(live: Api, shop: Shop, size: int, status: int) -> None:
    body = orjson.dumps(shop.basket(1)).ljust(size)
    assert _in_chunks(live, shop, body) == status


def _in_chunks(live: Api, shop: Shop, body: bytes) -> int:
    headers = {
        "Authorization": f"Bearer {shop.till_token}",
        "Content-Type": "application/json",
        "Idempotency-Key": uuid4().hex,
        "Prefer": "wait=5",
    }
    connection = http.client.HTTPConnection(urlsplit(live.url).netloc, timeout=10)
    try:
        chunks = (body[start : start + 8192] for start in range(0, len(body), 8192))
        connection.request("POST", SALES, chunks, headers, encode_chunked=True)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "request.not_found"),
        ("GET", "/", 404, "request.not_found"),
        ("GET", "/v1/sales/not-an-id", 404, "request.not_found"),
        ("GET", f"/v1/sales/{uuid4()}", 404, "request.not_found"),
        ("PUT", SALES, 405, "request.method"),
        ("DELETE", "/v1/points/rules", 405, "request.method"),
        ("POST", "/livez", 405, "request.method"),
        ("GET", f"{SALES}?limit=0", 422, "request.invalid"),
        ("GET", f"{SALES}?limit=many", 422, "request.invalid"),
        ("GET", f"{SALES}?store_id=here", 422, "request.invalid"),
        ("GET", f"{SALES}?from=2026-13-01", 422, "request.invalid"),
        ("GET", f"{SALES}?cursor=ours", 400, "request.malformed"),
        ("GET", f"/v1/commands/{uuid4()}?body=XYZ", 422, "request.invalid"),
    ],
)
def test_what_is_not_there_or_not_understood_is_a_problem(
    live: Api, shop: Shop, method: str, path: str, status: int, code: str
) -> None:
    said = live.as_(shop.till_token).call(method, path)
    _is_problem(said, status, code)
    assert (status == 405) is ("Allow" in said.headers)


def test_a_name_in_a_query_that_means_nothing_is_refused(live: Api, shop: Shop) -> None:
    said = live.as_(shop.till_token).get(f"{SALES}?limit=1&form=2026-01-01")
    _is_problem(said, 422, "request.invalid")
    assert [(error["pointer"], error["code"]) for error in said.body["errors"]] == [("/form", "unknown")]


def test_reports_say_which_end_of_the_period_is_wrong(live: Api, shop: Shop) -> None:
    owner = live.as_(shop.owner_token)
    for query, pointers in {
        "": ["/from", "/to"],
        "?from=2026-01-02&to=2026-01-01": ["/to"],
        "?from=2026-01-01&to=2028-01-01": ["/to"],
        "?from=soon&to=2028-01-01": ["/from"],
    }.items():
        said = owner.get(f"/v1/reports/products{query}")
        assert [error["pointer"] for error in said.body["errors"]] == pointers


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Basic b3duZXI6eA==", "Bearer x.y.z", "Token {token}"])
def test_a_caller_without_a_good_token_is_unknown(live: Api, shop: Shop, given: str) -> None:
    said = live.call("GET", SALES, Authorization=given.format(token=shop.till_token))
    assert (said.status, said.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert said.body["code"] in ("identity.missing", "identity.invalid")


def test_only_a_terminal_checks_out(live: Api, shop: Shop) -> None:
    _is_problem(live.as_(shop.owner_token).post(SALES, shop.basket(1)), 403, "identity.forbidden")


def test_what_was_turned_away_leaves_no_trace(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    till.post(SALES, _with(shop.basket(1), "/extra", 1))
    till.post(SALES, b"{")
    till.call("POST", SALES, shop.basket(1))
    assert Receipt.select().where(Receipt.merchant_id == shop.merchant).count() == 0


def _is_problem(said: Said, status: int, code: str) -> None:
    assert (said.status, said.body["code"]) == (status, code), said.body
    assert said.headers["Content-Type"] == "application/problem+json"
    assert (said.body["status"], said.body["type"]) == (status, f"/docs/problems#{code}")
    assert said.body["title"] and said.body["detail"]
    assert said.body["request_id"] == said.headers["X-Request-Id"]
