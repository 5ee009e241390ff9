"""Money never gains or loses a cent."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.money import allocate, amount_cents

cents = st.integers(0, 10**12)
milli = st.integers(0, 10**9)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("unit_cents", "quantity_milli", "expected"),
    [(399, 1000, 399), (399, 350, 140), (1, 500, 1), (1, 499, 0), (0, 10**9, 0), (10**12, 10**9, 10**18)],
)
def test_an_amount_is_rounded_to_the_nearest_cent_half_up(unit_cents: int, quantity_milli: int, expected: int) -> None:
    assert amount_cents(unit_cents, quantity_milli) == expected


@given(cents, milli)
def test_an_amount_is_at_most_half_a_cent_from_the_exact_one(unit_cents: int, quantity_milli: int) -> None:
    exact = Fraction(unit_cents * quantity_milli, 1000)
    assert -Fraction(1, 2) < amount_cents(unit_cents, quantity_milli) - exact <= Fraction(1, 2)


@given(cents, weights)
def test_shares_sum_to_the_total(total: int, by: list[int]) -> None:
    assert sum(allocate(total, by)) == (total if any(by) else 0)


@given(cents, weights)
def test_every_share_is_the_exact_one_rounded_down_or_up(total: int, by: list[int]) -> None:
    for share, weight in zip(allocate(total, by), by, strict=True):
        exact = Fraction(total * weight, sum(by) or 1)
        assert int(exact) <= share <= -(-exact.numerator // exact.denominator)


@given(cents, weights)
def test_a_line_that_weighs_nothing_gets_nothing(total: int, by: list[int]) -> None:
    assert all(share == 0 for share, weight in zip(allocate(total, by), by, strict=True) if weight == 0)


@given(cents, weights)
def test_of_two_lines_the_heavier_never_gets_less(total: int, by: list[int]) -> None:
    by_weight = sorted(zip(by, allocate(total, by), strict=True))
    assert all(one[1] <= other[1] for one, other in zip(by_weight, by_weight[1:], strict=False) if one[0] < other[0])


def test_leftover_cents_go_to_the_largest_remainders_and_ties_to_the_first_line() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(5, [1, 3, 1]) == [1, 3, 1]
    assert allocate(4, [1, 3, 1]) == [1, 2, 1]
    assert allocate(2, [1, 1, 1, 1]) == [1, 1, 0, 0]
