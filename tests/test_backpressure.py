"""Tills are turned away, not left waiting, while what they send would be settled too late."""

from __future__ import annotations

import time

from ops import cache
from ops.settings import settings
from tests.shops import Api, Shop

RULE = {"effective_at": "2026-01-01T00:00:00Z", "cents_per_point": 50}
LOOK_SECONDS = 1.2


def test_a_till_is_turned_away_while_its_queue_is_too_old(live: Api, shop: Shop) -> None:
    owner = live.as_(shop.owner_token)
    cache.tell_age("points", settings().queue_age_max_seconds + 1)
    time.sleep(LOOK_SECONDS)
    said = owner.post("/v1/points/rules", RULE, key="rule")
    assert (said.status, said.body["code"], said.headers["Retry-After"]) == (503, "system.busy", "5")
    cache.tell_age("points", 0)
    time.sleep(LOOK_SECONDS)
    assert owner.post("/v1/points/rules", RULE, key="rule").status == 201


def test_nothing_is_turned_away_when_nobody_says_how_old_the_queue_is() -> None:
    cache.forget("age:sales")
    assert cache.age_of("sales") == 0
