"""Baskets as storm tills ring them up: most at the shop's prices, some off line as charged, some of them wrong."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.storm.shop import Shop

OFFLINE_SHARE, MEMBER_SHARE, LATE_SHARE = 0.3, 0.6, 0.1
LATE_HOURS = 40


class Baskets:
    """Fills baskets for one till."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self._shop, self._chance = shop, chance

    def fill(self, sequence: int) -> dict[str, Any]:
        """A checkout that will be taken."""
        offline = self._chance.random() < OFFLINE_SHARE
        member = self._chance.choice(self._shop.members)[0] if self._chance.random() < MEMBER_SHARE else None
        lines = [self._line(offline) for _ in range(self._chance.randint(1, 4))]
        body = {
            "sequence": sequence,
            "sold_at": self._moment(),
            "mode": "offline" if offline else "online",
            "member_id": member,
            "lines": lines,
        }
        return body | {"tenders": self._tenders(_payable(lines))}

    def change(self, body: dict[str, Any]) -> dict[str, Any]:
        """Another basket under the same sequence: one line more."""
        lines = [*deepcopy(body["lines"]), self._line(body["mode"] == "offline")]
        return body | {"lines": lines, "tenders": self._tenders(_payable(lines))}

    def shorten(self, body: dict[str, Any]) -> dict[str, Any]:
        """The same basket, a cent short of what is payable."""
        short = {"kind": "other", "amount_cents": _payable(body["lines"]) - 1, "change_cents": 0, "reference": None}
        return body | {"tenders": [short]}

    def _moment(self) -> str:
        late = self._chance.random() < LATE_SHARE
        ago = timedelta(hours=self._chance.uniform(1, LATE_HOURS)) if late else timedelta()
        return (datetime.now(UTC) - ago).isoformat()

    def _line(self, offline: bool) -> dict[str, Any]:
        sku = self._chance.choice(self._shop.skus)
        quantity_milli = self._chance.choice((1000, 1000, 2000, 250, 1333))
        gross = (sku.price_cents * quantity_milli + 500) // 1000
        discount = self._chance.randint(0, gross // 2) if offline else 0
        return {
            "sku_id": sku.id,
            "quantity_milli": quantity_milli,
            "gross_cents": gross,
            "discount_cents": discount,
        }

    def _tenders(self, payable: int) -> list[dict[str, Any]]:
        by_card = self._chance.randint(0, payable)
        handed = payable - by_card + self._chance.choice((0, 0, 5))
        return [
            {"kind": "card", "amount_cents": by_card, "change_cents": 0, "reference": f"R{by_card}"},
            {"kind": "cash", "amount_cents": handed, "change_cents": handed - (payable - by_card), "reference": None},
        ]


def _payable(lines: list[dict[str, Any]]) -> int:
    return sum(int(line["gross_cents"]) - int(line["discount_cents"]) for line in lines)
