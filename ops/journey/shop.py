"""The shop the baskets belong to, as far as the input does not say: its zone, its tills, its members."""

from __future__ import annotations

from zlib import crc32

MERCHANT_NAME = "The Complete Journey"
CURRENCY = "USD"
TIME_ZONE = "America/New_York"
DAY_CUTOFF_MINUTES = 240
"""A few baskets are rung up after midnight; the shop's day ends at four."""
GOLD_EVERY = 10
AREA_CODES = "205212213214215216217218219301302303304305307308309310312313314315316317318319"


def till_of(basket: str, tills: int) -> int:
    """Which of a store's tills, counted from 1, rang a basket up."""
    return crc32(basket.encode()) % tills + 1


def member_name(household: str) -> str:
    """Nobody's name: households are numbers."""
    return f"Household {household}"


def card_number(household: str) -> str:
    """The card that finds a household again."""
    return f"H{int(household):07d}"


def phone(household: str) -> str | None:
    """A number of the range kept for fiction (555-0100 to 555-0199), one a household while they last."""
    area, last = divmod(int(household), 100)
    code = AREA_CODES[3 * area : 3 * area + 3]
    return f"+1{code}55501{last:02d}" if code else None


def tier(household: str) -> str:
    """Every tenth household is gold from the day it is enrolled."""
    return "member" if int(household) % GOLD_EVERY else "gold"
