"""Days as the shop sees them: business date and hour of a sale, and the end of a day in a store's zone."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

zone = lru_cache(ZoneInfo)


def business_day(moment: datetime, time_zone: str, cutoff_minutes: int) -> tuple[date, int]:
    """Business date (of local time less the cutoff) and local hour of a moment."""
    local = moment.astimezone(zone(time_zone))
    return (local - timedelta(minutes=cutoff_minutes)).date(), local.hour


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of_day(day: date, time_zone: str) -> datetime:
    """24:00 of a day in a zone, as a moment in UTC."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone(time_zone)).astimezone(UTC)


def expiry_moment(moment: datetime, time_zone: str, months: int | None) -> datetime | None:
    """When points earned at `moment` lapse: 24:00 store-local, `months` later; never when there are none."""
    if months is None:
        return None
    earned_on = moment.astimezone(zone(time_zone)).date()
    return end_of_day(months_later(earned_on, months), time_zone)
