"""The quick way of reading a command finds exactly what marshmallow finds, or leaves it to marshmallow."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from schemas.quick import UNSURE
from schemas.sales import Checkout

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40), st.just([]), st.just({})
)
MOMENTS = st.sampled_from(
    [
        "2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.123456+01:00",
        "2026-11-23T10:00:00",
        "20261123T100000Z",
        "2026-13-01",
    ]
)
IDS = st.one_of(st.uuids().map(str), st.uuids().map(lambda id_: id_.hex), st.just("x" * 36))
LINE = st.fixed_dictionaries(
    {"sku_id": IDS, "quantity_milli": st.integers(-1, 10**10), "gross_cents": st.integers(0, 10**4)},
    optional={"discount_cents": st.one_of(st.integers(0, 100), ODD), "more": ODD},
)
TENDER = st.fixed_dictionaries(
    {"kind": st.sampled_from(["cash", "card", "cheque"]), "amount_cents": st.integers(0, 10**4)},
    optional={"change_cents": ODD, "reference": st.one_of(st.none(), st.text(max_size=90))},
)
BASKET = st.fixed_dictionaries(
    {"sequence": st.one_of(st.integers(1, 99), ODD), "sold_at": MOMENTS, "lines": st.lists(LINE, max_size=3)},
    optional={
        "member_id": st.one_of(st.none(), IDS),
        "mode": st.text(max_size=8),
        "tenders": st.lists(TENDER, max_size=2),
    },
)
PLAIN = {
    "sequence": 1,
    "sold_at": "2026-11-23T10:00:00Z",
    "lines": [{"sku_id": "01a20948-f909-74b8-97a2-ac76104662d8", "quantity_milli": 1, "gross_cents": 1}],
}
checkout = Checkout()


def slowly(data: Any) -> Any:
    """What marshmallow alone says."""
    try:
        return Schema.load(checkout, data)
    except ValidationError as error:
        return error.messages


@given(BASKET)
def test_what_is_read_quickly_is_what_marshmallow_reads(basket: dict[str, Any]) -> None:
    quick = checkout.quick(basket)
    if quick is not UNSURE:
        assert quick == slowly(basket)


def test_a_plain_basket_is_read_quickly() -> None:
    assert checkout.quick(PLAIN) == slowly(PLAIN)
    assert checkout.quick(PLAIN) is not UNSURE


def test_a_field_that_is_wrong_is_left_to_marshmallow() -> None:
    assert checkout.quick(PLAIN | {"total": 1}) is UNSURE
    assert checkout.quick(PLAIN | {"sequence": True}) is UNSURE
    assert checkout.quick({"sequence": 1}) is UNSURE
