"""Member numbers and the tier everybody begins in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import UUID

DEFAULT_TIER = "member"
NUMBER_TRIES = 8
NUMBER_LEAST = 10**8
NUMBER_COUNT = 9 * 10**8


def numbers(member: UUID) -> Iterator[str]:
    """Numbers a member may be given, first choice first: nine digits of its id's digest and a check digit.

    Nobody counts them up, so nobody waits for a counter; the first one that is free is taken.
    """
    for nth in range(NUMBER_TRIES):
        digest = hashlib.sha256(member.bytes + bytes([nth])).digest()
        digits = str(NUMBER_LEAST + int.from_bytes(digest[:8]) % NUMBER_COUNT)
        yield digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """Luhn's digit: one digit mistyped, or two neighbours exchanged, and it no longer fits."""
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits[::-1], _weights(), strict=False))
    return str(-total % 10)


def _weights() -> Iterator[int]:
    while True:
        yield 2
        yield 1
