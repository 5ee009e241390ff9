"""What a sale earns: whole points, never more than was paid for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from models.rules.points import ONCE_BP, EarnRule, earned, rule_at

START = datetime(2025, 1, 1, tzinfo=UTC)

bases = st.integers(0, 10**12)
prices = st.integers(1, 10**9)
multipliers = st.integers(0, 1_000_000)


def rule(cents_per_point: int = 100, version: int = 1, days: int = 0) -> EarnRule:
    return EarnRule(version, START + timedelta(days=days), cents_per_point, None)


@given(bases, prices, multipliers)
def test_points_are_the_exact_figure_without_its_part_point(base: int, price: int, bp: int) -> None:
    assert earned(base, rule(price), bp) == int(Fraction(base * bp, price * ONCE_BP))


@given(bases, bases, prices, multipliers)
def test_one_large_sale_never_earns_less_than_its_parts(one: int, other: int, price: int, bp: int) -> None:
    apart = earned(one, rule(price), bp) + earned(other, rule(price), bp)
    assert 0 <= earned(one + other, rule(price), bp) - apart <= 1


@given(bases, prices)
def test_a_better_tier_never_earns_less(base: int, price: int) -> None:
    assert earned(base, rule(price), 10_000) <= earned(base, rule(price), 15_000)


def test_a_gold_member_earns_half_as_much_again_rounded_down_once() -> None:
    assert earned(899, rule(100)) == 8
    assert earned(899, rule(100), 15_000) == 13


def test_the_rule_in_force_is_the_latest_that_had_taken_effect() -> None:
    rules = [rule(version=1), rule(version=2, days=10), rule(version=3, days=20)]
    found = [rule_at(rules, START + timedelta(days=day)) for day in (0, 9, 10, 25)]
    assert [each.version for each in found if each] == [1, 1, 2, 3]


def test_before_any_rule_nothing_is_earned() -> None:
    assert rule_at([rule()], START - timedelta(microseconds=1)) is None
