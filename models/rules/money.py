"""Money in whole cents: amounts of a quantity, and a total shared over lines so that the parts sum to it."""

from __future__ import annotations

from collections.abc import Sequence


def amount_cents(unit_cents: int, quantity_milli: int) -> int:
    """What a quantity (thousandths) costs at a unit price, half a cent up."""
    return (unit_cents * quantity_milli + 500) // 1000


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Share a non-negative total by weight: floors first, the rest to the largest remainders, ties by line."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda line: (-(total * weights[line] % whole), line))
    for line in by_remainder[:left]:
        shares[line] += 1
    return shares
