"""Days as the shop sees them, also where clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.days import business_day, end_of_day, expiry_moment, months_later

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu")
moments = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1980, 1, 1), date(2090, 1, 1))


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        (at(2025, 6, 1, 1, 59), date(2025, 5, 31), 3),
        (at(2025, 6, 1, 2, 0), date(2025, 6, 1), 4),
        (at(2025, 6, 1, 21, 59), date(2025, 6, 1), 23),
        (at(2025, 6, 1, 22, 0), date(2025, 6, 1), 0),
    ],
)
def test_before_the_cutoff_a_sale_belongs_to_the_evening_before(moment: datetime, day: date, hour: int) -> None:
    assert business_day(moment, BERLIN, 240) == (day, hour)


def test_the_hour_that_is_skipped_in_spring_sells_nothing() -> None:
    spring = [business_day(at(2025, 3, 30, hour, 30), BERLIN, 0)[1] for hour in (0, 1)]
    assert spring == [1, 3]


def test_the_hour_that_comes_twice_in_autumn_is_one_hour_of_one_date() -> None:
    autumn = [business_day(at(2025, 10, 26, hour, 30), BERLIN, 0) for hour in (0, 1)]
    assert autumn == [(date(2025, 10, 26), 2)] * 2


def test_the_cutoff_is_read_off_the_wall_clock_when_clocks_change() -> None:
    last = [business_day(at(2025, 3, 30, 1, 59), BERLIN, 240), business_day(at(2025, 10, 26, 2, 59), BERLIN, 240)]
    first = [business_day(at(2025, 3, 30, 2, 0), BERLIN, 240), business_day(at(2025, 10, 26, 3, 0), BERLIN, 240)]
    assert last == [(date(2025, 3, 29), 3), (date(2025, 10, 25), 3)]
    assert first == [(date(2025, 3, 30), 4), (date(2025, 10, 26), 4)]


@given(moments, st.sampled_from(ZONES), st.integers(0, 720))
def test_a_business_date_is_the_local_date_or_the_one_before(moment: datetime, zone: str, cutoff: int) -> None:
    local = moment.astimezone(ZoneInfo(zone))
    day, hour = business_day(moment, zone, cutoff)
    early = local.hour * 60 + local.minute < cutoff
    assert (day, hour) == (local.date() - timedelta(days=1 if early else 0), local.hour)


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        (BERLIN, date(2025, 6, 1), at(2025, 6, 1, 22)),
        (BERLIN, date(2025, 3, 29), at(2025, 3, 29, 23)),
        (BERLIN, date(2025, 3, 30), at(2025, 3, 30, 22)),
        ("America/Sao_Paulo", date(2018, 11, 3), at(2018, 11, 4, 3)),
        ("America/Havana", date(2025, 11, 1), at(2025, 11, 2, 4)),
    ],
)
def test_a_day_ends_at_midnight_also_where_midnight_is_skipped_or_comes_twice(
    zone: str, day: date, ends: datetime
) -> None:
    assert end_of_day(day, zone) == ends


@given(days, st.sampled_from(ZONES))
def test_the_end_of_a_day_is_the_first_moment_of_the_next(day: date, zone: str) -> None:
    ends = end_of_day(day, zone)
    assert (ends - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() == day
    assert ends.astimezone(ZoneInfo(zone)).date() == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


@given(days, st.integers(0, 600))
def test_months_later_lands_in_that_month(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_points_lapse_at_the_end_of_the_local_day_they_were_earned_on_months_later() -> None:
    just_before_midnight, just_after = at(2025, 1, 31, 22, 59), at(2025, 1, 31, 23, 1)
    assert expiry_moment(just_before_midnight, BERLIN, 6) == at(2025, 7, 31, 22)
    assert expiry_moment(just_after, BERLIN, 6) == at(2025, 8, 1, 22)
    assert expiry_moment(just_after, BERLIN, None) is None
