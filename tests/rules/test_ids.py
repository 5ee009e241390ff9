"""Ids that a retry finds again, numbers members are given, and paths people write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.catalogue import NoPath, category_path
from models.rules.ids import id_at
from models.rules.members import check_digit, numbers
from models.rules.phones import NotAPhone, last_four, masked, normalised

moments = st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.uuids())
def test_the_same_cause_at_the_same_moment_has_the_same_id(moment: datetime, cause: UUID) -> None:
    made = id_at(moment, cause)
    assert made == id_at(moment, UUID(bytes=cause.bytes))
    assert (made.version, made.variant) == (7, RFC_4122)


@given(moments, st.uuids(), st.uuids())
def test_an_id_tells_its_moment_and_later_ones_sort_after_it(moment: datetime, one: UUID, other: UUID) -> None:
    assert abs((id_at(moment, one).int >> 80) - moment.timestamp() * 1000) < 2
    assert id_at(moment, one).bytes < id_at(moment + timedelta(milliseconds=2), other).bytes


@given(moments, st.uuids(), st.uuids())
def test_two_causes_at_one_moment_have_two_ids(moment: datetime, one: UUID, other: UUID) -> None:
    assert (id_at(moment, one) == id_at(moment, other)) == (one == other)


@given(st.uuids())
def test_a_member_is_offered_several_numbers_of_ten_digits_each_time_the_same(member: UUID) -> None:
    offered = list(numbers(member))
    assert offered == list(numbers(member))
    assert len(set(offered)) == len(offered)
    assert all(len(number) == 10 and number.isdigit() and number[0] != "0" for number in offered)
    assert all(check_digit(number[:-1]) == number[-1] for number in offered)


@given(st.integers(10**8, 10**9 - 1), st.integers(0, 8), st.integers(1, 9))
def test_one_mistyped_digit_does_not_pass_the_check(number: int, place: int, shift: int) -> None:
    right = str(number)
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    assert check_digit(wrong) != check_digit(right)


def test_ten_thousand_members_hardly_ever_share_a_first_number() -> None:
    assert len({next(numbers(uuid4())) for _ in range(10_000)}) > 9_990


@pytest.mark.parametrize(
    ("written", "phone", "shown"),
    [
        ("+86 138 0013 8000", "+8613800138000", "138****8000"),
        ("+1 (212) 555-0123", "+12125550123", "21****0123"),
        ("+852 9123 4567", "+85291234567", "****4567"),
        ("+39 06 1234567", "+39061234567", "0****4567"),
    ],
)
def test_a_phone_has_one_form_and_shows_only_part_of_it(written: str, phone: str, shown: str) -> None:
    assert normalised(written) == phone
    assert masked(phone) == shown
    assert last_four(phone) == shown[-4:]


@pytest.mark.parametrize(
    "written",
    ["", "+", "138 0013 8000", "+86 138", "+999 1234567", "+8613800138000 ext 5", "+1" * 40, "call me", "\x00"],
)
def test_what_is_no_phone_in_international_form_is_refused(written: str) -> None:
    with pytest.raises(NotAPhone):
        normalised(written)


def test_a_path_of_categories_is_split_at_slashes_with_spaces_around_them() -> None:
    assert category_path("Drinks / Coffee /  Beans") == ("Drinks", "Coffee", "Beans")
    assert category_path("COUPON/MISC ITEMS") == ("COUPON/MISC ITEMS",)


@pytest.mark.parametrize("path", ["", " ", "A / ", " / A", "A /  / B", " / ".join("ABCDEFGHI"), "A" * 121])
def test_a_path_with_a_level_that_has_no_proper_name_is_refused(path: str) -> None:
    with pytest.raises(NoPath):
        category_path(path)
